/**
 * @module AES-GCM (NIST SP 800-38D) composed of noble's AES and GHASH, keyed once: noble's own `gcm` expands the key
 * and builds the GHASH table anew for each call. Both index tables with secrets, so it claims no constant time.
 */
import { GHASH } from '@noble/ciphers/_polyval.js';
import { unsafe } from '@noble/ciphers/aes.js';
import { ownMemory, wiped } from '../keys/secret.ts';
import type { AeadAlgorithm, SyncAead } from './provider.ts';
import { TAG_LENGTH, alignedScratch, tagsEqual, wipeScratch } from './software-aead.ts';
import { KEY_LENGTH, RECORD_LIMIT } from './suites.ts';

export const nobleAes128Gcm: AeadAlgorithm = algorithm('AES-128-GCM');
export const nobleAes256Gcm: AeadAlgorithm = algorithm('AES-256-GCM');

function algorithm(name: 'AES-128-GCM' | 'AES-256-GCM'): AeadAlgorithm {
  return Object.freeze({
    name,
    keyLength: KEY_LENGTH[name],
    constantTime: false,
    recordLimit: RECORD_LIMIT[name],
    key: aesGcm,
  });
}

const ZERO_BLOCK = new Uint8Array(16);

function aesGcm(key: Uint8Array): SyncAead {
  const roundKeys = unsafe.expandKeyLE(key);
  const hashKey = unsafe.encryptBlock(roundKeys, ownMemory(16));
  let disposed = false;

  // Its table takes 32 KiB and 50 µs, so an idle connection leaves it to the garbage collector, and makes it again (ADR
  // 0026).
  let table: WeakRef<KeyedGhash> | undefined;
  const ghash = (): KeyedGhash => {
    const kept = table?.deref();
    if (kept !== undefined) return kept;
    const made = new KeyedGhash(hashKey);
    table = new WeakRef(made);
    return made;
  };

  const counter = new Uint8Array(16);
  const mask = ownMemory(16);
  const tag = new Uint8Array(TAG_LENGTH);

  // GCTR begins at J0 = nonce || 1, whose block masks the tag; the message begins one block later, where this leaves
  // the counter.
  const start = (nonce: Uint8Array): void => {
    if (disposed) throw wiped('an AES-GCM key');
    counter.set(nonce);
    counter[12] = counter[13] = counter[14] = 0;
    counter[15] = 1;
    unsafe.ctr32(roundKeys, false, counter, ZERO_BLOCK, mask);
  };
  const authenticate = (aad: Uint8Array, cipher: Uint8Array): void => {
    ghash().digestOf(aad, cipher, tag);
    for (let i = 0; i < TAG_LENGTH; i++) tag[i] = (tag[i] as number) ^ (mask[i] as number);
  };

  return {
    sync: true,
    seal(nonce, aad, plain, out) {
      start(nonce);
      const length = plain.length;
      const work = alignedScratch(length);
      work.set(plain);
      unsafe.ctr32(roundKeys, false, counter, work, work);
      authenticate(aad, work);
      out.set(work);
      out.set(tag, length);
      return out.subarray(0, length + TAG_LENGTH);
    },
    open(nonce, aad, cipher, out) {
      const length = cipher.length - TAG_LENGTH;
      if (length < 0) return null;
      start(nonce);
      const work = alignedScratch(length);
      work.set(cipher.subarray(0, length));
      authenticate(aad, work);
      if (!tagsEqual(tag, cipher, length)) return null;
      unsafe.ctr32(roundKeys, false, counter, work, work);
      out.set(work);
      wipeScratch(length);
      return out.subarray(0, length);
    },
    dispose() {
      disposed = true;
      roundKeys.fill(0);
      mask.fill(0);
      table?.deref()?.destroy();
      hashKey.fill(0);
    },
  };
}

/**
 * noble's GHASH kept from record to record; the length hint picks its table of 4-bit windows, fastest for whole
 * records.
 */
class KeyedGhash extends GHASH {
  readonly #last = new Uint8Array(16);
  readonly #lastView = new DataView(this.#last.buffer);

  constructor(hashKey: Uint8Array) {
    super(hashKey, 16 * 1024);
  }

  /** GHASH of AAD, ciphertext and their lengths, from a fresh state. */
  digestOf(aad: Uint8Array, cipher: Uint8Array, into: Uint8Array): void {
    this.s0 = this.s1 = this.s2 = this.s3 = 0;
    this.#absorb(aad);
    this.#absorb(cipher);
    this.#lastView.setUint32(0, 0);
    this.#lastView.setUint32(4, aad.length * 8);
    this.#lastView.setUint32(8, 0);
    this.#lastView.setUint32(12, cipher.length * 8);
    this.#block(this.#lastView, 0);
    const view = new DataView(into.buffer, into.byteOffset);
    view.setInt32(0, this.s0, true);
    view.setInt32(4, this.s1, true);
    view.setInt32(8, this.s2, true);
    view.setInt32(12, this.s3, true);
  }

  // update() would do it, but copies its input first.
  #absorb(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const whole = bytes.length & ~15;
    for (let i = 0; i < whole; i += 16) this.#block(view, i);
    if (whole === bytes.length) return;
    this.#last.fill(0);
    this.#last.set(bytes.subarray(whole));
    this.#block(this.#lastView, 0);
  }

  #block(view: DataView, at: number): void {
    this._updateBlock(
      view.getInt32(at, true),
      view.getInt32(at + 4, true),
      view.getInt32(at + 8, true),
      view.getInt32(at + 12, true),
    );
  }
}
