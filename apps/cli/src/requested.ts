/** @module Whose certificates a server asks for: the CA names of its CertificateRequest. */
import { decodeCertificateRequest, decodeCertificateRequest12, decodeExtensions } from '@ferrule/pure/wire';
import { nameText } from '@ferrule/x509';
import { TlsError } from 'ferrule';
import { printable } from './printable.ts';

/** The header of a handshake message: its type and three bytes of length. */
const HEADER = 4;

/**
 * Their names as text (RFC 4514), in the order of the server; empty where any CA will do, and for a message that cannot
 * be read.
 * @param message the whole CertificateRequest
 */
export function requestedAuthorities(message: Uint8Array, tls13: boolean): readonly string[] {
  const body = message.subarray(HEADER);
  try {
    const names = tls13
      ? (decodeExtensions('certificateRequest', decodeCertificateRequest(body).extensions).certificateAuthorities ?? [])
      : decodeCertificateRequest12(body).authorities;
    return names.map((name) => printable(nameText(name)));
  } catch (error) {
    if (TlsError.is(error)) return [];
    throw error;
  }
}
