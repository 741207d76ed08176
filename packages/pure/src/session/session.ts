/**
 * @module Resumable sessions: a TLS 1.3 ticket with its PSK, a TLS 1.2 ticket or session id with its master secret
 * (RFC 9846 section 4.6.1, RFC 5246 section 7.3, RFC 5077).
 *
 * Serialised, a session is a version byte, the fields, and SHA-256 over both. That finds damage, not malice: whoever can
 * write where secrets are kept can as well read them (ADR 0021).
 */
import type { TlsSession } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import type { CipherSuite, CryptoProvider } from '../crypto/provider.ts';
import { equalSecrets } from '../keys/equal.ts';
import { Reader } from '../wire/read.ts';
import { Writer } from '../wire/write.ts';

/** What the first handshake learned about the peer, which a resumed one tells again. */
export interface PeerFacts {
  readonly group: number | undefined;
  readonly peerSignatureAlgorithm: number | undefined;
  readonly peerCertificates: readonly Uint8Array[];
  readonly verifiedChain: readonly Uint8Array[] | undefined;
  readonly verifyResult: number;
  readonly ocspResponse: Uint8Array | undefined;
  readonly signedCertificateTimestamps: Uint8Array | undefined;
}

/** What a session of either version is made of. */
export interface SessionFields {
  readonly suite: CipherSuite;
  readonly host: string | undefined;
  readonly alpn: string | undefined;
  /** `trustDigest` of the config that it was made with, 32 bytes. */
  readonly configuration: Uint8Array;
  /** Milliseconds since the epoch: when the ticket, or in TLS 1.2 the session, came. */
  readonly receivedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** TLS 1.3: the PSK of this ticket. TLS 1.2: the master secret. The session takes it over. */
  readonly secret: Uint8Array;
  /** TLS 1.3 always has one; `undefined` for a TLS 1.2 session that the server keeps under its id. */
  readonly ticket: Uint8Array | undefined;
  /** TLS 1.2: what the server called it. Empty with a ticket. */
  readonly sessionId: Uint8Array;
  /** TLS 1.3: `ticket_age_add`. */
  readonly ageAdd: number;
  /** TLS 1.3: bytes of early data that the server allows; 0 = none. */
  readonly maxEarlyData: number;
  /** RFC 7627; always true of TLS 1.3. */
  readonly extendedMasterSecret: boolean;
  readonly peer: PeerFacts;
}

/** A session of TLS 1.2, as the flow sees it. */
export type Session12 = Session & { readonly version: 'TLSv1.2' };
/** A session of TLS 1.3, as the flow sees it. */
export type Session13 = Session & { readonly version: 'TLSv1.3'; readonly ticket: Uint8Array };

const FORMAT = 1;
/** More than any chain within the limits of a handshake needs. */
const MAX_BYTES = 1 << 20;

/** Getters over private fields, so that neither a log nor JSON.stringify shows a secret. */
export class Session implements TlsSession {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly host: string | undefined;
  readonly expiresAt: number;
  readonly maxEarlyData: number;
  readonly #fields: SessionFields;
  readonly #digest: (data: Uint8Array) => Uint8Array;
  #disposed = false;

  constructor(fields: SessionFields, provider: CryptoProvider) {
    this.version = fields.suite.version;
    this.host = fields.host;
    this.expiresAt = fields.expiresAt;
    this.maxEarlyData = fields.maxEarlyData;
    this.#fields = fields;
    this.#digest = (data) => provider.hashes.sha256.digest(data);
  }

  static is(value: unknown): value is Session12 | Session13 {
    return typeof value === 'object' && value !== null && #fields in value;
  }

  get suite(): CipherSuite {
    return this.#fields.suite;
  }
  get alpn(): string | undefined {
    return this.#fields.alpn;
  }
  get configuration(): Uint8Array {
    return this.#fields.configuration;
  }
  get receivedAt(): number {
    return this.#fields.receivedAt;
  }
  /** Zeros once disposed. */
  get secret(): Uint8Array {
    return this.#fields.secret;
  }
  get ticket(): Uint8Array | undefined {
    return this.#fields.ticket;
  }
  get sessionId(): Uint8Array {
    return this.#fields.sessionId;
  }
  get extendedMasterSecret(): boolean {
    return this.#fields.extendedMasterSecret;
  }
  get peer(): PeerFacts {
    return this.#fields.peer;
  }
  get disposed(): boolean {
    return this.#disposed;
  }

