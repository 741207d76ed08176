/** @module PEM (RFC 7468): the certificates of a text. */

/**
 * The CERTIFICATE blocks of a PEM text, or of bytes that hold one, as DER; bytes that are DER already come back as they are.
 * @throws TypeError where no certificate is found or a block is no base64.
 */
export function certificatesOf(source: string | Uint8Array): Uint8Array[] {
  if (typeof source !== 'string') {
    // a DER certificate is a SEQUENCE
    if (source[0] === 0x30) return [source];
    return certificatesOf(new TextDecoder().decode(source));
  }
  const found = [
    ...source.matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]*)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g),
  ].map(([, body = '']) => base64(body));
  if (found.length === 0) throw new TypeError('no PEM block of a certificate was found');
  return found;
}

function base64(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text.replace(/\s+/g, ''));
  } catch (cause) {
    throw new TypeError('a PEM block is not base64', { cause });
  }
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
