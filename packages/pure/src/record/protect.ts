/**
 * @module Record protection: nonces, additional data, sequence numbers, the hidden content type and padding of TLS 1.3
 * (RFC 9846 sections 5.2 to 5.5), and TLS 1.2's AEAD records (RFC 5246 section 6.2.3.3, RFC 5288, RFC 7905).
 */
import type { TlsVersion } from '@ferrule/contract';
import { ContentType } from '@ferrule/result/numbers';
import type { Aead, AeadAlgorithm } from '../crypto/provider.ts';
import { ownCopy, ownMemory, wiped } from '../keys/secret.ts';
import { fail } from '../reason.ts';

/**
 * Keys of one direction. TLS 1.3: `[sender]_write_key` and `_iv`; TLS 1.2: write key and (implicit) IV, 4 bytes for
 * GCM.
 */
export interface RecordKeys {
  readonly version: TlsVersion;
  readonly suite: { readonly aead: AeadAlgorithm };
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** type, legacy_record_version, length */
export const RECORD_HEADER = 5;
const TAG = 16;
/** Bytes of `nonce_explicit` in a TLS 1.2 GCM record (RFC 5288 section 3). */
const EXPLICIT_NONCE = 8;
/** So many records before the limit, a key update is asked for. */
const UPDATE_MARGIN = 1024;

/** One direction under one key: counts its records, and seals or opens them. */
export class Protection {
  readonly version: TlsVersion;
  readonly aead: Aead;
  /** Bytes between a record's header and its content. */
  readonly prefix: 0 | 8;
  /** Bytes that a record's body has beyond its content and padding. */
  readonly overhead: number;
  readonly #iv: Uint8Array;
  readonly #limit: number;
  readonly #inner: boolean;
  /** Used again for each record. */
  readonly #nonce: Uint8Array = ownMemory(12);
  readonly #aad: Uint8Array;
  /** The sequence number, in halves of 32 bits. */
  #high = 0;
  #low = 0;
  #disposed = false;

