/** @module @ferrule/node: TCP and unix sockets, blocking sockets and stream faces for ferrule on Node. */
export { blockingConnect, type BlockingConnectOptions, type BlockingSocket } from './blocking/blocking-connect.ts';
export type { SocketOptions } from './blocking/protocol.ts';
export { setTcpNoDelay, type NagleSocket } from './blocking/tcp-no-delay.ts';
