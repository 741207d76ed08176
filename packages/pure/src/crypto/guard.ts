/**
 * @module A platform's failure is never the peer's: whatever a provider throws, or rejects with, becomes CRYPTO_FAILED,
 * which names the provider and the primitive and has what was thrown as its cause. A TlsError stays what it is. An
 * answer of another kind or length than the type says is such a failure, too: neither a yes nor the peer's doing.
 */
import type { Ssl } from '@ferrule/contract';
import { isBytes } from '@ferrule/result/arguments';
import { hex16 } from '@ferrule/result/bytes';
import type { SignatureAlgorithm, SignatureVerifier } from '@ferrule/x509';
import { cryptoFailed, fail } from '../reason.ts';
import { isPromiseLike } from '../wait.ts';
import type {
  Aead,
  AeadAlgorithm,
  CryptoProvider,
  Group,
  Hash,
  HashState,
  KeyShare,
  Maybe,
  SigningKey,
} from './provider.ts';

const GUARDED = new WeakMap<CryptoProvider, CryptoProvider>();

/** The same provider with every call guarded; the same one each time. */
export function guarded(provider: CryptoProvider): CryptoProvider {
  let made = GUARDED.get(provider);
  if (made === undefined) {
    GUARDED.set(provider, (made = guard(provider)));
    GUARDED.set(made, made);
  }
  return made;
}

function guard(provider: CryptoProvider): CryptoProvider {
  const call = callOf(provider.name);
  const { verifier, suites, hashes } = provider;
  const random = (into: Uint8Array): void => call('random bytes', 'now', () => provider.random(into), anything);
  const aeads = new Map<AeadAlgorithm, AeadAlgorithm>();
  const aeadOf = (aead: AeadAlgorithm): AeadAlgorithm => {
    let known = aeads.get(aead);
    if (known === undefined) aeads.set(aead, (known = guardAead(call, aead)));
    return known;
  };
  const guardedHashes = {
    sha256: guardHash(call, hashes.sha256),
    sha384: guardHash(call, hashes.sha384),
    sha512: guardHash(call, hashes.sha512),
  };
  return Object.freeze<CryptoProvider>({
    ...provider,
    suites: suites.map((suite) => ({ ...suite, aead: aeadOf(suite.aead), hash: guardedHashes[suite.hash.name] })),
    groups: provider.groups.map((group) => guardGroup(call, group, random, provider.random)),
    hashes: guardedHashes,
    verifier: {
      name: verifier.name,
      verify: (algorithm, spki, message, signature) =>
        call(
          `verifying ${nameOf(algorithm)}`,
          'either',
          () => verifier.verify(algorithm, spki, message, signature),
          (valid) => typeof valid === 'boolean',
        ),
      ...(verifier.digest && {
        digest: (hash, data) =>
          call(hash, 'now', () => (verifier.digest as Digest)(hash, data), bytesOf(DIGEST_LENGTHS[hash])),
      }),
    },
    importSigningKey: (pkcs8) =>
      then(
        call('importing a private key', 'either', () => provider.importSigningKey(pkcs8), keyOrNothing, isTypeError),
        (key) => key && guardSigningKey(call, key),
      ),
    decompressors: provider.decompressors.map((decompressor) => ({
      ...decompressor,
      decompress: (data, limit) =>
        call(
          `decompressing with ${decompressor.name}`,
          'either',
          () => decompressor.decompress(data, limit),
          (answer) => answer === null || (isBytes(answer) && answer.length <= limit),
        ),
    })),
    random,
  });
}

type Random = CryptoProvider['random'];
type Digest = NonNullable<SignatureVerifier['digest']>;
type DigestName = Parameters<Digest>[0];
/** Whether a promise must not be the answer, must be, or may be. */
type When = 'now' | 'later' | 'either';
/** @param callers - tells what is thrown about the caller's own bytes, which stays what it is. */
type Call = <T>(
  what: string,
  when: When,
  run: () => T,
  fits: (answer: unknown) => boolean,
  callers?: (error: unknown) => boolean,
) => T;

