import type { AeadAlgorithm, Aead } from '../src/crypto/provider.ts';
import { Protection, type RecordKeys } from '../src/record/protect.ts';

const TAG = 16;

/**
 * An AEAD for tests of the record layer, of no strength at all: a keystream of key and nonce, and a tag that depends on
 * every byte of key, nonce, additional data and plaintext.
 */
function stream(key: Uint8Array, nonce: Uint8Array, input: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < input.length; i++)
    out[i] = (input[i] ?? 0) ^ (key[i % key.length] ?? 0) ^ (nonce[i % 12] ?? 0) ^ (i & 0xff);
}

function tag(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const out = new Uint8Array(TAG);
  let state = 0x811c9dc5;
  for (const part of [key, nonce, aad, plain]) {
    state = Math.imul(state ^ part.length, 0x01000193);
    for (const byte of part) state = Math.imul(state ^ byte, 0x01000193);
  }
  for (let i = 0; i < TAG; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    out[i] = state >>> 24;
  }
  return out;
}

export interface ToyOptions {
  /** When given, the AEAD is asynchronous, and answers after the promise that this makes. */
  readonly delay?: () => Promise<unknown>;
  readonly depth?: number;
  readonly recordLimit?: number;
  /** Hands out memory of its own in place of filling `out`. */
  readonly ownMemory?: boolean;
}

export function toyAead({
  delay,
  depth = 8,
  recordLimit = 2 ** 40,
  ownMemory = false,
}: ToyOptions = {}): AeadAlgorithm {
  const seal = (
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plain: Uint8Array,
    out: Uint8Array,
  ): Uint8Array => {
    const mac = tag(key, nonce, aad, plain);
    stream(key, nonce, plain, out);
    out.set(mac, plain.length);
    return out.subarray(0, plain.length + TAG);
  };
  const open = (
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    cipher: Uint8Array,
    out: Uint8Array,
  ): Uint8Array | null => {
    const plain = out.subarray(0, cipher.length - TAG);
    const mac = cipher.slice(cipher.length - TAG);
    stream(key, nonce, cipher.subarray(0, cipher.length - TAG), plain);
    return tag(key, nonce, aad, plain).every((byte, i) => byte === mac[i]) ? plain : null;
  };
  return {
    name: 'ChaCha20-Poly1305',
    keyLength: 32,
    constantTime: false,
    recordLimit,
    key(given): Aead {
      const key = given.slice();
      if (delay === undefined) {
        return {
          sync: true,
          seal: (nonce, aad, plain, out) =>
            seal(key, nonce, aad, plain, ownMemory ? new Uint8Array(plain.length + TAG) : out),
          open: (nonce, aad, cipher, out) =>
            open(key, nonce, aad, cipher, ownMemory ? new Uint8Array(cipher.length) : out),
          dispose: () => void key.fill(0),
        };
      }
      const later = async (answer: () => Uint8Array | null): Promise<Uint8Array | null> => {
        const result = answer();
        await delay();
        return result;
      };
      return {
        sync: false,
        depth,
        seal: (nonce, aad, plain) =>
          later(() => seal(key, nonce, aad, plain, new Uint8Array(plain.length + TAG))) as Promise<Uint8Array>,
        open: (nonce, aad, cipher) => later(() => open(key, nonce, aad, cipher, new Uint8Array(cipher.length))),
        dispose: () => undefined,
      };
    },
  };
}

/** Keys of one direction; `generation` tells them apart. */
export const toyKeys = (
  generation: number,
  options: ToyOptions = {},
  version: RecordKeys['version'] = 'TLSv1.3',
  ivLength = 12,
): RecordKeys => ({
  version,
  suite: { aead: toyAead(options) },
  key: new Uint8Array(32).fill(generation + 1),
  iv: new Uint8Array(ivLength).fill(generation + 101),
});

export const toyProtection = (...given: Parameters<typeof toyKeys>): Protection => new Protection(toyKeys(...given));
