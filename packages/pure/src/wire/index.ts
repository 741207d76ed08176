/**
 * @module @ferrule/pure/wire: the messages of TLS and back. For tests and tools; not covered by semantic versioning.
 */
export {
  CertificateCompressionId,
  CertificateType,
  CipherSuiteId,
  ClientCertificateType,
  ContentType,
  ExtensionType,
  greaseValue,
  HandshakeType,
  isGrease,
  isTls13Suite,
  KeyUpdateRequest,
  NamedGroup,
  PointFormat,
  PskMode,
  SignatureScheme,
  Version,
} from '@ferrule/result/numbers';
export * from './certificate.ts';
export * from './certificate-request.ts';
export * from './certificate-status.ts';
export * from './certificate-verify.ts';
export * from './client-hello.ts';
export * from './client-key-exchange.ts';
export * from './compressed-certificate.ts';
export * from './empty.ts';
export * from './encrypted-extensions.ts';
export type * from './extension-values.ts';
export type { ExtensionInput } from './extensions.ts';
export { absenceOf, decodeExtensions, encodeExtension, encodeExtensions, findExtension } from './extensions.ts';
export * from './finished.ts';
export * from './key-update.ts';
export * from './message.ts';
export * from './new-session-ticket.ts';
export { Reader } from './read.ts';
export * from './server-hello.ts';
export * from './server-key-exchange.ts';
export { Writer } from './write.ts';
