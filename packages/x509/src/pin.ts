/** @module Public key pins: the SHA-256 of a SubjectPublicKeyInfo (RFC 7469 section 2.4). */
import { bytesEqual } from '@ferrule/result/bytes';
import * as V from '@ferrule/result/x509-v';
import type { Certificate } from './certificate.ts';
import type { RuleBreach } from './rules.ts';
import type { SignatureVerifier } from './signature.ts';

/** @throws TypeError when the verifier has no digest. */
export function spkiSha256({ spki }: Pick<Certificate, 'spki'>, { name, digest }: SignatureVerifier): Uint8Array {
  if (!digest) throw new TypeError(`the verifier ${name} has no digest`);
  return digest('sha256', spki);
}

/** Whether any key of the path is pinned. */
export function pinBreach(
  pins: readonly Uint8Array[],
  keys: readonly Pick<Certificate, 'spki'>[],
  verifier: SignatureVerifier,
): RuleBreach | undefined {
  for (const key of keys) {
    const hash = spkiSha256(key, verifier);
    if (pins.some((pin) => bytesEqual(pin, hash))) return undefined;
  }
  return {
    code: 'CERT_PIN_MISMATCH',
    verify: V.APPLICATION_VERIFICATION,
    message: 'has a path in which no key matches a pin',
  };
}
