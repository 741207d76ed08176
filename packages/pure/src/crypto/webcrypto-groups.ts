/**
 * @module Key exchange by WebCrypto; what the platform has not, and what needs a seeded source of randomness, by noble,
 * which is loaded then: most connections never need it.
 */
import { bytesEqual } from '@ferrule/result/bytes';
import { ownMemory, PlatformKey } from '../keys/secret.ts';
import { KEM_CIPHERTEXT_LENGTH, type Kem, type KemKey, hybridGroups, mlKem1024Group } from './hybrid.ts';
import type { Group, KeyShare } from './provider.ts';
import { isUncompressed, isValidShare } from './share.ts';
import type { Subtle } from './subtle.ts';

type Random = (into: Uint8Array) => void;

/**
 * @param own - the provider's own random: with it the platform makes the keys (see {@link Group.keyShare}).
 * @param fill - whether noble gives what the platform has not.
 */
export async function webGroups(
  subtle: Subtle,
  own: Random,
  fill: boolean,
): Promise<{ readonly groups: readonly Group[]; readonly defaultGroups: readonly number[] }> {
  const candidates: readonly [Group, Curve][] = [
    [
      byNoble(0x001d, 'x25519', 32),
      { name: 'x25519', algorithm: { name: 'X25519' }, size: 32, valid: (peer) => peer.length === 32 },
    ],
    [byNoble(0x0017, 'secp256r1', 32), nistCurve('secp256r1', 'P-256', 32)],
    [byNoble(0x0018, 'secp384r1', 48), nistCurve('secp384r1', 'P-384', 48)],
    [byNoble(0x0019, 'secp521r1', 66), nistCurve('secp521r1', 'P-521', 66)],
  ];
  const made = await Promise.all(
    candidates.map(async ([noble, curve]) =>
      (await agrees(subtle, curve)) ? platformGroup(subtle, curve, noble, own) : fill ? noble : undefined,
    ),
  );
  const classic = made.filter((group) => group !== undefined);
  const [x25519, secp256r1] = made;
  const native = await platformMlKem768(subtle);
  const hybrids =
    x25519 !== undefined && secp256r1 !== undefined && (fill || native !== undefined)
      ? hybridGroups(
          (random) => (native !== undefined && random === own ? native() : nobleKem768(random)),
          x25519,
          secp256r1,
        )
      : [];
  return {
    groups: Object.freeze([...hybrids, ...classic, ...(fill ? [mlKem1024Group(nobleKem1024)] : [])]),
    // In plain JavaScript a hybrid would cost more than the rest of the handshake.
    defaultGroups: Object.freeze(
      [...(native === undefined ? [] : hybrids.slice(0, 1)), ...classic].map(({ id }) => id),
    ),
  };
}

type CurveName = Parameters<typeof isValidShare>[0];

interface Curve {
  readonly name: CurveName;
  readonly algorithm: { readonly name: string; readonly namedCurve?: string };
  /** Bytes of the shared secret. */
  readonly size: number;
  valid(peer: Uint8Array): boolean;
}

const nistCurve = (name: Curve['name'], namedCurve: string, size: number): Curve => ({
  name,
  algorithm: { name: 'ECDH', namedCurve },
  size,
  valid: (peer) => isUncompressed(peer, size),
});

/**
 * A group of noble's, loaded when a share is first made. The secret is drawn at once: draws keep their order, and the
 * caller's own randomness is asked while the connection knows that it asks. noble draws again in 2^-32 of all cases.
 */
const byNoble = (id: number, name: CurveName, size: number): Group =>
  Object.freeze({
    id,
    name,
    kem: false,
    keyShare: async (random: Random) => {
      const secret = ownMemory(size);
      random(secret);
      const curves = await import('./groups.ts');
      const group = {
        x25519: curves.nobleX25519,
        secp256r1: curves.nobleSecp256r1,
        secp384r1: curves.nobleSecp384r1,
        secp521r1: curves.nobleSecp521r1,
      }[name];
      let drawn = false;
      const share = await group.keyShare((into) => {
        if (drawn) random(into);
        else into.set(secret);
        drawn = true;
      });
      secret.fill(0);
      return share;
    },
  });

function platformGroup(subtle: Subtle, curve: Curve, noble: Group, own: Random): Group {
  const { id, name, kem } = noble;
  return Object.freeze({
    id,
    name,
    kem,
    keyShare: (random: Random) => (random === own ? platformShare(subtle, curve) : noble.keyShare(random)),
  });
}

async function platformShare(subtle: Subtle, { name, algorithm, size, valid }: Curve): Promise<KeyShare> {
  const { publicKey, privateKey } = await subtle.generateKey(algorithm, false, ['deriveBits']);
  const held = new PlatformKey(privateKey);
  return {
    publicKey: new Uint8Array(await subtle.exportKey('raw', publicKey)),
    async derive(peer) {
      const { key } = held;
      if (!valid(peer)) return null;
      try {
        const peerKey = await subtle.importKey('raw', peer, algorithm, false, []);
        const secret = new Uint8Array(
          await subtle.deriveBits({ name: algorithm.name, public: peerKey }, key, 8 * size),
        );
        // Some platforms let a point of low order pass; RFC 9846 section 7.4.2 has us look.
        return secret.some((byte) => byte !== 0) ? secret : null;
      } catch (error) {
        if (isValidShare(name, peer)) throw error;
        return null;
      }
    },
    dispose: () => held.dispose(),
  };
}

/** Whether the platform has the curve and both ends come to the same secret. */
async function agrees(subtle: Subtle, curve: Curve): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([platformShare(subtle, curve), platformShare(subtle, curve)]);
    const [left, right] = await Promise.all([a.derive(b.publicKey), b.derive(a.publicKey)]);
    return left?.length === curve.size && right !== null && bytesEqual(left, right);
  } catch {
    return false;
  }
}

const ML_KEM = 'ML-KEM-768';

async function platformMlKem768(subtle: Subtle): Promise<(() => Promise<KemKey>) | undefined> {
  if (typeof subtle.decapsulateBits !== 'function') return undefined;
  const generate = async (): Promise<KemKey> => {
    const { publicKey, privateKey } = await subtle.generateKey(ML_KEM, false, ['encapsulateBits', 'decapsulateBits']);
    const held = new PlatformKey(privateKey);
    return {
      publicKey: new Uint8Array(await subtle.exportKey('raw-public', publicKey)),
      async decapsulate(ciphertext) {
        if (ciphertext.length !== KEM_CIPHERTEXT_LENGTH) return null;
        return new Uint8Array(await (subtle as Required<Subtle>).decapsulateBits(ML_KEM, held.key, ciphertext));
      },
      dispose: () => held.dispose(),
    };
  };
  try {
    const key = await generate();
    const secret = await key.decapsulate(new Uint8Array(KEM_CIPHERTEXT_LENGTH));
    return key.publicKey.length === 1184 && secret?.length === 32 ? generate : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Loaded when first asked for: most connections never are. The seed is drawn at once, so that draws keep their order.
 */
const lazily =
  (load: () => Promise<(random: Random) => KemKey>): Kem =>
  async (random) => {
    const seed = ownMemory(64);
    random(seed);
    const key = (await load())((into) => into.set(seed));
    seed.fill(0);
    return key;
  };
const nobleKem768 = lazily(async () => (await import('./kem.ts')).nobleMlKem768);
const nobleKem1024 = lazily(async () => (await import('./kem.ts')).nobleMlKem1024);
