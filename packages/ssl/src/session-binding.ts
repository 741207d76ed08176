/**
 * @module @ferrule/ssl/session-binding: what binds a session.
 *
 * A resumed handshake verifies nothing anew: both identities and all requirements carry over from the handshake that
 * created the session. So a session is offered only if a full handshake would have the same result.
 * {@link SESSION_BINDING} has a row for each option of a context that says how this is ensured, and why.
 */
import type { ContextOptions, Credential, ExternalPsk, TlsVersion } from '@ferrule/contract';
import { bytesEqual, concat } from '@ferrule/result/bytes';
import { CipherSuiteId, isTls13Suite } from '@ferrule/result/numbers';
import { IMPORTED_IDENTITY_OVERHEAD } from './options.ts';

/** How a change of one option between a session's handshake and its resumption is handled. */
export interface BindingRow<
  Kind extends 'bound' | 'reverified' | 'irrelevant' = 'bound' | 'reverified' | 'irrelevant',
> {
  /**
   * `bound`: its value is part of the session's digest; with another value the session is not offered. `reverified`:
   * the session is checked against its value when offered ({@link mayOffer}), or the server's answer on resumption.
   * `irrelevant`: it does not change the result of a full handshake.
   */
  readonly kind: Kind;
  readonly why: string;
}

/** The options that are part of the digest. */
export type BoundOption =
  | 'trustAnchors'
  | 'crls'
  | 'ocsp'
  | 'revocation'
  | 'pins'
  | 'profile'
  | 'verify'
  | 'verifyHost'
  | 'extendedMasterSecret'
  | 'secureRenegotiation'
  | 'signedCertificateTimestamps'
  | 'rawPublicKeys'
  | 'serverCertificateTypes'
  | 'clientCertificateTypes'
  | 'externalPsks'
  | 'securityLevel'
  | 'credentials'
  | 'onCertificateRequest';

/** The validated values of the bound options, with defaults, and whether sessions are reverified. */
export type BoundOptions = { readonly [Key in BoundOption]: ContextOptions[Key] | undefined } & {
  readonly reverifyOnResumption: boolean;
};

const bound = (why: string): BindingRow<'bound'> => ({ kind: 'bound', why });
const reverified = (why: string): BindingRow<'reverified'> => ({ kind: 'reverified', why });
const irrelevant = (why: string): BindingRow<'irrelevant'> => ({ kind: 'irrelevant', why });

