/**
 * @module The tools of a scripted server: records, keys, transcript, and whatever else it takes to be right, or wrong,
 * on purpose. Nothing here judges; a script says what to send, and this sends it.
 */
import { randomFillSync, sign as signWith, constants, type KeyObject } from 'node:crypto';
import type { CipherSuite, CryptoProvider, KeyShare, SyncAead } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { Transcript } from '@ferrule/pure/keys';
import { ContentType } from '@ferrule/pure/wire';
import { concat } from '@ferrule/result/bytes';

/** A script waits for the client by yielding. */
export type Script<T = void> = Generator<undefined, T, void>;

/** The hello of this client leaves no room for the row; the message says why. */
export class NotApplicable extends Error {}

export interface Keys {
  readonly suite: CipherSuite;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

export interface ClientRecord {
  readonly type: number;
  readonly fragment: Uint8Array;
}
export interface ClientMessage {
  readonly type: number;
  readonly body: Uint8Array;
  /** With its header. */
  readonly raw: Uint8Array;
}

/** One direction's protection (RFC 9846 section 5.2, RFC 5246 section 6.2.3.3). */
class Protection {
  readonly keys: Keys;
  readonly #aead: SyncAead;
  #sequence = 0;

  constructor(keys: Keys) {
    this.keys = keys;
    const aead = keys.suite.aead.key(keys.key);
    if (!aead.sync) throw new Error('the server wants a synchronous AEAD');
    this.#aead = aead;
  }

  /** `padding` zero bytes go behind the content type (TLS 1.3). */
  seal(type: number, fragment: Uint8Array, padding: number): { type: number; bytes: Uint8Array } {
    const sequence = this.#sequence++;
    if (this.keys.version === 'TLSv1.3') {
      const inner = concat([fragment, Uint8Array.of(type), new Uint8Array(padding)]);
      const aad = header(ContentType.application_data, 0x0303, inner.length + 16);
      const sealed = this.#aead.seal(this.#nonce(sequence), aad, inner, new Uint8Array(inner.length + 16));
      return { type: ContentType.application_data, bytes: sealed.slice() };
    }
    const sealed = this.#aead.seal(
      this.#nonce(sequence),
      aad12(sequence, type, fragment.length),
      fragment,
      new Uint8Array(fragment.length + 16),
    );
    return { type, bytes: concat([this.#explicitNonce(sequence), sealed]) };
  }

  /** `undefined` for what does not open; the next record is then tried under the same sequence number. */
  open(type: number, bytes: Uint8Array): ClientRecord | undefined {
    const record = this.#open(this.#sequence, type, bytes);
    if (record !== undefined) this.#sequence++;
    return record;
  }

  #open(sequence: number, type: number, bytes: Uint8Array): ClientRecord | undefined {
    if (this.keys.version === 'TLSv1.3') {
      const plain = this.#aead.open(
        this.#nonce(sequence),
        header(type, 0x0303, bytes.length),
        bytes,
        new Uint8Array(bytes.length),
      );
      if (plain === null) return undefined;
      const end = plain.findLastIndex((byte) => byte !== 0);
      return { type: plain[end] ?? 0, fragment: plain.slice(0, Math.max(end, 0)) };
    }
    // With AES-GCM the client chooses its explicit nonce; what counts is what it sent.
    const explicit = bytes.subarray(0, this.#explicitNonce(sequence).length);
    const cipher = bytes.subarray(explicit.length);
    const nonce = explicit.length > 0 ? concat([this.keys.iv, explicit]) : this.#nonce(sequence);
    const plain = this.#aead.open(
      nonce,
      aad12(sequence, type, cipher.length - 16),
      cipher,
      new Uint8Array(cipher.length),
    );
    return plain === null ? undefined : { type, fragment: plain.slice() };
  }

  /** TLS 1.2 with AES-GCM (RFC 5288) shows the sequence number; everybody here uses it as the nonce. */
  #explicitNonce(sequence: number): Uint8Array {
    return this.keys.iv.length === 4 ? bigEndian64(sequence) : new Uint8Array(0);
  }

