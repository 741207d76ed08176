/** @module TlsSession over OpenSSL's SSL_SESSION, and its bytes. */
import { createHash } from 'node:crypto';
import type { TlsSession, TlsVersion } from '@ferrule/contract';
import { VERSIONS } from './names.ts';

export interface SessionFields {
  readonly version: TlsVersion;
  readonly host: string | undefined;
  readonly expiresAt: number;
  readonly maxEarlyData: number;
  /** SHA-256 of the rules by which the peer was verified: a session is not resumed under others. */
  readonly policy: Uint8Array;
  readonly peer: PeerRecord;
  /** i2d_SSL_SESSION(3). Holds secrets. */
  readonly der: Uint8Array;
}

/** What the full handshake told of the peer, and SSL_SESSION does not keep, or only in part. */
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

/** Its inside; `undefined` for sessions of another backend. */
export const sessionFields = (session: TlsSession): SessionFields | undefined => fieldsOf.get(session);

export function makeSession(fields: SessionFields): TlsSession {
  const { version, host, expiresAt, maxEarlyData } = fields;
  const session: TlsSession = Object.freeze({ version, host, expiresAt, maxEarlyData, toBytes: () => encode(fields) });
  fieldsOf.set(session, fields);
  return session;
}

/** A session event of the addon: version (2 bytes), early data allowed (4), lifetime in seconds (4), then the DER. */
export function receivedSession(event: Uint8Array, now: number, rest: Pick<SessionFields, 'host' | 'policy' | 'peer'>): TlsSession {
  const view = new DataView(event.buffer, event.byteOffset, event.byteLength);
  return makeSession({
    ...rest,
    version: view.getUint16(0) === VERSIONS['TLSv1.3'] ? 'TLSv1.3' : 'TLSv1.2',
    maxEarlyData: view.getUint32(2),
    expiresAt: now + view.getUint32(6) * 1000,
    der: event.subarray(10),
  });
}

/** Format and version of the bytes below. */
const MAGIC = Buffer.from('ferrule/native session 2\n', 'latin1');
const DIGEST = 32;
const EMPTY = new Uint8Array(0);
const NO_HOST = 0xffff;
/** Bytes of what has a fixed place. */
const HEAD = 22;

const checksum = (body: Uint8Array): Buffer => createHash('sha256').update(MAGIC).update(body).digest();

/** magic, SHA-256 of what follows, version, expiry, early data, policy, host, what is known of the peer, SSL_SESSION. */
function encode({ version, host, expiresAt, maxEarlyData, policy, peer, der }: SessionFields): Uint8Array {
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(VERSIONS[version], 0);
  head.writeDoubleBE(expiresAt, 2);
  head.writeUInt32BE(maxEarlyData, 10);
  head.writeUInt32BE(peer.verifyResult, 14);
  head.writeUInt16BE(peer.signatureAlgorithm, 18);
  head.writeUInt16BE(peer.group, 20);
  const name = host === undefined ? undefined : Buffer.from(host, 'latin1');
  const body = Buffer.concat([
    head,
    policy,
    uint(2, name?.length ?? NO_HOST),
    name ?? Buffer.alloc(0),
    ...vectors(peer.chain),
    ...vectors(peer.verifiedChain),
    ...vectors([peer.ocspResponse, peer.signedCertificateTimestamps]),
    der,
  ]);
  return new Uint8Array(Buffer.concat([MAGIC, checksum(body), body]));
}

const vectors = (items: readonly Uint8Array[]): Uint8Array[] => [uint(2, items.length), ...items.flatMap((one) => [uint(3, one.length), one])];

const uint = (width: number, value: number): Buffer => {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
};

/** `undefined` for bytes that are no session of this backend, or not intact. */
export function sessionFromBytes(bytes: Uint8Array): TlsSession | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined;
  const all = Buffer.from(bytes);
  const body = all.subarray(MAGIC.length + DIGEST);
  if (!all.subarray(0, MAGIC.length).equals(MAGIC) || !all.subarray(MAGIC.length, MAGIC.length + DIGEST).equals(checksum(body))) return undefined;
  // Intact, so written by `encode`: nothing below can run over the end.
  let at = HEAD;
  const take = (length: number): Buffer => body.subarray(at, (at += length));
  const policy = new Uint8Array(take(DIGEST));
  const hostLength = take(2).readUInt16BE(0);
  const host = hostLength === NO_HOST ? undefined : take(hostLength).toString('latin1');
  const list = (): Uint8Array[] => Array.from({ length: take(2).readUInt16BE(0) }, () => new Uint8Array(take(take(3).readUIntBE(0, 3))));
  const chain = list();
  const verifiedChain = list();
  const [ocspResponse = EMPTY, signedCertificateTimestamps = EMPTY] = list();
  return makeSession({
    version: body.readUInt16BE(0) === VERSIONS['TLSv1.3'] ? 'TLSv1.3' : 'TLSv1.2',
    expiresAt: body.readDoubleBE(2),
    maxEarlyData: body.readUInt32BE(10),
    policy,
    host,
    peer: {
      verifyResult: body.readUInt32BE(14),
      signatureAlgorithm: body.readUInt16BE(18),
      group: body.readUInt16BE(20),
      chain,
      verifiedChain,
      ocspResponse,
      signedCertificateTimestamps,
    },
    der: new Uint8Array(body.subarray(at)),
  });
}
