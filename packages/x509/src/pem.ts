/** @module PEM (RFC 7468). */
import { type PemBlock, readPem } from '@ferrule/result/pem';
import { DerError } from './der.ts';

export { encodePem, type PemBlock } from '@ferrule/result/pem';

/**
 * Every block of a PEM text in its order, or those with the label only; text outside of blocks is a comment.
 * @throws DerError for an unfinished block or bad base64.
 */
export const decodePem = (text: string, label?: string): PemBlock[] =>
  readPem(text, (message) => new DerError(message)).filter((block) => label === undefined || block.label === label);
