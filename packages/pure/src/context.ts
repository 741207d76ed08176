/**
 * @module ContextOptions → {@link Config}: every option checked once, unknown ones refused by name, and what comes out
 * frozen and of exact types. Nothing behind this file asks whether an option is sensible.
 */
import type {
  CertificateCompression,
  CertificateDecompressor,
  CertificateProfile,
  CertificateType,
  ContextOptions,
  CredentialCallback,
  ExternalPsk,
  Limits,
  Ssl,
  TlsSession,
  TlsVersion,
  TraceMessage,
  TrustAnchor,
  VerifyCallback,
} from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { hex16 } from '@ferrule/result/bytes';
import { CertificateCompressionId } from '@ferrule/result/numbers';
import { ask, bytesOf, callbackFailed, clock, copyOf, credentialOption, type OwnCredential } from '@ferrule/ssl';
import {
  bytes, callback, codePoint, externalPsk, flag, integer, keyShares, list, member, oneOf, optionsOf, pin, profileOption, protocolName, record, type Options,
} from '@ferrule/ssl/options'; // prettier-ignore
import type { CipherSuite, CryptoProvider, Group } from './crypto/provider.ts';
import { chooseEchConfig, parseEchConfigList, type EchConfig } from './ech/config.ts';
import { DEFAULT_LIMITS, MAX_PLAINTEXT } from './limits.ts';
import type { ExtensionInput } from './wire/extensions.ts';

/** Those that @ferrule/x509 has. */
export const PROFILES: readonly CertificateProfile[] = Object.freeze(['compatible', 'rfc5280', 'webpki']);

/** What a context is, after checking. */
export interface Config {
  readonly provider: CryptoProvider;
  readonly trustAnchors: readonly TrustAnchor[];
  readonly crls: readonly Uint8Array[] | undefined;
  readonly ocsp: 'off' | 'request' | 'require';
  readonly pins: readonly Uint8Array[];
  readonly profile: CertificateProfile;
  readonly verify: 'peer' | 'none' | VerifyCallback;
  /** The versions offered, newest first. */
  readonly versions: readonly TlsVersion[];
  /** Of the versions offered, most preferred first. */
  readonly suites: readonly CipherSuite[];
  readonly groups: readonly Group[];
  /** Those of `groups` that get a share in the first ClientHello. */
  readonly keyShares: readonly Group[];
  readonly signatureAlgorithms: readonly number[];
  readonly alpn: readonly string[];
  readonly recordSizeLimit: number | undefined;
  /** By CertificateCompressionAlgorithm, most preferred first. */
  readonly decompressors: readonly CertificateDecompressor[];
  readonly ech: readonly EchConfig[] | 'grease' | undefined;
  readonly grease: boolean;
  readonly extendedMasterSecret: 'require' | 'allow';
  readonly secureRenegotiation: 'require' | 'allow';
  readonly renegotiation: 'refuse' | 'ignore';
  readonly sessionTickets: boolean;
  readonly signedCertificateTimestamps: boolean;
  readonly reverifyOnResumption: boolean;
  readonly postHandshakeAuth: boolean;
  readonly rawPublicKeys: readonly Uint8Array[];
  readonly serverCertificateTypes: readonly CertificateType[];
  readonly clientCertificateTypes: readonly CertificateType[];
  readonly externalPsks: readonly ExternalPsk[];
  readonly recordPadding: number;
  readonly securityLevel: number;
  readonly credentials: readonly OwnCredential[];
  readonly onCertificateRequest: CredentialCallback | undefined;
  readonly onKeylog: ((line: string, ssl: Ssl) => void) | undefined;
  readonly onSession: ((session: TlsSession, ssl: Ssl) => void) | undefined;
  readonly onMessage: ((message: TraceMessage, ssl: Ssl) => void) | undefined;
  readonly limits: Limits;
  readonly now: () => number;
  readonly random: (into: Uint8Array) => void;
  /** RFC 9846 appendix E.4. Only a test turns it off. */
  readonly middleboxCompatibility: boolean;
  /** Only in tests: other values for the extensions of a ClientHello, so that recorded traces can be made again. */
  readonly shape: ((values: ExtensionInput<'clientHello'>) => ExtensionInput<'clientHello'>) | undefined;
}

