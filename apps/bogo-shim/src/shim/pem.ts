/** @module PEM files (RFC 7468) as BoGo's runner writes them. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The certificates of a file, DER, in its order. */
export function certificates(path: string): Uint8Array[] {
  const blocks = readFileSync(path, 'latin1').matchAll(
    /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/g,
  );
  return Array.from(blocks, ([, body]) => new Uint8Array(Buffer.from(body!, 'base64')));
}

/** The private key of a file, DER PKCS#8. */
export const privateKey = (path: string): Uint8Array =>
  new Uint8Array(createPrivateKey(readFileSync(path)).export({ type: 'pkcs8', format: 'der' }));

/** The public half of a file's private key, DER SubjectPublicKeyInfo. */
export const publicKey = (path: string): Uint8Array =>
  new Uint8Array(createPublicKey(readFileSync(path)).export({ type: 'spki', format: 'der' }));
