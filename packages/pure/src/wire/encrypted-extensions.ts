/** @module EncryptedExtensions, RFC 9846 section 4.4.1. */
import { HandshakeType } from '@ferrule/result/numbers';
import type { Extension } from './extension-values.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

/** The whole message. */
export const encodeEncryptedExtensions = (extensions: readonly Extension[]): Uint8Array =>
  encodeMessage(HandshakeType.encrypted_extensions, (writer) => writeExtensions(writer, extensions));

/** From the body. */
export function decodeEncryptedExtensions(body: Uint8Array): Extension[] {
  const reader = new Reader(body, 'EncryptedExtensions');
  const extensions = readExtensions(reader);
  reader.end();
  return extensions;
}