/** @throws TypeError that names the option. */
export function parseOptions(provider: CryptoProvider, options: ContextOptions = {}): Config {
  const o = optionsOf(options, KNOWN);
  const groups = pick(o, 'groups', provider.groups, provider.defaultGroups);
  const { versions, suites } = versionsAndSuites(o, provider);
  if (o.has('ech') && versions[0] !== 'TLSv1.3') throw new TypeError('ech: needs TLS 1.3');
  const first = groups.find((group) => versions[0] === 'TLSv1.3' || !group.kem);
  const credentials = list(o, 'credentials', credentialOption) ?? [];
  return Object.freeze<Config>({
    provider,
    trustAnchors: list(o, 'trustAnchors', trustAnchor, { empty: true }) ?? [],
    crls: list(o, 'crls', bytes),
    ocsp: oneOf(o, 'ocsp', ['off', 'request', 'require'], 'off'),
    pins: list(o, 'pins', pin) ?? [],
    profile: profileOption(o, PROFILES),
    verify: verifyOption(o),
    versions,
    suites,
    groups,
    keyShares: shares(o, groups) ?? defaultShares(groups, first, o.has('groups')),
    signatureAlgorithms: schemes(o, provider),
    alpn: list(o, 'alpn', protocolName) ?? [],
    recordSizeLimit: integer(o, 'recordSizeLimit', 64, MAX_PLAINTEXT),
    decompressors: decompressors(o, provider),
    ech: echOption(o, provider),
    grease: flag(o, 'grease'),
    extendedMasterSecret: oneOf(o, 'extendedMasterSecret', ['require', 'allow'], 'require'),
    secureRenegotiation: oneOf(o, 'secureRenegotiation', ['require', 'allow'], 'require'),
    renegotiation: oneOf(o, 'renegotiation', ['refuse', 'ignore'], 'refuse'),
    sessionTickets: flag(o, 'sessionTickets', true),
    signedCertificateTimestamps: flag(o, 'signedCertificateTimestamps'),
    reverifyOnResumption: flag(o, 'reverifyOnResumption'),
    postHandshakeAuth: flag(o, 'postHandshakeAuth'),
    rawPublicKeys: list(o, 'rawPublicKeys', bytes) ?? [],
    serverCertificateTypes:
      list(o, 'serverCertificateTypes', certificateType) ??
      (o.has('rawPublicKeys') ? ['raw-public-key', 'x509'] : ['x509']),
    clientCertificateTypes: list(o, 'clientCertificateTypes', certificateType) ?? typesOf(credentials),
    externalPsks: list(o, 'externalPsks', externalPsk) ?? [],
    recordPadding: integer(o, 'recordPadding', 0, MAX_PLAINTEXT) ?? 0,
    securityLevel: integer(o, 'securityLevel', 1, 5) ?? 2,
    credentials,
    onCertificateRequest: callback<CredentialCallback>(o, 'onCertificateRequest'),
    onKeylog: callback<(line: string, ssl: Ssl) => void>(o, 'onKeylog'),
    onSession: callback<(session: TlsSession, ssl: Ssl) => void>(o, 'onSession'),
    onMessage: callback<(message: TraceMessage, ssl: Ssl) => void>(o, 'onMessage'),
    limits: limitsOption(o),
    now: clock(callback<() => number>(o, 'now')),
    random: randomOption(o) ?? provider.random,
    middleboxCompatibility: true,
    shape: undefined,
  });
}

