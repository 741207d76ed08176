/** @module Encrypts records of the server anew, with its secrets, after their content was changed (same length). */
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { keyBlock, Secret, trafficKeys, writeKeys } from '@ferrule/pure/keys';
import type { SeenRecord } from '@ferrule/pure/trace';
import { decodeServerHello } from '@ferrule/pure/wire';

type Suite = (typeof nodeCrypto.suites)[number];

const HEADER = 5;
/** Handshake header, `legacy_version`; then 32 bytes of random (RFC 9846 sections 4.2.2 and 4.2.3). */
const RANDOM = 6;

export class Forger {
  readonly #secretOf: (label: string) => Uint8Array | undefined;
  #clientRandom: Uint8Array | undefined;
  #serverRandom: Uint8Array = new Uint8Array(0);
  #suite: Suite | undefined;
  /** Encrypted records of the server under its handshake keys (TLS 1.3) or its only ones (TLS 1.2). */
  #sealed = 0;

  /** @param secretOf the server's secrets, by the labels of its key log. */
  constructor(secretOf: (label: string) => Uint8Array | undefined) {
    this.#secretOf = secretOf;
  }

  up(bytes: Uint8Array): void {
    this.#clientRandom ??= bytes.slice(HEADER + RANDOM, HEADER + RANDOM + 32);
  }

  down({ state, messages, contentType }: SeenRecord): void {
    if (state === 'opened') this.#sealed++;
    const [hello] = messages;
    if (state !== 'clear' || contentType !== 22 || hello?.[0] !== 2) return;
    const { cipherSuite, random } = decodeServerHello(hello.subarray(4));
    this.#suite = nodeCrypto.suites.find(({ id }) => id === cipherSuite);
    this.#serverRandom = random.slice();
  }

  /**
   * The record with other content of the same length, encrypted as the server would have.
   * @throws Error for a record that is not the server's under the keys of its handshake.
   */
  reseal(record: SeenRecord, content: Uint8Array): Uint8Array {
    const suite = this.#suite;
    if (record.state !== 'opened' || suite === undefined) throw new Error('not an encrypted record');
    return suite.version === 'TLSv1.3'
      ? this.#reseal13(suite, record, content)
      : this.#reseal12(suite, record, content);
  }

  /** RFC 9846 section 5.2. */
  #reseal13(suite: Suite, { bytes, contentType }: SeenRecord, content: Uint8Array): Uint8Array {
    const { key, iv } = trafficKeys(suite, this.#secret('SERVER_HANDSHAKE_TRAFFIC_SECRET'));
    const header = bytes.slice(0, HEADER);
    // TLSInnerPlaintext; what is left to the length of the record is padding
    const inner = new Uint8Array(bytes.length - HEADER - 16);
    inner.set(content);
    inner[content.length] = contentType;
    return seal(suite, key, nonce(iv, this.#sealed - 1), header, header, inner);
  }

  /** RFC 5246 section 6.2.3.3, RFC 5288, RFC 7905. */
  #reseal12(suite: Suite, { bytes }: SeenRecord, content: Uint8Array): Uint8Array {
    const block = keyBlock(suite, this.#secret('CLIENT_RANDOM'), this.#clientRandom ?? EMPTY, this.#serverRandom);
    const { key, iv } = writeKeys(suite, block, 'server');
    const explicit = bytes.slice(HEADER, HEADER + 12 - iv.length);
    const sequence = new Uint8Array(8);
    sequence[7] = this.#sealed - 1;
    const additional = Uint8Array.of(...sequence, ...bytes.subarray(0, 3), content.length >> 8, content.length & 255);
    const full = explicit.length > 0 ? Uint8Array.of(...iv, ...explicit) : nonce(iv, this.#sealed - 1);
    return seal(suite, key, full, additional, Uint8Array.of(...bytes.subarray(0, HEADER), ...explicit), content);
  }

  #secret(label: string): Secret {
    const secret = this.#secretOf(label);
    if (secret === undefined) throw new Error(`the server has not told ${label}`);
    return Secret.copyOf(secret);
  }
}

const EMPTY = new Uint8Array(0);

/** The IV with the sequence number in its last bytes (RFC 9846 section 5.3). */
function nonce(iv: Uint8Array, sequence: number): Uint8Array {
  const made = iv.slice();
  made[11] = (made[11] ?? 0) ^ sequence;
  return made;
}

/** The record: `head`, ciphertext, tag. */
function seal(
  suite: Suite,
  key: Uint8Array,
  nonceBytes: Uint8Array,
  additional: Uint8Array,
  head: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const aead = suite.aead.key(key);
  if (!aead.sync) throw new Error('node:crypto answers at once');
  const sealed = aead.seal(nonceBytes, additional, plain, new Uint8Array(plain.length + 16));
  return Buffer.concat([head, sealed]);
}
