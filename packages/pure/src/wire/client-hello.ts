/** @module ClientHello, RFC 9846 section 4.2.2, RFC 5246 section 7.4.1.2. */
import { ExtensionType, HandshakeType } from '@ferrule/result/numbers';
import { fail } from '../reason.ts';
import type { Extension } from './extension-values.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { encodeMessage, HEADER_LENGTH } from './message.ts';
import { Reader } from './read.ts';

export interface ClientHello {
  /** Always 0x0303. */
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** 0 to 32 bytes. */
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  /** Always `[0]`. */
  readonly compressionMethods: readonly number[];
  /** In wire order; pre_shared_key is the last. */
  readonly extensions: readonly Extension[];
}

/** The whole message. */
export function encodeClientHello(hello: ClientHello): Uint8Array {
  checkOrder(hello.extensions, 'INTERNAL_ERROR');
  return encodeMessage(
    HandshakeType.client_hello,
    (writer) => {
      writer
        .u16(hello.legacyVersion)
        .bytes(hello.random)
        .vector8(hello.sessionId)
        .u16List(hello.cipherSuites)
        .u8List(hello.compressionMethods);
      writeExtensions(writer, hello.extensions);
    },
    1024,
  );
}

/** Bytes of the whole message, which need not be made for that. */
export const clientHelloLength = ({
  random,
  sessionId,
  cipherSuites,
  compressionMethods,
  extensions,
}: ClientHello): number =>
  HEADER_LENGTH +
  2 +
  random.length +
  1 +
  sessionId.length +
  2 +
  2 * cipherSuites.length +
  1 +
  compressionMethods.length +
  2 +
  extensions.reduce((sum, { data }) => sum + 4 + data.length, 0);

/** From the body. For tests, tools and EncodedClientHelloInner. */
export function decodeClientHello(body: Uint8Array): ClientHello {
  const reader = new Reader(body, 'ClientHello');
  const hello = {
    legacyVersion: reader.u16(),
    random: reader.bytes(32),
    sessionId: sessionId(reader),
    cipherSuites: reader.u16List(reader.vector16(2)),
    compressionMethods: reader.u8List(reader.vector8(1)),
    extensions: reader.remaining > 0 ? readExtensions(reader) : [],
  };
  reader.end();
  checkOrder(hello.extensions, 'ILLEGAL_PARAMETER');
  return hello;
}

/** `legacy_session_id<0..32>` */
export function sessionId(reader: Reader): Uint8Array {
  const id = reader.vector8();
  if (id.length > 32) reader.refuse(`a session id of ${id.length} bytes`);
  return id;
}

/**
 * How many bytes the binders take at the end of a ClientHello with pre_shared_key: what PartialClientHello leaves off
 * (RFC 9846 section 4.3.11.2).
 */
export const bindersLength = (binders: readonly Uint8Array[]): number =>
  binders.reduce((sum, binder) => sum + 1 + binder.length, 2);

/** Put the binders over the placeholders of the same lengths at the end of a whole ClientHello. */
export function setBinders(message: Uint8Array, binders: readonly Uint8Array[]): void {
  let at = message.length - bindersLength(binders) + 2;
  for (const binder of binders) {
    message.set(binder, at + 1);
    at += 1 + binder.length;
  }
}

function checkOrder(extensions: readonly Extension[], code: 'INTERNAL_ERROR' | 'ILLEGAL_PARAMETER'): void {
  const at = extensions.findIndex(({ type }) => type === ExtensionType.pre_shared_key);
  if (at >= 0 && at !== extensions.length - 1)
    throw fail(code, 'pre_shared_key is not the last extension of the ClientHello');
}
