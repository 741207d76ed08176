/**
 * @module The cryptography that the engine is given: a plain object of lists in preference order.
 *
 * Hash, HMAC and HKDF are always synchronous, since a transcript needs snapshots and a key schedule is many small
 * steps. Everything else may answer with a promise, which the handshake waits for as SSL_ERROR_WANT_ASYNC.
 */
import type { CertificateCompression, Ssl, TlsVersion } from '@ferrule/contract';
import type { PublicKey, SignatureVerifier } from '@ferrule/x509';

export type Maybe<T> = T | Promise<T>;

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** An incremental hash whose state can be forked (RFC 9846 section 4.1). */
export interface HashState {
  update(data: Uint8Array): void;
  clone(): HashState;
  /** The hash of what has been fed; the state can be fed further. */
  digest(): Uint8Array;
}

export interface Hash {
  readonly name: HashName;
  /** Output, bytes. */
  readonly size: number;
  create(): HashState;
  digest(data: Uint8Array): Uint8Array;
  /**
   * RFC 2104. The result is in memory of its own outside the engine's heap (`ownMemory` of `keys/secret.ts`), the
   * caller's to wipe.
   */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
}

/** An AEAD keyed once. 96-bit nonces, 128-bit tags appended to the ciphertext. */
export interface SyncAead {
  readonly sync: true;
  /**
   * Ciphertext and tag: in `out` (room for `plain.length + 16`), or in memory of its own. `plain` may overlap `out`
   * only exactly.
   */
  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, out: Uint8Array): Uint8Array;
  /**
   * The plaintext, in `out` (room for `cipher.length - 16`) or in memory of its own; `null` = bad tag, and nothing of
   * it may be used.
   */
  open(nonce: Uint8Array, aad: Uint8Array, cipher: Uint8Array, out: Uint8Array): Uint8Array | null;
  /**
   * Wipe the key as far as the platform lets us. A later seal() or open() throws: no record is ever under a key of
   * zeros.
   */
  dispose(): void;
}

/**
 * The same, answering later. The inputs may change as soon as a call has returned: it takes its copy, as WebCrypto
 * does.
 */
export interface AsyncAead {
  readonly sync: false;
  /** Records that are usefully in flight at once. */
  readonly depth: number;
  seal(nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Promise<Uint8Array>;
  open(nonce: Uint8Array, aad: Uint8Array, cipher: Uint8Array): Promise<Uint8Array | null>;
  /** Later calls are rejected. */
  dispose(): void;
}

export type Aead = SyncAead | AsyncAead;

/** One AEAD algorithm of this provider. */
export interface AeadAlgorithm {
  readonly name: 'AES-128-GCM' | 'AES-256-GCM' | 'ChaCha20-Poly1305';
  /** Key length, bytes: 16 or 32. */
  readonly keyLength: number;
  /** What this implementation claims, honestly. */
  readonly constantTime: boolean;
  /** Records that may be sealed or opened under one key (RFC 9846 section 5.5). */
  readonly recordLimit: number;
  key(key: Uint8Array): Aead;
}

/** A cipher suite by its IANA code point: which AEAD, which hash. */
export interface CipherSuite {
  readonly id: number;
  /** IANA name, e.g. `TLS_AES_128_GCM_SHA256`. */
  readonly name: string;
  readonly version: TlsVersion;
  readonly aead: AeadAlgorithm;
  readonly hash: Hash;
  /** TLS 1.2 only: what kind of certificate signs the ServerKeyExchange. */
  readonly authentication?: 'rsa' | 'ecdsa';
}

/** One ephemeral key pair (or KEM key), good for one derivation. */
export interface KeyShare {
  /** `key_exchange` of RFC 9846 section 4.3.8. */
  readonly publicKey: Uint8Array;
  /**
   * The (EC)DHE or KEM shared secret; `null` when the peer's share is not a valid one (wrong length, point not on the
   * curve, low order). The secret is the caller's to wipe.
   * @throws TlsError DISPOSED after dispose().
   */
  derive(peer: Uint8Array): Maybe<Uint8Array | null>;
  /** Wipe the private key as far as the platform lets us. */
  dispose(): void;
}

/** A NamedGroup of this provider. */
export interface Group {
  readonly id: number;
  /** IANA name, e.g. `x25519`, `X25519MLKEM768`. */
  readonly name: string;
  /** Key encapsulation is TLS 1.3 only. */
  readonly kem: boolean;
  /**
   * @param random - fills the array. The provider's own `random`, passed as it is, lets the platform make the key by
   * itself; any other function is the only source of the key's randomness, so that a test can have byte-exact hellos.
   */
  keyShare(random: (into: Uint8Array) => void): Maybe<KeyShare>;
}

/** A private key that can sign for the client. */
export interface SigningKey {
  /** SignatureSchemes that it can make, most preferred first. */
  readonly schemes: readonly number[];
  /** Its public half, where that is known, for comparison with a certificate. */
  readonly publicKey?: PublicKey;
  /** @param connection - for a caller's own signer. */
  sign(scheme: number, message: Uint8Array, connection?: Ssl): Maybe<Uint8Array>;
}

/** One way of certificate compression (RFC 8879). */
export interface Decompressor {
  readonly name: CertificateCompression;
  /** Never more than `limit` bytes; `null` for bytes that are not intact or that would become longer. */
  decompress(data: Uint8Array, limit: number): Maybe<Uint8Array | null>;
}

export interface CryptoProvider {
  /** For `backend.engine`: `node:crypto`, `noble 2.4.0`, `WebCrypto + noble 2.4.0`. */
  readonly name: string;
  /** Nothing here ever answers with a promise. */
  readonly synchronous: boolean;
  readonly suites: readonly CipherSuite[];
  readonly groups: readonly Group[];
  /** Ids of the groups to offer when the caller does not say: `groups` without those that would be slow here. */
  readonly defaultGroups: readonly number[];
  readonly hashes: Readonly<Record<HashName, Hash>>;
  /** Certificate signatures and CertificateVerify alike. */
  readonly verifier: SignatureVerifier;
  /** SignatureSchemes that the verifier can check, most preferred first. */
  readonly schemes: readonly number[];
  /**
   * Imports a PKCS#8 key (`node:crypto` also takes PKCS#1 and SEC 1); `undefined` where this provider does not sign
   * (ADR 0020: no signing over BigInt).
   * @throws TypeError for bytes that are not a private key, or one that makes no signature of TLS.
   */
  importSigningKey(pkcs8: Uint8Array): Maybe<SigningKey | undefined>;
  /** The algorithms of RFC 8879 that this platform can undo, most preferred first. */
  readonly decompressors: readonly Decompressor[];
  random(into: Uint8Array): void;
}
