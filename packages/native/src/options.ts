/**
 * @module ContextOptions → {@link Config}: every option checked once, what is unknown or beyond this OpenSSL refused by
 * name, and what comes out frozen, part of it in OpenSSL's own notation.
 */
import type {
  ContextOptions,
  CredentialCallback,
  Feature,
  Ssl,
  TlsSession,
  TlsVersion,
  TraceMessage,
  VerifyCallback,
} from '@ferrule/contract';
import { hex16 } from '@ferrule/result/bytes';
import { CertificateCompressionId } from '@ferrule/result/numbers';
import { clock, credentialOption as ownCredential, type OwnCredential } from '@ferrule/ssl';
import {
  bytes, callback, type Check, codePoint, externalPsk, flag, integer, keyShares, list, member, oneOf, type Options, optionsOf, pin, profileOption, protocolName, record,
} from '@ferrule/ssl/options'; // prettier-ignore
import type { BoundOptions, Offering } from '@ferrule/ssl/session-binding';
import type { Abilities } from './backend.ts';
import type { NativeConfig } from './binding.ts';
import { anchorCertificate } from './anchor.ts';
import { isHybrid, PROFILES, type Scheme, VERSIONS, versionOf } from './names.ts';

/** What a context is, after checking. */
export interface Config {
  readonly native: NativeConfig;
  readonly verify: 'peer' | 'none' | VerifyCallback;
  readonly minVersion: TlsVersion;
  readonly credentials: readonly OwnCredential[];
  /** What this OpenSSL signs with. */
  readonly schemes: readonly Scheme[];
  readonly onCertificateRequest: CredentialCallback | undefined;
  readonly onKeylog: ((line: string, ssl: Ssl) => void) | undefined;
  readonly onSession: ((session: TlsSession, ssl: Ssl) => void) | undefined;
  readonly onMessage: ((message: TraceMessage, ssl: Ssl) => void) | undefined;
  /** `Date.now` itself where none was given: OpenSSL asks the system then. */
  readonly now: () => number;
  /** What a session is compared with, but for the digest. */
  readonly offering: Omit<Offering, 'host' | 'binding'>;
  /** What a session is bound to. */
  readonly bound: BoundOptions;
  /** Whether trust anchors were given at all, for the hint of a failure. */
  readonly anchored: boolean;
}

/** @throws TypeError that names the option. */
export function parseOptions(abilities: Abilities, options: ContextOptions = {}): Config {
  const o = optionsOf(options, KNOWN);
  refuseAbsent(o);
  const anchors = list(o, 'trustAnchors', anchorCertificate, { empty: true }) ?? [];
  const verify = verifyOption(o);
  const { minVersion, maxVersion, suites } = versionsAndSuites(o, abilities);
  const credentials = list(o, 'credentials', credentialOption) ?? [];
  const onCertificateRequest = callback<CredentialCallback>(o, 'onCertificateRequest');
  const onKeylog = callback<(line: string, ssl: Ssl) => void>(o, 'onKeylog');
  const onSession = callback<(session: TlsSession, ssl: Ssl) => void>(o, 'onSession');
  const onMessage = callback<(message: TraceMessage, ssl: Ssl) => void>(o, 'onMessage');
  const limits = limitsOption(o);
  const ocsp = oneOf(o, 'ocsp', ['off', 'request', 'require'], 'off');
  const crls = list(o, 'crls', bytes);
  const pins = list(o, 'pins', pin);
  const profile = profileOption(o, PROFILES);
  const groups = groupsOption(o, abilities);
  const alpn = list(o, 'alpn', protocolName) ?? [];
  const externalPsks = list(o, 'externalPsks', externalPsk) ?? [];
  const [psk, ...others] = externalPsks;
  if (others.length > 0) throw new TypeError('externalPsks: OpenSSL offers one');
  if (psk?.import !== undefined)
    throw new TypeError('externalPsks[0].import: OpenSSL imports no keys (RFC 9258); see `features`');
  const securityLevel = integer(o, 'securityLevel', 1, 5) ?? 2;
  const extendedMasterSecret = oneOf(o, 'extendedMasterSecret', ['require', 'allow'], 'require');
  const secureRenegotiation = oneOf(o, 'secureRenegotiation', ['require', 'allow'], 'require');
  const sessionTickets = flag(o, 'sessionTickets', true);
  const signedCertificateTimestamps = flag(o, 'signedCertificateTimestamps');
  const reverifyOnResumption = flag(o, 'reverifyOnResumption');
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
    groups: groupsInNotation(o, groups, abilities),
    signatureAlgorithms:
      schemesOption(o, 'signatureAlgorithms', abilities) ?? [...abilities.schemeNames.values()].join(':'),
    clientSignatureAlgorithms: clientSchemes(credentials, abilities),
    alpn: alpnOnWire(alpn),
    verify: verify === 'peer' ? 0 : verify === 'none' ? 1 : 2,
    strict: profile === 'rfc5280',
    ocsp: OCSP[ocsp],
    anchors,
    crls: crls ?? [],
    pins: pins ?? [],
    pskIdentity: psk?.identity ?? new Uint8Array(0),
    pskKey: psk?.key ?? new Uint8Array(0),
    pskHash: psk?.hash ?? 'sha256',
    certificateCompression: compressionOption(o, abilities),
    securityLevel,
    recordPadding: integer(o, 'recordPadding', 0, 16_384) ?? 0,
    requireExtendedMasterSecret: extendedMasterSecret === 'require',
    refuseRenegotiation: oneOf(o, 'renegotiation', ['refuse', 'ignore'], 'refuse') === 'refuse',
    requireSecureRenegotiation: secureRenegotiation === 'require',
    sessionTickets,
    signedCertificateTimestamps,
    postHandshakeAuth: flag(o, 'postHandshakeAuth'),
    clientAuthentication: credentials.length > 0 || onCertificateRequest !== undefined,
    keylog: onKeylog !== undefined,
    sessions: onSession !== undefined,
    trace: onMessage !== undefined,
    ...limits,
  };
  return Object.freeze<Config>({
    native,
    verify,
    minVersion,
    credentials,
    schemes: abilities.schemes,
    onCertificateRequest,
    onKeylog,
    onSession,
    onMessage,
    now: clock(callback<() => number>(o, 'now')),
    offering: {
      versions: (['TLSv1.2', 'TLSv1.3'] as const).filter((version) => version >= minVersion && version <= maxVersion),
      cipherSuites: suites,
      groups,
      signatureAlgorithms: list(o, 'signatureAlgorithms', codePoint) ?? [...abilities.schemeNames.keys()],
      sessionTickets,
      alpn,
      externalPsks,
      hidden: false,
    },
    bound: {
      trustAnchors: anchors, crls, ocsp, pins, profile, verify, extendedMasterSecret, secureRenegotiation, signedCertificateTimestamps, reverifyOnResumption,
      rawPublicKeys: undefined, serverCertificateTypes: undefined, clientCertificateTypes: undefined, externalPsks, securityLevel, credentials,
      onCertificateRequest,
    }, // prettier-ignore
    anchored: anchors.length > 0,
  });
}

