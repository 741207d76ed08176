/** @module Peers that speak something else than TLS, told apart by their first bytes. */
import { MAX_QUOTED } from '../limits.ts';
import { fail } from '../reason.ts';

/**
 * Names what the peer speaks. `bytes` is what came first, at least a record header's length.
 *
 * @throws TlsError HTTP_REQUEST, PLAINTEXT_PEER or WRONG_VERSION_NUMBER, always.
 */
export function refuseForeign(bytes: Uint8Array): never {
  const text = firstLine(bytes);
  if (/^(HTTP\/|<!doctype|<html)/i.test(text))
    throw fail('HTTP_REQUEST', `The peer answered in plain HTTP: "${text}".`);
  if (text.length >= 4) throw fail('PLAINTEXT_PEER', `The peer speaks plain text: "${text}".`);
  throw fail('WRONG_VERSION_NUMBER', 'The data received is not a TLS record.');
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
