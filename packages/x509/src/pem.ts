/** @module PEM (RFC 7468). */
import { type PemBlock, pemText, readPem } from '@ferrule/result/pem';
import { DerError } from './der.ts';

export { encodePem, type PemBlock } from '@ferrule/result/pem';

/**
 * All PEM blocks of a text or the bytes of a file, in order, or only those with the label; anything outside blocks is a
 * comment.
 * @throws DerError for an unfinished block or bad base64; TypeError if it is neither text nor bytes.
 */
export const decodePem = (pem: string | Uint8Array, label?: string): PemBlock[] =>
  readPem(pemText(pem, 'pem'), (message) => new DerError(message)).filter(
    (block) => label === undefined || block.label === label,
  );
