/**
 * @module ContextOptions → {@link Config}: every option is checked once, unknown or unsupported ones are refused by
 * name, and the result is frozen, partly in OpenSSL's own notation.
 */
import type {
  ContextOptions,
  CredentialCallback,
  Feature,
  RevocationOptions,
  Ssl,
  TlsSession,
  TlsVersion,
  TraceMessage,
  VerifyCallback,
} from '@ferrule/contract';
import { EMPTY } from '@ferrule/result/bytes';
import { CertificateCompressionId } from '@ferrule/result/numbers';
import {
  clock,
  credentialOption as ownCredential,
  defaultKeyShares,
  knownIds,
  type OwnCredential,
  refuseUnusable,
  versionsAndSuites,
} from '@ferrule/ssl';
import {
  type CompleteOptions,
  contextOptions,
  DEFAULT_LIMITS,
  type OwnOptions,
  withDefaults,
} from '@ferrule/ssl/context-options';
import { checkKeyShares, profileOption } from '@ferrule/ssl/options';
import type { BoundOptions, Offering } from '@ferrule/ssl/session-binding';
import type { Abilities } from './backend.ts';
import type { NativeConfig } from './binding.ts';
import { anchorCertificate } from './anchor.ts';
import { PROFILES, type Scheme, VERSIONS, versionOf } from './names.ts';

/** The checked options of a context. */
export interface Config {
  readonly native: NativeConfig;
  readonly verify: 'peer' | 'none' | VerifyCallback;
  readonly revocation: RevocationOptions | undefined;
  readonly minVersion: TlsVersion;
  readonly credentials: readonly OwnCredential[];
  /** What this OpenSSL signs with. */
  readonly schemes: readonly Scheme[];
  readonly onCertificateRequest: CredentialCallback | undefined;
  readonly onKeylog: ((line: string, ssl: Ssl) => void) | undefined;
  readonly onSession: ((session: TlsSession, ssl: Ssl) => void) | undefined;
  readonly onMessage: ((message: TraceMessage, ssl: Ssl) => void) | undefined;
  /** `Date.now` itself by default: OpenSSL then uses the system clock. */
  readonly now: () => number;
  /** What a session is compared with, except the digest. */
  readonly offering: Omit<Offering, 'host' | 'binding'>;
  /** What a session is bound to. */
  readonly bound: BoundOptions;
  /** Whether any trust anchors were given, for the hint of a failure. */
  readonly anchored: boolean;
}

/** TLS13_MAX_RESUMPTION_PSK_LENGTH of OpenSSL. */
const MOST_PSK_BYTES = 512;

