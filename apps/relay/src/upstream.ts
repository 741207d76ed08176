/** @module One TCP connection of the relay, within its limits. */
import { connect, type Socket } from 'node:net';
import { WispClose } from '@ferrule/web';
import type { Service } from './relay.ts';
import { BLOCKED, type Target } from './targets.ts';

export interface UpstreamEvents {
  connected(): void;
  /** False: pause until {@link Upstream.resume}. */
  data(bytes: Uint8Array): boolean;
  /** Over, for a reason of Wisp's: 2 when the server has ended. */
  closed(reason: number): void;
  /** The socket is closed, whoever closed it. */
  gone(): void;
}

/** Bytes that may still go to a server after {@link Upstream.close}: more than Wisp's credit at 32 KiB a packet. */
const DRAINED = 4 * 1024 * 1024;

export class Upstream {
  readonly #socket: Socket;
  readonly #service: Service;
  #bytes = 0;
  #over = false;
  #drain: NodeJS.Timeout | undefined;
  #failure: number | undefined;

  constructor(to: Target, service: Service, events: UpstreamEvents) {
    this.#service = service;
    service.counts.streams++;
    const socket = (this.#socket = connect({ ...to, noDelay: true, lookup: service.allowed.lookup(to.port) }));
    socket.setTimeout(service.limits.connectTimeout, () => {
      this.#failure ??= socket.connecting ? WispClose.timeout : WispClose.idle;
      socket.destroy();
    });
    socket.on('connect', () => {
      socket.setTimeout(service.limits.idleTimeout);
      if (!this.#over) events.connected();
    });
    socket.on('data', (chunk) => {
      if (!this.#over && !this.#isTooMuch(chunk.length) && !events.data(chunk)) socket.pause();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#failure ??= reasonOf(error.code)));
    socket.on('close', () => {
      service.counts.streams--;
      clearTimeout(this.#drain);
      events.gone();
      if (this.#over) return;
      this.#over = true;
      if (this.#failure === WispClose.blocked) service.counts.refused++;
      events.closed(this.#failure ?? WispClose.voluntary);
    });
  }

  /** `done` when the system has it, or never will. */
  write(bytes: Uint8Array, done: () => void): void {
    if (this.#over || this.#isTooMuch(bytes.length)) done();
    else this.#socket.write(bytes, () => done());
  }

  resume(): void {
    this.#socket.resume();
  }

  /** What was written still goes, within bounds; nothing is told any more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    const socket = this.#socket;
    if (socket.writableLength > DRAINED) return this.destroy();
    socket.destroySoon();
    this.#drain = setTimeout(() => socket.destroy(), this.#service.limits.drainTimeout);
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  /** Counts, and gives the connection up where its limit is passed. */
  #isTooMuch(bytes: number): boolean {
    this.#service.counts.bytes += bytes;
    this.#bytes += bytes;
    if (this.#bytes <= this.#service.limits.bytes) return false;
    this.#failure ??= WispClose.throttled;
    this.#socket.destroy();
    return true;
  }
}

function reasonOf(code: string | undefined): number {
  switch (code) {
    case BLOCKED:
      return WispClose.blocked;
    case 'ECONNREFUSED':
      return WispClose.refused;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return WispClose.unreachable;
    case 'ETIMEDOUT':
      return WispClose.timeout;
    default:
      return WispClose.network;
  }
}
