/**
 * @module AES-GCM (NIST SP 800-38D) on this package's own kernels: no table is looked up by a secret, and a key holds
 * half a kilobyte. The work is done in one piece of memory that all keys share: nothing is allocated for a record.
 */
import { BATCH_WORDS, encryptCounters, expandKey, wipeAes } from './kernels/aes.ts';
import { Ghash } from './kernels/ghash.ts';
import { ownMemory, wiped } from '../keys/secret.ts';
import type { AeadAlgorithm, SyncAead } from './provider.ts';
import { TAG_LENGTH, tagsEqual } from './software-aead.ts';
import { KEY_LENGTH, RECORD_LIMIT } from './suites.ts';

export const tunedAes128Gcm: AeadAlgorithm = algorithm('AES-128-GCM');
export const tunedAes256Gcm: AeadAlgorithm = algorithm('AES-256-GCM');

function algorithm(name: 'AES-128-GCM' | 'AES-256-GCM'): AeadAlgorithm {
  return Object.freeze({
    name,
    keyLength: KEY_LENGTH[name],
    constantTime: true,
    recordLimit: RECORD_LIMIT[name],
    key: aesGcm,
  });
}

// Seal and open are synchronous, so two never use this at once.
let words = new Int32Array((16 * 1024 + 256) / 4);
let bytes = new Uint8Array(words.buffer);
const keyStream = new Int32Array(BATCH_WORDS);
/** The block that masks the tag, from {@link begin} on. */
const mask = new Int32Array(ownMemory(16).buffer);
const blockWords = new Int32Array(4);
const blockBytes = new Uint8Array(blockWords.buffer);
const tag = new Uint8Array(TAG_LENGTH);

/**
 * Counter 1 masks the tag and 2 begins the text (section 7.1, a nonce of 96 bits), so that the first batch has thirty
 * blocks of it.
 */
const SKIPPED_WORDS = 8;

function aesGcm(key: Uint8Array): SyncAead {
  const keys = expandKey(key);
  // The hash key is the image of zero: block 0 under a nonce of zeros.
  encryptCounters(keys, new Uint8Array(12), 0, keyStream);
  const ghash = new Ghash(keyStream);
  wipe();
  let disposed = false;

  return {
    sync: true,
    seal(nonce, aad, plain, out) {
      if (disposed) throw wiped('an AES-GCM key');
      const length = plain.length;
      begin(keys, nonce, plain, length);
      xorKeyStream(keys, nonce, length);
      authenticate(ghash, aad, length);
      wipe();
      out.set(bytes.subarray(0, length));
      out.set(tag, length);
      return out.subarray(0, length + TAG_LENGTH);
    },
    open(nonce, aad, cipher, out) {
      if (disposed) throw wiped('an AES-GCM key');
      const length = cipher.length - TAG_LENGTH;
      if (length < 0) return null;
      begin(keys, nonce, cipher, length);
      authenticate(ghash, aad, length);
      if (tagsEqual(tag, cipher, length)) {
        xorKeyStream(keys, nonce, length);
        wipe();
        out.set(bytes.subarray(0, length));
        bytes.fill(0, 0, length);
        return out.subarray(0, length);
      }
      wipe();
      return null;
    },
    dispose() {
      disposed = true;
      keys.fill(0);
      ghash.dispose();
    },
  };
}

/** Takes the text in, and makes the first batch of the key stream. */
function begin(keys: Uint8Array, nonce: Uint8Array, text: Uint8Array, length: number): void {
  if (length + 16 > bytes.length) {
    words = new Int32Array(Math.ceil(length / 16) * 4 + 4);
    bytes = new Uint8Array(words.buffer);
  }
  bytes.set(text.length === length ? text : text.subarray(0, length));
  encryptCounters(keys, nonce, 0, keyStream);
  for (let i = 0; i < 4; i++) mask[i] = keyStream[4 + i] as number;
}

/** GCTR over the text (section 6.5), from the batch that {@link begin} made. */
function xorKeyStream(keys: Uint8Array, nonce: Uint8Array, length: number): void {
  const end = Math.ceil(length / 4);
  let from = SKIPPED_WORDS;
  for (let at = 0, batch = 0; at < end;) {
    if (batch > 0) encryptCounters(keys, nonce, batch, keyStream);
    const until = Math.min(end, at + BATCH_WORDS - from);
    for (let i = from; at < until; at++, i++) words[at] = (words[at] as number) ^ (keyStream[i] as number);
    from = 0;
    batch++;
  }
}

/**
 * The tag over AAD and the ciphertext in memory, each padded, and their lengths in bits (section 7.1, steps 4 to 6).
 */
function authenticate(ghash: Ghash, aad: Uint8Array, length: number): void {
  ghash.begin();
  for (let at = 0; at < aad.length; at += 16) {
    for (let i = 0; i < 16; i++) blockBytes[i] = aad[at + i] ?? 0;
    ghash.update(blockWords, 1);
  }
  bytes.fill(0, length, (length + 15) & ~15);
  ghash.update(words, (length + 15) >>> 4);
  for (let i = 0; i < 8; i++) {
    // Lengths stay far below 2^29 bytes.
    blockBytes[i] = i < 4 ? 0 : (aad.length * 8) >>> (8 * (7 - i));
    blockBytes[8 + i] = i < 4 ? 0 : (length * 8) >>> (8 * (7 - i));
  }
  ghash.update(blockWords, 1);
  ghash.finish(blockWords);
  for (let i = 0; i < 4; i++) blockWords[i] = (blockWords[i] as number) ^ (mask[i] as number);
  tag.set(blockBytes);
}

function wipe(): void {
  wipeAes();
  keyStream.fill(0);
  mask.fill(0);
}
