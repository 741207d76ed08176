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
 * Whether an explicit policy is required by a certificate below the anchor and none is left. Where nobody requires one,
 * what is wrong with policies is nobody's loss, and only `strict` looks at it. With any-policy as the user's set the
 * graph's only question is whether its last level is empty, so each level is a map from a policy to the policies
 * expected for it below.
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
  /** Policies that the certificates so far agree on, as the next one has to name them. */
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

/** 6.1.3 (d), (e): what the certificate names of what is expected; any-policy stands for all of it. */
function narrow(c: Certificate, expected: ReadonlySet<string>, anyCounts: boolean): ReadonlySet<string> {
  const named = c.certificatePolicies?.map(({ id }) => id) ?? [];
  if (named.includes(Oid.anyPolicy) && anyCounts)
    return expected.size === 0 ? expected : expected.has(Oid.anyPolicy) ? expected : new Set(expected);
  return new Set(
    expected.has(Oid.anyPolicy) ? named.filter((id) => id !== Oid.anyPolicy) : named.filter((id) => expected.has(id)),
  );
}

/** 6.1.4 (a), (b): policies of the issuer's domain become those of the subject's, or end where mapping is inhibited. */
function map(c: Certificate, valid: ReadonlySet<string>, allowed: boolean): ReadonlySet<string> | undefined {
  const mappings = c.policyMappings;
  if (!mappings) return valid;
  if (mappings.some((pair) => pair.includes(Oid.anyPolicy))) return undefined;
  const next = new Set(valid);
  for (const [from] of mappings) next.delete(from);
  if (allowed) for (const [from, to] of mappings) if (valid.has(from) || valid.has(Oid.anyPolicy)) next.add(to);
  return next;
}
