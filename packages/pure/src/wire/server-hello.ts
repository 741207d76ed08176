/** @module ServerHello and HelloRetryRequest, RFC 9846 sections 4.2.3 and 4.2.4, RFC 5246 section 7.4.1.3. */
import { bytesEqual, fromHex } from '@ferrule/result/bytes';
import { ExtensionType, HandshakeType, Version } from '@ferrule/result/numbers';
import { sessionId } from './client-hello.ts';
import type { Extension } from './extension-values.ts';
import { findExtension, readExtensions, writeExtensions } from './extensions.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export interface ServerHello {
  readonly legacyVersion: number;
  /** 32 bytes; SHA-256 of "HelloRetryRequest" in a HelloRetryRequest. */
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  readonly extensions: readonly Extension[];
}

/** The whole message. */
export function encodeServerHello(hello: ServerHello): Uint8Array {
  return encodeMessage(HandshakeType.server_hello, (writer) => {
    writer
      .u16(hello.legacyVersion)
      .bytes(hello.random)
      .vector8(hello.sessionId)
      .u16(hello.cipherSuite)
      .u8(hello.compressionMethod);
    writeExtensions(writer, hello.extensions);
  });
}

/** From the body. TLS 1.2 servers may leave the extensions out altogether. */
export function decodeServerHello(body: Uint8Array): ServerHello {
  const reader = new Reader(body, 'ServerHello');
  const hello = {
    legacyVersion: reader.u16(),
    random: reader.bytes(32),
    sessionId: sessionId(reader),
    cipherSuite: reader.u16(),
    compressionMethod: reader.u8(),
    extensions: reader.remaining > 0 ? readExtensions(reader) : [],
  };
  reader.end();
  return hello;
}

/** The `random` that marks a HelloRetryRequest. */
export const HELLO_RETRY_REQUEST_RANDOM: Uint8Array = fromHex(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
);

export const isHelloRetryRequest = (hello: ServerHello): boolean =>
  bytesEqual(hello.random, HELLO_RETRY_REQUEST_RANDOM);

/**
 * The version that the server chose: supported_versions where there is one, legacy_version otherwise. A number that
 * is no known version is for the caller to refuse.
 */
export function selectedVersion(hello: ServerHello): number {
  const data = findExtension(hello.extensions, ExtensionType.supported_versions);
  if (data === undefined) return hello.legacyVersion;
  const reader = new Reader(data, 'supported_versions', 'ERROR_PARSING_EXTENSION');
  const version = reader.u16();
  reader.end();
  return version;
}

/** The last 8 bytes of `random` by which a TLS 1.3 server marks that it negotiated less (RFC 9846 section 4.2.3). */
export const DOWNGRADE_TO_TLS12: Uint8Array = fromHex('444f574e47524401');
export const DOWNGRADE_TO_TLS11: Uint8Array = fromHex('444f574e47524400');

/** The version down to which the random says that the server was brought; `undefined` without a sentinel. */
export function downgradeSentinel(random: Uint8Array): number | undefined {
  const sentinel = random.subarray(-8);
  if (bytesEqual(sentinel, DOWNGRADE_TO_TLS12)) return Version.tls12;
  if (bytesEqual(sentinel, DOWNGRADE_TO_TLS11)) return Version.tls11;
  return undefined;
}
