/**
 * @module What a ClientHello offers (RFC 9846 section 4.2.2), and the same with the changes that a HelloRetryRequest
 * asks for. Nothing here waits for the peer.
 *
 * The extensions stand in the order of RFC 8448's traces; randomness is drawn in the order random, session id, key
 * shares.
 */
import type { CertificateType as ContractCertificateType, TlsVersion } from '@ferrule/contract';
import { EMPTY } from '@ferrule/result/bytes';
import { CertificateType, ExtensionType, greaseValue, PointFormat, PskMode, Version } from '@ferrule/result/numbers';
import type { Host } from '@ferrule/result/host';
import type { Effects } from '../effects.ts';
import type { Group, Hash, KeyShare } from '../crypto/provider.ts';
import type { Secret } from '../keys/secret.ts';
import type { Transcript } from '../keys/transcript.ts';
import {
  allowsEarlyData,
  binder,
  blankBinders,
  fits,
  knownPeer,
  type KnownPeer,
  pskOffers,
  retriedPsks,
  type PskOffer,
} from '../session/resume.ts';
import { fieldsOf, type Session, type SessionFields } from '../session/session.ts';
import { fail } from '../reason.ts';
import type { Steps } from '../wait.ts';
import {
  bindersLength,
  clientHelloLength,
  encodeClientHello,
  setBinders,
  type ClientHello,
} from '../wire/client-hello.ts';
import type { EchClientHello, Extension, OfferedPsks } from '../wire/extension-values.ts';
import { encodeExtension, encodeExtensions, type ExtensionInput } from '../wire/extensions.ts';
import { keyShare } from './exchange.ts';

/** What the caller asked of this connection, fixed when its handshake begins. */
export interface Request {
  /** Goes into server_name when it is a DNS name; an IP address never does (RFC 6066 section 3). */
  readonly host: Host | undefined;
  readonly session: Session | undefined;
  /** The caller has early data to send. */
  readonly earlyData: boolean;
}

/** One of our key shares. */
export interface KeyPair {
  readonly group: Group;
  readonly share: KeyShare;
}

/** A ClientHello as it is sent, and what is needed to judge the answer. */
export interface Offer {
  readonly request: Request;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly keyPairs: readonly KeyPair[];
  /** A share of a GREASE group goes before them (RFC 8701): in the first ClientHello only, a retry wants one share. */
  readonly greaseShare: boolean;
  readonly psks: readonly PskOffer[];
  readonly session12: OfferedSession12 | undefined;
  /** Whom the offered session is with; `undefined` without one. */
  readonly peer: KnownPeer | undefined;
  /** The session whose early data is offered: in the first ClientHello only. */
  readonly earlyData: Session | undefined;
  readonly cookie: Uint8Array | undefined;
  /**
   * Seeds of the GREASE values, which stay the same in a second ClientHello (RFC 8701 section 3.1); `undefined` without
   * GREASE.
   */
  readonly grease: Uint8Array | undefined;
  /** RFC 9849: marks an inner hello, or GREASE; also, unchanged, what a server that retries could not decrypt. */
  readonly ech: EchClientHello | undefined;
  /** RFC 9849: true for an outer hello, with another one encrypted in it. */
  readonly hidesAnother: boolean;
  /** PSKs that are none, of an outer hello. */
  readonly greasePsks: OfferedPsks | undefined;
}

/** A TLS 1.2 session on offer, and the connection's own copy of its master secret. */
export interface OfferedSession12 {
  readonly fields: SessionFields;
  readonly master: Secret;
}

