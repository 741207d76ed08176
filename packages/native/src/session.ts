/** @module TlsSession over OpenSSL's SSL_SESSION, and its bytes. */
import { createHash } from 'node:crypto';
import type { TlsSession } from '@ferrule/contract';
import { EMPTY } from '@ferrule/result/bytes';
import { copyOf } from '@ferrule/result/arguments';
import { type MadeSession, sessionExpiry } from '@ferrule/ssl/session-binding';
import { VERSIONS } from './names.ts';

export interface SessionFields extends MadeSession {
  readonly maxEarlyData: number;
  /** The application protocol of the handshake that made it. */
  readonly alpn: string | undefined;
  /** Milliseconds since the epoch: when the verified facts of the peer expire; Infinity if they do not. */
  readonly verifiedUntil: number;
  readonly peer: PeerRecord;
  /** i2d_SSL_SESSION(3). Holds secrets. */
  readonly der: Uint8Array;
}

/** Facts of the peer from the full handshake that SSL_SESSION does not keep, or only in part. */
export interface PeerRecord {
  readonly verifyResult: number;
  /** 0 = none. */
  readonly signatureAlgorithm: number;
  /** 0 = none. */
  readonly group: number;
  /** As the peer sent it. */
  readonly chain: readonly Uint8Array[];
  /** Empty = none. */
  readonly verifiedChain: readonly Uint8Array[];
  /** Empty = none. */
  readonly ocspResponse: Uint8Array;
  /** Empty = none. */
  readonly signedCertificateTimestamps: Uint8Array;
}

const fieldsOf = new WeakMap<TlsSession, SessionFields>();
/** Wipes a session's bytes when it is collected, which the collector itself would not do. */
const collected = new FinalizationRegistry<Uint8Array>((der) => der.fill(0));

/** Its fields; `undefined` for sessions of another backend. */
export const sessionFields = (session: TlsSession): SessionFields | undefined => fieldsOf.get(session);

export function makeSession(fields: SessionFields): TlsSession {
  const { version, host, expiresAt, maxEarlyData } = fields;
  const session: TlsSession = Object.freeze({ version, host, expiresAt, maxEarlyData, toBytes: () => encode(fields) });
  fieldsOf.set(session, fields);
  collected.register(session, fields.der);
  return session;
}

/** Facts of the connection that a session comes from. */
export interface Origin {
  readonly host: string | undefined;
  readonly binding: Uint8Array;
  readonly peer: PeerRecord;
  readonly alpn: string | undefined;
  /** Of the session that the connection resumed, when the peer was verified. */
  readonly resumedUntil: number | undefined;
}

/** A session event of the addon; core/connection.h has its head. */
export function receivedSession(
  event: Uint8Array,
  receivedAt: number,
  { host, binding, peer, alpn, resumedUntil }: Origin,
): TlsSession {
  const view = new DataView(event.buffer, event.byteOffset, event.byteLength);
  const until = Number(view.getBigInt64(16)) * 1000;
  const verifiedUntil = resumedUntil ?? (until === 0 ? Infinity : until);
  return makeSession({
    version: view.getUint16(0) === VERSIONS['TLSv1.3'] ? 'TLSv1.3' : 'TLSv1.2',
    host,
    binding,
    cipherSuite: view.getUint16(10),
    group: peer.group || undefined,
    peerSignatureAlgorithm: peer.signatureAlgorithm || undefined,
    ticketLength: view.getUint32(12),
    maxEarlyData: view.getUint32(2),
    alpn,
    receivedAt,
    expiresAt: sessionExpiry(receivedAt, view.getUint32(6), verifiedUntil),
    verifiedUntil,
    peer,
    der: event.subarray(24),
  });
}

/** Format and version of the bytes below. */
const MAGIC = Buffer.from('ferrule/native session 4\n', 'latin1');
const DIGEST = 32;
const NO_HOST = 0xffff;
/** Length of the fixed part, bytes. */
const HEAD = 44;

const checksum = (body: Uint8Array): Buffer => createHash('sha256').update(MAGIC).update(body).digest();

