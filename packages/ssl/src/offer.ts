/**
 * @module What an engine offers, given the caller's options and the engine's support: checks of versions, suites and
 * other code points, and the choice of key shares.
 */
import type { ContextOptions, TlsVersion } from '@ferrule/contract';
import { hex16 } from '@ferrule/result/bytes';
import { CipherSuiteId, SignatureScheme } from '@ferrule/result/numbers';
import { isKem } from '@ferrule/result/preference';

/**
 * The code points of an option, which the engine must support.
 * @throws TypeError for one that it does not support
 */
export function knownIds(
  name: string,
  given: readonly number[] | undefined,
  has: (id: number) => boolean,
): readonly number[] | undefined {
  for (const [i, id] of given?.entries() ?? [])
    if (!has(id)) throw new TypeError(`${name}[${i}]: ${hex16(id)} is unknown to this backend`);
  return given;
}

/** Newest first. */
const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

/**
 * The suites of the versions in the range, and the versions with at least one suite, newest first: a version without a
 * suite is not offered.
 * @throws TypeError if none is left
 */
export function versionsAndSuites<Suite>(
  { minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' }: Pick<ContextOptions, 'minVersion' | 'maxVersion'>,
  offered: readonly Suite[],
  versionOf: (suite: Suite) => TlsVersion,
): { readonly versions: readonly TlsVersion[]; readonly suites: readonly Suite[] } {
  if (minVersion > maxVersion) throw new TypeError('minVersion: is above maxVersion');
  const range = VERSIONS.filter((version) => version >= minVersion && version <= maxVersion);
  const suites = offered.filter((suite) => range.includes(versionOf(suite)));
  const versions = range.filter((version) => suites.some((suite) => versionOf(suite) === version));
  if (versions.length === 0)
    throw new TypeError('cipherSuites: none is of a version between minVersion and maxVersion');
  return { versions: Object.freeze(versions), suites: Object.freeze(suites) };
}

/**
 * Rejects an offer from which nothing can be negotiated.
 * @throws TypeError if no group is usable in TLS 1.2, or no TLS 1.2 suite has a matching signature algorithm
 */
export function refuseUnusable({ versions, suites, groups, signatureAlgorithms }: Offer): void {
  if (versions[0] !== 'TLSv1.2') return;
  if (groups.every(isKem)) throw new TypeError('groups: none can be used in TLS 1.2');
  const schemes = signatureAlgorithms.map(isSchemeOfRsa);
  if (!suites.some((id) => schemes.includes(!SUITES_OF_ECDSA.includes(id))))
    throw new TypeError('cipherSuites: none goes with any of `signatureAlgorithms`');
}

/** Code points. */
export interface Offer {
  readonly versions: readonly TlsVersion[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
}

const SUITES_OF_ECDSA: readonly number[] = [
  CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  CipherSuiteId.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];

/** RFC 9846 section 4.3.3: TLS 1.2's end in 1; the others apply to both versions. */
const isSchemeOfRsa = (id: number): boolean => (id & 0xff) === 1 || RSA_PSS.includes(id);
const RSA_PSS: readonly number[] = [
  SignatureScheme.rsa_pss_rsae_sha256,
  SignatureScheme.rsa_pss_rsae_sha384,
  SignatureScheme.rsa_pss_rsae_sha512,
  SignatureScheme.rsa_pss_pss_sha256,
  SignatureScheme.rsa_pss_pss_sha384,
  SignatureScheme.rsa_pss_pss_sha512,
];

/**
 * The default groups for key shares: the first. If that is a KEM that the caller did not name, the next classical group
 * too, which most servers still require.
 * @param named - the caller named the groups.
 */
export function defaultKeyShares(groups: readonly number[], named: boolean): readonly number[] {
  const [first] = groups;
  if (first === undefined) return [];
  const classical = isKem(first) && !named ? groups.find((id) => !isKem(id)) : undefined;
  return classical === undefined ? [first] : [first, classical];
}