/** Everything for the first ClientHello. */
export function* makeOffer(effects: Effects, request: Request): Steps<Offer> {
  const { config } = effects;
  const fitting =
    request.session !== undefined && fits(request.session, effects, request.host?.name) ? request.session : undefined;
  const peer = fitting && (yield* knownPeer(effects, fitting));
  const session = peer && fitting;
  const speaks13 = config.versions.includes('TLSv1.3');
  const session12 =
    session?.version === 'TLSv1.2' && (config.sessionTickets || fieldsOf(session).ticket.length === 0)
      ? offered12(effects, session)
      : undefined;
  const psks = speaks13 ? pskOffers(effects, session) : [];
  const draw = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    config.random(bytes);
    return bytes;
  };
  return {
    request,
    random: draw(32),
    sessionId: legacySessionId(session12, speaks13 && config.middleboxCompatibility, draw),
    keyPairs: speaks13 ? yield* makeKeyPairs(effects, config.keyShares) : [],
    greaseShare: config.grease,
    psks,
    session12,
    peer,
    earlyData: request.earlyData && session !== undefined && allowsEarlyData(session, config) ? session : undefined,
    cookie: undefined,
    grease: config.grease ? draw(6) : undefined,
    ech: undefined,
    hidesAnother: false,
    greasePsks: undefined,
  };
}

function offered12({ secrets }: Effects, session: Session): OfferedSession12 {
  const fields = fieldsOf(session);
  return { fields, master: fields.secret.clone(secrets) };
}

/** What a HelloRetryRequest asks for; `hash` is that of the suite it chose. */
export interface Retry {
  readonly group: Group | undefined;
  readonly cookie: Uint8Array | undefined;
  readonly hash: Hash;
}

/**
 * The changes of RFC 9846 section 4.2.2: another share, the cookie, no early data, only PSKs of the suite's hash, with
 * their age anew.
 */
export function* retryOffer(effects: Effects, offer: Offer, retry: Retry): Steps<Offer> {
  if (retry.group !== undefined) disposeShares(effects, offer);
  return retriedOffer(
    effects,
    offer,
    retry,
    retry.group === undefined ? offer.keyPairs : yield* makeKeyPairs(effects, [retry.group]),
  );
}

/** The same with shares that are there already. */
export function retriedOffer(
  effects: Effects,
  offer: Offer,
  { group, cookie, hash }: Retry,
  keyPairs: readonly KeyPair[],
): Offer {
  const psks = retriedPsks(offer.psks, hash, effects.config.now());
  return {
    ...offer,
    keyPairs,
    greaseShare: group === undefined && offer.greaseShare,
    psks,
    earlyData: undefined,
    cookie,
  };
}

/**
 * The whole message, binders included. `transcript` holds what went before it: nothing, or ClientHello1's hash and the
 * HelloRetryRequest.
 */
export function clientHello(effects: Effects, offer: Offer, transcript: Transcript): Uint8Array {
  const hello = describeHello(effects, offer);
  return encodeHello({ ...hello, extensions: padded(hello) }, offer.psks, transcript);
}

/** The message of a hello that ends in `psks`, whose binders are filled in. */
export function encodeHello(hello: ClientHello, psks: readonly PskOffer[], transcript: Transcript): Uint8Array {
  const message = encodeClientHello(hello);
  if (psks.length === 0) return message;
  // RFC 9846 section 4.3.11.2: each binder is a MAC over everything before the binders.
  const partial = message.subarray(0, message.length - bindersLength(blankBinders(psks)));
  setBinders(
    message,
    psks.map((psk) => binder(psk, transcript.digestAs(psk.hash, partial))),
  );
  return message;
}

/** The code points that a server may answer. */
export function offeredExtensions(effects: Effects, offer: Offer): ReadonlySet<number> {
  const types = new Set(describeHello(effects, offer).extensions.map(({ type }) => type));
  // Who could decrypt the hello has no configurations to give.
  if (offer.ech?.kind === 'inner') types.delete(ExtensionType.encrypted_client_hello);
  if (offer.hidesAnother) types.add(ExtensionType.encrypted_client_hello);
  return types;
}

const DESCRIBED = new WeakMap<Offer, ClientHello>();

/** What the offer says, with zeros for binders; described once, for the message and for whoever judges the answer. */
export function describeHello(effects: Effects, offer: Offer): ClientHello {
  let hello = DESCRIBED.get(offer);
  if (hello === undefined) DESCRIBED.set(offer, (hello = describe(effects, offer)));
  return hello;
}

