/** @module The codes of refused certificates. */
import { CODES } from '@ferrule/result/texts';
import type { CommonCode } from './codes.ts';

/** The codes that say what is wrong with the peer's certificates. */
export type CertificateCode = Exclude<Extract<CommonCode, `CERT_${string}`>, 'CERT_DECOMPRESSION_FAILED'>;

/** Whether this, which an error of the caller may have as its code, is one of them. */
export const isCertificateCode = (code: unknown): code is CertificateCode =>
  typeof code === 'string' &&
  code.startsWith('CERT_') &&
  code !== 'CERT_DECOMPRESSION_FAILED' &&
  // Each of them has an alert
  (CODES as Readonly<Record<string, { readonly alert: unknown } | undefined>>)[code]?.alert !== undefined;
