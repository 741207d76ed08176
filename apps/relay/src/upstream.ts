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
}

export class Upstream {
  readonly #socket: Socket;
  readonly #service: Service;
  #bytes = 0;
  #over = false;
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
      events.connected();
    });
    socket.on('data', (chunk) => {
      if (!this.#isTooMuch(chunk.length) && !events.data(chunk)) socket.pause();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#failure ??= reasonOf(error.code)));
    socket.on('close', () => {
      service.counts.streams--;
      if (this.#over) return;
      this.#over = true;
      if (this.#failure === WispClose.blocked) service.counts.refused++;
      events.closed(this.#failure ?? WispClose.voluntary);
    });
  }

  /** `done` when the system has it. */
  write(bytes: Uint8Array, done: () => void): void {
    if (!this.#isTooMuch(bytes.length)) this.#socket.write(bytes, () => done());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** What was written still goes; nothing is told any more. */
  close(): void {
    this.#over = true;
    this.#socket.destroySoon();
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
