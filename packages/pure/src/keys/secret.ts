/**
 * @module How a secret is held: in memory of its own, wiped once and for all, and refused after that.
 *
 * Wiped memory is zeros, and zeros are a valid key. Nobody may compute with them, so bytes are only had from a holder
 * that throws once it is wiped. V8 keeps typed arrays of up to 64 bytes on its own heap and copies them when it
 * collects garbage; `fill(0)` then wipes one copy of several. The memory of an ArrayBuffer is outside that heap and never moves.
 */
import type { TlsError } from '@ferrule/result';
import { concatInto } from '@ferrule/result/bytes';
import { fail } from '../reason.ts';

/** `length` bytes of zeros outside V8's heap, for bytes that are to be wiped. */
export const ownMemory = (length: number): Uint8Array => new Uint8Array(new ArrayBuffer(length));

/** A copy in memory of its own. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = ownMemory(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The parts one after the other, in memory of their own. */
export const concatSecrets = (...parts: readonly Uint8Array[]): Uint8Array =>
  concatInto(ownMemory(parts.reduce((length, part) => length + part.length, 0)), parts);

/** DISPOSED: what is thrown in place of computing with zeros. */
export const wiped = (what: string): TlsError => fail('DISPOSED', `${what} was used after it was wiped`);

/** Something that holds a secret. */
export interface Wipeable {
  /** Wipes it; idempotent. */
  dispose(): void;
}

/** All that one connection holds of secrets: when it ends, at whatever step, they are wiped together. */
export class Secrets implements Wipeable {
  readonly #held = new Set<Wipeable>();
  #disposed = false;

  /**
   * Takes it over, and returns it.
   * @throws TlsError DISPOSED when the owner is gone, for instance while the secret was computed elsewhere; it is wiped
   * then.
   */
  hold<T extends Wipeable>(holder: T): T {
    if (this.#disposed) {
      holder.dispose();
      throw fail('DISPOSED', 'a secret came after the connection was disposed');
    }
    this.#held.add(holder);
    return holder;
  }

  /** Wipes one that is no longer needed. */
  wipe(holder: Wipeable): void {
    this.#held.delete(holder);
    holder.dispose();
  }

  /** What is held now; for tests. */
  get size(): number {
    return this.#held.size;
  }

  dispose(): void {
    this.#disposed = true;
    for (const holder of this.#held) holder.dispose();
    this.#held.clear();
  }
}

/** The bytes of one secret. */
export class Secret implements Wipeable {
  /** Bytes; stays when it is wiped. */
  readonly length: number;
  #bytes: Uint8Array | undefined;
  readonly #owner: Secrets | undefined;

  /**
   * @param bytes - in memory of their own ({@link ownMemory}), taken over: the caller keeps no reference.
   * @param owner - wipes it with all its others, unless that happened before. Without one the caller does.
   * @throws TlsError DISPOSED when the owner is gone.
   */
  constructor(bytes: Uint8Array, owner?: Secrets) {
    this.#bytes = bytes;
    this.length = bytes.length;
    this.#owner = owner;
    owner?.hold(this);
  }

  /** Of bytes that may lie anywhere: copies them, and wipes where they came from. */
  static take(bytes: Uint8Array, owner?: Secrets): Secret {
    const copy = ownCopy(bytes);
    bytes.fill(0);
    return new Secret(copy, owner);
  }

  /** Of bytes that stay their owner's. */
  static copyOf(bytes: Uint8Array, owner?: Secrets): Secret {
    return new Secret(ownCopy(bytes), owner);
  }

  /**
   * For use at once, and never to be kept: {@link dispose} wipes this very memory.
   * @throws TlsError DISPOSED when it was wiped.
   */
  get bytes(): Uint8Array {
    if (this.#bytes === undefined) throw wiped('a secret');
    return this.#bytes;
  }

  get disposed(): boolean {
    return this.#bytes === undefined;
  }

  /** Another one of the same owner, with bytes derived from this one, in memory of their own. */
  derived(bytes: Uint8Array): Secret {
    return new Secret(bytes, this.#owner);
  }

  /** The same bytes for another owner. @throws TlsError DISPOSED when it was wiped. */
  clone(owner?: Secrets): Secret {
    return Secret.copyOf(this.bytes, owner);
  }

  dispose(): void {
    const bytes = this.#bytes;
    if (bytes === undefined) return;
    this.#bytes = undefined;
    bytes.fill(0);
    this.#owner?.wipe(this);
  }
}

/**
 * A key that only the platform sees. It is dropped by dispose(), and wiped by the platform when it is collected:
 * nothing sooner can be asked of it.
 */
export class PlatformKey<T extends object> implements Wipeable {
  #key: T | undefined;

  constructor(key: T) {
    this.#key = key;
  }

  /** @throws TlsError DISPOSED after dispose(). */
  get key(): T {
    if (this.#key === undefined) throw wiped('a key');
    return this.#key;
  }

  dispose(): void {
    this.#key = undefined;
  }
}
