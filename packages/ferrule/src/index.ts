/** @module ferrule: TLS client connections over any pipe, with OpenSSL or TypeScript underneath. */
export { platformAnchors } from './anchors.ts';
export { peerCertificatesOf, connect, connectOver, type ConnectOptions, type ConnectOverOptions } from './connect.ts';
export { TlsConnection } from './connection.ts';
export { drive, type Pump } from './drive.ts';
export { chooseBackend, type ChosenBackend, type BackendChoice, type FellBack } from './backend.ts';
export type { ConnectionInfo, Timings } from './info.ts';
export { cipherSuiteName, groupName, type Named, signatureSchemeName } from './names.ts';
export { certificatesOf } from './pem.ts';
export {
  type KeyvLike,
  keyvSessionCache,
  memorySessionCache,
  type SessionCache,
  type SessionStore,
} from './sessions.ts';
export type { Dial, Memory, Pipe, PipeReader, PipeWriter, StreamPipe, Transport, TransportSink } from './transport.ts';
export type { Destination } from '@ferrule/result/host';
export type { Backend, ContextOptions, Ssl, SslContext, TlsSession, TlsVersion } from '@ferrule/contract';
export { TlsError, type ErrorSource, type TlsErrorCode } from '@ferrule/result';
