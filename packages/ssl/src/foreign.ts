/** @module Identifies peers that do not speak TLS by their first bytes. */
import type { CommonCode } from '@ferrule/result';

/** Maximum bytes of a foreign first line that are examined and quoted. */
const MAX_QUOTED = 64;

/** The protocol of the peer. `bytes` are the first bytes received. */
export function foreignPeer(bytes: Uint8Array): { readonly code: CommonCode; readonly message: string } {
  const text = firstLine(bytes);
  if (/^(HTTP\/|<!doctype|<html)/i.test(text))
    return { code: 'HTTP_REQUEST', message: `The peer answered in plain HTTP: "${text}".` };
  if (text.length >= 4) return { code: 'PLAINTEXT_PEER', message: `The peer speaks plain text: "${text}".` };
  return { code: 'WRONG_VERSION_NUMBER', message: 'The data received is not a TLS record.' };
}

/** The printable ASCII up to the end of the first line, or nothing if other bytes precede that. */
function firstLine(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes.subarray(0, MAX_QUOTED)) {
    if (byte === 0x0d || byte === 0x0a) break;
    if ((byte < 0x20 && byte !== 0x09) || byte > 0x7e) return '';
    text += String.fromCharCode(byte);
  }
  return text;
}
