/**
 * @module ContextOptions → {@link Config}: what `contextOptions()` has checked for all engines, and what only the
 * provider knows. What comes out is frozen and of exact types. Nothing behind this file asks whether an option is
 * sensible.
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
  RevocationOptions,
  Ssl,
  TlsSession,
  TlsVersion,
  TraceMessage,
  TrustAnchor,
  VerifyCallback,
} from '@ferrule/contract';
import { clientCertificates } from '@ferrule/pure/parts/client-certificates';
import { ech as echPart } from '@ferrule/pure/parts/ech';
import { revocation } from '@ferrule/pure/parts/revocation';
import { tls12 } from '@ferrule/pure/parts/tls12';
import { TlsError } from '@ferrule/result';
import { copyOf } from '@ferrule/result/arguments';
import { CertificateCompressionId } from '@ferrule/result/numbers';
import {
  ask,
  callbackFailed,
  clock,
  defaultKeyShares,
  knownIds,
  type OwnCredential,
  refuseUnusable,
  versionsAndSuites,
} from '@ferrule/ssl';
import { contextOptions, type OwnOptions, withDefaults } from '@ferrule/ssl/context-options';
import { checkKeyShares, profileOption } from '@ferrule/ssl/options';
import { parsePublicKey } from '@ferrule/x509';
import { guarded } from './crypto/guard.ts';
import type { CipherSuite, CryptoProvider, Group } from './crypto/provider.ts';
import type { EchConfig } from './ech/config.ts';
import type { ExtensionInput } from './wire/extensions.ts';

/** Those that @ferrule/x509 has. */
export const PROFILES: readonly CertificateProfile[] = Object.freeze(['compatible', 'rfc5280', 'webpki']);

/** What a context is, after checking. */
export interface Config {
  readonly provider: CryptoProvider;
  readonly trustAnchors: readonly TrustAnchor[];
  readonly crls: readonly Uint8Array[] | undefined;
  readonly ocsp: 'off' | 'request' | 'require';
  readonly revocation: RevocationOptions | undefined;
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
  readonly verifyHost: boolean;
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
  /** QUIC carries the handshake (RFC 9001): sessions of it are none of TLS over TCP. */
  readonly quic: boolean;
  /** RFC 9846 appendix E.4. Only QUIC and tests turn it off. */
  readonly middleboxCompatibility: boolean;
  /** Only in tests: other values for the extensions of a ClientHello, so that recorded traces can be made again. */
  readonly shape: ((values: ExtensionInput<'clientHello'>) => ExtensionInput<'clientHello'>) | undefined;
}

/** @throws TypeError */
function readableKey(spki: Uint8Array, i: number): Uint8Array {
  try {
    parsePublicKey(spki);
  } catch (cause) {
    throw new TypeError(`rawPublicKeys[${i}]: cannot be read as a SubjectPublicKeyInfo: ${(cause as Error).message}`, {
      cause,
    });
  }
  return spki;
}

/** @throws TypeError that names the option. */
export function parseOptions(crypto: CryptoProvider, options: ContextOptions = {}): Config {
  const provider = guarded(crypto);
  const given = contextOptions(options);
  refuseMissingParts(given);
  const own = withDefaults(given);
  const groups = pick('groups', own.groups ?? provider.defaultGroups, provider.groups);
  const range = tls12 || own.minVersion ? own : { ...own, minVersion: 'TLSv1.3' as const };
  const offered = own.cipherSuites ? pick('cipherSuites', own.cipherSuites, provider.suites) : provider.suites;
  const { versions, suites } = versionsAndSuites(range, offered, ({ version }) => version);
  const signatureAlgorithms = schemes(own, provider);
  refuseUnusable({ versions, suites: idsOf(suites), groups: idsOf(groups), signatureAlgorithms });
  const { credentials } = own;
  return Object.freeze<Config>({
    provider,
    trustAnchors: own.trustAnchors,
    crls: own.crls,
    ocsp: own.ocsp,
    revocation: own.revocation,
    pins: own.pins,
    profile: profileOption(own.profile, PROFILES),
    verify: own.verify,
    versions,
    suites,
    groups,
    keyShares: shares(own, groups, versions),
    signatureAlgorithms,
    alpn: own.alpn,
    recordSizeLimit: own.recordSizeLimit,
    decompressors: Object.freeze(own.certificateCompression.map((each) => decompressor(each, provider))),
    ech: echOption(own, provider),
    grease: own.grease,
    extendedMasterSecret: own.extendedMasterSecret,
    secureRenegotiation: own.secureRenegotiation,
    renegotiation: own.renegotiation,
    sessionTickets: own.sessionTickets,
    verifyHost: own.verifyHost,
    signedCertificateTimestamps: own.signedCertificateTimestamps,
    reverifyOnResumption: own.reverifyOnResumption,
    postHandshakeAuth: own.postHandshakeAuth,
    rawPublicKeys: (own.rawPublicKeys ?? []).map(readableKey),
    serverCertificateTypes:
      own.serverCertificateTypes ?? (own.rawPublicKeys === undefined ? ['x509'] : ['raw-public-key', 'x509']),
    clientCertificateTypes: own.clientCertificateTypes ?? typesOf(credentials),
    externalPsks: own.externalPsks,
    recordPadding: own.recordPadding,
    securityLevel: own.securityLevel,
    credentials,
    onCertificateRequest: own.onCertificateRequest,
    onKeylog: own.onKeylog,
    onSession: own.onSession,
    onMessage: own.onMessage,
    limits: own.limits,
    now: clock(own.now),
    random: randomOption(own.random) ?? provider.random,
    quic: false,
    middleboxCompatibility: true,
    shape: undefined,
  });
}

