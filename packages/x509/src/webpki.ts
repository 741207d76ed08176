/**
 * @module Rules of the CA/Browser Forum's Baseline Requirements (BR) that a client can check, for `profile: 'webpki'`.
 */
import type { CommonCode, X509VCode } from '@ferrule/result';
import { booleanOption } from '@ferrule/result/arguments';
import { bytesEqual, latin1 } from '@ferrule/result/bytes';
import { addressText } from '@ferrule/result/host';
import * as V from '@ferrule/result/x509-v';
import { extensionOf, type Certificate } from './certificate.ts';
import { Oid } from './extensions.ts';
import { isEmptyName, nameAttributes } from './name.ts';
import { isRare } from './public-key.ts';
import type { Role, RuleBreach, RuleSet } from './rules.ts';
import * as NameType from './name-type.ts';

const COMMON_NAME = '2.5.4.3';

const breach = (verify: X509VCode, message: string, code: CommonCode = 'CERT_INVALID'): RuleBreach => ({
  code,
  verify,
  message,
});

export const breachOfWebpki = (c: Certificate, role: Role, rules: RuleSet): RuleBreach | undefined =>
  (c.version === 3 ? undefined : breach(V.UNSPECIFIED, `is of version ${c.version} (BR 7.1.1)`)) ??
  breachOfKey(c, role) ??
  (role === 'leaf' ? breachOfSubscriber(c, rules) : role === 'anchor' && c.selfIssued ? breachOfRoot(c) : undefined);

/** BR 6.1.5 and 7.1.3.1: RSA of 2048 bits or more, divisible by 8; P-256, P-384, P-521. */
function breachOfKey({ publicKey: key }: Certificate, role: Role): RuleBreach | undefined {
  const good =
    key.kind === 'rsa'
      ? key.bits >= 2048 && key.bits % 8 === 0 && ((key.exponent.at(-1) as number) & 1) === 1
      : key.kind === 'ec' && !isRare(key.curve);
  return good
    ? undefined
    : breach(
        role === 'leaf' ? V.EE_KEY_TOO_SMALL : V.CA_KEY_TOO_SMALL,
        `has a key that the web's rules do not allow (${key.kind === 'ec' ? key.curve : key.kind}, ${key.bits} bits; BR 6.1.5)`,
        'CERT_WEAK_KEY',
      );
}

/** BR 7.1.2.1 */
function breachOfRoot(c: Certificate): RuleBreach | undefined {
  if (c.extendedKeyUsage) return breach(V.INVALID_CA, 'is a root with extendedKeyUsage (BR 7.1.2.1.2)', 'CERT_PURPOSE');
  const aki = c.authorityKeyIdentifier;
  if (!aki) return undefined;
  const own = aki.keyIdentifier && c.subjectKeyIdentifier && bytesEqual(aki.keyIdentifier, c.subjectKeyIdentifier);
  if (!own || aki.issuer || aki.serial)
    return breach(
      V.INVALID_EXTENSION,
      'is a root whose authorityKeyIdentifier is not just its own key identifier (BR 7.1.2.1.3)',
    );
  return undefined;
}

/** BR 7.1.2.7 */
function breachOfSubscriber(c: Certificate, rules: RuleSet): RuleBreach | undefined {
  if (c.basicConstraints?.ca)
    return breach(V.INVALID_PURPOSE, 'is a CA, which a server certificate may not be (BR 7.1.2.7.8)', 'CERT_PURPOSE');
  const { subjectAltName, extendedKeyUsage } = c;
  if (!subjectAltName) return breach(V.INVALID_EXTENSION, 'has no subjectAltName (BR 7.1.2.7.12)');
  if (!isEmptyName(c.subject) && extensionOf(c, Oid.subjectAltName)?.critical)
    return breach(V.INVALID_EXTENSION, 'has a critical subjectAltName though its subject is not empty (BR 7.1.2.7.12)');
  if (rules.purpose === 'serverAuth') {
    if (!extendedKeyUsage) return breach(V.INVALID_PURPOSE, 'has no extendedKeyUsage (BR 7.1.2.7.6)', 'CERT_PURPOSE');
    if (extendedKeyUsage.includes(Oid.anyExtendedKeyUsage))
      return breach(V.INVALID_PURPOSE, 'has anyExtendedKeyUsage (BR 7.1.2.7.10)', 'CERT_PURPOSE');
  }
  if (extendedKeyUsage && extensionOf(c, Oid.extendedKeyUsage)?.critical)
    return breach(V.INVALID_EXTENSION, 'has a critical extendedKeyUsage (BR 7.1.2.7.6)');
  return breachOfCommonName(c) ?? breachOfWildcard(c, rules);
}

/**
 * BR 7.1.4.3: a common name repeats one of the alternative names, character for character; addresses in canonical text.
 * Harmless violations of BR are accepted: a common name that cannot be mistaken for a host, the parent domain of an
 * alternative name, and a host name if no alternative name is one.
 */
function breachOfCommonName(c: Certificate): RuleBreach | undefined {
  const hosts: string[] = [];
  const addresses: string[] = [];
  for (const { type, value } of c.subjectAltName ?? []) {
    if (type === NameType.ip) addresses.push(addressText(value));
    else if (type === NameType.dns) hosts.push(latin1(value));
  }
  for (const { type, text } of nameAttributes(c.subject).flat()) {
    if (type !== COMMON_NAME) continue;
    // Other implementations may be able to read it
    if (text === undefined) return breach(V.INVALID_EXTENSION, 'has a common name that is no text (BR 7.1.4.2)');
    const fine = LIKE_ADDRESS.test(text)
      ? addresses.includes(text)
      : !LIKE_HOST.test(text) || hosts.length === 0 || hosts.some((host) => host === text || host.endsWith(`.${text}`));
    if (!fine)
      return breach(V.INVALID_EXTENSION, 'has a common name that is not one of its alternative names (BR 7.1.4.3)');
  }
  return undefined;
}
const LIKE_ADDRESS = /:|^0x[\da-f]+$|^[\d.]+$/i;
const LIKE_HOST = /^[^ ]+\.[^ ]+$/;

/**
 * BR 3.2.2.6: no wildcard directly below a public suffix. A single label always is one; others are in the public suffix
 * list.
 */
function breachOfWildcard(c: Certificate, { isPublicSuffix }: RuleSet): RuleBreach | undefined {
  for (const { type, value } of c.subjectAltName ?? []) {
    if (type !== NameType.dns || value[0] !== 0x2a) continue;
    const base = latin1(value.subarray(2)).toLowerCase();
    if (!base.includes('.') || (isPublicSuffix && booleanOption(isPublicSuffix(base), 'isPublicSuffix()')))
      return breach(V.INVALID_EXTENSION, `has a wildcard for the public suffix "${base}" (BR 3.2.2.6)`);
  }
  return undefined;
}