/** Runs a call of the provider and judges its answer; a promise is guarded, too. */
const callOf =
  (provider: string): Call =>
  <T>(
    what: string,
    when: When,
    run: () => T,
    fits: (answer: unknown) => boolean,
    callers: (error: unknown) => boolean = () => false,
  ): T => {
    const failed = (error: unknown): never => {
      throw callers(error) ? error : cryptoFailed(`${provider}: ${what}`, error);
    };
    const judged = <A>(answer: A, allowed = true): A => {
      if (allowed && fits(answer)) return answer;
      throw fail('CRYPTO_FAILED', `${provider}: ${what} failed: it answered with ${kindOf(answer)}`);
    };
    try {
      const answer: unknown = run();
      if (!isPromiseLike(answer)) return judged(answer, when !== 'later') as T;
      // What is a promise of another realm becomes one of ours, as the engine tells by `instanceof`.
      const later = Promise.resolve(answer).then((value) => judged(value), failed);
      if (when !== 'now') return later as T;
      later.catch(() => undefined);
      return judged(answer as T, false);
    } catch (error) {
      return failed(error);
    }
  };

/** As a call that throws. */
const failed = (call: Call, what: string, error: unknown): never =>
  call<never>(
    what,
    'now',
    () => {
      throw error;
    },
    anything,
  );

/** As a call that answers so, which is not what it should. */
const unfit = <T>(call: Call, what: string, answer: unknown): T => call(what, 'now', () => answer as T, nothing);

/** In words that tell no secret. */
function kindOf(answer: unknown): string {
  if (isBytes(answer)) return `${answer.length} bytes`;
  if (isPromiseLike(answer)) return 'a promise';
  return answer === null ? 'null' : typeof answer;
}

const anything = (): boolean => true;
const nothing = (): boolean => false;
const object = (answer: unknown): boolean => typeof answer === 'object' && answer !== null;
const bytesOf =
  (length: number) =>
  (answer: unknown): boolean =>
    isBytes(answer) && answer.length === length;
const bytesOrNull =
  (length: number) =>
  (answer: unknown): boolean =>
    answer === null || (isBytes(answer) && answer.length === length);
const someBytes = (answer: unknown): boolean => isBytes(answer) && answer.length > 0;
const keyOrNothing = (answer: unknown): boolean =>
  answer === undefined ||
  (object(answer) &&
    typeof (answer as Partial<SigningKey>).sign === 'function' &&
    Array.isArray((answer as Partial<SigningKey>).schemes));
const isTypeError = (error: unknown): boolean => error instanceof TypeError;

const DIGEST_LENGTHS: Readonly<Record<DigestName, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };
/** Shared secrets by the group's id, bytes (RFC 9846 section 7.4.2; a key encapsulation adds its 32). */
const SECRET_LENGTHS: Readonly<Record<number, number>> = {
  0x0017: 32,
  0x0018: 48,
  0x0019: 66,
  0x001d: 32,
  0x0202: 32,
  0x11eb: 64,
  0x11ec: 64,
};

function then<A, B>(answer: Maybe<A>, next: (value: A) => B): Maybe<B> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}

const nameOf = (algorithm: SignatureAlgorithm): string =>
  'hash' in algorithm ? `${algorithm.kind} with ${algorithm.hash}` : algorithm.kind;