/** One row for each option: an option without one does not compile. */
export const SESSION_BINDING: {
  readonly [Key in keyof Required<ContextOptions>]: Key extends BoundOption
    ? BindingRow<'bound'>
    : BindingRow<'reverified' | 'irrelevant'>;
} = {
  // What is trusted, and how it is verified.
  trustAnchors: bound('a path to another anchor is another verdict'),
  crls: bound('a certificate may be revoked in one list and not in another'),
  ocsp: bound('a session made without a response must not pass where one is required'),
  revocation: bound(
    'a certificate may be revoked in one filter and not in another, or unknown to it; the same filter is asked anew',
  ),
  pins: bound('a path without a pinned key is refused'),
  profile: bound('a path that one profile accepts may break a rule of another'),
  verify: bound(
    'a function is its identity in this process; one that is asked anew (reverifyOnResumption) counts as "a function"',
  ),
  verifyHost: bound('a session of whoever did not compare the name is not for those who do'),
  rawPublicKeys: bound('a raw public key is trusted because it is listed (RFC 7250)'),
  serverCertificateTypes: bound(
    'a server that showed a raw public key may not be asked for a certificate, nor the other way round',
  ),
  externalPsks: bound('a session that grew from a pre-shared key has that key as its only proof of the peer'),
  securityLevel: bound('keys in the path may be too short at another level'),
  signedCertificateTimestamps: bound('who asks for them must get those of a full handshake'),
  reverifyOnResumption: reverified('with it, the certificates are verified anew before the session is offered'),
  now: reverified('before the ticket came, after it or what was verified has expired: not offered'),

  // The client's identity: the server carries it over from the first handshake.
  credentials: bound('the server has our identity from the first handshake'),
  onCertificateRequest: bound(
    'it is its identity in this process; a handshake in which it was asked makes no session: it may name another user next time',
  ),
  clientCertificateTypes: bound('the form in which we are known to the server'),

  // What was required.
  extendedMasterSecret: bound('RFC 7627 section 5.3: sessions without it are not for those who require it'),
  secureRenegotiation: bound('RFC 5746: the first handshake may have been with a server that does not know it'),
  minVersion: reverified('the version of the session must be offered'),
  maxVersion: reverified('the version of the session must be offered'),
  cipherSuites: reverified(
    'TLS 1.2: the suite of the session must be offered; TLS 1.3: one with its hash (RFC 9846 section 4.3.11)',
  ),
  groups: reverified('the group of the key exchange must be offered, which TLS 1.2 does not repeat'),
  signatureAlgorithms: reverified('the scheme with which the server signed must be offered'),
  sessionTickets: reverified('RFC 5077: who asks for no TLS 1.2 tickets uses none either'),
  alpn: reverified(
    'negotiated in each handshake; early data needs the protocol of the session (RFC 9846 section 4.3.10)',
  ),

  // What each handshake negotiates anew.
  keyShares: irrelevant('which groups go first decides about a round trip'),
  recordSizeLimit: irrelevant('about records of one connection'),
  certificateCompression: irrelevant('about how a certificate is carried'),
  ech: irrelevant('each handshake accepts or rejects it anew, and fails where it was meant and rejected (RFC 9849)'),
  echUnusable: irrelevant('as ech'),
  grease: irrelevant('means nothing by design'),
  renegotiation: irrelevant('about messages after the handshake'),
  postHandshakeAuth: irrelevant('offered in each ClientHello; with whom we then authenticate is bound'),
  recordPadding: irrelevant('about records of one connection'),
  onKeylog: irrelevant('an observer'),
  onSession: irrelevant('an observer'),
  onMessage: irrelevant('an observer'),
  limits: irrelevant('about what a peer can make us hold or do in this handshake'),
  random: irrelevant('for byte-exact tests'),
};

/**
 * Whether the certificates of a session are reverified before it is offered: if requested, or if there is a revocation
 * filter, whose answer may have changed (a fresh filter becomes stale).
 */
export const verifiesAnew = ({
  reverifyOnResumption,
  revocation,
}: Pick<BoundOptions, 'reverifyOnResumption' | 'revocation'>): boolean =>
  reverifyOnResumption || revocation !== undefined;

/** SHA-256, supplied by the engine. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const BOUND = (Object.keys(SESSION_BINDING) as (keyof typeof SESSION_BINDING)[]).filter(
  (key) => SESSION_BINDING[key].kind === 'bound',
) as BoundOption[];

/** SHA-256 (32 bytes) over the bound options. A session is never offered under a different digest. */
export function bindingDigest(options: BoundOptions, sha256: Sha256): Uint8Array {
  const into = new Parts();
  encode(into, 'ferrule session binding 1');
  for (const key of BOUND) {
    encode(into, key);
    encode(into, valueOf(options, key));
  }
  const all = into.join();
  const digest = sha256(all);
  // They may contain keys.
  all.fill(0);
  return digest;
}

function valueOf(options: BoundOptions, key: BoundOption): unknown {
  if (key === 'verify')
    return typeof options.verify === 'function' && options.reverifyOnResumption ? 'function' : [options.verify];
  if (key === 'credentials') return options.credentials?.map(identity);
  return options[key];
}

/**
 * The identity of a credential. Its key matches its certificate, and may be in an object that differs between
 * processes.
 */