const KNOWN: ReadonlySet<string> = new Set<keyof ContextOptions>([
  'trustAnchors', 'crls', 'ocsp', 'pins', 'profile', 'verify', 'minVersion', 'maxVersion', 'cipherSuites', 'groups', 'keyShares', 'signatureAlgorithms',
  'alpn', 'recordSizeLimit', 'certificateCompression', 'ech', 'echUnusable', 'grease', 'extendedMasterSecret', 'secureRenegotiation', 'renegotiation', 'sessionTickets',
  'signedCertificateTimestamps',
  'reverifyOnResumption', 'postHandshakeAuth', 'rawPublicKeys', 'serverCertificateTypes', 'clientCertificateTypes', 'externalPsks', 'recordPadding',
  'securityLevel', 'credentials', 'onCertificateRequest', 'onKeylog', 'onSession', 'onMessage', 'limits', 'now', 'random',
]); // prettier-ignore

/** Newest first: the index is the age. */
const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

function versionsAndSuites(
  o: Options,
  provider: CryptoProvider,
): { readonly versions: readonly TlsVersion[]; readonly suites: readonly CipherSuite[] } {
  const newest = VERSIONS.indexOf(oneOf(o, 'maxVersion', VERSIONS, 'TLSv1.3'));
  const oldest = VERSIONS.indexOf(oneOf(o, 'minVersion', VERSIONS, 'TLSv1.2'));
  if (oldest < newest) throw new TypeError('minVersion: is above maxVersion');
  const range = VERSIONS.slice(newest, oldest + 1);
  const suites = pick(o, 'cipherSuites', provider.suites).filter((suite) => range.includes(suite.version));
  const versions = range.filter((version) => suites.some((suite) => suite.version === version));
  if (versions.length === 0)
    throw new TypeError('cipherSuites: none is of a version between minVersion and maxVersion');
  return { versions: Object.freeze(versions), suites: Object.freeze(suites) };
}

/** Code points the caller names, in its order, as what the provider has; `defaults` (or all) when it names none. */
function pick<T extends { readonly id: number }>(
  o: Options,
  name: string,
  all: readonly T[],
  defaults?: readonly number[],
): readonly T[] {
  const ids = list(o, name, codePoint) ?? defaults;
  if (ids === undefined) return all;
  return Object.freeze(
    ids.map((id) => {
      const found = all.find((candidate) => candidate.id === id);
      if (found === undefined) throw new TypeError(`${name}: ${hex16(id)} is unknown to this backend`);
      return found;
    }),
  );
}

/** One share; beside a hybrid that the caller did not name its classical part too, which most servers still want. */
function defaultShares(groups: readonly Group[], first: Group | undefined, named: boolean): readonly Group[] {
  if (first === undefined) return [];
  const classic = first.kem && !named ? groups.find(({ kem }) => !kem) : undefined;
  return classic === undefined ? [first] : [first, classic];
}

const shares = (o: Options, groups: readonly Group[]): readonly Group[] | undefined => {
  const ids = keyShares(
    o,
    groups.map(({ id }) => id),
  );
  return ids && Object.freeze(groups.filter(({ id }) => ids.includes(id)));
};

function schemes(o: Options, provider: CryptoProvider): readonly number[] {
  const ids = list(o, 'signatureAlgorithms', codePoint);
  for (const id of ids ?? []) {
    if (!provider.schemes.includes(id))
      throw new TypeError(`signatureAlgorithms: ${hex16(id)} is unknown to this backend`);
  }
  return ids ?? provider.schemes;
}

function decompressors(o: Options, provider: CryptoProvider): readonly CertificateDecompressor[] {
  const decompressor = (value: unknown, name: string): CertificateDecompressor => {
    if (typeof value === 'object' && value !== null) return callersDecompressor(value, name);
    const algorithm = member<CertificateCompression>(value, name, ['zlib', 'brotli', 'zstd']);
    const found = provider.decompressors.find((candidate) => candidate.name === algorithm);
    if (found === undefined)
      throw new TypeError(`certificateCompression: ${algorithm} is not available with ${provider.name}`);
    return { id: CertificateCompressionId[algorithm], decompress: (data, limit) => found.decompress(data, limit) };
  };
  return Object.freeze(list(o, 'certificateCompression', decompressor) ?? []);
}

