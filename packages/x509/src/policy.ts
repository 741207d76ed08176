/**
 * @module Certificate policies: RFC 5280 section 6.1 with the policy graph of RFC 9618, for the initial set any-policy.
 */
import { bytesEqual } from '@ferrule/result/bytes';
import * as V from '@ferrule/result/x509-v';
import { extensionOf, type Certificate } from './certificate.ts';
import { Oid } from './extensions.ts';
import type { RuleBreach } from './rules.ts';
import type { Issuer } from './trust.ts';

/**
 * A breach if a certificate below the anchor requires an explicit policy and none is left. If none requires one, policy
 * errors have no effect, and only `strict` reports them. With any-policy as the user's set it only matters whether the
 * graph's last level is empty, so each level is a map from a policy to those expected for it below.
 */
export function policyBreach(path: readonly Certificate[], anchor: Issuer, strict: boolean): RuleBreach | undefined {
  const [leaf] = path;
  if (leaf && anchor.certificate && bytesEqual(leaf.raw, anchor.certificate.raw)) return undefined;
  if (!strict && !path.some((c) => extensionOf(c, Oid.policyConstraints))) return undefined;
  for (const { malformedPolicies, certificatePolicies = [] } of path) {
    if (malformedPolicies !== undefined)
      return invalid(`has policies in its path that are malformed: ${malformedPolicies}`);
    if (new Set(certificatePolicies.map(({ id }) => id)).size < certificatePolicies.length)
      return invalid('has a certificate in its path that names a policy twice');
  }
  const count = path.length;
  let explicitPolicy = count + 1;
  let policyMapping = count + 1;
  let inhibitAnyPolicy = count + 1;
  /** Policies common to the certificates so far, as the next one has to name them. */
  let expected: ReadonlySet<string> = new Set([Oid.anyPolicy]);
  for (let i = count - 1; i >= 0; i--) {
    const c = path[i] as Certificate;
    const final = i === 0;
    expected = narrow(c, expected, inhibitAnyPolicy > 0 || (!final && c.selfIssued));
    if (explicitPolicy === 0 && expected.size === 0) return breach();
    if (!final) {
      const mapped = map(c, expected, policyMapping > 0);
      if (!mapped) return invalid('has an issuer that maps any policy');
      expected = mapped;
      if (!c.selfIssued) {
        if (explicitPolicy > 0) explicitPolicy--;
        if (policyMapping > 0) policyMapping--;
        if (inhibitAnyPolicy > 0) inhibitAnyPolicy--;
      }
      policyMapping = Math.min(policyMapping, c.policyConstraints?.inhibitPolicyMapping ?? policyMapping);
      inhibitAnyPolicy = Math.min(inhibitAnyPolicy, c.inhibitAnyPolicy ?? inhibitAnyPolicy);
      explicitPolicy = Math.min(explicitPolicy, c.policyConstraints?.requireExplicitPolicy ?? explicitPolicy);
    } else {
      if (explicitPolicy > 0) explicitPolicy--;
      if (c.policyConstraints?.requireExplicitPolicy === 0) explicitPolicy = 0;
    }
  }
  return explicitPolicy === 0 && expected.size === 0 ? breach() : undefined;
}

const invalid = (message: string): RuleBreach => ({
  code: 'CERT_INVALID',
  verify: V.INVALID_POLICY_EXTENSION,
  message,
  late: 'extension',
});
const breach = (): RuleBreach => ({
  code: 'CERT_INVALID',
  verify: V.NO_EXPLICIT_POLICY,
  message: 'has no policy that its issuers agree on, and one of them requires it',
});

/** 6.1.3 (d), (e): the expected policies that the certificate names; any-policy matches all. */
function narrow(c: Certificate, expected: ReadonlySet<string>, anyCounts: boolean): ReadonlySet<string> {
  const named = c.certificatePolicies?.map(({ id }) => id) ?? [];
  if (named.includes(Oid.anyPolicy) && anyCounts)
    return expected.size === 0 ? expected : expected.has(Oid.anyPolicy) ? expected : new Set(expected);
  return new Set(
    expected.has(Oid.anyPolicy) ? named.filter((id) => id !== Oid.anyPolicy) : named.filter((id) => expected.has(id)),
  );
}

/** 6.1.4 (a), (b): maps policies of the issuer's domain to the subject's, or removes them if mapping is inhibited. */
function map(c: Certificate, valid: ReadonlySet<string>, allowed: boolean): ReadonlySet<string> | undefined {
  const mappings = c.policyMappings;
  if (!mappings) return valid;
  if (mappings.some((pair) => pair.includes(Oid.anyPolicy))) return undefined;
  const next = new Set(valid);
  for (const [from] of mappings) next.delete(from);
  if (allowed) for (const [from, to] of mappings) if (valid.has(from) || valid.has(Oid.anyPolicy)) next.add(to);
  return next;
}