const identity = ({ chain, rawPublicKey, signatureAlgorithms, mustMatchIssuer = false }: Credential): unknown => [
  chain,
  rawPublicKey,
  signatureAlgorithms,
  mustMatchIssuer,
];

/** Unambiguous: a tag for the type, the length or count, the content. */
function encode(into: Parts, value: unknown): void {
  if (value instanceof Uint8Array) into.bytes('b', value);
  else if (typeof value === 'string') into.string('s', value);
  else if (typeof value === 'function') into.bytes('f', idOf(value));
  else if (Array.isArray(value)) {
    into.text += `a${value.length}:`;
    for (const item of value as readonly unknown[]) encode(into, item);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    encode(
      into,
      entries.sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  } else into.string('v', String(value));
}

const ENCODER = new TextEncoder();

/** Gathers text, which is mostly short, between byte strings. */
class Parts {
  text = '';
  readonly #parts: Uint8Array[] = [];

  /** The length is counted in UTF-8. */
  string(tag: string, text: string): void {
    const length = isAscii(text) ? text.length : ENCODER.encode(text).length;
    this.text += `${tag}${length}:${text}`;
  }

  bytes(tag: string, bytes: Uint8Array): void {
    this.text += `${tag}${bytes.length}:`;
    this.#flush();
    this.#parts.push(bytes);
  }

  join(): Uint8Array {
    this.#flush();
    return concat(this.#parts);
  }

  #flush(): void {
    this.#parts.push(ENCODER.encode(this.text));
    this.text = '';
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

const ID_BYTES = 16;
const IDS = new WeakMap<object, Uint8Array>();

/**
 * A random id for the life of the function: it differs in another process, and for another closure with the same
 * source.
 */
function idOf(callback: object): Uint8Array {
  let id = IDS.get(callback);
  if (id === undefined) IDS.set(callback, (id = crypto.getRandomValues(new Uint8Array(ID_BYTES))));
  return id;
}

/** What a session records of the handshake that created it. */
export interface MadeSession {
  readonly version: TlsVersion;
  readonly host: string | undefined;
  /** {@link bindingDigest} of the context that created it. */
  readonly binding: Uint8Array;
  /** IANA code points. */
  readonly cipherSuite: number;
  readonly group: number | undefined;
  readonly peerSignatureAlgorithm: number | undefined;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly expiresAt: number;
  /** Bytes; 0 for a TLS 1.2 session with only an id. */
  readonly ticketLength: number;
}

/** The connection that would offer a session. */
export interface Offering {
  /** The host that the certificate must match. */
  readonly host: string | undefined;
  readonly binding: Uint8Array;
  readonly versions: readonly TlsVersion[];
  readonly cipherSuites: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly sessionTickets: boolean;
  readonly alpn: readonly string[];
  readonly externalPsks: readonly Pick<ExternalPsk, 'identity' | 'import'>[];
  /** The maximum size of QUIC's transport parameters in the hello; 0 over TCP. */
  readonly parameters: number;
  /** With Encrypted ClientHello, one hello is inside another. */
  readonly hidden: boolean;
}

/**
 * Whether a session may go into a ClientHello. False means a full handshake, which is always safe.
 * @param now milliseconds since the epoch; with NaN nothing is offered.
 */
export function mayOffer(session: MadeSession, offering: Offering, now: number): boolean {
  if (session.host !== offering.host || !bytesEqual(session.binding, offering.binding)) return false;
  // Written so that NaN is rejected.
  if (!(now < session.expiresAt && now >= session.receivedAt - CLOCK_SET_BACK)) return false;
  if (!offering.versions.includes(session.version) || !offersSuite(session, offering.cipherSuites)) return false;
  if (session.group !== undefined && !offering.groups.includes(session.group)) return false;
  if (
    session.peerSignatureAlgorithm !== undefined &&
    !offering.signatureAlgorithms.includes(session.peerSignatureAlgorithm)
  )
    return false;
  if (session.version === 'TLSv1.2' && session.ticketLength > 0 && !offering.sessionTickets) return false;
  return session.ticketLength <= roomInHello(offering);
}

/** What else determines whether a session allows early data. */
export interface EarlyDataSession extends Pick<MadeSession, 'version' | 'cipherSuite'> {
  /** Bytes. */
  readonly maxEarlyData: number;
  /** The application protocol of the handshake that created it. */
  readonly alpn: string | undefined;
}

/**
 * Early data needs more than {@link mayOffer}: exactly the session's suite, and its application protocol among those
 * offered. A session without a protocol allows it whatever is offered: the server cannot both accept the data and
 * choose a protocol (RFC 9846 section 4.3.10).
 */
export function mayOfferEarlyData(
  { version, cipherSuite, maxEarlyData, alpn }: EarlyDataSession,
  offering: Pick<Offering, 'cipherSuites' | 'alpn'>,
): boolean {
  if (version !== 'TLSv1.3' || maxEarlyData === 0) return false;
  return offering.cipherSuites.includes(cipherSuite) && (alpn === undefined || offering.alpn.includes(alpn));
}

/** Milliseconds by which the clock may have been set back since the ticket arrived. */
const CLOCK_SET_BACK = 60_000;

function offersSuite({ version, cipherSuite }: MadeSession, offered: readonly number[]): boolean {
  if (version === 'TLSv1.2') return !isTls13Suite(cipherSuite) && offered.includes(cipherSuite);
  return isTls13Suite(cipherSuite) && offered.some((id) => isTls13Suite(id) && isSha384(id) === isSha384(cipherSuite));
}
/** RFC 9846 appendix B.4. */
export const isSha384 = (id: number): boolean => id === CipherSuiteId.TLS_AES_256_GCM_SHA384;

/**
 * The space for a ticket in the 65,535 bytes of a ClientHello's extensions (RFC 9846 section 4.2.2). Negative if they
 * do not fit even without one.
 */
export function roomInHello({
  alpn,
  externalPsks,
  parameters,
  hidden,
}: Pick<Offering, 'alpn' | 'externalPsks' | 'parameters' | 'hidden'>): number {
  let rest = OTHER_EXTENSIONS;
  rest += parameters;
  for (const name of alpn) rest += 1 + new TextEncoder().encode(name).length;
  for (const { identity: name, import: imported } of externalPsks) {
    // Identity and binder; an imported key is offered for two hashes.
    rest +=
      imported === undefined
        ? name.length + 64
        : 2 * (name.length + (imported.context?.length ?? 0) + IMPORTED_IDENTITY_OVERHEAD + 64);
  }
  // The outer hello carries the inner one, and GREASE PSKs of the same size as its PSKs (RFC 9849 section 6.1.2).
  return hidden ? (0xffff >> 1) - rest : 0xffff - rest;
}
/** Bytes reserved for all other extensions, mostly key shares of every group. */
const OTHER_EXTENSIONS = 8192;

/** Seconds: a ticket is valid for at most seven days (RFC 9846 section 4.7.1). */
const MAX_TICKET_LIFETIME = 604_800;

/**
 * When a session expires, in milliseconds since the epoch.
 * @param lifetime lifetime given by the server, in seconds.
 * @param verifiedUntil when the peer's verified credentials expire, in milliseconds since the epoch; Infinity if
 * nothing was verified.
 */
export const sessionExpiry = (receivedAt: number, lifetime: number, verifiedUntil: number): number =>
  Math.min(receivedAt + Math.min(lifetime, MAX_TICKET_LIFETIME) * 1000, verifiedUntil);

/**
 * The first of these times in the future; Infinity if there is none. A certificate that was accepted although expired
 * (`verify: 'none'`, or by a function) is thus ignored.
 */
export function firstToCome(now: number, moments: Iterable<number | undefined>): number {
  let first = Infinity;
  for (const moment of moments) if (moment !== undefined && moment > now && moment < first) first = moment;
  return first;
}
