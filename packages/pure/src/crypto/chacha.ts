/**
 * @module ChaCha20-Poly1305 (RFC 8439) composed of noble's stream cipher and MAC, keyed once. Against noble's own AEAD
 * this saves copies and checks of each record, and the slow path for payloads off a word boundary. No table is indexed
 * with a secret.
 */
import { Poly1305 } from '@noble/ciphers/_poly1305.js';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { ownMemory, Secret } from '../keys/secret.ts';
import type { AeadAlgorithm, SyncAead } from './provider.ts';
import { TAG_LENGTH, alignedScratch, tagsEqual, wipeScratch } from './software-aead.ts';
import { KEY_LENGTH, RECORD_LIMIT } from './suites.ts';

export const nobleChaCha20Poly1305: AeadAlgorithm = Object.freeze({
  name: 'ChaCha20-Poly1305',
  keyLength: KEY_LENGTH['ChaCha20-Poly1305'],
  constantTime: true,
  recordLimit: RECORD_LIMIT['ChaCha20-Poly1305'],
  key: chaCha20Poly1305,
});

const ZEROS = new Uint8Array(32);

function chaCha20Poly1305(key: Uint8Array): SyncAead {
  const secret = Secret.copyOf(key);
  const alignedNonce = new Uint8Array(12);
  const oneTimeKey = ownMemory(32);
  const lengths = new Uint8Array(16);
  const lengthsView = new DataView(lengths.buffer);
  const tag = new Uint8Array(TAG_LENGTH);

  // RFC 8439 section 2.8: the one-time key is block 0; the MAC covers AAD and ciphertext, each padded, and their
  // lengths.
  const authenticate = (nonce: Uint8Array, aad: Uint8Array, cipher: Uint8Array): void => {
    chacha20(secret.bytes, nonce, ZEROS, oneTimeKey);
    const mac = new Poly1305(oneTimeKey);
    pad(mac, aad);
    pad(mac, cipher);
    lengthsView.setUint32(0, aad.length, true);
    lengthsView.setUint32(8, cipher.length, true);
    mac.update(lengths);
    mac.digestInto(tag);
    mac.destroy();
    oneTimeKey.fill(0);
  };

  return {
    sync: true,
    seal(nonce, aad, plain, out) {
      alignedNonce.set(nonce);
      const length = plain.length;
      const work = alignedScratch(length);
      work.set(plain);
      chacha20(secret.bytes, alignedNonce, work, work, 1);
      authenticate(alignedNonce, aad, work);
      out.set(work);
      out.set(tag, length);
      return out.subarray(0, length + TAG_LENGTH);
    },
    open(nonce, aad, cipher, out) {
      const length = cipher.length - TAG_LENGTH;
      if (length < 0) return null;
      alignedNonce.set(nonce);
      const work = alignedScratch(length);
      work.set(cipher.subarray(0, length));
      authenticate(alignedNonce, aad, work);
      if (!tagsEqual(tag, cipher, length)) return null;
      chacha20(secret.bytes, alignedNonce, work, work, 1);
      out.set(work);
      wipeScratch(length);
      return out.subarray(0, length);
    },
    dispose() {
      secret.dispose();
    },
  };
}

function pad(mac: Poly1305, bytes: Uint8Array): void {
  mac.update(bytes);
  const rest = bytes.length % 16;
  if (rest !== 0) mac.update(ZEROS.subarray(0, 16 - rest));
}
