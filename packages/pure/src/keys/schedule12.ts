/** @module The key schedule of TLS 1.2 (RFC 5246 sections 5, 6.3, 8.1) with extended master secret (RFC 7627). */
import { concat } from '@ferrule/result/bytes';
import type { CipherSuite, Hash } from '../crypto/provider.ts';
import { ownCopy, ownMemory, type Secret } from './secret.ts';

const ENCODER = new TextEncoder();

/** The PRF of RFC 5246 section 5 with the suite's hash: `length` bytes in memory of their own, the caller's to wipe. */
export function prf(hash: Hash, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const name = ENCODER.encode(label);
  // A(i) || label || seed
  const input = ownMemory(hash.size + name.length + seed.length);
  input.set(name, hash.size);
  input.set(seed, hash.size + name.length);
  const out = ownMemory(length);
  let a = hash.hmac(secret, input.subarray(hash.size));
  for (let done = 0; done < length; done += hash.size) {
    input.set(a);
    const block = hash.hmac(secret, input);
    out.set(block.subarray(0, Math.min(hash.size, length - done)), done);
    block.fill(0);
    const next = hash.hmac(secret, a);
    a.fill(0);
    a = next;
  }
  a.fill(0);
  input.fill(0);
  return out;
}

/**
 * 48 bytes; `sessionHash` is the hash of the handshake up to and with ClientKeyExchange (RFC 7627 section 4). Wipes the
 * premaster secret.
 */
export function extendedMasterSecret(hash: Hash, premaster: Secret, sessionHash: Uint8Array): Secret {
  const master = premaster.derived(prf(hash, premaster.bytes, 'extended master secret', sessionHash, 48));
  premaster.dispose();
  return master;
}

/** 48 bytes (RFC 5246 section 8.1), for a server without RFC 7627. Wipes the premaster secret. */
export function masterSecret(
  hash: Hash,
  premaster: Secret,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Secret {
  const master = premaster.derived(
    prf(hash, premaster.bytes, 'master secret', concat([clientRandom, serverRandom]), 48),
  );
  premaster.dispose();
  return master;
}

/**
 * One direction: the AEAD key and the fixed part of the nonce (4 bytes for GCM, RFC 5288; 12 for ChaCha20, RFC 7905).
 * The caller wipes both.
 */
export interface WriteKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Section 6.3: the keys of both directions, which {@link writeKeys} cuts out. */
export const keyBlock = (
  suite: CipherSuite,
  master: Secret,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Secret =>
  master.derived(
    prf(
      suite.hash,
      master.bytes,
      'key expansion',
      concat([serverRandom, clientRandom]),
      2 * (suite.aead.keyLength + ivLength(suite)),
    ),
  );

/** The keys that `sender` writes with. */
export function writeKeys(suite: CipherSuite, block: Secret, sender: 'client' | 'server'): WriteKeys {
  const [key, iv] = [suite.aead.keyLength, ivLength(suite)];
  const index = sender === 'client' ? 0 : 1;
  return { key: cut(block, index * key, key), iv: cut(block, 2 * key + index * iv, iv) };
}

const ivLength = ({ aead }: CipherSuite): number => (aead.name === 'ChaCha20-Poly1305' ? 12 : 4);
const cut = (block: Secret, at: number, length: number): Uint8Array => ownCopy(block.bytes.subarray(at, at + length));

/** Section 7.4.9: `verify_data`, 12 bytes. */
export const verifyData = (
  hash: Hash,
  master: Secret,
  sender: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array => prf(hash, master.bytes, `${sender} finished`, transcriptHash, 12);
