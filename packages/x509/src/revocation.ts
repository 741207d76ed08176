/** @module Checks the leaf of a path against a filter of revoked certificates. */
import { choiceOption } from '@ferrule/result/arguments';
import { REVOCATION_STATUSES, type RevocationFilter, revocationVerdict } from '@ferrule/result/revocation';
import type { Certificate } from './certificate.ts';
import type { RuleBreach } from './rules.ts';
import type { SignatureVerifier } from './signature.ts';
import type { Issuer } from './trust.ts';

export type { RevocationFilter, RevocationQuestion, RevocationStatus } from '@ferrule/result/revocation';

/** The filter, and how to treat certificates it does not cover. */
export interface RevocationPolicy {
  readonly crlite: RevocationFilter;
  /** How to treat `not-covered`, `not-enrolled` and `stale`. Default `accept`. */
  readonly unknown?: 'accept' | 'refuse' | undefined;
}

/**
 * @throws TypeError when the verifier has no digest, or the filter's answer is not a status; also the filter's own
 * exceptions.
 */
export function revocationBreach(
  { crlite: { check }, unknown }: RevocationPolicy,
  { raw }: Certificate,
  { spki }: Issuer,
  now: number,
  { name, digest }: SignatureVerifier,
): RuleBreach | undefined {
  if (!digest) throw new TypeError(`the verifier ${name} has no digest`);
  const answer = check({ certificate: raw, issuerSpki: spki, now, sha256: (bytes) => digest('sha256', bytes) });
  const status = choiceOption(answer, 'revocation.crlite.check()', REVOCATION_STATUSES);
  const verdict = revocationVerdict(status, unknown);
  return verdict && { ...verdict, crlite: status, message: `is "${status}" according to CRLite` };
}
