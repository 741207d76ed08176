/**
 * @module One resumable session: a TLS 1.3 ticket with its PSK, or a TLS 1.2 ticket or session id with its master
 * secret (RFC 9846 section 4.7.1, RFC 5246 section 7.3, RFC 5077).
 *
 * Serialised, it is a version byte, the fields, and SHA-256 over both. That finds damage, not malice: whoever can write
 * where secrets are kept can as well read them (ADR 0021).
 */
import type { Ssl, TlsSession, TlsVersion } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { concat, secretsEqual } from '@ferrule/result/bytes';
import { copyOf } from '@ferrule/result/arguments';
import type { Hash } from '../crypto/provider.ts';
import { Secret } from '../keys/secret.ts';
import { Reader } from '../wire/read.ts';
import { utf8Text } from '../wire/utf8.ts';
import { Writer } from '../wire/write.ts';

/** What the first handshake learned about the peer and a resumed one tells again. */
type OfPeer = Pick<
  Ssl,
  | 'group'
  | 'peerSignatureAlgorithm'
  | 'peerCertificates'
  | 'peerRawPublicKey'
  | 'verifiedChain'
  | 'verifyResult'
  | 'ocspResponse'
  | 'signedCertificateTimestamps'
>;

/** What a session says; both versions fill all of it. */
export interface SessionFields extends OfPeer {
  readonly version: TlsVersion;
  /** IANA code point. TLS 1.3 resumes with any suite of the same hash, TLS 1.2 with this one only. */
  readonly cipherSuite: number;
  readonly host: string | undefined;
  readonly alpn: string | undefined;
  /** `bindingDigest` of @ferrule/ssl, 32 bytes: sessions never cross a change of it. */
  readonly binding: Uint8Array;
  /** Milliseconds since the epoch: when the ticket came. */
  readonly receivedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /**
   * TLS 1.3: the PSK of this ticket. TLS 1.2: the master secret. Taken over: it is wiped when the session is collected.
   */
  readonly secret: Secret;
  /** The ticket; empty for a TLS 1.2 session id. */
  readonly ticket: Uint8Array;
  /** TLS 1.2: what the server called it, or empty. */
  readonly sessionId: Uint8Array;
  /** TLS 1.3: `ticket_age_add`, 32 bits. */
  readonly ageAdd: number;
  /** Bytes of early data that the server allows; 0 = none. */
  readonly maxEarlyData: number;
  readonly extendedMasterSecret: boolean;
}

const FORMAT = 2;
/**
 * Enough for any chain within the limits of a handshake; no allocation follows from a length that the bytes do not
 * have.
 */
const MAX_BYTES = 1 << 20;

/** A session lives as long as somebody has it; then its secret is wiped, which the collector would not do. */
const COLLECTED = new FinalizationRegistry<Secret>((secret) => secret.dispose());

let read: (session: Session) => SessionFields;

/** What the engine resumes with. No method of the session, which its caller could call: it holds the secret. */
export const fieldsOf = (session: Session): SessionFields => read(session);

export class Session implements TlsSession {
  readonly version: TlsVersion;
  readonly host: string | undefined;
  readonly expiresAt: number;
  readonly #fields: SessionFields;
  readonly #sha256: Hash;

  static {
    read = (session) => session.#fields;
  }

  constructor(fields: SessionFields, sha256: Hash) {
    this.version = fields.version;
    this.host = fields.host;
    this.expiresAt = fields.expiresAt;
    this.#fields = fields;
    this.#sha256 = sha256;
    COLLECTED.register(this, fields.secret);
  }

  static is(value: unknown): value is Session {
    return typeof value === 'object' && value !== null && #fields in value;
  }

  get maxEarlyData(): number {
    return this.#fields.maxEarlyData;
  }

