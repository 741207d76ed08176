/**
 * @module One WebSocket of the relay: what waits to be sent through it, what came through it and waits for servers, and
 * the place that it takes until the last of its connections is closed.
 */
import type { RawData, WebSocket } from 'ws';
import type { Service } from './relay.ts';
import type { Target } from './targets.ts';
import { Upstream } from './upstream.ts';

/** Of {@link Client.#unsent}: from there on servers are told to wait. */
export const HIGH: number = 1024 * 1024;
/** What a message costs beside its bytes, about. */
const OVERHEAD = 256;
/** What an upstream may still send when it is told to wait: two chunks of node:net. */
const CHUNKS = 2 * 65_536;

export interface ConnectionEvents {
  connected(): void;
  data(bytes: Uint8Array): void;
  /** Over, for a reason of Wisp's: 2 when the server has ended. */
  closed(reason: number): void;
}

export class Client {
  readonly socket: WebSocket;
  /** Resolves when the WebSocket and all its connections are closed. */
  readonly gone: Promise<void>;
  readonly #service: Service;
  readonly #waiting: number;
  readonly #upstreams = new Set<Upstream>();
  readonly #paused = new Set<Upstream>();
  /** Bytes that the WebSocket has and the system does not, with what each message costs. */
  #unsent = 0;
  /** Bytes that servers have not taken. */
  #unwritten = 0;
  #isClosed = false;
  #idle: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #signalGone: () => void = () => {};

  /** @param waiting bytes for its servers, until nothing more is read from the WebSocket. */
  constructor(socket: WebSocket, service: Service, waiting: number) {
    this.socket = socket;
    this.#service = service;
    this.#waiting = waiting;
    this.gone = new Promise((resolve) => (this.#signalGone = resolve));
    service.counts.clients++;
    // Told by its close
    socket.on('error', () => {});
    socket.on('ping', (bytes) => this.#send(bytes.length, (sent) => socket.pong(bytes, false, sent)));
    socket.on('close', () => {
      this.#isClosed = true;
      for (const upstream of this.#upstreams) upstream.close();
      this.#settle();
    });
    this.#settle();
  }

  /** Connections that are not closed yet: one that is closing still counts. */
  get connections(): number {
    return this.#upstreams.size;
  }

  /** Calls `take` for each message, and ends a WebSocket for which it throws: RFC 6455 section 7.4.1, 1002. */
  onMessage(take: (data: Buffer, isBinary: boolean) => void): void {
    this.socket.on('message', (data: RawData, isBinary) => {
      if (this.socket.readyState !== this.socket.OPEN) return;
      try {
        take(data as Buffer, isBinary);
      } catch {
        this.socket.close(1002, 'not understood');
      }
    });
  }

  send(message: Uint8Array): void {
    this.#send(message.length, (sent) => this.socket.send(message, sent));
  }

  connect(to: Target, { connected, data, closed }: ConnectionEvents): Upstream {
    const upstream = new Upstream(to, this.#service, {
      connected,
      closed,
      data: (bytes) => {
        data(bytes);
        if (this.#unsent < HIGH && this.#upstreams.size === 1) return true;
        this.#paused.add(upstream);
        if (this.#unsent < HIGH) this.#goOn();
        return false;
      },
      gone: () => {
        this.#upstreams.delete(upstream);
        this.#paused.delete(upstream);
        this.#settle();
      },
    });
    this.#upstreams.add(upstream);
    clearTimeout(this.#idle);
    return upstream;
  }

  /** `done` when the system has it, or never will. */
  write(upstream: Upstream, bytes: Uint8Array, done: () => void = () => {}): void {
    this.#unwritten += bytes.length;
    if (this.#unwritten >= this.#waiting) this.socket.pause();
    upstream.write(bytes, () => {
      this.#unwritten -= bytes.length;
      if (this.#unwritten < this.#waiting) this.socket.resume();
      done();
    });
  }

  /** At once, its connections too. */
  destroy(): void {
    this.socket.terminate();
    for (const upstream of this.#upstreams) upstream.destroy();
  }

  #send(length: number, act: (sent: () => void) => void): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const cost = length + OVERHEAD;
    this.#unsent += cost;
    // Answers and pongs do not wait for anything: whoever asks and never reads would fill the memory
    if (this.#unsent > 4 * HIGH + this.#service.limits.streams * CHUNKS) return this.destroy();
    act(() => {
      this.#unsent -= cost;
      // All of them: the last message of each may have gone while others still filled the WebSocket
      if (this.#unsent < HIGH / 2) this.#goOn();
    });
  }

  /**
   * In the next turn of the event loop: one that is read on within this one would fill the WebSocket before the others
   * are read.
   */
  #goOn(): void {
    if (this.#turn !== undefined || this.#paused.size === 0) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      if (this.#unsent >= HIGH) return;
      const paused = [...this.#paused];
      this.#paused.clear();
      for (const upstream of paused) upstream.resume();
    });
  }

  /** Without connections it has a bounded time, and after its end its place is free. */
  #settle(): void {
    if (this.#upstreams.size > 0) return;
    clearTimeout(this.#idle);
    if (this.#isClosed) {
      this.#service.counts.clients--;
      return this.#signalGone();
    }
    this.#idle = setTimeout(() => this.socket.close(1000, 'idle'), this.#service.limits.idleTimeout);
  }
}
