/**
 * @module ferrule/before-tls: runs the plain-text dialogue before TLS over a transport, for `connect()`, the Duplex and
 * the command. Loaded on demand.
 */
import { TlsError } from '@ferrule/result';
import { choiceOption, memoryOf, refuseOption } from '@ferrule/result/arguments';
import { concat, EMPTY } from '@ferrule/result/bytes';
import { notes } from '@ferrule/result/notes';
import {
  type Starttls,
  starttls,
  STARTTLS_CODES,
  STARTTLS_LIMIT,
  type StarttlsProtocol,
  starttlsProtocols,
} from '@ferrule/starttls';
import { notBytes } from './steps.ts';
import type { Transport, TransportSink } from './transport.ts';

/**
 * The caller's dialogue, by name or object, not yet started. @param host for protocols that address the server.
 * @throws TypeError that begins with `preamble`; as `starttls()` does for an invalid host.
 */
export function preambleOption(given: StarttlsProtocol | Starttls, host: string | undefined): Starttls {
  if (typeof given === 'string')
    return starttls(choiceOption(given, 'preamble', starttlsProtocols), host === undefined ? {} : { host });
  const { feed, fresh } = (given ?? {}) as Partial<Starttls>;
  return typeof feed === 'function' && typeof fresh === 'function'
    ? given
    : refuseOption(given, 'preamble', 'the name of a protocol or a dialogue of starttls()');
}

/** Dialogues that a connection has used. */
const used = notes<Starttls, true>('dialogues');

/** The dialogue, or a fresh one of its kind if it has been used: each connection needs its own. */
export function unused(dialogue: Starttls): Starttls {
  if (used.has(dialogue)) return dialogue.fresh();
  used.set(dialogue, true);
  return dialogue;
}

/**
 * Runs the dialogue. Resolves to the same transport, positioned at the first byte of TLS.
 * @param onEnd registers a function that ends the wait for an answer.
 * @throws TlsError STARTTLS_*, UNEXPECTED_EOF, the transport's error, or the reason that ended the wait; the transport
 * is destroyed.
 */
export function speakBefore(
  transport: Transport,
  dialogue: Starttls,
  onEnd: (stop: (reason: TlsError) => void) => void,
): Promise<Transport> {
  return new Promise<Transport>((resolve, reject) => {
    const handover = new Handover(transport.name, reject);
    const before = new BeforeTls(dialogue, handover, {
      send: (bytes) => transport.send(bytes, () => {}),
      failed: reject,
      done: () => resolve(continued(transport, handover)),
    });
    onEnd(reject);
    transport.start(before);
    before.begin();
  }).catch((error: unknown) => {
    transport.destroy();
    throw error;
  });
}

export interface DialogueEvents {
  send(bytes: Uint8Array): void;
  /** The next byte in both directions is TLS. */
  done(): void;
  failed(error: Error): void;
}

/** Delivers received bytes to the dialogue, and to the next sink once it is done. */
export class BeforeTls implements TransportSink {
  readonly #preamble: Starttls;
  readonly #then: TransportSink;
  readonly #events: DialogueEvents;
  #over = false;
  #received = 0;

  constructor(preamble: Starttls, then: TransportSink, events: DialogueEvents) {
    this.#preamble = preamble;
    this.#then = then;
    this.#events = events;
  }

  begin(): void {
    this.#feed(EMPTY);
  }

  data(received: Uint8Array): boolean {
    const bytes = this.#over ? undefined : memoryOf(received);
    if (bytes === undefined) return this.#then.data(received);
    this.#feed(bytes);
    return true;
  }

  end(): void {
    try {
      if (!this.#over) this.#preamble.end();
    } catch (error) {
      this.#fail(error);
    }
    this.#then.end();
  }

  failed(error: Error): void {
    this.#then.failed(error);
  }

  #feed(bytes: Uint8Array): void {
    this.#received += bytes.length;
    try {
      // A custom dialogue may not enforce it
      if (this.#received > STARTTLS_LIMIT)
        throw new TlsError(
          STARTTLS_CODES.STARTTLS_MALFORMED,
          `the server sent more than ${STARTTLS_LIMIT} bytes before TLS`,
        );
      const { send, done } = this.#preamble.feed(bytes);
      if (send.length > 0) this.#events.send(send);
      if (!done) return;
      this.#over = true;
    } catch (error) {
      return this.#fail(error);
    }
    this.#events.done();
  }

  #fail(error: unknown): void {
    this.#over = true;
    this.#events.failed(error as Error);
  }
}

/** Buffers received bytes until the next sink is attached. */
class Handover implements TransportSink {
  readonly #name: string;
  readonly #broken: (error: Error) => void;
  #sink: TransportSink | undefined;
  #held: Uint8Array = EMPTY;
  #ended = false;
  #failure: Error | undefined;

  /** @param name of the transport, for messages. @param broken called on failure. */
  constructor(name: string, broken: (error: Error) => void) {
    this.#name = name;
    this.#broken = broken;
  }

  /** @returns whether the transport may go on. */
  to(sink: TransportSink): boolean {
    this.#sink = sink;
    const goesOn = this.#held.length === 0 || sink.data(this.#held);
    this.#held = EMPTY;
    if (this.#failure !== undefined) sink.failed(this.#failure);
    else if (this.#ended) sink.end();
    return goesOn;
  }

  data(bytes: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#sink.data(bytes);
    const held = memoryOf(bytes);
    if (held === undefined) this.failed(notBytes(this.#name, bytes));
    else this.#held = concat([this.#held, held]);
    return false;
  }

  end(): void {
    this.#ended = true;
    this.#sink?.end();
  }

  failed(error: Error): void {
    this.#failure ??= error;
    this.#broken(error);
    this.#sink?.failed(error);
  }
}

/** The same transport, already started. */
const continued = (transport: Transport, handover: Handover): Transport => ({
  name: transport.name,
  remote: transport.remote,
  get queued() {
    return transport.queued;
  },
  start: (sink) => {
    if (handover.to(sink)) transport.resume();
  },
  send: (bytes, done) => transport.send(bytes, done),
  resume: () => transport.resume(),
  end: (done) => transport.end(done),
  destroy: () => transport.destroy(),
  unref: () => transport.unref?.(),
  established: () => transport.established?.(),
});