/** magic, SHA-256 of what follows, the fields of fixed length, binding, host, facts of the peer, SSL_SESSION. */
function encode({
  version,
  host,
  cipherSuite,
  ticketLength,
  receivedAt,
  expiresAt,
  verifiedUntil,
  maxEarlyData,
  alpn = '',
  binding,
  peer,
  der,
}: SessionFields): Uint8Array {
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(VERSIONS[version], 0);
  head.writeDoubleBE(expiresAt, 2);
  head.writeUInt32BE(maxEarlyData, 10);
  head.writeUInt32BE(peer.verifyResult, 14);
  head.writeUInt16BE(peer.signatureAlgorithm, 18);
  head.writeUInt16BE(peer.group, 20);
  head.writeUInt16BE(cipherSuite, 22);
  head.writeUInt32BE(ticketLength, 24);
  head.writeDoubleBE(receivedAt, 28);
  head.writeDoubleBE(verifiedUntil, 36);
  const name = host === undefined ? undefined : Buffer.from(host, 'latin1');
  const body = Buffer.concat([
    head,
    binding,
    uint(2, name?.length ?? NO_HOST),
    name ?? Buffer.alloc(0),
    ...vectors(peer.chain),
    ...vectors(peer.verifiedChain),
    ...vectors([peer.ocspResponse, peer.signedCertificateTimestamps, Buffer.from(alpn)]),
    der,
  ]);
  // Not Buffer.concat(), which may use the shared pool.
  const bytes = new Uint8Array(MAGIC.length + DIGEST + body.length);
  bytes.set(MAGIC);
  bytes.set(checksum(body), MAGIC.length);
  bytes.set(body, MAGIC.length + DIGEST);
  body.fill(0);
  return bytes;
}

const vectors = (items: readonly Uint8Array[]): Uint8Array[] => [
  uint(2, items.length),
  ...items.flatMap((one) => [uint(3, one.length), one]),
];

function uint(width: number, value: number): Buffer {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
}

/** `undefined` for bytes that are not a session of this backend, or not intact. Never throws. */
export function sessionFromBytes(bytes: Uint8Array): TlsSession | undefined {
  // A copy, so that it cannot change between check and use.
  const copy = copyOf(bytes);
  if (copy === undefined) return undefined;
  const all = Buffer.from(copy.buffer);
  try {
    const body = all.subarray(MAGIC.length + DIGEST);
    if (
      !all.subarray(0, MAGIC.length).equals(MAGIC) ||
      !all.subarray(MAGIC.length, MAGIC.length + DIGEST).equals(checksum(body))
    )
      return undefined;
    const fields = decode(body);
    return fields && makeSession(fields);
  } finally {
    all.fill(0);
  }
}

function decode(body: Buffer): SessionFields | undefined {
  let at = HEAD;
  let whole = body.length >= HEAD;
  // Past the end: zeros, and the result is discarded.
  const take = (length: number): Buffer => {
    whole &&= length <= body.length - at;
    if (!whole) return Buffer.alloc(3);
    return body.subarray(at, (at += length));
  };
  const list = (): Uint8Array[] => {
    const items: Uint8Array[] = [];
    for (let count = take(2).readUInt16BE(0); count > 0 && whole; count--)
      items.push(new Uint8Array(take(take(3).readUIntBE(0, 3))));
    return items;
  };
  const binding = new Uint8Array(take(DIGEST));
  const hostLength = take(2).readUInt16BE(0);
  const host = hostLength === NO_HOST ? undefined : take(hostLength).toString('latin1');
  const chain = list();
  const verifiedChain = list();
  const [ocspResponse = EMPTY, signedCertificateTimestamps = EMPTY, alpn = EMPTY] = list();
  if (!whole) return undefined;
  const version = body.readUInt16BE(0);
  const [expiresAt, receivedAt, verifiedUntil] = [body.readDoubleBE(2), body.readDoubleBE(28), body.readDoubleBE(36)];
  if (
    (version !== VERSIONS['TLSv1.3'] && version !== VERSIONS['TLSv1.2']) ||
    !Number.isFinite(expiresAt) ||
    !Number.isFinite(receivedAt) ||
    Number.isNaN(verifiedUntil)
  )
    return undefined;
  const [signatureAlgorithm, group] = [body.readUInt16BE(18), body.readUInt16BE(20)];
  return {
    version: version === VERSIONS['TLSv1.3'] ? 'TLSv1.3' : 'TLSv1.2',
    host,
    binding,
    cipherSuite: body.readUInt16BE(22),
    group: group || undefined,
    peerSignatureAlgorithm: signatureAlgorithm || undefined,
    ticketLength: body.readUInt32BE(24),
    receivedAt,
    expiresAt,
    verifiedUntil,
    maxEarlyData: body.readUInt32BE(10),
    alpn: Buffer.from(alpn).toString() || undefined,
    peer: {
      verifyResult: body.readUInt32BE(14),
      signatureAlgorithm,
      group,
      chain,
      verifiedChain,
      ocspResponse,
      signedCertificateTimestamps,
    },
    der: new Uint8Array(body.subarray(at)),
  };
}
