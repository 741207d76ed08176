/**
 * @module Where the time of a handshake went: phases of the transport, then flights, each from where the one before
 * ended.
 */
import type { TraceMessage } from '@ferrule/contract';
import type { Route } from '@ferrule/node/transports';
import { alertName } from '@ferrule/result';
import { messageName } from '@ferrule/result/names';
import type { StarttlsProtocol } from '@ferrule/starttls';
import type { Observer } from './observe.ts';

/** One line of the waterfall. */
export interface Phase {
  readonly label: string;
  /** Milliseconds since the beginning. */
  readonly start: number;
  readonly end: number;
  /** Of a flight: the lengths of its messages together, without the records around them. */
  readonly bytes?: number;
  readonly messages?: readonly string[];
}

/** RFC 9846 section 4.2.3: the ServerHello.random of a HelloRetryRequest begins so. */
const RETRY = 'cf21ad74e59a6111';

export class Timeline {
  /** Settles when the server has sent a session ticket: in TLS 1.3 it is content with what we sent, then. */
  readonly ticket: Promise<void>;
  /** The beginning of what the server sent after TCP and STARTTLS. */
  firstBytes: Uint8Array = new Uint8Array(0);
  /** The whole CertificateRequest of the handshake, if there was one. */
  certificateRequest: Uint8Array | undefined;
  /** The route, if it was not direct. */
  via: Route | undefined;
  /** The dialogue before TLS, while it is under way. */
  dialogue: StarttlsProtocol | undefined;
  /** Who is told of it all, too. */
  readonly observer: Observer | undefined;
  #began: number = performance.now();
  readonly #phases: Phase[] = [];
  #direction: TraceMessage['direction'] | undefined;
  #gotTicket: () => void = () => {};

  constructor(observer?: Observer) {
    this.observer = observer;
    this.ticket = new Promise((resolve) => (this.#gotTicket = resolve));
  }

  /** From now on: what this process had to load before is no part of it. */
  begin(): void {
    this.#began = performance.now();
  }

  get phases(): readonly Phase[] {
    return this.#phases;
  }

  /** Of TLS: how often what we sent had to be answered before we could go on. Tickets answer nothing. */
  get roundTrips(): number {
    return this.#phases.filter(
      ({ label, messages }) =>
        label === 'received' && messages?.some((name) => name !== 'NewSessionTicket' && !name.startsWith('alert')),
    ).length;
  }

  /** Whether we have sent anything of TLS. */
  get sent(): boolean {
    return this.#phases.some(({ label }) => label === 'sent');
  }

  /** Whether the server sent a message of that name. */
  received(message: string): boolean {
    return this.#phases.some(({ label, messages }) => label === 'received' && messages?.includes(message));
  }

  /** The last message that the server sent, if it sent any. */
  get lastReceived(): string | undefined {
    return this.#phases.findLast(({ label }) => label === 'received')?.messages?.at(-1);
  }

  /** Something is done now. */
  mark(label: string): void {
    this.#direction = undefined;
    this.#push({ label, start: this.#last, end: this.#now });
  }

  /** A handshake message, alert or ChangeCipherSpec: joins the flight under way, or begins the next. */
  readonly message = (message: TraceMessage): void => {
    this.observer?.message(message);
    const name = nameOf(message);
    if (name === 'NewSessionTicket' && message.direction === 'received') this.#gotTicket();
    if (name === 'CertificateRequest' && message.direction === 'received')
      this.certificateRequest ??= message.bytes.slice();
    const flight = message.direction === this.#direction ? this.#phases.pop() : undefined;
    this.#direction = message.direction;
    const { start, bytes = 0, messages = [] } = flight ?? { start: this.#last };
    this.#push({
      label: message.direction,
      start,
      end: this.#now,
      bytes: bytes + message.bytes.length,
      messages: [...messages, name],
    });
  };

  get #now(): number {
    // Microseconds are as exact as the clock is
    return Math.round((performance.now() - this.#began) * 1000) / 1000;
  }

  get #last(): number {
    return this.#phases.at(-1)?.end ?? 0;
  }

  #push(phase: Phase): void {
    // A hostile server may send tickets without end
    if (this.#phases.length < 64) this.#phases.push(phase);
  }
}

function nameOf({ contentType, bytes }: TraceMessage): string {
  const [type = 0, description = 0] = bytes;
  if (contentType === 20) return 'ChangeCipherSpec';
  if (contentType === 21) return `alert ${alertName(description)}`;
  if (type === 2 && Buffer.from(bytes.subarray(6, 14)).toString('hex') === RETRY) return 'HelloRetryRequest';
  return messageName(type);
}
