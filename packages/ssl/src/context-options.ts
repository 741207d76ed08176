/**
 * @module @ferrule/ssl/context-options: the options of a context, read once from the caller's objects and copied (ADR
 * 0090). Checks that do not depend on the engine are made here, for engines and for callers that have to wait for one;
 * each engine rejects what it does not support.
 */
import type {
  CertificateCompression,
  CertificateDecompressor,
  CertificateType,
  ContextOptions,
  CredentialCallback,
  Limits,
  RevocationFilter,
  RevocationOptions,
  TlsVersion,
  TrustAnchor,
  VerifyCallback,
} from '@ferrule/contract';
import { bytesOf, choiceOption, functionOption, refuseOption } from '@ferrule/result/arguments';
import { isTls13Suite } from '@ferrule/result/numbers';
import { credentialOption, type OwnCredential } from './credential.ts';
import {
  bytes,
  der,
  callback,
  codePoint,
  externalPsk,
  flag,
  integer,
  list,
  oneOf,
  type Options,
  optionsOf,
  pin,
  protocolName,
  record,
} from './options.ts';
import { isSha384, roomInHello, SESSION_BINDING } from './session-binding.ts';

/** The given options, owned by the context: bytes copied, lists and objects frozen. Absent options have no key. */
export interface OwnOptions extends ContextOptions {
  readonly credentials?: readonly OwnCredential[];
}

/** The names of all options of a context; the table of bindings has a row for each. */
export const contextOptionNames: readonly (keyof ContextOptions)[] = Object.freeze(
  Object.keys(SESSION_BINDING) as (keyof ContextOptions)[],
);
const NAMES: ReadonlySet<string> = new Set(contextOptionNames);

/**
 * Reads each option once. Its own result is accepted as input, unchanged.
 * @throws TypeError that begins with the name of an option that is unknown, invalid, or without effect because of
 * another.
 */
export function contextOptions(options: ContextOptions = {}): OwnOptions {
  const o = optionsOf(options, NAMES);
  const read: { readonly [Key in keyof Required<OwnOptions>]: OwnOptions[Key] | undefined } = {
    trustAnchors: list(o, 'trustAnchors', trustAnchor, { empty: true }),
    crls: list(o, 'crls', der),
    ocsp: word(o, 'ocsp', ['off', 'request', 'require']),
    revocation: revocationOption(o),
    pins: list(o, 'pins', pin),
    profile: word(o, 'profile', ['compatible', 'rfc5280', 'webpki']),
    verify: verifyOption(o),
    verifyHost: boolean(o, 'verifyHost'),
    minVersion: word<TlsVersion>(o, 'minVersion', ['TLSv1.2', 'TLSv1.3']),
    maxVersion: word<TlsVersion>(o, 'maxVersion', ['TLSv1.2', 'TLSv1.3']),
    cipherSuites: list(o, 'cipherSuites', codePoint),
    groups: list(o, 'groups', codePoint),
    keyShares: list(o, 'keyShares', codePoint, { empty: true }),
    signatureAlgorithms: list(o, 'signatureAlgorithms', codePoint),
    alpn: protocols(o),
    recordSizeLimit: integer(o, 'recordSizeLimit', 64, MAX_PLAINTEXT),
    certificateCompression: list(o, 'certificateCompression', compression),
    ech: o.get('ech') === 'grease' ? 'grease' : o.has('ech') ? bytes(o.get('ech'), 'ech') : undefined,
    echUnusable: word(o, 'echUnusable', ['refuse', 'grease', 'omit']),
    grease: boolean(o, 'grease'),
    extendedMasterSecret: word(o, 'extendedMasterSecret', ['require', 'allow']),
    secureRenegotiation: word(o, 'secureRenegotiation', ['require', 'allow']),
    renegotiation: word(o, 'renegotiation', ['refuse', 'ignore']),
    sessionTickets: boolean(o, 'sessionTickets'),
    signedCertificateTimestamps: boolean(o, 'signedCertificateTimestamps'),
    reverifyOnResumption: boolean(o, 'reverifyOnResumption'),
    postHandshakeAuth: boolean(o, 'postHandshakeAuth'),
    rawPublicKeys: list(o, 'rawPublicKeys', der),
    serverCertificateTypes: list(o, 'serverCertificateTypes', certificateType),
    clientCertificateTypes: list(o, 'clientCertificateTypes', certificateType),
    externalPsks: list(o, 'externalPsks', externalPsk),
    recordPadding: integer(o, 'recordPadding', 0, MAX_PLAINTEXT),
    securityLevel: integer(o, 'securityLevel', 1, 5),
    credentials: list(o, 'credentials', credentialOption),
    onCertificateRequest: callback<CredentialCallback>(o, 'onCertificateRequest'),
    onKeylog: callback<NonNullable<ContextOptions['onKeylog']>>(o, 'onKeylog'),
    onSession: callback<NonNullable<ContextOptions['onSession']>>(o, 'onSession'),
    onMessage: callback<NonNullable<ContextOptions['onMessage']>>(o, 'onMessage'),
    limits: limitsOption(o),
    now: callback<() => number>(o, 'now'),
    random: callback<(into: Uint8Array) => void>(o, 'random'),
  };
  // No prototype, so that absent options stay absent
  const own = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(read)) if (value !== undefined) own[name] = value;
  refuseIdle(own);
  refuseCrowded(own);
  return Object.freeze<OwnOptions>(own);
}