/** Also for what `onCertificateRequest` returns. @throws TypeError */
export function credentialOption(value: unknown, name: string): OwnCredential {
  const credential = ownCredential(value, name);
  if (credential.rawPublicKey !== undefined) throw new TypeError(`${name}.rawPublicKey: ${lacks('raw-public-key')}`);
  if ('sign' in credential.key) throw new TypeError(`${name}.key: ${lacks('external-signer')}`);
  return credential;
}

/** Options of the contract that need a feature which OpenSSL does not have, and the value that asks for nothing. */
const ABSENT: ReadonlyMap<string, readonly [Feature, unknown?]> = new Map<
  keyof ContextOptions,
  readonly [Feature, unknown?]
>([
  ['recordSizeLimit', ['record-size-limit']],
  ['ech', ['ech']],
  ['grease', ['grease', false]],
  ['rawPublicKeys', ['raw-public-key']],
  ['serverCertificateTypes', ['raw-public-key']],
  ['clientCertificateTypes', ['raw-public-key']],
  ['random', ['seeded-random']],
]);

const KNOWN: ReadonlySet<string> = new Set([
  ...ABSENT.keys(), 'externalPsks', 'reverifyOnResumption',
  'trustAnchors', 'crls', 'ocsp', 'pins', 'profile', 'verify', 'minVersion', 'maxVersion', 'cipherSuites', 'groups', 'keyShares', 'signatureAlgorithms',
  'alpn', 'certificateCompression', 'extendedMasterSecret', 'renegotiation', 'secureRenegotiation', 'sessionTickets', 'signedCertificateTimestamps', 'postHandshakeAuth', 'recordPadding',
  'securityLevel', 'credentials', 'onCertificateRequest', 'onKeylog', 'onSession', 'onMessage', 'limits', 'now',
]); // prettier-ignore

const OCSP = { off: 0, request: 1, require: 2 } as const;

const lacks = (feature: Feature): string => `this backend does not have the feature ${feature}`;

function refuseAbsent(o: Options): void {
  for (const [name, [feature, harmless]] of ABSENT) {
    const value = o.get(name);
    if (value !== undefined && value !== harmless) throw new TypeError(`${name}: ${lacks(feature)}`);
  }
}

function versionsAndSuites(
  o: Options,
  abilities: Abilities,
): { readonly minVersion: TlsVersion; readonly maxVersion: TlsVersion; readonly suites: readonly number[] } {
  const known = ['TLSv1.2', 'TLSv1.3'] as const;
  const oldest = oneOf(o, 'minVersion', known, 'TLSv1.2');
  const newest = oneOf(o, 'maxVersion', known, 'TLSv1.3');
  if (oldest > newest) throw new TypeError('minVersion: is above maxVersion');
  const suites = (list(o, 'cipherSuites', knownTo(abilities.suiteNames)) ?? [...abilities.suiteNames.keys()]).filter(
    (id) => {
      const version = versionOf(id);
      return version >= oldest && version <= newest;
    },
  );
  // A version without a suite is not offered.
  const versions = known.filter((version) => suites.some((id) => versionOf(id) === version));
  const [minVersion, maxVersion] = [versions[0], versions.at(-1)];
  if (minVersion === undefined || maxVersion === undefined)
    throw new TypeError('cipherSuites: none is of a version between minVersion and maxVersion');
  return { minVersion, maxVersion, suites: Object.freeze(suites) };
}

