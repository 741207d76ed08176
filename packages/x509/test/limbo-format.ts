/** Runs cases in x509-limbo's format; used by the tests and by `npm run limbo`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  decodePem,
  generalNameText,
  parseCertificate,
  trustStore,
  validatePath,
  type PathResult,
  type Profile,
  type SignatureVerifier,
  type ValidationInput,
} from '@ferrule/x509';

export interface LimboCase {
  readonly id: string;
  readonly features: readonly string[] | null;
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly extended_key_usage: readonly string[] | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly expected_peer_name: PeerName | null;
  readonly expected_peer_names: readonly PeerName[] | null;
  readonly max_chain_depth: number | null;
  readonly crls: readonly string[] | null;
}
interface PeerName {
  readonly kind: string;
  readonly value: string;
}

/** A file of cases, plain or gzipped. */
export function readLimbo(file: string): LimboCase[] {
  const bytes = readFileSync(file);
  const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  return (JSON.parse(text.toString('utf8')) as { testcases: LimboCase[] }).testcases;
}

export interface LimboOutcome {
  readonly id: string;
  readonly expected: 'SUCCESS' | 'FAILURE';
  readonly actual: 'SUCCESS' | 'FAILURE';
  readonly profile: Profile;
  /** The failure's code, X509_V number and message; `undefined` for a success. */
  readonly reason: string | undefined;
  readonly milliseconds: number;
}

/** `auto` judges cases under `webpki::` by that profile and all others by RFC 5280's. */
export type LimboProfile = Profile | 'auto';

export interface LimboSettings {
  readonly verifier: SignatureVerifier;
  readonly profile: LimboProfile;
  readonly isPublicSuffix?: (name: string) => boolean;
}

export function runLimboCase(one: LimboCase, settings: LimboSettings): LimboOutcome {
  const profile =
    settings.profile === 'auto' ? (one.id.startsWith('webpki::') ? 'webpki' : 'rfc5280') : settings.profile;
  const started = performance.now();
  let reason: string | undefined;
  try {
    const result = validatePath(inputOf(one, profile, settings));
    reason = result.ok
      ? unexpectedNames(one, result)
      : `${result.error.code} (X509_V ${result.error.verify}): ${result.error.message}`;
  } catch (error) {
    // A host that is none, PEM, a trust anchor or a CRL that cannot be read
    reason = String(error);
  }
  const actual = reason === undefined ? 'SUCCESS' : 'FAILURE';
  return {
    id: one.id,
    expected: one.expected_result,
    actual,
    profile,
    reason,
    milliseconds: performance.now() - started,
  };
}

const der = (pem: string): Uint8Array => decodePem(pem)[0]?.der ?? new Uint8Array();

function inputOf(one: LimboCase, profile: Profile, { verifier, isPublicSuffix }: LimboSettings): ValidationInput {
  const [purpose = one.validation_kind === 'CLIENT' ? 'clientAuth' : 'serverAuth'] = one.extended_key_usage ?? [];
  return {
    chain: [one.peer_certificate, ...one.untrusted_intermediates].map(der),
    trustAnchors: trustStore(one.trusted_certs.map(der)),
    verifier,
    profile,
    purpose,
    ...(one.validation_time !== null && { now: Date.parse(one.validation_time) }),
    ...(one.expected_peer_name && { host: one.expected_peer_name.value }),
    ...(one.max_chain_depth !== null && { maxChainLength: one.max_chain_depth + 1 }),
    ...(one.crls && one.crls.length > 0 && { crls: one.crls.map(der), missingCrl: 'accept' as const }),
    ...(isPublicSuffix && profile === 'webpki' && { isPublicSuffix }),
  };
}

const PREFIX: Readonly<Record<string, string>> = { RFC822: 'email', DNS: 'DNS', IP: 'IP Address' };

/** Client certificates are asked for names that they must have. */
function unexpectedNames(one: LimboCase, result: PathResult): string | undefined {
  if (!result.ok) return undefined;
  const names = new Set(
    (result.chain[0] ?? parseCertificate(der(one.peer_certificate))).subjectAltName?.map(generalNameText),
  );
  const missing = (one.expected_peer_names ?? []).find(
    ({ kind, value }) => !names.has(`${PREFIX[kind] ?? kind}:${value}`),
  );
  return missing && `the certificate lacks the name ${missing.value}`;
}

export interface Tally {
  readonly mustSucceed: { passed: number; run: number };
  readonly mustFail: { passed: number; run: number };
}

/** By namespace: the id without its last part, two levels at most for BetterTLS, one for the rest. */
export function tally(outcomes: readonly LimboOutcome[]): Record<string, Tally> {
  const namespaces: Record<string, Tally> = {};
  for (const { id, expected, actual } of outcomes) {
    const parts = id.split('::');
    const namespace = parts[0] === 'bettertls' ? parts.slice(0, 2).join('::') : (parts[0] as string);
    const entry = (namespaces[namespace] ??= { mustSucceed: { passed: 0, run: 0 }, mustFail: { passed: 0, run: 0 } });
    const count = expected === 'SUCCESS' ? entry.mustSucceed : entry.mustFail;
    count.run++;
    if (expected === actual) count.passed++;
  }
  return namespaces;
}