/** @throws TypeError that names the option. */
export function parseOptions(abilities: Abilities, options: ContextOptions = {}): Config {
  const own = withDefaults(contextOptions(options));
  refuseAbsent(own);
  const { crls, ocsp, pins, revocation, verify, verifyHost, alpn, credentials, externalPsks, securityLevel } = own;
  const { extendedMasterSecret, secureRenegotiation, sessionTickets } = own;
  const { signedCertificateTimestamps, reverifyOnResumption } = own;
  const { onCertificateRequest, onKeylog, onSession, onMessage } = own;
  const anchors = own.trustAnchors.map(anchorCertificate);
  const { suiteNames, groupNames, schemeNames } = abilities;
  const offered = known('cipherSuites', own, suiteNames) ?? [...suiteNames.keys()];
  const { versions, suites } = versionsAndSuites(own, offered, versionOf);
  const [minVersion, maxVersion] = [versions.at(-1), versions[0]] as [TlsVersion, TlsVersion];
  for (const [i, credential] of credentials.entries()) refuseForeign(credential, `credentials[${i}]`);
  const limits = limitsOption(own);
  const profile = profileOption(own.profile, PROFILES);
  const groups = known('groups', own, groupNames) ?? abilities.defaultGroups;
  const schemes = known('signatureAlgorithms', own, schemeNames) ?? [...schemeNames.keys()];
  refuseUnusable({ versions, suites, groups, signatureAlgorithms: schemes });
  const [psk, ...others] = externalPsks;
  if (others.length > 0) throw new TypeError('externalPsks: OpenSSL offers one');
  if (psk?.import !== undefined)
    throw new TypeError('externalPsks[0].import: OpenSSL imports no keys (RFC 9258); see `features`');
  if (psk !== undefined && psk.key.length > MOST_PSK_BYTES)
    throw new TypeError(
      `externalPsks[0].key: OpenSSL offers keys of at most ${MOST_PSK_BYTES} bytes, this one has ${psk.key.length}`,
    );
  const nameOf = (id: number): string => abilities.suiteNames.get(id) ?? '';
  const native: NativeConfig = {
    minVersion: VERSIONS[minVersion],
    maxVersion: VERSIONS[maxVersion],
    cipherList: suites
      .filter((id) => versionOf(id) === 'TLSv1.2')
      .map(nameOf)
      .join(':'),
    cipherSuites: suites
      .filter((id) => versionOf(id) === 'TLSv1.3')
      .map(nameOf)
      .join(':'),
    suiteIds: suites,
    groups: groupsInNotation(own, groups, abilities),
    signatureAlgorithms: schemes.map((id) => abilities.schemeNames.get(id)).join(':'),
    clientSignatureAlgorithms: clientSchemes(credentials, abilities),
    alpn: alpnOnWire(alpn),
    verify: verify === 'peer' ? 0 : verify === 'none' ? 1 : 2,
    strict: profile === 'rfc5280',
    ocsp: OCSP[ocsp],
    anchors,
    crls: crls ?? [],
    revocation: revocation !== undefined,
    pins,
    pskIdentity: psk?.identity ?? EMPTY,
    pskKey: psk?.key ?? EMPTY,
    pskHash: psk?.hash ?? 'sha256',
    certificateCompression: compressionOption(own, abilities),
    securityLevel,
    recordPadding: own.recordPadding,
    verifyHost,
    requireExtendedMasterSecret: extendedMasterSecret === 'require',
    refuseRenegotiation: own.renegotiation === 'refuse',
    requireSecureRenegotiation: secureRenegotiation === 'require',
    sessionTickets,
    signedCertificateTimestamps,
    postHandshakeAuth: own.postHandshakeAuth,
    clientAuthentication: credentials.length > 0 || onCertificateRequest !== undefined,
    keylog: onKeylog !== undefined,
    sessions: onSession !== undefined,
    trace: onMessage !== undefined,
    ...limits,
  };
  return Object.freeze<Config>({
    native,
    verify,
    revocation,
    minVersion,
    credentials,
    schemes: abilities.schemes,
    onCertificateRequest,
    onKeylog,
    onSession,
    onMessage,
    now: clock(own.now),
    offering: {
      versions: [...versions].reverse(),
      cipherSuites: suites,
      groups,
      signatureAlgorithms: schemes,
      sessionTickets,
      alpn,
      externalPsks,
      parameters: 0,
      hidden: false,
    },
    bound: {
      trustAnchors: anchors,
      crls,
      ocsp,
      revocation,
      pins,
      profile,
      verify,
      verifyHost,
      extendedMasterSecret,
      secureRenegotiation,
      signedCertificateTimestamps,
      reverifyOnResumption,
      rawPublicKeys: undefined,
      serverCertificateTypes: undefined,
      clientCertificateTypes: undefined,
      externalPsks,
      securityLevel,
      credentials,
      onCertificateRequest,
    },
    anchored: anchors.length > 0,
  });
}

/** What `onCertificateRequest` returns. @throws TypeError */
export function credentialOption(value: unknown, name: string): OwnCredential {
  const credential = ownCredential(value, name);
  refuseForeign(credential, name);
  return credential;
}

/** Refuses raw public keys and external signers. @throws TypeError */
function refuseForeign({ rawPublicKey, key }: OwnCredential, name: string): void {
  if (rawPublicKey !== undefined) throw new TypeError(`${name}.rawPublicKey: ${lacks('raw-public-key')}`);
  if ('sign' in key) throw new TypeError(`${name}.key: ${lacks('external-signer')}`);
}

/** Options of the contract that need a feature OpenSSL lacks, and their neutral value. */
const ABSENT: readonly (readonly [keyof ContextOptions, Feature, unknown?])[] = [
  ['recordSizeLimit', 'record-size-limit'],
  ['ech', 'ech'],
  ['grease', 'grease', false],
  ['rawPublicKeys', 'raw-public-key'],
  ['serverCertificateTypes', 'raw-public-key'],
  ['clientCertificateTypes', 'raw-public-key'],
  ['random', 'seeded-random'],
];

const OCSP = { off: 0, request: 1, require: 2 } as const;

