/** @module @ferrule/web: pipes for where no socket is, and what goes on top of them. */
export type { Destination } from '@ferrule/result/host';
export type { Dial } from 'ferrule';
export { type PipeLimits } from './inbox.ts';
export { type Socket, type SocketInfo, type StartTlsOptions } from './pipe-socket.ts';
export { createSockets, type SocketAddress, type SocketOptions, type Sockets, type SocketsOptions } from './sockets.ts';
export {
  openWebSocket,
  relayUrl,
  webSocketDial,
  type WebSocketConstructor,
  type WebSocketDialOptions,
  type WebSocketLike,
  type WebSocketOptions,
  webSocketPipe,
} from './web-socket.ts';
export { openWisp, WispConnection, wispDial, type WispOptions } from './wisp.ts';
export { decodeWisp, encodeWisp, WispClose, WispExtension, type WispPacket, wispReason } from './wisp-packets.ts';
