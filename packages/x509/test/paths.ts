/** @module A root, an intermediate and a leaf, and what comes of a path. */
import { certificateCode, isCertificateCode } from '@ferrule/result';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { expect } from 'vitest';
import { type PathFailure, type PathResult, trustStore, validatePath, type ValidationInput } from '../src/index.ts';
import { make, NOW, type Made } from './make.ts';

export const root: Made = make({ ca: true, subject: 'Root' });
export const ica: Made = make({ ca: true, subject: 'ICA', issuer: root });
export const leaf: Made = make({ issuer: ica });

export const validate = (
  chain: readonly Made[],
  anchors: readonly Made[],
  rest: Partial<ValidationInput> = {},
): PathResult =>
  validatePath({
    chain: chain.map(({ der }) => der),
    trustAnchors: trustStore(anchors.map(({ der }) => der)),
    verifier: nodeVerifier,
    now: NOW,
    host: 'example.com',
    ...rest,
  });
export function failure(...input: Parameters<typeof validate>): PathFailure {
  const result = validate(...input);
  if (result.ok) throw new Error('the path is valid');
  const { code, verify, depth } = result.error;
  // The native engine has no more than the number. A pin has none of its own in OpenSSL.
  if (isCertificateCode(code) && code !== 'CERT_PIN_MISMATCH') expect(code).toBe(certificateCode(verify, depth));
  return result.error;
}
export function chainOf(...input: Parameters<typeof validate>): Uint8Array[] {
  const result = validate(...input);
  if (!result.ok) throw new Error(result.error.message);
  return result.chain.map(({ raw }) => raw);
}