/** An option that asks for what the bundle has left out is refused: nothing is left unchecked in silence. */
function refuseMissingParts(own: OwnOptions): void {
  const needed: readonly (readonly [
    part: object | undefined,
    name: string,
    options: Readonly<Record<string, boolean>>,
  ])[] = [
    [tls12, 'tls12', { minVersion: own.minVersion === 'TLSv1.2', maxVersion: own.maxVersion === 'TLSv1.2' }],
    [echPart, 'ech', { ech: own.ech !== undefined }],
    [
      revocation,
      'revocation',
      { crls: own.crls !== undefined, ocsp: (own.ocsp ?? 'off') !== 'off', revocation: own.revocation !== undefined },
    ],
    [
      clientCertificates,
      'client-certificates',
      {
        credentials: (own.credentials ?? []).length > 0,
        onCertificateRequest: own.onCertificateRequest !== undefined,
        postHandshakeAuth: own.postHandshakeAuth === true,
      },
    ],
  ];
  for (const [part, name, options] of needed)
    for (const [option, asked] of Object.entries(options))
      if (part === undefined && asked)
        throw new TypeError(`${option}: this bundle has left out @ferrule/pure/parts/${name}, which it needs`);
}

/** Code points the caller names, in its order, as what the provider has. @throws TypeError */
function pick<T extends { readonly id: number }>(
  name: string,
  ids: readonly number[],
  all: readonly T[],
): readonly T[] {
  const found = new Map(all.map((each) => [each.id, each]));
  knownIds(name, ids, (id) => found.has(id));
  return Object.freeze(ids.map((id) => found.get(id) as T));
}

const idsOf = (all: readonly { readonly id: number }[]): readonly number[] => all.map(({ id }) => id);

function shares(
  { groups: named, keyShares }: OwnOptions,
  groups: readonly Group[],
  [newest]: readonly TlsVersion[],
): readonly Group[] {
  const ids = idsOf(groups);
  if (keyShares !== undefined) checkKeyShares(keyShares, ids);
  // What has no key share in TLS 1.2 needs none there
  const usable = groups.filter(({ kem }) => newest === 'TLSv1.3' || !kem).map(({ id }) => id);
  const wanted = keyShares ?? defaultKeyShares(usable, named !== undefined);
  return Object.freeze(groups.filter(({ id }) => wanted.includes(id)));
}

const schemes = ({ signatureAlgorithms: ids }: OwnOptions, provider: CryptoProvider): readonly number[] =>
  knownIds('signatureAlgorithms', ids, (id) => provider.schemes.includes(id)) ?? provider.schemes;

function decompressor(
  asked: CertificateCompression | CertificateDecompressor,
  provider: CryptoProvider,
): CertificateDecompressor {
  if (typeof asked === 'object') return callersDecompressor(asked);
  const found = provider.decompressors.find(({ name }) => name === asked);
  if (found === undefined)
    throw new TypeError(`certificateCompression: ${asked} is not available with ${provider.name}`);
  return { id: CertificateCompressionId[asked], decompress: (data, limit) => found.decompress(data, limit) };
}

/** Whatever it throws means that the bytes are not intact. */
function callersDecompressor({ id, decompress }: CertificateDecompressor): CertificateDecompressor {
  return {
    id,
    decompress(data, limit) {
      const asked = ask(() => decompress(data.slice(), limit), bytesOrNull);
      const answer = (): Uint8Array | null => asked.value ?? null;
      return asked.settled?.then(answer) ?? answer();
    },
  };
}

const bytesOrNull = (value: unknown): Uint8Array | null => copyOf(value) ?? null;

/** What the caller's own throws is its failure. */
function randomOption(random: ContextOptions['random']): ((into: Uint8Array) => void) | undefined {
  if (random === undefined) return undefined;
  return (into) => {
    let returned: unknown;
    try {
      returned = random(into);
    } catch (error) {
      throw callbackFailed('random', error);
    }
    // A source of the other shape, that returns bytes or a promise of them, has filled nothing: keys would be known to
    // everybody
    if (returned !== undefined)
      throw callbackFailed('random', new TypeError('random: must fill the array that it is given, and return nothing'));
    if (into.length >= 16 && into.every((byte) => byte === 0))
      throw callbackFailed('random', new TypeError('random: left the array as it was, all zeros'));
  };
}

function echOption(
  { ech, echUnusable: otherwise = 'refuse' }: OwnOptions,
  provider: CryptoProvider,
): readonly EchConfig[] | 'grease' | undefined {
  if (echPart === undefined || ech === undefined || ech === 'grease') return ech as 'grease' | undefined;
  try {
    const configs = Object.freeze(echPart.parseEchConfigList(ech));
    if (otherwise === 'refuse' || echPart.chooseEchConfig(configs, provider) !== undefined) return configs;
    return otherwise === 'grease' ? 'grease' : undefined;
  } catch (error) {
    if (TlsError.is(error)) throw new TypeError(`ech: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The types of the credentials, in their order. */
const typesOf = (credentials: readonly OwnCredential[]): readonly CertificateType[] =>
  credentials.length === 0
    ? ['x509']
    : [...new Set(credentials.map(({ rawPublicKey }) => (rawPublicKey === undefined ? 'x509' : 'raw-public-key')))];