  toBytes(): Uint8Array {
    const content = encode(this.#fields);
    const bytes = concat([content, this.#sha256.digest(content)]);
    content.fill(0);
    return bytes;
  }
}

/** `undefined` for bytes that are not a session of this engine and version, or not intact. Never throws for bytes. */
export function sessionFromBytes(given: Uint8Array, sha256: Hash): Session | undefined {
  const bytes = copyOf(given);
  if (bytes === undefined) return undefined;
  const end = bytes.length - sha256.size;
  if (end < 1 || bytes.length > MAX_BYTES || bytes[0] !== FORMAT) return undefined;
  if (!secretsEqual(sha256.digest(bytes.subarray(0, end)), bytes.subarray(end))) return undefined;
  try {
    return new Session(decode(bytes.slice(0, end)), sha256);
  } catch (error) {
    if (TlsError.is(error)) return undefined;
    throw error;
  }
}

function encode(fields: SessionFields): Uint8Array {
  const writer = new Writer(1024);
  writer
    .u8(FORMAT)
    .u16(fields.version === 'TLSv1.3' ? 0x0304 : 0x0303)
    .u16(fields.cipherSuite);
  optional(writer, fields.host, (host) => writer.vector16(utf8(host)));
  optional(writer, fields.alpn, (alpn) => writer.vector8(utf8(alpn)));
  writer.bytes(fields.binding);
  time(writer, fields.receivedAt);
  time(writer, fields.expiresAt);
  writer
    .vector8(fields.secret.bytes)
    .vector16(fields.ticket)
    .vector8(fields.sessionId)
    .u32(fields.ageAdd)
    .u32(fields.maxEarlyData);
  writer.u8(fields.extendedMasterSecret ? 1 : 0);
  optional(writer, fields.group, (group) => writer.u16(group));
  optional(writer, fields.peerSignatureAlgorithm, (scheme) => writer.u16(scheme));
  chain(writer, fields.peerCertificates);
  optional(writer, fields.peerRawPublicKey, (key) => writer.vector16(key));
  optional(writer, fields.verifiedChain, (verified) => chain(writer, verified));
  writer.u8(fields.verifyResult);
  optional(writer, fields.ocspResponse, (response) => writer.vector24(response));
  optional(writer, fields.signedCertificateTimestamps, (list) => writer.vector24(list));
  const bytes = writer.finish();
  writer.wipe();
  return bytes;
}

/** The secret is moved out of `bytes`. */
function decode(bytes: Uint8Array): SessionFields {
  const reader = new Reader(bytes, 'session');
  reader.u8();
  const version = reader.u16();
  if (version !== 0x0304 && version !== 0x0303) reader.refuse('its version is neither TLS 1.3 nor 1.2');
  const fields = {
    version: version === 0x0304 ? ('TLSv1.3' as const) : ('TLSv1.2' as const),
    cipherSuite: reader.u16(),
    host: maybe(reader, () => utf8Text(reader.vector16())),
    alpn: maybe(reader, () => utf8Text(reader.vector8())),
    binding: reader.bytes(32),
    receivedAt: readTime(reader),
    expiresAt: readTime(reader),
    secret: reader.vector8(1),
    ticket: reader.vector16(),
    sessionId: reader.vector8(),
    ageAdd: reader.u32(),
    maxEarlyData: reader.u32(),
    extendedMasterSecret: reader.u8() === 1,
    group: maybe(reader, () => reader.u16()),
    peerSignatureAlgorithm: maybe(reader, () => reader.u16()),
    peerCertificates: readChain(reader),
    peerRawPublicKey: maybe(reader, () => reader.vector16()),
    verifiedChain: maybe(reader, () => readChain(reader)),
    verifyResult: reader.u8(),
    ocspResponse: maybe(reader, () => reader.vector24()),
    signedCertificateTimestamps: maybe(reader, () => reader.vector24()),
  };
  reader.end();
  return { ...fields, secret: Secret.take(fields.secret) };
}

function optional<T>(writer: Writer, value: T | undefined, write: (value: T) => void): void {
  writer.u8(value === undefined ? 0 : 1);
  if (value !== undefined) write(value);
}

const maybe = <T>(reader: Reader, read: () => T): T | undefined => (reader.u8() === 1 ? read() : undefined);

/** Milliseconds as 48 bits. */
const time = (writer: Writer, at: number): Writer => writer.u16(Math.floor(at / 2 ** 32)).u32(at % 2 ** 32);
const readTime = (reader: Reader): number => reader.u16() * 2 ** 32 + reader.u32();

const chain = (writer: Writer, certificates: readonly Uint8Array[]): Writer =>
  writer.vector24(() => certificates.forEach((certificate) => writer.vector24(certificate)));
const readChain = (reader: Reader): readonly Uint8Array[] =>
  reader.list(reader.vector24(), (entry) => entry.vector24());

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);
