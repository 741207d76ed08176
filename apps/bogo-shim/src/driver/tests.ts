/** @module Which of the runner's tests there are to run, and to which tier and group each belongs. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** `extra`: what the list excludes and belongs in all the same. */
export type Tier = 'core' | 'optional' | 'extra';

export interface Test {
  readonly name: string;
  readonly tier: Tier;
  /** What it is about, in the words of the list; `basics` when the list says nothing. */
  readonly group: string;
  /** The peer must be refused. */
  readonly mustFail: boolean;
}

/**
 * Reads a list of tests: JSON, perhaps gzipped, an array of `{name, tier, features?, shouldFail}`. Tests of other tiers
 * are left out.
 * @throws Error when there is no such file, or it is something else.
 */
export function readTests(path: string): readonly Test[] {
  if (!existsSync(path)) throw new Error(`no list of tests at ${path}: set FERRULE_VECTORS or give --list FILE`);
  const file = readFileSync(path);
  const rows: unknown = JSON.parse((path.endsWith('.gz') ? gunzipSync(file) : file).toString('utf8'));
  if (!Array.isArray(rows)) throw new Error(`${path}: no array`);
  return rows.map((row) => testOf(row, path)).filter((test) => test !== undefined);
}

function testOf(row: unknown, path: string): Test | undefined {
  const { name, tier, features, shouldFail } = row as {
    name?: unknown;
    tier?: unknown;
    features?: unknown;
    shouldFail?: unknown;
  };
  if (typeof name !== 'string' || typeof tier !== 'string') throw new Error(`${path}: a row has no name or tier`);
  const own = tierOf(name, tier);
  if (own === undefined) return undefined;
  const first = Array.isArray(features) ? features.map(String).find((feature) => !feature.startsWith('~')) : undefined;
  return { name, tier: own, group: first ?? 'basics', mustFail: shouldFail === true };
}

/**
 * Of the tests that the list excludes for what they need, those that need it not: refusals of what we do not speak
 * (SHA-1, MD5, ML-DSA, PAKE, trust anchors, renegotiation), flags that say nothing new, and keys imported by RFC 9258.
 */
const EXTRA = [
  'Client-*Sign*_SHA1-TLS13',
  'Client-Verify*_SHA1-TLS13',
  'Client-VerifyDefault-ECDSA_SHA1-TLS12',
  'Client-TLS1?-NoSign-RSA_PKCS1_MD5_SHA1',
  'Client-Verify*-ML-DSA-??-TLS12',
  'Client-AcceptJDK11DowngradeRandom',
  'PAKE-NormalClient-*PAKEIn*',
  'TrustAnchors-Unsolicited-*',
  'Renegotiate-Client-Forbidden-1',
  'Shutdown-Shim-HelloRequest-Reject-TLS-*',
  'NoLegacyServerConnect-TLS13',
  'AlwaysReportRenegotiationInfo-TLS13',
  'EarlyData-Client-VersionAPI-TLS13',
  'SRTP-Client-Ignore-TLS-TLS1?',
  'PSK-Client-*-TLS',
];

function tierOf(name: string, tier: string): Tier | undefined {
  if (tier === 'core' || tier === 'optional') return tier;
  return tier === 'excluded_modern' && isExtra(name) ? 'extra' : undefined;
}

/** The tests of a tier (`all` is all of them) whose name fits a pattern with `*` and `?`. */
export function select(tests: readonly Test[], tier: Tier | 'all', pattern: string | undefined): readonly Test[] {
  const fits = pattern === undefined ? (): boolean => true : matcher(pattern);
  return tests.filter((test) => (tier === 'all' || test.tier === tier) && fits(test.name));
}

/** A glob as a predicate: `*` any characters, `?` one, `;` between alternatives. */
export function matcher(pattern: string): (name: string) => boolean {
  const alternatives = pattern.split(';').map((glob) =>
    glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.'),
  );
  const expression = new RegExp(`^(?:${alternatives.join('|')})$`);
  return (name) => expression.test(name);
}

const isExtra = matcher(EXTRA.join(';'));