  #nonce(sequence: number): Uint8Array {
    const { iv } = this.keys;
    if (iv.length === 4) return concat([iv, bigEndian64(sequence)]);
    const counter = concat([new Uint8Array(4), bigEndian64(sequence)]);
    return iv.map((byte, index) => byte ^ (counter[index] ?? 0));
  }
}

const aad12 = (sequence: number, type: number, length: number): Uint8Array =>
  concat([bigEndian64(sequence), header(type, 0x0303, length)]);

function bigEndian64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(4, value);
  return bytes;
}

export class Peer {
  readonly provider: CryptoProvider = nodeCrypto;
  readonly transcript: Transcript = new Transcript();
  /** Alerts that came from the client: description bytes. */
  readonly alerts: number[] = [];
  /** Application data that came from the client. */
  readonly received: Uint8Array[] = [];
  /** Steps of the handshake that are behind us: a script that stops half-way can be brought to its end by them. */
  protected readonly past: Set<string> = new Set();
  /** Records that do not open are passed over: early data that was rejected (RFC 9846 section 4.3.10). */
  skipsUnreadable = false;
  #inbox: Uint8Array = new Uint8Array(0);
  #outbox: Uint8Array[] = [];
  #handshake: Uint8Array = new Uint8Array(0);
  #read: Protection | undefined;
  #write: Protection | undefined;
  #clientIsEncrypted = false;

  // ── Bytes ──

  feed(bytes: Uint8Array): void {
    this.#inbox = concat([this.#inbox, bytes]);
  }

  /** What is to be sent to the client, once. */
  takeOutput(): Uint8Array {
    const out = concat(this.#outbox);
    this.#outbox = [];
    return out;
  }

  sendRaw(bytes: Uint8Array): void {
    this.#outbox.push(bytes);
  }

  // ── Records out ──

  /** One record, protected if there are keys. `version` and `length` may lie. */
  sendRecord(
    type: number,
    fragment: Uint8Array,
    { padding = 0, version = 0x0303, plain = false }: { padding?: number; version?: number; plain?: boolean } = {},
  ): void {
    const record =
      this.#write === undefined || plain ? { type, bytes: fragment } : this.#write.seal(type, fragment, padding);
    this.sendRaw(concat([header(record.type, version, record.bytes.length), record.bytes]));
  }

  /** A record whose protection is broken in its last byte. */
  sendCorrupted(type: number, fragment: Uint8Array): void {
    this.sendRecord(type, fragment);
    const record = this.#outbox.at(-1);
    if (record !== undefined) record[record.length - 1] = (record[record.length - 1] ?? 0) ^ 1;
  }

  /** Handshake messages into the transcript, and out, in as few records as they need. */
  send(...messages: readonly Uint8Array[]): void {
    for (const message of messages) this.transcript.add(message);
    this.sendHandshake(concat(messages));
  }

  /** Handshake bytes, without the transcript. */
  sendHandshake(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 16_384)
      this.sendRecord(ContentType.handshake, bytes.subarray(at, at + 16_384));
  }

  sendChangeCipherSpec(byte = 1): void {
    this.sendRecord(ContentType.change_cipher_spec, Uint8Array.of(byte), { plain: true });
  }

  sendAlert(level: number, description: number, options: { plain?: boolean } = {}): void {
    this.sendRecord(ContentType.alert, Uint8Array.of(level, description), options);
  }

  sendData(text: string): void {
    this.sendRecord(ContentType.application_data, Buffer.from(text));
  }

  writeWith(keys: Keys | undefined): void {
    this.#write = keys && new Protection(keys);
  }
  readWith(keys: Keys): void {
    this.#read = new Protection(keys);
    if (keys.version === 'TLSv1.3') this.#clientIsEncrypted = true;
  }

  // ── Records in ──