  /** `obfuscated_ticket_age` (RFC 9846 section 4.2.11.1): milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
  obfuscatedAge(now: number): number {
    return (Math.max(0, Math.floor(now - this.receivedAt)) + this.#fields.ageAdd) % 2 ** 32;
  }

  /** Wipes the secret and the ticket; the session resumes nothing any more. Idempotent. */
  dispose(): void {
    this.#disposed = true;
    this.#fields.secret.fill(0);
    this.#fields.ticket?.fill(0);
  }

  /** @throws TypeError when it was disposed. */
  toBytes(): Uint8Array {
    if (this.#disposed) throw new TypeError('the session was disposed');
    const content = encode(this.#fields);
    const digest = this.#digest(content);
    const bytes = new Uint8Array(content.length + digest.length);
    bytes.set(content);
    bytes.set(digest, content.length);
    content.fill(0);
    return bytes;
  }
}

/** `undefined` for bytes that are no session of this engine, not intact, or of a suite that the provider has not. Never throws for bytes. */
export function sessionFromBytes(bytes: Uint8Array, provider: CryptoProvider): Session | undefined {
  const { sha256 } = provider.hashes;
  const end = bytes.length - sha256.size;
  if (end < 1 || bytes.length > MAX_BYTES || bytes[0] !== FORMAT) return undefined;
  if (!equalSecrets(sha256.digest(bytes.subarray(0, end)), bytes.subarray(end))) return undefined;
  try {
    // A copy: the fields are views of it, and wiping them must not reach the caller's bytes.
    const fields = decode(bytes.slice(0, end), provider);
    return fields && new Session(fields, provider);
  } catch (error) {
    if (TlsError.is(error)) return undefined;
    throw error;
  }
}

function encode(fields: SessionFields): Uint8Array {
  const writer = new Writer(1024);
  writer.u8(FORMAT).u16(fields.suite.id);
  optional(writer, fields.host, (host) => writer.vector16(utf8(host)));
  optional(writer, fields.alpn, (alpn) => writer.vector8(utf8(alpn)));
  writer.bytes(fields.configuration);
  time(writer, fields.receivedAt);
  time(writer, fields.expiresAt);
  writer.vector8(fields.secret);
  optional(writer, fields.ticket, (ticket) => writer.vector16(ticket));
  writer.vector8(fields.sessionId).u32(fields.ageAdd).u32(fields.maxEarlyData).u8(fields.extendedMasterSecret ? 1 : 0);
  const { peer } = fields;
  optional(writer, peer.group, (group) => writer.u16(group));
  optional(writer, peer.peerSignatureAlgorithm, (scheme) => writer.u16(scheme));
  chain(writer, peer.peerCertificates);
  optional(writer, peer.verifiedChain, (verified) => chain(writer, verified));
  writer.u8(peer.verifyResult);
  optional(writer, peer.ocspResponse, (response) => writer.vector24(response));
  optional(writer, peer.signedCertificateTimestamps, (list) => writer.vector24(list));
  return writer.finish();
}

function decode(bytes: Uint8Array, provider: CryptoProvider): SessionFields | undefined {
  const reader = new Reader(bytes, 'session');
  reader.u8();
  const id = reader.u16();
  const suite = provider.suites.find((candidate) => candidate.id === id);
  if (suite === undefined) return undefined;
  const fields: SessionFields = {
    suite,
    host: maybe(reader, () => text(reader.vector16())),
    alpn: maybe(reader, () => text(reader.vector8())),
    configuration: reader.bytes(32),
    receivedAt: readTime(reader),
    expiresAt: readTime(reader),
    secret: reader.vector8(1),
    ticket: maybe(reader, () => reader.vector16(1)),
    sessionId: reader.vector8(),
    ageAdd: reader.u32(),
    maxEarlyData: reader.u32(),
    extendedMasterSecret: reader.u8() === 1,
    peer: {
      group: maybe(reader, () => reader.u16()),
      peerSignatureAlgorithm: maybe(reader, () => reader.u16()),
      peerCertificates: readChain(reader),
      verifiedChain: maybe(reader, () => readChain(reader)),
      verifyResult: reader.u8(),
      ocspResponse: maybe(reader, () => reader.vector24()),
      signedCertificateTimestamps: maybe(reader, () => reader.vector24()),
    },
  };
  reader.end();
  return suite.version === 'TLSv1.3' && fields.ticket === undefined ? undefined : fields;
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
const readChain = (reader: Reader): readonly Uint8Array[] => reader.list(reader.vector24(), (entry) => entry.vector24());

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
