/** @module @ferrule/node/duplex: a TLS connection as one `stream.Duplex` for client libraries. */
export { TlsConnector, tlsDuplex, type ConnectorOptions, type DuplexOptions } from './connector.ts';
export {
  keyvSessionCache,
  memorySessionCache,
  type KeyvLike,
  type SessionCache,
  type SessionStore,
} from 'ferrule/sessions';
export type { SocketSurface } from './socket-surface.ts';
export type { CipherInfo } from './surface.ts';
export type { Truncation } from './duplex-parts.ts';
export type { ConnectArguments } from './stream-transport.ts';
export type { TlsDuplex } from './tls-duplex.ts';
export { tunnel, type Tunnel, type TunnelOptions } from './tunnel.ts';
