/** @module PEM (RFC 7468): the certificates of a text. */
import { bytesOf } from '@ferrule/result/arguments';
import { isCertificateLabel, readPem } from '@ferrule/result/pem';

/**
 * The CERTIFICATE blocks of a PEM text, or of bytes that hold one, as DER; DER is returned unchanged.
 * @throws TypeError when no certificate is found, a block is unfinished or not base64, or `source` is neither text nor
 * bytes.
 */
export function certificatesOf(source: string | Uint8Array): Uint8Array[] {
  if (typeof source !== 'string') {
    const bytes = bytesOf(source);
    if (bytes === undefined) throw new TypeError('neither PEM text nor bytes');
    // A DER certificate is a SEQUENCE
    return bytes[0] === 0x30 ? [bytes] : certificatesOf(new TextDecoder().decode(bytes));
  }
  const found = readPem(source, (message) => new TypeError(message), isCertificateLabel);
  if (found.length === 0) throw new TypeError('no PEM block of a certificate was found');
  return found.map(({ der }) => der);
}
