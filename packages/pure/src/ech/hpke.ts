/**
 * @module Sending by HPKE (RFC 9180), in base mode, as far as ECH needs it: DHKEM over X25519 and P-256 with
 * HKDF-SHA256, and the AEADs of TLS.
 */
import { EMPTY } from '@ferrule/result/bytes';
import type { AeadAlgorithm, CryptoProvider, Group, Hash, KeyShare, Maybe } from '../crypto/provider.ts';
import { hkdfExpand, hkdfExtract } from '../keys/hkdf.ts';
import { concatSecrets, Secret, Secrets, type Wipeable } from '../keys/secret.ts';

/** KEM, KDF and AEAD identifiers of RFC 9180 section 7. */
export interface HpkeSuite {
  readonly kem: number;
  readonly kdf: number;
  readonly aead: number;
}

/** The sending end of one HPKE context. */
export interface HpkeSender extends Wipeable {
  /** The encapsulated key, for the receiver. */
  readonly enc: Uint8Array;
  /** Ciphertext and tag of 16 bytes; each call takes the next nonce. @throws TlsError DISPOSED after dispose(). */
  seal(aad: Uint8Array, plain: Uint8Array): Maybe<Uint8Array>;
}

const KEMS: Readonly<Record<number, string>> = { 0x0020: 'x25519', 0x0010: 'secp256r1' };
const KDFS: Readonly<Record<number, 'sha256' | 'sha384' | 'sha512'>> = { 1: 'sha256', 2: 'sha384', 3: 'sha512' };
const AEADS: Readonly<Record<number, AeadAlgorithm['name']>> = {
  1: 'AES-128-GCM',
  2: 'AES-256-GCM',
  3: 'ChaCha20-Poly1305',
};

interface Parts {
  readonly group: Group;
  readonly hash: Hash;
  readonly aead: AeadAlgorithm;
}

function partsOf({ groups, hashes, suites }: CryptoProvider, suite: HpkeSuite): Parts | undefined {
  const group = groups.find(({ name }) => name === KEMS[suite.kem]);
  const hash = KDFS[suite.kdf];
  const aead = suites.find((each) => each.aead.name === AEADS[suite.aead])?.aead;
  return group && hash && aead && { group, hash: hashes[hash], aead };
}

/** Whether the provider has every part of the suite. */
export const supportsHpke = (provider: CryptoProvider, suite: HpkeSuite): boolean =>
  partsOf(provider, suite) !== undefined;

/** The KEM's group, whose public keys are its encapsulated keys. */
export const kemGroup = (provider: CryptoProvider, kem: number): Group | undefined =>
  provider.groups.find(({ name }) => name === KEMS[kem]);

/**
 * SetupBaseS (section 5.1.1), given an ephemeral key pair of {@link kemGroup}, which is disposed; `null` when the
 * receiver's key is not a valid one.
 * @param keeping - who wipes the sender; and who is shown the KEM's shared secret, for a key log.
 * @throws TypeError for a suite that the provider does not support.
 */
export function setupSender(
  provider: CryptoProvider,
  suite: HpkeSuite,
  ephemeral: KeyShare,
  receiver: Uint8Array,
  info: Uint8Array,
  {
    owner = new Secrets(),
    reveal,
  }: { readonly owner?: Secrets; readonly reveal?: (sharedSecret: Uint8Array) => void } = {},
): Maybe<HpkeSender | null> {
  const parts = partsOf(provider, suite);
  if (parts === undefined)
    throw new TypeError(`no HPKE with KEM ${suite.kem}, KDF ${suite.kdf} and AEAD ${suite.aead}`);
  const go = (dh: Uint8Array | null): HpkeSender | null => {
    owner.wipe(ephemeral);
    if (dh === null) return null;
    const shared = extractAndExpand(
      provider.hashes.sha256,
      suite.kem,
      dh,
      concatSecrets(ephemeral.publicKey, receiver),
    );
    dh.fill(0);
    reveal?.(shared);
    return owner.hold(sender(parts, suite, ephemeral.publicKey, shared, info));
  };
  const dh = ephemeral.derive(receiver);
  return dh instanceof Promise ? dh.then(go) : go(dh);
}

/** Section 4.1; both KEMs here are over HKDF-SHA256. */
function extractAndExpand(sha256: Hash, kem: number, dh: Uint8Array, context: Uint8Array): Uint8Array {
  const id = concatSecrets(ascii('KEM'), u16(kem));
  const prk = labeledExtract(sha256, id, EMPTY, 'eae_prk', dh);
  const shared = labeledExpand(sha256, id, prk, 'shared_secret', context, 32);
  prk.fill(0);
  return shared;
}

/** KeySchedule of section 5.1, mode base; wipes the shared secret. */
function sender(
  { hash, aead }: Parts,
  suite: HpkeSuite,
  enc: Uint8Array,
  shared: Uint8Array,
  info: Uint8Array,
): HpkeSender {
  const id = concatSecrets(ascii('HPKE'), u16(suite.kem), u16(suite.kdf), u16(suite.aead));
  const context = concatSecrets(
    new Uint8Array([0]),
    labeledExtract(hash, id, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(hash, id, EMPTY, 'info_hash', info),
  );
  const secret = labeledExtract(hash, id, shared, 'secret', EMPTY);
  const key = labeledExpand(hash, id, secret, 'key', context, aead.keyLength);
  const nonce = labeledExpand(hash, id, secret, 'base_nonce', context, 12);
  const cipher = aead.key(key);
  for (const wiped of [shared, secret, key]) wiped.fill(0);
  const baseNonce = new Secret(nonce);
  let sequence = 0;
  return {
    enc,
    seal(aad, plain) {
      // ECH seals twice at most; 16 bits of sequence number are plenty.
      const own = baseNonce.bytes.slice();
      own[10] = (own[10] as number) ^ (sequence >>> 8);
      own[11] = (own[11] as number) ^ (sequence & 0xff);
      sequence++;
      return cipher.sync
        ? cipher.seal(own, aad, plain, new Uint8Array(plain.length + 16))
        : cipher.seal(own, aad, plain);
    },
    dispose() {
      cipher.dispose();
      baseNonce.dispose();
    },
  };
}

const VERSION = 'HPKE-v1';

/** Section 4: the label and the suite's identity go before what is extracted or expanded. */
const labeledExtract = (
  hash: Hash,
  suiteId: Uint8Array,
  salt: Uint8Array,
  label: string,
  keyMaterial: Uint8Array,
): Uint8Array =>
  wiping(concatSecrets(ascii(VERSION), suiteId, ascii(label), keyMaterial), (labeled) =>
    hkdfExtract(hash, salt, labeled),
  );

const labeledExpand = (
  hash: Hash,
  suiteId: Uint8Array,
  secret: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array =>
  hkdfExpand(hash, secret, concatSecrets(u16(length), ascii(VERSION), suiteId, ascii(label), info), length);

function wiping<T>(bytes: Uint8Array, use: (bytes: Uint8Array) => T): T {
  const result = use(bytes);
  bytes.fill(0);
  return result;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const u16 = (value: number): Uint8Array => new Uint8Array([value >>> 8, value]);
