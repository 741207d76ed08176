/**
 * @module One provider made of several: each primitive comes from the first that has it and computes it soundly on this
 * host (ADR 0110).
 *
 * AEADs and hashes decide what is offered and are probed at once; that costs microseconds. Key exchange and signatures
 * take milliseconds, and are probed when one of their kind is first used. The last provider is believed to have
 * everything.
 */
import { EMPTY } from '@ferrule/result/bytes';
import { parsePublicKey, type PublicKey, type SignatureAlgorithm, type SignatureVerifier } from '@ferrule/x509';
import { type Awaiting, once, settled } from './maybe.ts';
import { probeAead, probeGroup, probeHash, probeSignature, type Verdict } from './probe.ts';
import type { AeadAlgorithm, CryptoProvider, Group, Hash, HashName, Maybe } from './provider.ts';
import { SIGNATURE_SCHEMES } from './schemes.ts';
import { suitesOf } from './suites.ts';

/** A provider by its name, loaded when it is needed. A part that is missing in one is the next one's. */
export interface Source {
  readonly name: string;
  load(): Promise<CryptoProvider>;
}

/** Why a primitive does not come from the source before. */
export interface StepDown {
  /** `CRYPTO_UNAVAILABLE`: the source does not load here; `CRYPTO_MISSING`, `CRYPTO_UNSOUND`: one primitive of it. */
  readonly code: 'CRYPTO_UNAVAILABLE' | 'CRYPTO_MISSING' | 'CRYPTO_UNSOUND';
  readonly source: string;
  /** `AES-128-GCM`, `secp521r1`, `rsa-pss with sha256`; `undefined` where it is all of the source. */
  readonly primitive: string | undefined;
  /** A sentence for people. */
  readonly reason: string;
}

/** Where one primitive comes from. */
export interface Origin {
  readonly kind: 'aead' | 'hash' | 'group' | 'signature';
  readonly primitive: string;
  readonly source: string;
}

export interface ComposedCrypto extends CryptoProvider {
  /** Each step down from a source so far; those of key exchange and signatures come with their first use. */
  readonly stepsDown: readonly StepDown[];
  /** Probes what has not been used yet, and tells where everything comes from. */
  origins(): Promise<readonly Origin[]>;
}

const AEADS = ['AES-128-GCM', 'AES-256-GCM', 'ChaCha20-Poly1305'] as const;
const HASHES = ['sha256', 'sha384', 'sha512'] as const;
/** In order of preference. */
const GROUPS: readonly Pick<Group, 'id' | 'name' | 'kem'>[] = [
  { id: 0x11ec, name: 'X25519MLKEM768', kem: true },
  { id: 0x11eb, name: 'SecP256r1MLKEM768', kem: true },
  { id: 0x001d, name: 'x25519', kem: false },
  { id: 0x0017, name: 'secp256r1', kem: false },
  { id: 0x0018, name: 'secp384r1', kem: false },
  { id: 0x0019, name: 'secp521r1', kem: false },
  { id: 0x0202, name: 'MLKEM1024', kem: true },
];

/** @throws TypeError (as a rejection) when no source has an AEAD or a hash. */
export async function composeCrypto(sources: readonly Source[]): Promise<ComposedCrypto> {
  const stepsDown: StepDown[] = [];
  const chain = new Chain(sources, stepsDown);
  const first = await chain.first();
  const aeads = new Map<AeadAlgorithm['name'], Found<AeadAlgorithm>>();
  for (const name of AEADS) aeads.set(name, await chain.find(name, (crypto) => aeadOf(crypto, name), probeAead));
  const hashes = new Map<HashName, Found<Hash>>();
  for (const name of HASHES)
    hashes.set(
      name,
      await chain.find(
        name,
        ({ hashes: all }) => all[name],
        (hash) => once(probeHash(hash)),
      ),
    );

  const random = (into: Uint8Array): void => first.random(into);
  const groups = GROUPS.map((group) => new ComposedGroup(chain, group, random));
  const signatures = new ComposedSignatures(chain);
  const found = [...aeads.values(), ...hashes.values()];
  const hashOf = (name: HashName): Hash => (hashes.get(name) as Found<Hash>).value;
  const composed: ComposedCrypto = {
    name: nameOf(found.map(({ provider }) => provider)),
    synchronous: first.synchronous && found.every(({ provider }) => provider.synchronous),
    suites: suitesOf(inOrder(aeads), { sha256: hashOf('sha256'), sha384: hashOf('sha384'), sha512: hashOf('sha512') }),
    groups: Object.freeze(groups.map((group) => group.group)),
    // A hybrid belongs to the default where the platform has ML-KEM.
    defaultGroups: Object.freeze(
      GROUPS.filter(({ id, kem }) => (kem ? first.defaultGroups.includes(id) : true)).map(({ id }) => id),
    ),
    hashes: Object.freeze({ sha256: hashOf('sha256'), sha384: hashOf('sha384'), sha512: hashOf('sha512') }),
    verifier: signatures.verifier(first.verifier),
    schemes: first.schemes,
    importSigningKey: (pkcs8) => first.importSigningKey(pkcs8),
    decompressors: first.decompressors,
    random,
    stepsDown,
    async origins() {
      const origins: Origin[] = [];
      const add = (kind: Origin['kind'], primitive: string, { provider }: Found<unknown>): void =>
        void origins.push({ kind, primitive, source: provider.name });
      for (const [name, aead] of aeads) add('aead', name, aead);
      for (const [name, hash] of hashes) add('hash', name, hash);
      for (const group of groups) add('group', group.group.name, await group.find());
      for (const [name, verifier] of await signatures.all()) add('signature', name, verifier);
      return origins;
    },
  };
  return Object.freeze(composed);
}