  /** Keys the AEAD; the caller may wipe `keys` afterwards. */
  constructor(keys: RecordKeys) {
    this.version = keys.version;
    this.aead = keys.suite.aead.key(keys.key);
    this.#iv = ownCopy(keys.iv);
    this.#limit = keys.suite.aead.recordLimit;
    this.#inner = keys.version === 'TLSv1.3';
    this.prefix = keys.iv.length < 12 ? EXPLICIT_NONCE : 0;
    this.overhead = this.prefix + (this.#inner ? 1 : 0) + TAG;
    this.#aad = new Uint8Array(this.#inner ? RECORD_HEADER : 13);
  }

  /** Records done under this key. */
  get records(): number {
    return this.#high * 0x1_0000_0000 + this.#low;
  }

  /** It is time for new keys (RFC 9846 section 5.5). */
  get needsRekey(): boolean {
    return this.records >= this.#limit - UPDATE_MARGIN;
  }

  /**
   * Seals a record in place. `record` holds the content behind {@link RECORD_HEADER} and {@link prefix}; everything
   * else of it is filled in here. Synchronous AEADs only.
   *
   * @param padding zero bytes of TLS 1.3 padding.
   * @returns the length of the whole record: header + overhead + length + padding.
   * @throws TlsError KEY_LIMIT_REACHED
   */
  seal(record: Uint8Array, type: number, length: number, padding: number): number {
    const { aead } = this;
    if (!aead.sync) throw fail('INTERNAL_ERROR', 'an asynchronous AEAD on the synchronous path');
    const at = RECORD_HEADER + this.prefix;
    const body = this.overhead + length + padding;
    const plain = record.subarray(at, RECORD_HEADER + body - TAG);
    if (this.#inner) endInner(plain, length, type);
    this.#prepareSeal(record, type, body, length);
    const out = record.subarray(at, RECORD_HEADER + body);
    const sealed = aead.seal(this.#nonce, this.#aad, plain, out);
    if (sealed.buffer !== out.buffer || sealed.byteOffset !== out.byteOffset) out.set(sealed);
    this.#advance();
    return RECORD_HEADER + body;
  }

  /**
   * The same for an asynchronous AEAD, which answers with what follows header and prefix. `content` holds `length`
   * bytes of it and has room for type and padding.
   */
  sealLater(
    content: Uint8Array,
    type: number,
    length: number,
    padding: number,
  ): { readonly head: Uint8Array; readonly sealed: Promise<Uint8Array> } {
    const { aead } = this;
    if (aead.sync) throw fail('INTERNAL_ERROR', 'a synchronous AEAD on the asynchronous path');
    const plain = content.subarray(0, length + padding + (this.#inner ? 1 : 0));
    if (this.#inner) endInner(plain, length, type);
    const head = new Uint8Array(RECORD_HEADER + this.prefix);
    this.#prepareSeal(head, type, this.overhead + length + padding, length);
    const sealed = aead.seal(this.#nonce, this.#aad, plain);
    this.#advance();
    return { head, sealed };
  }

  /**
   * Opens a record. Synchronous AEADs only.
   *
   * @param record the whole record, and perhaps more behind it.
   * @param length bytes of the record, header included.
   * @param out room for the content, should the AEAD want it.
   * @returns the content (TLS 1.3: TLSInnerPlaintext), or `null`: not authentic.
   */
  open(record: Uint8Array, length: number, out: Uint8Array): Uint8Array | null {
    const { aead } = this;
    if (!aead.sync) throw fail('INTERNAL_ERROR', 'an asynchronous AEAD on the synchronous path');
    if (length < RECORD_HEADER + this.overhead) return null;
    this.#prepareOpen(record, length);
    const cipher = record.subarray(RECORD_HEADER + this.prefix, length);
    this.#advance();
    return aead.open(this.#nonce, this.#aad, cipher, out);
  }

  /** The same for an asynchronous AEAD. `record` must be exactly the record. */
  openLater(record: Uint8Array): Promise<Uint8Array | null> {
    const { aead } = this;
    if (aead.sync) throw fail('INTERNAL_ERROR', 'a synchronous AEAD on the asynchronous path');
    if (record.length < RECORD_HEADER + this.overhead) return Promise.resolve(null);
    this.#prepareOpen(record, record.length);
    const opened = aead.open(this.#nonce, this.#aad, record.subarray(RECORD_HEADER + this.prefix));
    this.#advance();
    return opened;
  }

  /** Wipes what it can; what is sealed or opened later is refused. */
  dispose(): void {
    this.#disposed = true;
    this.aead.dispose();
    this.#iv.fill(0);
    this.#nonce.fill(0);
  }

  #prepareSeal(record: Uint8Array, type: number, body: number, length: number): void {
    if (this.records >= this.#limit) throw fail('KEY_LIMIT_REACHED', `${this.#limit} records were sent under one key`);
    record[0] = this.#inner ? ContentType.application_data : type;
    record[1] = 3;
    record[2] = 3;
    record[3] = body >>> 8;
    record[4] = body;
    if (this.prefix > 0) writeSequence(record, RECORD_HEADER, this.#high, this.#low);
    this.#prepare(record, length);
  }

  #prepareOpen(record: Uint8Array, length: number): void {
    this.#prepare(record, length - RECORD_HEADER - this.overhead);
  }

  /** Nonce and additional data of the next record, whose header and explicit nonce are in place. */
  #prepare(record: Uint8Array, length: number): void {
    if (this.#disposed) throw wiped('a record key');
    const nonce = this.#nonce;
    nonce.set(this.#iv);
    if (this.prefix > 0) for (let i = 0; i < EXPLICIT_NONCE; i++) nonce[4 + i] = record[RECORD_HEADER + i] ?? 0;
    else xorSequence(nonce, this.#high, this.#low);

    const aad = this.#aad;
    if (this.#inner) {
      for (let i = 0; i < RECORD_HEADER; i++) aad[i] = record[i] ?? 0;
    } else {
      writeSequence(aad, 0, this.#high, this.#low);
      aad[8] = record[0] ?? 0;
      aad[9] = 3;
      aad[10] = 3;
      aad[11] = length >>> 8;
      aad[12] = length;
    }
  }

  #advance(): void {
    this.#low = (this.#low + 1) >>> 0;
    if (this.#low === 0) this.#high++;
  }
}

/**
 * The length of the content in a TLSInnerPlaintext, whose type stands right behind it; -1 when there is nothing but
 * padding.
 */
export function contentLength(inner: Uint8Array): number {
  let at = inner.length - 1;
  while (at >= 0 && inner[at] === 0) at--;
  return at;
}

function endInner(plain: Uint8Array, length: number, type: number): void {
  plain[length] = type;
  plain.fill(0, length + 1);
}

function writeSequence(into: Uint8Array, at: number, high: number, low: number): void {
  for (let i = 0; i < 4; i++) {
    into[at + i] = high >>> (24 - 8 * i);
    into[at + 4 + i] = low >>> (24 - 8 * i);
  }
}

/** RFC 9846 section 5.3: the sequence number, padded to the left, over the IV. */
function xorSequence(nonce: Uint8Array, high: number, low: number): void {
  for (let i = 0; i < 4; i++) {
    nonce[4 + i] = (nonce[4 + i] ?? 0) ^ (high >>> (24 - 8 * i));
    nonce[8 + i] = (nonce[8 + i] ?? 0) ^ (low >>> (24 - 8 * i));
  }
}