/** Whatever it throws means that the bytes are not intact. */
function callersDecompressor(value: object, name: string): CertificateDecompressor {
  const o = record(value, name, ['id', 'decompress']);
  const id = codePoint(o.get('id'), `${name}.id`);
  const decompress = o.get('decompress');
  if (typeof decompress !== 'function') throw new TypeError(`${name}.decompress: must be a function`);
  return {
    id,
    decompress(data, limit) {
      const asked = ask(() => Reflect.apply(decompress, value, [data.slice(), limit]), bytesOrNull);
      const answer = (): Uint8Array | null => asked.value ?? null;
      return asked.settled?.then(answer) ?? answer();
    },
  };
}

const bytesOrNull = (value: unknown): Uint8Array | null => copyOf(value) ?? null;

function verifyOption(o: Options): 'peer' | 'none' | VerifyCallback {
  const value = o.get('verify');
  return typeof value === 'function'
    ? (value as VerifyCallback)
    : oneOf<'peer' | 'none'>(o, 'verify', ['peer', 'none'], 'peer');
}

/** What the caller's own throws is its failure. */
function randomOption(o: Options): ((into: Uint8Array) => void) | undefined {
  const random = callback<(into: Uint8Array) => void>(o, 'random');
  if (random === undefined) return undefined;
  return (into) => {
    let returned: unknown;
    try {
      returned = random(into);
    } catch (error) {
      throw callbackFailed('random', error);
    }
    // a source of the other shape, that returns bytes or a promise of them, has filled nothing: keys would be known to
    // everybody
    if (returned !== undefined)
      throw callbackFailed('random', new TypeError('random: must fill the array that it is given, and return nothing'));
    if (into.length >= 16 && into.every((byte) => byte === 0))
      throw callbackFailed('random', new TypeError('random: left the array as it was, all zeros'));
  };
}

function echOption(o: Options, provider: CryptoProvider): readonly EchConfig[] | 'grease' | undefined {
  const otherwise = oneOf(o, 'echUnusable', ['refuse', 'grease', 'omit'], 'refuse');
  const value = o.get('ech');
  if (value === undefined || value === 'grease') return value;
  const list = bytes(value, 'ech');
  try {
    const configs = Object.freeze(parseEchConfigList(list));
    if (otherwise === 'refuse' || chooseEchConfig(configs, provider) !== undefined) return configs;
    return otherwise === 'grease' ? 'grease' : undefined;
  } catch (error) {
    if (TlsError.is(error)) throw new TypeError(`ech: ${error.message}`, { cause: error });
    throw error;
  }
}

function limitsOption(o: Options): Limits {
  if (!o.has('limits')) return DEFAULT_LIMITS;
  const given = record(o.get('limits'), 'limits', Object.keys(DEFAULT_LIMITS));
  const limits: Record<string, unknown> = { ...DEFAULT_LIMITS };
  for (const name of given.keys()) limits[name] = integer(given, name, 1, Number.MAX_SAFE_INTEGER, 'limits');
  return Object.freeze(limits) as unknown as Limits;
}

function trustAnchor(value: unknown, name: string): TrustAnchor {
  if (bytesOf(value) !== undefined) return bytes(value, name);
  const o = record(value, name, ['subject', 'spki', 'nameConstraints']);
  const part = (key: string): Uint8Array => bytes(o.get(key), `${name}.${key}`);
  return o.has('nameConstraints')
    ? { subject: part('subject'), spki: part('spki'), nameConstraints: part('nameConstraints') }
    : { subject: part('subject'), spki: part('spki') };
}

/** The types of the credentials, in their order. */
const typesOf = (credentials: readonly OwnCredential[]): readonly CertificateType[] =>
  credentials.length === 0
    ? ['x509']
    : [...new Set(credentials.map(({ rawPublicKey }) => (rawPublicKey === undefined ? 'x509' : 'raw-public-key')))];

const certificateType = (value: unknown, name: string): CertificateType =>
  member<CertificateType>(value, name, ['x509', 'raw-public-key']);
