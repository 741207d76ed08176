/** @module Peers that speak something else than TLS, told apart by their first bytes. */
import type { CommonCode } from '@ferrule/result';

/** As much of a foreign first line is looked at, and quoted; bytes. */
const MAX_QUOTED = 64;

/** What the peer speaks. `bytes` is what came first. */
export function foreignPeer(bytes: Uint8Array): { readonly code: CommonCode; readonly message: string } {
  const text = firstLine(bytes);
  if (/^(HTTP\/|<!doctype|<html)/i.test(text))
    return { code: 'HTTP_REQUEST', message: `The peer answered in plain HTTP: "${text}".` };
  if (text.length >= 4) return { code: 'PLAINTEXT_PEER', message: `The peer speaks plain text: "${text}".` };
  return { code: 'WRONG_VERSION_NUMBER', message: 'The data received is not a TLS record.' };
}

/** The printable ASCII up to the end of the first line, or nothing when something else comes before that. */
function firstLine(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes.subarray(0, MAX_QUOTED)) {
    if (byte === 0x0d || byte === 0x0a) break;
    if ((byte < 0x20 && byte !== 0x09) || byte > 0x7e) return '';
    text += String.fromCharCode(byte);
  }
  return text;
}
