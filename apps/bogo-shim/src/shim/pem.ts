/** @module PEM files (RFC 7468) as BoGo's runner writes them. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The certificates of a file, DER, in its order. */
export function certificates(path: string): Uint8Array[] {
  const blocks = readFileSync(path, 'latin1').matchAll(/-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/g);
  return Array.from(blocks, ([, body]) => new Uint8Array(Buffer.from(body!, 'base64')));
}

/** The private key of a file, DER PKCS#8. */
export const privateKey = (path: string): Uint8Array =>
  new Uint8Array(createPrivateKey(readFileSync(path)).export({ type: 'pkcs8', format: 'der' }));
