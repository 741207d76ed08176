/** @module Recordings: which bytes passed through a BIO, when and in which direction; as objects and as JSON lines. */
import { choiceOption, functionOption, knownOptions } from '@ferrule/result/arguments';
import { fromHex, toHex } from '@ferrule/result/bytes';
import type { Bio } from './bio.ts';

/**
 * One event, seen from the engine. `at` is milliseconds since the recording began. `eof`: the peer ended its stream;
 * `shutdown`: the engine ended its own; `failure`: the transport failed.
 */
export type RecordedEvent =
  | { readonly at: number; readonly kind: 'received' | 'sent'; readonly bytes: Uint8Array }
  | { readonly at: number; readonly kind: 'eof' | 'shutdown' }
  | { readonly at: number; readonly kind: 'failure'; readonly message: string };

export interface RecordingOptions {
  /**
   * Which end of a pair is wrapped. `engine` (default): what it reads was received, as the engine consumed it.
   * `network`: what is written to it was received, as it arrived.
   */
  readonly end?: 'engine' | 'network';
  /** Milliseconds since any origin. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * The same BIO, but with every byte reported, as a copy, once it has passed. `onEvent` is called from within the BIO's
 * calls: it must not use the BIO, and the BIO rethrows what it throws.
 * @throws TypeError for an invalid option.
 */
export function recordingBio(bio: Bio, onEvent: (event: RecordedEvent) => void, options: RecordingOptions = {}): Bio {
  const { end = 'engine', now = Date.now } = knownOptions(options, ['end', 'now']);
  choiceOption(end, 'end', ['engine', 'network']);
  functionOption(now, 'now');
  return new Recorder(bio, onEvent, end === 'engine', now);
}

class Recorder implements Bio {
  readonly blocking: boolean;
  readonly #bio: Bio;
  readonly #onEvent: (event: RecordedEvent) => void;
  readonly #reads: 'received' | 'sent';
  readonly #writes: 'received' | 'sent';
  readonly #now: () => number;
  readonly #start: number;
  #space: Uint8Array = new Uint8Array(0);
  #endSeen = false;
  #shutSeen = false;
  #failureSeen = false;

  constructor(bio: Bio, onEvent: (event: RecordedEvent) => void, engine: boolean, now: () => number) {
    this.blocking = bio.blocking;
    this.#bio = bio;
    this.#onEvent = onEvent;
    this.#reads = engine ? 'received' : 'sent';
    this.#writes = engine ? 'sent' : 'received';
    this.#now = now;
    this.#start = now();
  }

  get pending(): number {
    return this.#bio.pending;
  }

  get eof(): boolean {
    const eof = this.#bio.eof;
    if (eof) this.#ended();
    return eof;
  }

  get error(): Error | undefined {
    const error = this.#bio.error;
    if (error !== undefined) this.#failed(error);
    return error;
  }

  read(into: Uint8Array): number {
    const n = this.#bio.read(into);
    if (n > 0) this.#passed(this.#reads, into.slice(0, n));
    else if (n === 0) this.#ended();
    return n;
  }

  write(from: Uint8Array): number {
    const n = this.#bio.write(from);
    if (n > 0) this.#passed(this.#writes, from.slice(0, n));
    return n;
  }

  nread0(atLeast?: number): Uint8Array {
    return this.#bio.nread0(atLeast);
  }

  nread(n: number): void {
    const bytes = this.#bio.nread0(0).slice(0, n);
    this.#bio.nread(n);
    if (n > 0) this.#passed(this.#reads, bytes);
  }

  nwrite0(atLeast?: number): Uint8Array {
    return (this.#space = this.#bio.nwrite0(atLeast));
  }

  nwrite(n: number): void {
    const bytes = this.#space.slice(0, n);
    this.#bio.nwrite(n);
    if (n > 0 && this.#bio.error === undefined) this.#passed(this.#writes, bytes);
  }

  shutdownWrite(): void {
    this.#bio.shutdownWrite();
    if (this.#shutSeen || this.#bio.error !== undefined) return;
    this.#shutSeen = true;
    this.#onEvent({ at: this.#at(), kind: this.#writes === 'sent' ? 'shutdown' : 'eof' });
  }

  fail(error: Error): void {
    this.#bio.fail(error);
    this.#failed(this.#bio.error ?? error);
  }

  #at(): number {
    return this.#now() - this.#start;
  }

  #passed(kind: 'received' | 'sent', bytes: Uint8Array): void {
    this.#onEvent({ at: this.#at(), kind, bytes });
  }

  #ended(): void {
    if (this.#endSeen) return;
    this.#endSeen = true;
    this.#onEvent({ at: this.#at(), kind: this.#reads === 'received' ? 'eof' : 'shutdown' });
  }

  #failed(error: Error): void {
    if (this.#failureSeen) return;
    this.#failureSeen = true;
    this.#onEvent({ at: this.#at(), kind: 'failure', message: error.message });
  }
}

const HEADER = '{"recording":"ferrule-bio","version":1}';

/** JSON lines: a header, then one event per line with its bytes in hexadecimal. */
export const formatRecording = (events: Iterable<RecordedEvent>): string =>
  [
    HEADER,
    ...Array.from(events, (event) =>
      JSON.stringify('bytes' in event ? { ...event, bytes: toHex(event.bytes) } : event),
    ),
    '',
  ].join('\n');

/** @throws SyntaxError naming the line that is not part of a recording. */
export function parseRecording(text: string): RecordedEvent[] {
  const [header, ...lines] = text.split(/\r?\n/);
  if (header !== HEADER) throw new SyntaxError(`line 1: not the header of a recording, ${HEADER}`);
  return lines.flatMap((line, i) => (line === '' ? [] : [parseEvent(line, i + 2)]));
}

function parseEvent(line: string, number: number): RecordedEvent {
  const refuse = (why: string): never => {
    throw new SyntaxError(`line ${number}: ${why}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse('not JSON');
  }
  if (typeof value !== 'object' || value === null) return refuse('not an object');
  const { at, kind, bytes, message } = value as { readonly [K in 'at' | 'kind' | 'bytes' | 'message']?: unknown };
  if (typeof at !== 'number') return refuse('`at` is not a number');
  switch (kind) {
    case 'received':
    case 'sent':
      if (typeof bytes !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(bytes)) return refuse('`bytes` is not hexadecimal');
      return { at, kind, bytes: fromHex(bytes) };
    case 'eof':
    case 'shutdown':
      return { at, kind };
    case 'failure':
      return typeof message === 'string' ? { at, kind, message } : refuse('`message` is not a string');
    default:
      return refuse('unknown `kind`');
  }
}
