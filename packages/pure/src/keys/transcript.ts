/**
 * @module The transcript of a handshake (RFC 9846 section 4.1, RFC 5246 section 7.4.9): every message as it was sent or
 * received, header included, hashed as it comes once the hash is known.
 */
import type { Hash, HashState } from '../crypto/provider.ts';

const MESSAGE_HASH = 254;

export class Transcript {
  /** Raw messages; `undefined` once {@link forget} has been called. */
  #messages: Uint8Array[] | undefined = [];
  #hash: Hash | undefined;
  #state: HashState | undefined;
  /** Of what was added so far: several secrets are derived from the same one. */
  #digest: Uint8Array | undefined;

  /** Takes a whole message, header included; copies it, unless only its hash is of use. */
  add(message: Uint8Array): void {
    this.#messages?.push(message.slice());
    this.#state?.update(message);
    this.#digest = undefined;
  }

  /** Fixes the hash when the suite is known; a second time it must be the same. */
  start(hash: Hash): void {
    if (this.#state !== undefined) {
      if (hash !== this.#hash) throw new Error('the hash of a transcript never changes');
      return;
    }
    this.#hash = hash;
    this.#state = hash.create();
    for (const message of this.#kept()) this.#state.update(message);
  }

  /**
   * RFC 9846 section 4.1: for a HelloRetryRequest, ClientHello1 is replaced by a message that holds its hash. To be
   * called after {@link start} and before the HelloRetryRequest is added.
   */
  replaceFirstHello(): void {
    const hash = this.#hash;
    if (hash === undefined) throw new Error('the transcript has no hash yet');
    const digest = this.digest();
    const message = new Uint8Array(4 + digest.length);
    message[0] = MESSAGE_HASH;
    message[3] = digest.length;
    message.set(digest, 4);
    this.#state = hash.create();
    this.#state.update(message);
    this.#digest = undefined;
    this.#messages &&= [message];
  }

  /**
   * Transcript-Hash of what was added, then of `tail` without adding it (the truncated ClientHello under a binder). Not
   * to be changed.
   */
  digest(tail?: Uint8Array): Uint8Array {
    if (this.#state === undefined) throw new Error('the transcript has no hash yet');
    if (tail === undefined) return (this.#digest ??= this.#state.digest());
    const state = this.#state.clone();
    state.update(tail);
    return state.digest();
  }

  /**
   * The same by a hash of the caller's choice, where the suite is not known yet: early data and binders of a first
   * ClientHello.
   */
  digestAs(hash: Hash, tail?: Uint8Array): Uint8Array {
    if (hash === this.#hash) return this.digest(tail);
    const state = hash.create();
    for (const message of this.#kept()) state.update(message);
    if (tail !== undefined) state.update(tail);
    return state.digest();
  }

  /** All messages in a row: what a client's CertificateVerify signs in TLS 1.2. */
  messages(): Uint8Array {
    const messages = this.#kept();
    const out = new Uint8Array(messages.reduce((length, message) => length + message.length, 0));
    let at = 0;
    for (const message of messages) {
      out.set(message, at);
      at += message.length;
    }
    return out;
  }

  /** Drops the raw messages, when only the hash is of use from here on. */
  forget(): void {
    if (this.#state === undefined) throw new Error('the transcript has no hash yet');
    this.#messages = undefined;
  }

  /** An independent copy: the inner hello of ECH, one post-handshake authentication. */
  clone(): Transcript {
    const copy = new Transcript();
    copy.#messages = this.#messages?.slice();
    copy.#hash = this.#hash;
    copy.#state = this.#state?.clone();
    copy.#digest = this.#digest;
    return copy;
  }

  #kept(): readonly Uint8Array[] {
    if (this.#messages === undefined) throw new Error('the messages were forgotten');
    return this.#messages;
  }
}