/**
 * Total bytes of protocol names, leaving space in the ClientHello for other extensions and, with ECH, for a second
 * hello.
 */
const MAX_PROTOCOLS = 16_384;

function protocols(o: Options): readonly string[] | undefined {
  const names = list(o, 'alpn', protocolName);
  const bytes = names?.reduce((sum, name) => sum + 1 + new TextEncoder().encode(name).length, 0) ?? 0;
  if (bytes > MAX_PROTOCOLS)
    throw new TypeError(`alpn: more than ${MAX_PROTOCOLS} bytes in all, which do not fit into a ClientHello`);
  return names;
}

/**
 * Rejects options that would be ignored silently although the caller relies on them. Those that ask for no more than
 * the default are accepted.
 */
function refuseIdle(own: OwnOptions): void {
  const idle = (name: string, beside: string, why: string): never => {
    throw new TypeError(`${name}: has no effect beside ${beside}: ${why}`);
  };
  if (typeof own.verify === 'function') {
    const beside = 'a verify function';
    const judges = 'the function takes the place of the path and of what that goes by; leave one of them out';
    if ((own.trustAnchors ?? []).length > 0) idle('trustAnchors', beside, judges);
    if (own.crls !== undefined) idle('crls', beside, judges);
    if (own.revocation !== undefined) idle('revocation', beside, judges);
    if (own.verifyHost !== undefined) idle('verifyHost', beside, judges);
    if ((own.profile ?? 'compatible') !== 'compatible') idle('profile', beside, judges);
    // A lower one still applies to the client's own keys (OpenSSL)
    if ((own.securityLevel ?? 0) > DEFAULT_SECURITY_LEVEL) idle('securityLevel', beside, judges);
    if (own.ocsp === 'require')
      idle(
        'ocsp: require',
        beside,
        "the function judges the response that it is given; `ocsp: 'request'` asks for one",
      );
    if (own.rawPublicKeys !== undefined)
      idle('rawPublicKeys', beside, 'the function judges the key; `serverCertificateTypes` says that one may come');
  }
  const only12 =
    own.maxVersion === 'TLSv1.2'
      ? "`maxVersion: 'TLSv1.2'`"
      : own.cipherSuites?.some(isTls13Suite) === false && '`cipherSuites` without one of TLS 1.3';
  if (only12 !== false)
    for (const name of OF_TLS13)
      // A value of false or 0 requests nothing
      if (own[name]) idle(name, only12, 'only TLS 1.3 has it; leave one of them out');
  for (const [i, { hash, import: imported }] of own.externalPsks?.entries() ?? [])
    if (
      imported === undefined &&
      own.cipherSuites?.some(isTls13Suite) === true &&
      !own.cipherSuites.some((id) => isTls13Suite(id) && isSha384(id) === (hash === 'sha384'))
    )
      idle(`externalPsks[${i}]`, '`cipherSuites` of another hash', `name a suite of TLS 1.3 with ${hash}`);
  if (own.credentials !== undefined && own.onCertificateRequest !== undefined)
    idle('credentials', 'onCertificateRequest', 'the callback names whom we are; leave one of them out');
  if (own.echUnusable !== undefined && (own.ech === undefined || own.ech === 'grease'))
    idle('echUnusable', own.ech === undefined ? 'no `ech`' : "`ech: 'grease'`", 'it is about an ECHConfigList');
}

