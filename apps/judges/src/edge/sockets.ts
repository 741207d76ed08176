/** @module What `cloudflare:sockets` is aliased to in the Worker's bundle: sockets of ours over those of the platform. */
import { createSockets, type SocketAddress, type Socket, type SocketOptions } from '@ferrule/web';
import { connect as platform } from './platform.js';

/** PEM; set before a library connects. */
export const trusted = { ca: '' };

export function connect(address: SocketAddress | string, options?: SocketOptions): Socket {
  return createSockets({
    dial: ({ host, port }) => Promise.resolve(platform({ hostname: host, port }, { allowHalfOpen: true })),
    ca: trusted.ca,
  }).connect(address, options);
}
