/** @module Replays: a BIO that acts as the peer of a recording, in chunks of any size. */
import { booleanOption, knownOptions } from '@ferrule/result/arguments';
import { concat } from '@ferrule/result/bytes';
import type { Bio } from './bio.ts';
import { Channel } from './channel.ts';
import { development } from './development.ts';
import { BioError, failureOf } from './error.ts';
import { checkSize } from './options.ts';
import { DEFAULT_BIO_SIZE } from './pair.ts';
import type { RecordedEvent } from './recording.ts';

export interface ReplayOptions {
  /** Bytes that arrive at a time: as recorded (default), or a fixed number. */
  readonly chunk?: 'recorded' | number;
  /** A blocking BIO advances by itself where it would wait. Default false: call {@link ReplayBio.advance}. */
  readonly blocking?: boolean;
}

export interface ReplayBio extends Bio {
  /** Deliver the next chunk or, after the last one, the recorded EOF or failure. Returns false if nothing was left. */
  advance(): boolean;
  /** Bytes written so far. */
  readonly sent: number;
  /** Offset of the first byte written that differs from the recording or exceeds it; `undefined` while all match. */
  readonly divergedAt: number | undefined;
}

/**
 * Returns the received bytes to the reader, byte for byte, and compares what is written with what was sent. Reads do
 * not wait for the recorded writes: with the recording's randomness an engine sends the same bytes in any case. A
 * blocking replay that runs out of bytes without a recorded end fails with the code TIMEOUT.
 * @throws TypeError for an unknown option, or a chunk that is not an integer from 1 to 2^30.
 */
export function replayBio(recording: Iterable<RecordedEvent>, options: ReplayOptions = {}): ReplayBio {
  const { chunk = 'recorded', blocking = false } = knownOptions(options, ['chunk', 'blocking']);
  if (chunk !== 'recorded') checkSize('chunk', chunk);
  booleanOption(blocking, 'blocking');
  const events = [...recording];
  const received = bytesOf(events, 'received');
  const chunks = chunk === 'recorded' ? received : cut(concat(received), chunk);
  return new Replay(chunks, concat(bytesOf(events, 'sent')), ending(events), blocking);
}

class Replay implements ReplayBio {
  readonly blocking: boolean;
  sent = 0;
  divergedAt: number | undefined;
  readonly #in: Channel;
  readonly #out: Channel = new Channel(DEFAULT_BIO_SIZE, development);
  readonly #chunks: readonly Uint8Array[];
  readonly #expected: Uint8Array;
  readonly #ending: Ending;
  #next = 0;

  constructor(chunks: readonly Uint8Array[], expected: Uint8Array, end: Ending, blocking: boolean) {
    this.#chunks = chunks;
    this.#expected = expected;
    this.#ending = end;
    this.blocking = blocking;
    this.#in = new Channel(
      Math.max(
        1,
        chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      ),
      development,
      true,
    );
  }

  advance(): boolean {
    const chunk = this.#chunks[this.#next];
    if (chunk !== undefined) {
      this.#next++;
      this.#in.put(chunk);
      return true;
    }
    if (this.#ending === undefined || this.#in.shut || this.error !== undefined) return false;
    if (this.#ending === 'eof') this.#in.shutdown();
    else this.fail(this.#ending);
    return true;
  }

  get pending(): number {
    return this.#in.pending;
  }

  get eof(): boolean {
    return this.#in.eof;
  }

  get error(): Error | undefined {
    return this.#in.error;
  }

  read(into: Uint8Array): number {
    this.#await(1);
    return this.#in.take(into);
  }

  nread0(atLeast: number = 1): Uint8Array {
    this.#await(atLeast);
    return this.#in.contents();
  }

  nread(n: number): void {
    this.#in.consume(n);
  }

  write(from: Uint8Array): number {
    if (!this.blocking) return this.#compare(this.#out.put(from));
    let done = 0;
    while (done < from.length) {
      const n = this.#compare(this.#out.put(from.subarray(done)));
      if (n < 0) return done > 0 ? done : -1;
      done += n;
    }
    return done;
  }

  nwrite0(): Uint8Array {
    return this.#out.space();
  }

  nwrite(n: number): void {
    this.#out.publish(n);
    this.#compare(n);
  }

  shutdownWrite(): void {
    this.#out.shutdown();
  }

  fail(error: Error): void {
    const failure = failureOf(error);
    this.#in.error ??= failure;
    this.#out.error ??= failure;
  }

  #await(atLeast: number): void {
    if (!this.blocking) return;
    while (this.pending < atLeast && !this.#in.shut && this.error === undefined) {
      if (!this.advance()) {
        // The pending bytes may suffice: a reader that needs more sees the error
        this.fail(new BioError('TIMEOUT', 'the recording ends here, without the end of the connection'));
      }
    }
  }

  #compare(n: number): number {
    const written = this.#out.contents();
    for (let i = 0; i < written.length && this.divergedAt === undefined; i++) {
      if (written[i] !== this.#expected[this.sent + i]) this.divergedAt = this.sent + i;
    }
    this.sent += written.length;
    this.#out.consume(written.length);
    return n;
  }
}

type Ending = 'eof' | Error | undefined;

function ending(events: readonly RecordedEvent[]): Ending {
  for (const event of events) {
    if (event.kind === 'eof') return 'eof';
    if (event.kind === 'failure') return new BioError('TRANSPORT_ERROR', event.message);
  }
  return undefined;
}

const bytesOf = (events: readonly RecordedEvent[], kind: 'received' | 'sent'): Uint8Array[] =>
  events.flatMap((event) => (event.kind === kind && event.bytes.length > 0 ? [event.bytes] : []));

const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
