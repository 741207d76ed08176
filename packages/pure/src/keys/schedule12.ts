/** @module The key schedule of TLS 1.2 (RFC 5246 sections 5, 6.3, 8.1) with extended master secret (RFC 7627). */
import type { CipherSuite, Hash } from '../crypto/provider.ts';

const ENCODER = new TextEncoder();

/** The PRF of RFC 5246 section 5 with the suite's hash. */
export function prf(hash: Hash, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const name = ENCODER.encode(label);
  // A(i) || label || seed
  const input = new Uint8Array(hash.size + name.length + seed.length);
  input.set(name, hash.size);
  input.set(seed, hash.size + name.length);
  const out = new Uint8Array(length);
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

/** 48 bytes; `sessionHash` is the hash of the handshake up to and with ClientKeyExchange (RFC 7627 section 4). Wipes the premaster secret. */
export function extendedMasterSecret(hash: Hash, premaster: Uint8Array, sessionHash: Uint8Array): Uint8Array {
  const master = prf(hash, premaster, 'extended master secret', sessionHash, 48);
  premaster.fill(0);
  return master;
}

/** 48 bytes (RFC 5246 section 8.1), for a server without RFC 7627. Wipes the premaster secret. */
export function masterSecret(hash: Hash, premaster: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Uint8Array {
  const master = prf(hash, premaster, 'master secret', join(clientRandom, serverRandom), 48);
  premaster.fill(0);
  return master;
}

/** One direction: the AEAD key and the fixed part of the nonce (4 bytes for GCM, RFC 5288; 12 for ChaCha20, RFC 7905). */
export interface WriteKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Section 6.3. */
export function keyBlock(
  suite: CipherSuite, master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array,
): { readonly client: WriteKeys; readonly server: WriteKeys } {
  const { keyLength, name } = suite.aead;
  const ivLength = name === 'ChaCha20-Poly1305' ? 12 : 4;
  const block = prf(suite.hash, master, 'key expansion', join(serverRandom, clientRandom), 2 * (keyLength + ivLength));
  const ivs = 2 * keyLength;
  const keys = {
    client: { key: block.slice(0, keyLength), iv: block.slice(ivs, ivs + ivLength) },
    server: { key: block.slice(keyLength, ivs), iv: block.slice(ivs + ivLength) },
  };
  block.fill(0);
  return keys;
}

/** Section 7.4.9: `verify_data`, 12 bytes. */
export const verifyData = (hash: Hash, master: Uint8Array, sender: 'client' | 'server', transcriptHash: Uint8Array): Uint8Array =>
  prf(hash, master, `${sender} finished`, transcriptHash, 12);

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