  /**
   * The next record of the client, opened. A TLS 1.3 change_cipher_spec is passed over; a TLS 1.2 one turns on its
   * keys.
   */
  *record(): Script<ClientRecord> {
    for (;;) {
      while (this.#inbox.length < 5) yield;
      const type = this.#inbox[0] ?? 0;
      const length = ((this.#inbox[3] ?? 0) << 8) | (this.#inbox[4] ?? 0);
      while (this.#inbox.length < 5 + length) yield;
      const body = this.#inbox.slice(5, 5 + length);
      this.#inbox = this.#inbox.subarray(5 + length);
      if (type === ContentType.change_cipher_spec) {
        if (this.#read?.keys.version === 'TLSv1.2') this.#clientIsEncrypted = true;
        continue;
      }
      const plain =
        this.#read === undefined ||
        !this.#clientIsEncrypted ||
        (this.#read.keys.version === 'TLSv1.3' && type !== ContentType.application_data);
      const record = plain ? { type, fragment: body } : this.#read?.open(type, body);
      if (record === undefined && this.skipsUnreadable) continue;
      if (record === undefined) throw new Error('the client sent a record that cannot be opened');
      if (record.type === ContentType.alert) this.alerts.push(record.fragment[1] ?? -1);
      else if (record.type === ContentType.application_data) this.received.push(record.fragment);
      return record;
    }
  }

  /** The next handshake message of the client, put into the transcript. */
  *message(expected?: number): Script<ClientMessage> {
    for (;;) {
      if (this.#handshake.length >= 4) {
        const length = ((this.#handshake[1] ?? 0) << 16) | ((this.#handshake[2] ?? 0) << 8) | (this.#handshake[3] ?? 0);
        if (this.#handshake.length >= 4 + length) {
          const raw = this.#handshake.slice(0, 4 + length);
          this.#handshake = this.#handshake.subarray(4 + length);
          const type = raw[0] ?? 0;
          if (expected !== undefined && type !== expected)
            throw new Error(`the client sent message ${type}, not ${expected}`);
          this.transcript.add(raw);
          return { type, body: raw.subarray(4), raw };
        }
      }
      const record = yield* this.record();
      if (record.type === ContentType.handshake) this.#handshake = concat([this.#handshake, record.fragment]);
    }
  }

  // ── Odds and ends ──

  /** A public key of the group as a share has it; of a group that we do not know, 65 bytes of another shape. */
  publicKey(group: number): Uint8Array {
    const known = this.provider.groups.some(({ id }) => id === group);
    return known ? this.keyShare(group).publicKey : concat([Uint8Array.of(4), this.random(64)]);
  }

  random(length: number): Uint8Array {
    return randomFillSync(new Uint8Array(length));
  }

  suite(id: number): CipherSuite {
    const suite = this.provider.suites.find((each) => each.id === id);
    if (suite === undefined) throw new Error(`no suite ${id.toString(16)}`);
    return suite;
  }

  /** Our share of a group; with node:crypto it is there at once. */
  keyShare(id: number): KeyShare {
    const share = this.provider.groups.find((each) => each.id === id)?.keyShare((into) => void randomFillSync(into));
    if (share === undefined || share instanceof Promise) throw new Error(`no group ${id.toString(16)}`);
    return share;
  }
}

/** Signs as a SignatureScheme says. */
export function signAs(scheme: number, key: KeyObject, message: Uint8Array): Uint8Array {
  const hash = ({ 1: 'md5', 2: 'sha1', 4: 'sha256', 5: 'sha384', 6: 'sha512' } as Record<number, string>)[scheme >>> 8];
  if (scheme === 0x0807) return signWith(null, message, key);
  // RFC 8734
  if (scheme >= 0x081a && scheme <= 0x081c)
    return signWith(`sha${[256, 384, 512][scheme - 0x081a] ?? 0}`, message, key);
  if (scheme >>> 8 === 8) {
    const digest = `sha${[256, 384, 512][(scheme - 0x0804) % 5] ?? 256}`;
    return signWith(digest, message, {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    });
  }
  return signWith(hash, message, key);
}

export const header = (type: number, version: number, length: number): Uint8Array =>
  Uint8Array.of(type, version >>> 8, version & 0xff, length >>> 8, length & 0xff);