function describe(effects: Effects, offer: Offer): ClientHello {
  const suites = effects.config.suites.filter(({ version }) => offers(effects, offer, version)).map(({ id }) => id);
  return {
    legacyVersion: Version.tls12,
    random: offer.random,
    sessionId: offer.sessionId,
    cipherSuites: offer.grease === undefined ? suites : [greaseOf(offer.grease, 0), ...suites],
    compressionMethods: [0],
    extensions: extensions(effects, offer),
  };
}

/** An inner hello of ECH is for TLS 1.3 alone (RFC 9849 section 6.1). */
const offers = ({ config }: Effects, offer: Offer, version: TlsVersion): boolean =>
  config.versions.includes(version) && (version === 'TLSv1.3' || offer.ech?.kind !== 'inner');

function extensions(effects: Effects, offer: Offer): Extension[] {
  const { config } = effects;
  const { request, grease } = offer;
  const speaks13 = offers(effects, offer, 'TLSv1.3');
  const speaks12 = offers(effects, offer, 'TLSv1.2');
  const greased = (index: number): readonly number[] => (grease === undefined ? [] : [greaseOf(grease, index)]);
  const groups = speaks13 ? config.groups : config.groups.filter(({ kem }) => !kem);
  const values: ExtensionInput<'clientHello'> = {
    serverName: request.host?.kind === 'dns' ? request.host.name : undefined,
    extendedMasterSecret: speaks12 || undefined,
    renegotiationInfo: speaks12 ? EMPTY : undefined,
    supportedGroups: [...greased(1), ...groups.map(({ id }) => id)],
    ecPointFormats: speaks12 ? [PointFormat.uncompressed] : undefined,
    sessionTicket: speaks12 && config.sessionTickets ? (offer.session12?.fields.ticket ?? EMPTY) : undefined,
    keyShare: speaks13
      ? [
          ...(offer.greaseShare ? greased(1) : []).map((group) => ({ group, keyExchange: new Uint8Array(1) })),
          ...offer.keyPairs.map(({ group, share }) => ({ group: group.id, keyExchange: share.publicKey })),
        ]
      : undefined,
    earlyData: offer.earlyData === undefined ? undefined : true,
    supportedVersions: speaks13
      ? [...greased(2), ...(speaks13 ? [Version.tls13] : []), ...(speaks12 ? [Version.tls12] : [])]
      : undefined,
    signatureAlgorithms: [...greased(5), ...config.signatureAlgorithms],
    cookie: offer.cookie,
    pskKeyExchangeModes: speaks13 ? [PskMode.psk_dhe_ke] : undefined,
    // RFC 8449 section 4: in TLS 1.3 the limit counts the content type too.
    recordSizeLimit: config.recordSizeLimit === undefined ? undefined : config.recordSizeLimit + (speaks13 ? 1 : 0),
    clientCertificateType: certificateTypes(config.clientCertificateTypes),
    serverCertificateType: certificateTypes(config.serverCertificateTypes),
    alpn: config.alpn.length > 0 ? config.alpn.map((name) => new TextEncoder().encode(name)) : undefined,
    statusRequest: config.ocsp === 'off' ? undefined : true,
    signedCertificateTimestamp: config.signedCertificateTimestamps || undefined,
    compressCertificate:
      speaks13 && config.decompressors.length > 0 ? config.decompressors.map(({ id }) => id) : undefined,
    postHandshakeAuth: (speaks13 && config.postHandshakeAuth) || undefined,
    quicTransportParameters: effects.quic?.transportParameters,
    encryptedClientHello: offer.ech,
  };
  const list = encodeExtensions('clientHello', config.shape?.(values) ?? values);
  const greasedList =
    grease === undefined
      ? list
      : [{ type: greaseOf(grease, 3), data: EMPTY }, ...list, { type: greaseOf(grease, 4), data: new Uint8Array(1) }];
  return [...greasedList, ...preSharedKey(offer)];
}