/** Options that only apply to TLS 1.3. */
const OF_TLS13 = [
  'keyShares',
  'certificateCompression',
  'ech',
  'postHandshakeAuth',
  'externalPsks',
  'recordPadding',
] as const satisfies readonly (keyof OwnOptions)[];

/** RFC 9846 section 4.3.11: identities may have any length, but must fit into one ClientHello. */
function refuseCrowded({ externalPsks, alpn = [], ech = 'grease' }: OwnOptions): void {
  if (externalPsks === undefined) return;
  const room = roomInHello({ alpn, externalPsks, parameters: 0, hidden: ech !== 'grease' });
  if (room < 0)
    throw new TypeError(
      `externalPsks: ${-room} bytes more than there is room for in a ClientHello; shorten identities`,
    );
}

/** Sessions are bound to the filter's function, so it is kept as is. */
function revocationOption(o: Options): RevocationOptions | undefined {
  if (!o.has('revocation')) return undefined;
  const given = record(o.get('revocation'), 'revocation', ['crlite', 'unknown']);
  const filter = given.get('crlite');
  // The engine uses no other member of the filter
  const check: unknown = typeof filter === 'object' && filter !== null && 'check' in filter ? filter.check : undefined;
  if (typeof check !== 'function')
    return refuseOption(filter, 'revocation.crlite', 'what crlite() of @ferrule/x509/crlite returns');
  const unknown = choiceOption<'accept' | 'refuse'>(given.get('unknown') ?? 'accept', 'revocation.unknown', [
    'accept',
    'refuse',
  ]);
  return Object.freeze({ crlite: Object.freeze({ check: check as RevocationFilter['check'] }), unknown });
}

/** RFC 9846 section 5.1: the plaintext of a record, bytes. */
const MAX_PLAINTEXT = 16_384;

/** 112 bits. */
const DEFAULT_SECURITY_LEVEL = 2;

/** Defaults of `ContextOptions.limits`. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  handshakeBytes: 131_072,
  chainLength: 16,
  pathBuildingSteps: 256,
  tickets: 8,
  keyUpdatesInARow: 32,
  emptyRecordsInARow: 32,
});

/** Defaults, except those that depend on the engine's host or on other options. */
const DEFAULTS: Required<Pick<OwnOptions, DefaultedOption>> = Object.freeze({
  trustAnchors: [],
  ocsp: 'off',
  pins: [],
  profile: 'compatible',
  verify: 'peer',
  verifyHost: true,
  alpn: [],
  certificateCompression: [],
  grease: false,
  extendedMasterSecret: 'require',
  secureRenegotiation: 'require',
  renegotiation: 'refuse',
  sessionTickets: true,
  signedCertificateTimestamps: false,
  reverifyOnResumption: false,
  postHandshakeAuth: false,
  externalPsks: [],
  recordPadding: 0,
  securityLevel: DEFAULT_SECURITY_LEVEL,
  credentials: [],
});

