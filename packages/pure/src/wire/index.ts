/**
 * @module @ferrule/pure/wire: the messages of TLS and back. For tests and tools; not covered by semantic versioning.
 */
export * from '@ferrule/result/numbers';
export * from './certificate.ts';
export * from './certificate_request.ts';
export * from './certificate_status.ts';
export * from './certificate_verify.ts';
export * from './client_hello.ts';
export * from './client_key_exchange.ts';
export * from './compressed_certificate.ts';
export * from './empty.ts';
export * from './encrypted_extensions.ts';
export type * from './extension_values.ts';
export type { ExtensionInput } from './extensions.ts';
export { absenceOf, decodeExtensions, encodeExtension, encodeExtensions, findExtension } from './extensions.ts';
export * from './finished.ts';
export * from './key_update.ts';
export * from './message.ts';
export * from './names.ts';
export * from './new_session_ticket.ts';
export { Reader } from './read.ts';
export * from './server_hello.ts';
export * from './server_key_exchange.ts';
export { Writer } from './write.ts';