const guardAead = (call: Call, algorithm: AeadAlgorithm): AeadAlgorithm => ({
  ...algorithm,
  key(bytes): Aead {
    const { name } = algorithm;
    const aead = call(name, 'now', () => algorithm.key(bytes), object);
    // For each record: without a function that is made for the call
    if (aead.sync)
      return {
        sync: true,
        seal(nonce, aad, plain, out) {
          let sealed: Uint8Array;
          try {
            sealed = aead.seal(nonce, aad, plain, out);
          } catch (error) {
            return failed(call, name, error);
          }
          return isBytes(sealed) && sealed.length === plain.length + TAG ? sealed : unfit(call, name, sealed);
        },
        open(nonce, aad, cipher, out) {
          let opened: Uint8Array | null;
          try {
            opened = aead.open(nonce, aad, cipher, out);
          } catch (error) {
            return failed(call, name, error);
          }
          const fits = opened === null || (isBytes(opened) && opened.length === cipher.length - TAG);
          return fits ? opened : unfit(call, name, opened);
        },
        dispose: quiet(aead),
      };
    return {
      sync: false,
      depth: aead.depth,
      seal: (nonce, aad, plain) => call(name, 'later', () => aead.seal(nonce, aad, plain), bytesOf(plain.length + TAG)),
      open: (nonce, aad, cipher) =>
        call(name, 'later', () => aead.open(nonce, aad, cipher), bytesOrNull(cipher.length - TAG)),
      dispose: quiet(aead),
    };
  },
});

/**
 * Nothing can be done about a key that does not go, and every other secret still has to: what dispose() throws is
 * dropped.
 */
const quiet = (key: { dispose(): void }) => (): void => {
  try {
    key.dispose();
  } catch {
    // Nobody uses it any more
  }
};

/** Of each AEAD here, bytes. */
const TAG = 16;

/** A handshake hashes dozens of times: here, too, no function is made for a call that succeeds. */
function guardHash(call: Call, hash: Hash): Hash {
  const { name, size } = hash;
  const hmac = `HMAC with ${name}`;
  const judged = (what: string, answer: Uint8Array): Uint8Array =>
    isBytes(answer) && answer.length === size ? answer : unfit(call, what, answer);

  class State implements HashState {
    readonly #state: HashState;

    constructor(state: unknown) {
      this.#state = object(state) && !isPromiseLike(state) ? (state as HashState) : unfit(call, name, state);
    }

    update(data: Uint8Array): void {
      let answer: unknown;
      try {
        answer = this.#state.update(data) as unknown;
      } catch (error) {
        failed(call, name, error);
      }
      if (answer !== undefined) call(name, 'now', () => answer, anything);
    }

    clone(): HashState {
      let state: HashState;
      try {
        state = this.#state.clone();
      } catch (error) {
        return failed(call, name, error);
      }
      return new State(state);
    }

    digest(): Uint8Array {
      let answer: Uint8Array;
      try {
        answer = this.#state.digest();
      } catch (error) {
        return failed(call, name, error);
      }
      return judged(name, answer);
    }
  }

  return {
    name,
    size,
    create: () => new State(call(name, 'now', () => hash.create(), object)),
    digest: (data) => call(name, 'now', () => hash.digest(data), bytesOf(size)),
    hmac(key, data) {
      let answer: Uint8Array;
      try {
        answer = hash.hmac(key, data);
      } catch (error) {
        return failed(call, hmac, error);
      }
      return judged(hmac, answer);
    },
  };
}

/** @param random - the guarded provider's own, which the group must see as its provider's own: `own`. */
function guardGroup(call: Call, group: Group, random: Random, own: Random): Group {
  const length = SECRET_LENGTHS[group.id];
  const secret = length === undefined ? (answer: unknown) => answer === null || someBytes(answer) : bytesOrNull(length);
  const isShare = (share: unknown): boolean => object(share) && someBytes((share as Partial<KeyShare>).publicKey);
  return {
    ...group,
    keyShare: (into) =>
      then(
        call(`a key share of ${group.name}`, 'either', () => group.keyShare(into === random ? own : into), isShare),
        (share): KeyShare => ({
          publicKey: share.publicKey,
          derive: (peer) => call(`the shared secret of ${group.name}`, 'either', () => share.derive(peer), secret),
          dispose: quiet(share),
        }),
      ),
  };
}

const guardSigningKey = (call: Call, key: SigningKey): SigningKey => ({
  ...key,
  sign: (scheme: number, message: Uint8Array, connection?: Ssl) =>
    call(`signing with scheme ${hex16(scheme)}`, 'either', () => key.sign(scheme, message, connection), someBytes),
});
