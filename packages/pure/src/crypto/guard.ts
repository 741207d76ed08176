/**
 * @module A platform's failure is never the peer's: whatever a provider throws, or rejects with, becomes CRYPTO_FAILED,
 * which names the provider and the primitive and has what was thrown as its cause. A TlsError stays what it is.
 */
import type { Ssl } from '@ferrule/contract';
import { hex16 } from '@ferrule/result/bytes';
import type { SignatureAlgorithm } from '@ferrule/x509';
import { cryptoFailed } from '../reason.ts';
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
  const random = (into: Uint8Array): void => call('random bytes', () => provider.random(into));
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
        call(`verifying ${nameOf(algorithm)}`, () => verifier.verify(algorithm, spki, message, signature)),
      ...(verifier.digest && { digest: (hash, data) => call(hash, () => (verifier.digest as Digest)(hash, data)) }),
    },
    importSigningKey: (pkcs8) => then(provider.importSigningKey(pkcs8), (key) => key && guardSigningKey(call, key)),
    random,
  });
}

type Random = CryptoProvider['random'];
type Call = <T>(what: string, run: () => T) => T;
type Digest = NonNullable<CryptoProvider['verifier']['digest']>;

/** Runs a call of the provider; a promise is guarded, too. */
const callOf =
  (provider: string): Call =>
  (what, run) => {
    const failed = (error: unknown): never => {
      throw cryptoFailed(`${provider}: ${what}`, error);
    };
    try {
      const answer = run();
      return answer instanceof Promise ? (answer.catch(failed) as typeof answer) : answer;
    } catch (error) {
      return failed(error);
    }
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
    const aead = call(name, () => algorithm.key(bytes));
    if (aead.sync)
      return {
        sync: true,
        seal: (nonce, aad, plain, out) => call(name, () => aead.seal(nonce, aad, plain, out)),
        open: (nonce, aad, cipher, out) => call(name, () => aead.open(nonce, aad, cipher, out)),
        dispose: () => aead.dispose(),
      };
    return {
      sync: false,
      depth: aead.depth,
      seal: (nonce, aad, plain) => call(name, () => aead.seal(nonce, aad, plain)),
      open: (nonce, aad, cipher) => call(name, () => aead.open(nonce, aad, cipher)),
      dispose: () => aead.dispose(),
    };
  },
});

function guardHash(call: Call, hash: Hash): Hash {
  const { name, size } = hash;
  const guardState = (state: HashState): HashState => ({
    update: (data) => call(name, () => state.update(data)),
    clone: () => guardState(call(name, () => state.clone())),
    digest: () => call(name, () => state.digest()),
  });
  return {
    name,
    size,
    create: () => guardState(call(name, () => hash.create())),
    digest: (data) => call(name, () => hash.digest(data)),
    hmac: (key, data) => call(`HMAC with ${name}`, () => hash.hmac(key, data)),
  };
}

/** @param random - the guarded provider's own, which the group must see as its provider's own: `own`. */
const guardGroup = (call: Call, group: Group, random: Random, own: Random): Group => ({
  ...group,
  keyShare: (into) =>
    then(
      call(`a key share of ${group.name}`, () => group.keyShare(into === random ? own : into)),
      (share): KeyShare => ({
        publicKey: share.publicKey,
        derive: (peer) => call(`the shared secret of ${group.name}`, () => share.derive(peer)),
        dispose: () => share.dispose(),
      }),
    ),
});

const guardSigningKey = (call: Call, key: SigningKey): SigningKey => ({
  ...key,
  sign: (scheme: number, message: Uint8Array, connection?: Ssl) =>
    call(`signing with scheme ${hex16(scheme)}`, () => key.sign(scheme, message, connection)),
});