/** The options with a default of their own. */
export type DefaultedOption =
  | 'trustAnchors'
  | 'ocsp'
  | 'pins'
  | 'profile'
  | 'verify'
  | 'verifyHost'
  | 'alpn'
  | 'certificateCompression'
  | 'grease'
  | 'extendedMasterSecret'
  | 'secureRenegotiation'
  | 'renegotiation'
  | 'sessionTickets'
  | 'signedCertificateTimestamps'
  | 'reverifyOnResumption'
  | 'postHandshakeAuth'
  | 'externalPsks'
  | 'recordPadding'
  | 'securityLevel'
  | 'credentials';

/** Options as an engine takes them, with defaults filled in. */
export type CompleteOptions = Omit<OwnOptions, DefaultedOption | 'limits'> &
  Required<Pick<OwnOptions, DefaultedOption>> & { readonly limits: Limits };

/** Adds the defaults to the result of {@link contextOptions}. */
export const withDefaults = (own: OwnOptions): CompleteOptions => ({
  ...DEFAULTS,
  ...own,
  limits: Object.freeze({ ...DEFAULT_LIMITS, ...own.limits }),
});

/** Whether the server's name is verified; if so, a connection without a name is rejected (ADR 0150). */
export const verifiesName = ({
  verify,
  verifyHost,
}: {
  readonly verify?: ContextOptions['verify'] | undefined;
  readonly verifyHost?: boolean | undefined;
}): boolean => (verify ?? DEFAULTS.verify) === 'peer' && (verifyHost ?? DEFAULTS.verifyHost);

const word = <T extends string>(o: Options, name: string, choices: readonly [T, ...T[]]): T | undefined =>
  o.has(name) ? oneOf(o, name, choices, choices[0]) : undefined;

const boolean = (o: Options, name: string): boolean | undefined => (o.has(name) ? flag(o, name) : undefined);

function verifyOption(o: Options): 'peer' | 'none' | VerifyCallback | undefined {
  const value = o.get('verify');
  return typeof value === 'function' ? (value as VerifyCallback) : word<'peer' | 'none'>(o, 'verify', ['peer', 'none']);
}

function trustAnchor(value: unknown, name: string): TrustAnchor {
  if (bytesOf(value) !== undefined || typeof value === 'string') return der(value, name);
  if (typeof value !== 'object' || value === null)
    return refuseOption(value, name, 'a DER certificate, or { subject, spki, nameConstraints? }');
  const o = record(value, name, ['subject', 'spki', 'nameConstraints']);
  const part = (key: string): Uint8Array => der(o.get(key), `${name}.${key}`);
  return Object.freeze({
    subject: part('subject'),
    spki: part('spki'),
    ...(o.has('nameConstraints') && { nameConstraints: part('nameConstraints') }),
  });
}

function compression(value: unknown, name: string): CertificateCompression | CertificateDecompressor {
  if (typeof value !== 'object' || value === null)
    return choiceOption<CertificateCompression>(value, name, ['zlib', 'brotli', 'zstd']);
  const o = record(value, name, ['id', 'decompress']);
  const id = codePoint(o.get('id'), `${name}.id`);
  const decompress = o.get('decompress') as CertificateDecompressor['decompress'];
  functionOption(decompress, `${name}.decompress`);
  return Object.freeze<CertificateDecompressor>({
    id,
    decompress: (data, limit) => Reflect.apply(decompress, value, [data, limit]),
  });
}

const certificateType = (value: unknown, name: string): CertificateType =>
  choiceOption<CertificateType>(value, name, ['x509', 'raw-public-key']);

function limitsOption(o: Options): Partial<Limits> | undefined {
  if (!o.has('limits')) return undefined;
  const given = record(o.get('limits'), 'limits', Object.keys(DEFAULT_LIMITS));
  return Object.freeze(
    Object.fromEntries(
      [...given.keys()].map((name) => [name, integer(given, name, 1, Number.MAX_SAFE_INTEGER, 'limits')]),
    ),
  );
}