/** Always the last; with zeros for binders. */
function preSharedKey({ psks, greasePsks }: Offer): Extension[] {
  if (psks.length === 0 && greasePsks === undefined) return [];
  const identities = psks.map(({ identity, obfuscatedTicketAge }) => ({ identity, obfuscatedTicketAge }));
  return [encodeExtension('clientHello', 'preSharedKey', greasePsks ?? { identities, binders: blankBinders(psks) })];
}

/**
 * Some middleboxes hang at a ClientHello of 256 to 511 bytes: RFC 7685 pads it to 512. pre_shared_key stays the last.
 */
function padded(hello: ClientHello): readonly Extension[] {
  const length = clientHelloLength(hello);
  if (length < 256 || length >= 512) return hello.extensions;
  const padding = encodeExtension('clientHello', 'padding', Math.max(512 - length - 4, 1));
  const psk = hello.extensions.filter(({ type }) => type === ExtensionType.pre_shared_key);
  return [...hello.extensions.slice(0, hello.extensions.length - psk.length), padding, ...psk];
}

function* makeKeyPairs(effects: Effects, groups: readonly Group[]): Steps<KeyPair[]> {
  const pairs: KeyPair[] = [];
  for (const group of groups) {
    const share = yield* keyShare(effects, `make a key share for ${group.name}`, group);
    pairs.push({ group, share });
  }
  return pairs;
}

/**
 * RFC 9846 appendix E.4: any 32 bytes make the handshake look like a resumption to middleboxes. A TLS 1.2 session goes
 * by its own id; with a ticket, any id tells by its echo that the server took the ticket (RFC 5077 section 3.4).
 */
function legacySessionId(
  session12: OfferedSession12 | undefined,
  compatible: boolean,
  draw: (length: number) => Uint8Array,
): Uint8Array {
  if (session12 !== undefined && session12.fields.ticket.length === 0) return session12.fields.sessionId;
  return compatible || session12 !== undefined ? draw(32) : EMPTY;
}

/** RFC 7250 section 4.1: nothing is said where X.509 is all there is. */
function certificateTypes(types: readonly ContractCertificateType[]): readonly number[] | undefined {
  if (types.length === 1 && types[0] === 'x509') return undefined;
  return types.map((type) => (type === 'x509' ? CertificateType.x509 : CertificateType.raw_public_key));
}

/**
 * How we are to present ourselves: X.509 when the server says nothing, whether we have that or not. @throws TlsError
 * WRONG_CERTIFICATE_TYPE
 */
export const clientCertificateType = ({ config }: Effects, chosen: number | undefined): ContractCertificateType =>
  chosen === undefined ? 'x509' : chosenCertificateType(config.clientCertificateTypes, chosen);

/** What the server chose of what was offered; X.509 when it says nothing. @throws TlsError WRONG_CERTIFICATE_TYPE */
export function chosenCertificateType(
  offered: readonly ContractCertificateType[],
  chosen: number | undefined,
): ContractCertificateType {
  const type = chosen === CertificateType.raw_public_key ? 'raw-public-key' : 'x509';
  if ((chosen ?? CertificateType.x509) > CertificateType.raw_public_key || chosen === 1 || !offered.includes(type)) {
    throw fail(
      'WRONG_CERTIFICATE_TYPE',
      `the server chose certificate type ${chosen ?? CertificateType.x509}, which was not offered`,
    );
  }
  return type;
}

function greaseOf(seeds: Uint8Array, index: number): number {
  const value = greaseValue(seeds[index] ?? 0);
  // The two extensions must differ.
  return index === 4 && value === greaseValue(seeds[3] ?? 0) ? greaseValue((seeds[4] ?? 0) ^ 1) : value;
}

/** Wipes our side of the key exchange. */
export function disposeShares({ secrets }: Effects, offer: Offer): void {
  for (const { share } of offer.keyPairs) secrets.wipe(share);
}

/** Wipes the key schedules of the PSKs; that of `except` goes on. */
export function disposePsks(offer: Offer, except?: PskOffer): void {
  for (const psk of offer.psks) if (psk !== except) psk.early.dispose();
}