const lacks = (feature: Feature): string => `this backend does not have the feature ${feature}`;

function refuseAbsent(own: OwnOptions): void {
  for (const [name, feature, harmless] of ABSENT) {
    const value = own[name];
    if (value !== undefined && value !== harmless) throw new TypeError(`${name}: ${lacks(feature)}`);
  }
}

/** In OpenSSL's notation: `*` marks the groups that get a key share. */
function groupsInNotation(own: OwnOptions, groups: readonly number[], abilities: Abilities): string {
  const shares = sharesOption(own, groups, abilities) ?? defaultKeyShares(groups, own.groups !== undefined);
  const onlyFirst = shares.length === 1 && shares[0] === groups[0];
  return groups
    .map((id) => `${!onlyFirst && shares.includes(id) ? '*' : ''}${abilities.groupNames.get(id) ?? ''}`)
    .join(':');
}

function sharesOption(
  { keyShares: shares }: OwnOptions,
  groups: readonly number[],
  { keyShareChoice }: Abilities,
): readonly number[] | undefined {
  if (shares !== undefined) checkKeyShares(shares, groups);
  if (shares?.length === 0) throw new TypeError('keyShares: OpenSSL always sends one');
  if (shares !== undefined && !keyShareChoice && (shares.length > 1 || shares[0] !== groups[0])) {
    throw new TypeError(`keyShares: ${lacks('key-share-choice')}, so it sends one for the first group`);
  }
  return shares;
}

/**
 * OpenSSL has one list for all client certificates of a context; its default is the list for verifying, which may not
 * suit our own keys.
 */
function clientSchemes(credentials: readonly OwnCredential[], { schemeNames }: Abilities): string {
  const known = (ids: readonly number[]): string => ids.flatMap((id) => schemeNames.get(id) ?? []).join(':');
  const lists = new Set(
    credentials.map(({ signatureAlgorithms = [...schemeNames.keys()] }) => known(signatureAlgorithms)),
  );
  if (lists.size > 1)
    throw new TypeError('credentials: OpenSSL has one list of signatureAlgorithms for all of them; give each the same');
  const [list = known([...schemeNames.keys()])] = lists;
  if (list === '') throw new TypeError('credentials: OpenSSL knows none of their signatureAlgorithms');
  return list;
}

/** RFC 7301 section 3.1: each name is preceded by its length. */
function alpnOnWire(names: readonly string[]): Uint8Array {
  const encoded = names.map((name) => Buffer.from(name, 'utf8'));
  return Buffer.concat(encoded.flatMap((name) => [Buffer.from([name.length]), name]));
}

function compressionOption({ certificateCompression }: CompleteOptions, abilities: Abilities): readonly number[] {
  return certificateCompression.map((name, i) => {
    if (typeof name === 'object')
      throw new TypeError(
        `certificateCompression[${i}]: OpenSSL decompresses by itself; name one of zlib, brotli, zstd`,
      );
    if (!abilities.compressions.has(name))
      throw new TypeError(
        `certificateCompression: ${name} is not in this OpenSSL (${lacks('certificate-compression')})`,
      );
    return CertificateCompressionId[name];
  });
}

function limitsOption({
  limits,
}: CompleteOptions): Pick<NativeConfig, 'handshakeBytes' | 'chainLength' | 'tickets' | 'keyUpdatesInARow'> {
  // pathBuildingSteps: bounded by the depth, since OpenSSL's path building does not backtrack
  const limit = (name: keyof typeof limits): number => Math.min(limits[name], 0x7fff_ffff);
  const { emptyRecordsInARow: least } = DEFAULT_LIMITS;
  if (limits.emptyRecordsInARow < least)
    throw new TypeError(`limits.emptyRecordsInARow: OpenSSL's own bound of ${least} cannot be lowered`);
  return {
    handshakeBytes: limit('handshakeBytes'),
    chainLength: limit('chainLength'),
    tickets: limit('tickets'),
    keyUpdatesInARow: limit('keyUpdatesInARow'),
  };
}

/** @throws TypeError for a code point that this OpenSSL does not support. */
const known = (
  name: 'cipherSuites' | 'groups' | 'signatureAlgorithms',
  own: OwnOptions,
  names: ReadonlyMap<number, string>,
): readonly number[] | undefined => knownIds(name, own[name], (id) => names.has(id));