const groupsOption = (o: Options, abilities: Abilities): readonly number[] =>
  list(o, 'groups', knownTo(abilities.groupNames)) ?? abilities.defaultGroups;

/** In OpenSSL's notation: `*` marks the groups that get a key share. */
function groupsInNotation(o: Options, groups: readonly number[], abilities: Abilities): string {
  const shares =
    sharesOption(o, groups, abilities) ??
    (!o.has('groups') && isHybrid(groups[0] as number) ? groups.slice(0, 2) : groups.slice(0, 1));
  const onlyFirst = shares.length === 1 && shares[0] === groups[0];
  return groups
    .map((id) => `${!onlyFirst && shares.includes(id) ? '*' : ''}${abilities.groupNames.get(id) ?? ''}`)
    .join(':');
}

function sharesOption(
  o: Options,
  groups: readonly number[],
  { keyShareChoice }: Abilities,
): readonly number[] | undefined {
  const shares = keyShares(o, groups);
  if (shares?.length === 0) throw new TypeError('keyShares: OpenSSL always sends one');
  if (shares !== undefined && !keyShareChoice && (shares.length > 1 || shares[0] !== groups[0])) {
    throw new TypeError(`keyShares: ${lacks('key-share-choice')}, so it sends one for the first group`);
  }
  return shares;
}

function schemesOption(o: Options, name: string, abilities: Abilities): string | undefined {
  return list(o, name, knownTo(abilities.schemeNames))
    ?.map((id) => abilities.schemeNames.get(id))
    .join(':');
}

/**
 * OpenSSL has one list for all client certificates of a context; its default is the list for verifying, which need not
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

/** RFC 7301 section 3.1: each name behind its length. */
function alpnOnWire(names: readonly string[]): Uint8Array {
  const encoded = names.map((name) => Buffer.from(name, 'utf8'));
  const wire = Buffer.concat(encoded.flatMap((name) => [Buffer.from([name.length]), name]));
  if (wire.length > 0xffff) throw new TypeError('alpn: longer than 65535 bytes in all');
  return wire;
}

function compressionOption(o: Options, abilities: Abilities): readonly number[] {
  const names =
    list(o, 'certificateCompression', (value, name) =>
      member<keyof typeof CertificateCompressionId>(value, name, ['zlib', 'brotli', 'zstd']),
    ) ?? [];
  return names.map((name) => {
    if (!abilities.compressions.has(name))
      throw new TypeError(
        `certificateCompression: ${name} is not in this OpenSSL (${lacks('certificate-compression')})`,
      );
    return CertificateCompressionId[name];
  });
}

function verifyOption(o: Options): 'peer' | 'none' | VerifyCallback {
  const value = o.get('verify');
  return typeof value === 'function'
    ? (value as VerifyCallback)
    : oneOf<'peer' | 'none'>(o, 'verify', ['peer', 'none'], 'peer');
}

/** OpenSSL's own bound; it cannot be lowered. */
const EMPTY_RECORDS = 32;
const LIMITS = {
  handshakeBytes: 131_072,
  chainLength: 16,
  pathBuildingSteps: 256,
  tickets: 8,
  keyUpdatesInARow: 32,
  emptyRecordsInARow: EMPTY_RECORDS,
};

function limitsOption(
  o: Options,
): Pick<NativeConfig, 'handshakeBytes' | 'chainLength' | 'tickets' | 'keyUpdatesInARow'> {
  const given = o.has('limits') ? record(o.get('limits'), 'limits', Object.keys(LIMITS)) : new Map<string, unknown>();
  const limit = (name: keyof typeof LIMITS): number =>
    Math.min(integer(given, name, 1, Number.MAX_SAFE_INTEGER, 'limits') ?? LIMITS[name], 0x7fff_ffff);
  // Path building is bounded by the depth; the search itself does not branch (OpenSSL does not backtrack).
  limit('pathBuildingSteps');
  if (limit('emptyRecordsInARow') < EMPTY_RECORDS)
    throw new TypeError(`limits.emptyRecordsInARow: OpenSSL's own bound of ${EMPTY_RECORDS} cannot be lowered`);
  return {
    handshakeBytes: limit('handshakeBytes'),
    chainLength: limit('chainLength'),
    tickets: limit('tickets'),
    keyUpdatesInARow: limit('keyUpdatesInARow'),
  };
}

const knownTo =
  (names: ReadonlyMap<number, string>): Check<number> =>
  (value, name) => {
    const id = codePoint(value, name);
    if (!names.has(id)) throw new TypeError(`${name}: ${hex16(id)} is unknown to this backend`);
    return id;
  };