interface Found<T> {
  readonly value: T;
  readonly provider: CryptoProvider;
}

/**
 * The sources in their order, each loaded once. One that did not load is loaded again only where it would be needed at
 * the next use: no other has the primitive, and a chunk that the network lost may come then.
 */
class Chain {
  readonly #sources: readonly Source[];
  readonly #loaded = new Map<number, Maybe<CryptoProvider | undefined>>();
  readonly #stepsDown: StepDown[];

  constructor(sources: readonly Source[], stepsDown: StepDown[]) {
    this.#sources = sources;
    this.#stepsDown = stepsDown;
  }

  /** The first that loads. */
  async first(): Promise<CryptoProvider> {
    for (let i = 0; i < this.#sources.length; i++) {
      const provider = await this.#at(i);
      if (provider !== undefined) return provider;
    }
    throw new TypeError('no source of cryptography can be loaded here');
  }

  /** The first that has `primitive` and whose probe finds nothing wrong. */
  find<T>(
    primitive: string,
    from: (provider: CryptoProvider) => T | undefined,
    probe: (value: T, provider: CryptoProvider) => Awaiting<Verdict>,
  ): Maybe<Found<T>> {
    return settled(this.#find(primitive, from, probe));
  }

  *#find<T>(
    primitive: string,
    from: (provider: CryptoProvider) => T | undefined,
    probe: (value: T, provider: CryptoProvider) => Awaiting<Verdict>,
  ): Awaiting<Found<T>> {
    for (const [i, { name: source }] of this.#sources.entries()) {
      const provider = yield* once(this.#at(i));
      if (provider === undefined) continue;
      const value = from(provider);
      const down = (code: StepDown['code'], why: string): void =>
        this.#tell({ code, source, primitive, reason: `${source}: ${primitive} ${why}` });
      if (value === undefined) {
        down('CRYPTO_MISSING', 'is missing');
        continue;
      }
      // What comes last is the standard that nothing is left to be compared with.
      if (i === this.#sources.length - 1) return { value, provider };
      const verdict = yield* judge(probe(value, provider));
      if (verdict === undefined) return { value, provider };
      down('CRYPTO_UNSOUND', verdict);
    }
    for (const [i, provider] of this.#loaded) if (provider === undefined) this.#loaded.delete(i);
    throw new TypeError(`no source of cryptography has ${primitive}`);
  }

  #at(i: number): Maybe<CryptoProvider | undefined> {
    if (this.#loaded.has(i)) return this.#loaded.get(i);
    const loading = this.#load(i);
    this.#loaded.set(i, loading);
    void loading.then((provider) => this.#loaded.set(i, provider));
    return loading;
  }

  /** Never rejects. */
  async #load(i: number): Promise<CryptoProvider | undefined> {
    const { name: source, load } = this.#sources[i] as Source;
    try {
      return await load();
    } catch (error) {
      const reason = `${source} cannot be used here: ${error instanceof Error ? error.message : String(error)}`;
      this.#tell({ code: 'CRYPTO_UNAVAILABLE', source, primitive: undefined, reason });
      return undefined;
    }
  }

  /** Once, however often it is tried. */
  #tell(down: StepDown): void {
    if (!this.#stepsDown.some(({ reason }) => reason === down.reason)) this.#stepsDown.push(down);
  }
}

/** What a probe throws is a verdict, too. */
function* judge(probe: Awaiting<Verdict>): Awaiting<Verdict> {
  try {
    return yield* probe;
  } catch (error) {
    return `fails: ${error instanceof Error ? error.message : String(error)}`;
  }
}

class ComposedGroup {
  readonly group: Group;
  readonly #chain: Chain;
  #found: Maybe<Found<Group>> | undefined;

  /** @param random - the composed provider's own, which each source is given as its own. */
  constructor(chain: Chain, { id, name, kem }: Pick<Group, 'id' | 'name' | 'kem'>, random: CryptoProvider['random']) {
    this.#chain = chain;
    this.group = Object.freeze<Group>({
      id,
      name,
      kem,
      keyShare: (into) => {
        const make = ({ value, provider }: Found<Group>): ReturnType<Group['keyShare']> =>
          value.keyShare(into === random ? provider.random : into);
        const found = this.find();
        return found instanceof Promise ? found.then(make) : make(found);
      },
    });
  }

  find(): Maybe<Found<Group>> {
    if (this.#found !== undefined) return this.#found;
    const { id, name } = this.group;
    const found = this.#chain.find(
      name,
      ({ groups }) => groups.find((group) => group.id === id),
      (group, { random }) => probeGroup(group, random),
    );
    this.#found = found;
    if (found instanceof Promise)
      found.then(
        (value) => (this.#found = value),
        () => (this.#found = undefined),
      );
    return found;
  }
}

/** Each algorithm with each kind of key, chosen when it is first met. */
class ComposedSignatures {
  readonly #chain: Chain;
  readonly #found = new Map<string, Maybe<Found<SignatureVerifier>>>();

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  verifier({ digest }: SignatureVerifier): SignatureVerifier {
    return Object.freeze<SignatureVerifier>({
      name: 'composed',
      verify: (algorithm, spki, message, signature) => {
        const key = readKey(spki);
        if (key === undefined) return false;
        const verify = ({ value }: Found<SignatureVerifier>): Maybe<boolean> =>
          value.verify(algorithm, spki, message, signature);
        const found = this.#find(algorithm, key);
        return found instanceof Promise ? found.then(verify) : verify(found);
      },
      ...(digest && { digest }),
    });
  }

  #find(algorithm: SignatureAlgorithm, key: PublicKey): Maybe<Found<SignatureVerifier>> {
    const name = signatureName(algorithm, key);
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const found = this.#chain.find(
      name,
      ({ verifier }) => verifier,
      (verifier) => probeSignature(verifier, algorithm, key),
    );
    this.#found.set(name, found);
    if (found instanceof Promise)
      found.then(
        (value) => this.#found.set(name, value),
        () => this.#found.delete(name),
      );
    return found;
  }

  async all(): Promise<readonly (readonly [string, Found<SignatureVerifier>])[]> {
    const all = new Map<string, Found<SignatureVerifier>>();
    for (const { algorithm, key: kind } of SIGNATURE_SCHEMES) {
      const key = keyOfKind(kind);
      if (key !== undefined) all.set(signatureName(algorithm, key), await this.#find(algorithm, key));
    }
    return [...all];
  }
}

const CURVES: Readonly<Record<string, 'P-256' | 'P-384' | 'P-521'>> = {
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** A key of this kind as far as a choice asks for it; none for ML-DSA. */
function keyOfKind(kind: string): PublicKey | undefined {
  const curve = CURVES[kind];
  if (curve !== undefined) return { kind: 'ec', curve, bits: 0, point: EMPTY };
  if (kind === 'rsa' || kind === 'rsa-pss') return { kind, bits: 0, modulus: EMPTY, exponent: EMPTY, pss: undefined };
  return kind === 'ed25519' || kind === 'ed448' ? { kind, bits: 0, key: EMPTY } : undefined;
}

/** ECDSA is chosen by its curve: hashes are not what platforms lack. */
function signatureName(algorithm: SignatureAlgorithm, key: PublicKey): string {
  if (key.kind === 'ec') return `ecdsa on ${key.curve}`;
  const hash = 'hash' in algorithm ? ` with ${algorithm.hash}` : '';
  return `${algorithm.kind}${hash}${key.kind === 'rsa-pss' ? ' (RSASSA-PSS key)' : ''}`;
}

function readKey(spki: Uint8Array): PublicKey | undefined {
  try {
    return parsePublicKey(spki);
  } catch {
    return undefined;
  }
}

const aeadOf = ({ suites }: CryptoProvider, name: AeadAlgorithm['name']): AeadAlgorithm | undefined =>
  suites.find(({ aead }) => aead.name === name)?.aead;

/**
 * ChaCha20-Poly1305 first where AES is computed in JavaScript, two to three times as slowly; RFC 9846 section 9.1 has
 * servers know AES, so it is offered all the same.
 */
function inOrder(aeads: ReadonlyMap<AeadAlgorithm['name'], Found<AeadAlgorithm>>): readonly AeadAlgorithm[] {
  const all = AEADS.map((name) => aeads.get(name) as Found<AeadAlgorithm>);
  const [{ provider }] = all as [Found<AeadAlgorithm>];
  const aesFirst = provider.suites[0]?.aead.name.startsWith('AES') === true;
  const values = all.map(({ value }) => value);
  return aesFirst ? values : [...values.slice(2), ...values.slice(0, 2)];
}

/** Of all parts, each once. */
function nameOf(providers: readonly CryptoProvider[]): string {
  return [...new Set(providers.flatMap(({ name }) => name.split(' + ')))].join(' + ');
}
