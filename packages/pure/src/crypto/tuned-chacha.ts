/**
 * @module ChaCha20-Poly1305 (RFC 8439 section 2.8) on this package's own kernels, keyed once. The work is done in one
 * piece of memory that all keys share: nothing is allocated for a record.
 */
import { BLOCK_WORDS, xorKeyStream } from './kernels/chacha20.ts';
import { Poly1305 } from './kernels/poly1305.ts';
import { ownMemory, wiped } from '../keys/secret.ts';
import type { AeadAlgorithm, SyncAead } from './provider.ts';
import { TAG_LENGTH, tagsEqual } from './software-aead.ts';
import { KEY_LENGTH, RECORD_LIMIT } from './suites.ts';

export const tunedChaCha20Poly1305: AeadAlgorithm = Object.freeze({
  name: 'ChaCha20-Poly1305',
  keyLength: KEY_LENGTH['ChaCha20-Poly1305'],
  constantTime: true,
  recordLimit: RECORD_LIMIT['ChaCha20-Poly1305'],
  key: chaCha20Poly1305,
});

// Seal and open are synchronous, so two never use this at once.
let words = new Int32Array((16 * 1024 + 256) / 4);
let bytes = new Uint8Array(words.buffer);
const nonceWords = new Int32Array(3);
const nonceBytes = new Uint8Array(nonceWords.buffer);
const oneTimeKey = new Int32Array(ownMemory(4 * BLOCK_WORDS).buffer);
const blockWords = new Int32Array(4);
const blockBytes = new Uint8Array(blockWords.buffer);
const tag = new Uint8Array(TAG_LENGTH);
const mac = new Poly1305();

function chaCha20Poly1305(key: Uint8Array): SyncAead {
  const bytesOfKey = ownMemory(32);
  bytesOfKey.set(key);
  const secret = new Int32Array(bytesOfKey.buffer);
  let disposed = false;

  return {
    sync: true,
    seal(nonce, aad, plain, out) {
      if (disposed) throw wiped('a ChaCha20-Poly1305 key');
      const length = plain.length;
      load(nonce, plain, length);
      xorKeyStream(secret, 1, nonceWords, words, Math.ceil(length / 64));
      authenticate(secret, aad, length);
      store(out, length);
      out.set(tag, length);
      return out.subarray(0, length + TAG_LENGTH);
    },
    open(nonce, aad, cipher, out) {
      if (disposed) throw wiped('a ChaCha20-Poly1305 key');
      const length = cipher.length - TAG_LENGTH;
      if (length < 0) return null;
      load(nonce, cipher, length);
      authenticate(secret, aad, length);
      if (!tagsEqual(tag, cipher, length)) return null;
      xorKeyStream(secret, 1, nonceWords, words, Math.ceil(length / 64));
      store(out, length);
      bytes.fill(0, 0, length);
      return out.subarray(0, length);
    },
    dispose() {
      disposed = true;
      secret.fill(0);
    },
  };
}

/** Nonce and text into words; there is room for whole blocks. */
function load(nonce: Uint8Array, text: Uint8Array, length: number): void {
  if (length + 64 > bytes.length) {
    words = new Int32Array(Math.ceil(length / 64) * BLOCK_WORDS + BLOCK_WORDS);
    bytes = new Uint8Array(words.buffer);
  }
  nonceBytes.set(nonce);
  bytes.set(text.length === length ? text : text.subarray(0, length));
}

function store(out: Uint8Array, length: number): void {
  out.set(bytes.subarray(0, length));
}

/** The tag over AAD and the ciphertext in memory, each padded, and their lengths, by the key that is block 0. */
function authenticate(secret: Int32Array, aad: Uint8Array, length: number): void {
  oneTimeKey.fill(0);
  xorKeyStream(secret, 0, nonceWords, oneTimeKey, 1);
  mac.begin(oneTimeKey);
  oneTimeKey.fill(0);
  for (let at = 0; at < aad.length; at += 16) {
    for (let i = 0; i < 16; i++) blockBytes[i] = aad[at + i] ?? 0;
    mac.update(blockWords, 1);
  }
  bytes.fill(0, length, (length + 15) & ~15);
  mac.update(words, (length + 15) >>> 4);
  blockWords[0] = aad.length;
  blockWords[1] = 0;
  blockWords[2] = length;
  blockWords[3] = 0;
  mac.update(blockWords, 1);
  mac.finish(tag);
}
