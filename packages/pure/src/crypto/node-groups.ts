/** @module Key exchange by `node:crypto`; ML-KEM by noble where this Node.js has none (before 24.7). */
// As a whole: bundlers make a named import of each member of a namespace, and older Nodes have not all of them.
import nodeCrypto, { type ECDH, type KeyObject, type KeyPairKeyObjectResult } from 'node:crypto';
import { createRequire } from 'node:module';
import { PlatformKey } from '../keys/secret.ts';
import { KEM_CIPHERTEXT_LENGTH, type Kem, type KemKey, hybridGroups, mlKem1024Group } from './hybrid.ts';
import { kemKeyBy, type NobleMlKem } from './kem-key.ts';
import { plain } from './node-bytes.ts';
import type { Group, KeyShare } from './provider.ts';
import { isUncompressed, isValidShare, scalar } from './share.ts';

type Random = (into: Uint8Array) => void;

/** @param own - the provider's own random: with it the platform makes the keys (see {@link Group.keyShare}). */
export function nodeGroups(own: Random): {
  readonly groups: readonly Group[];
  readonly defaultGroups: readonly number[];
} {
  const x25519: Group = Object.freeze({
    id: 0x001d,
    name: 'x25519',
    kem: false,
    keyShare: (random: Random) => x25519Share(random, random === own),
  });
  const secp256r1 = nistGroup(0x0017, 'secp256r1', 'prime256v1', 32, own);
  const classic = [
    x25519,
    secp256r1,
    nistGroup(0x0018, 'secp384r1', 'secp384r1', 48, own),
    // Deno has none.
    ...(hasCurve('secp521r1') ? [nistGroup(0x0019, 'secp521r1', 'secp521r1', 66, own)] : []),
  ];
  const native = nativeMlKem768(own);
  const hybrids = hybridGroups(native ?? nobleMlKem768, x25519, secp256r1);
  const ids = classic.map(({ id }) => id);
  const noble = canRequireNoble();
  return {
    groups: Object.freeze([
      ...(native !== undefined || noble ? hybrids : []),
      ...classic,
      ...(noble ? [mlKem1024Group(nobleMlKem1024)] : []),
    ]),
    // As OpenSSL does where it has ML-KEM; in plain JavaScript a hybrid would more than double the cost of a handshake.
    defaultGroups: Object.freeze(native === undefined ? ids : [hybrids[0].id, ...ids]),
  };
}

function hasCurve(curve: string): boolean {
  try {
    return nodeCrypto.createECDH(curve) !== undefined;
  } catch {
    return false;
  }
}

// RFC 8410 keys: everything but the last 32 bytes is the same for all of them.
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

// Node 20 reads and writes DER in 100 µs and more, and takes a private JWK without its public half; later ones do
// neither.
const SLOW_DER = Number.parseInt(process.versions.node, 10) < 22;

function x25519Share(random: Random, platform: boolean): KeyShare {
  const { privateKey, publicKey } = platform ? generateX25519() : importX25519(random);
  const held = new PlatformKey(privateKey);
  return {
    publicKey,
    derive(peer) {
      const { key } = held;
      if (peer.length !== 32) return null;
      try {
        const secret = plain(nodeCrypto.diffieHellman({ privateKey: key, publicKey: x25519PublicKey(peer) }));
        // OpenSSL refuses the points of low order; others give zeros.
        return secret.some((byte) => byte !== 0) ? secret : null;
      } catch (error) {
        if (isValidShare('x25519', peer)) throw error;
        return null;
      }
    },
    dispose: () => held.dispose(),
  };
}

let base: KeyObject | undefined;

/** RFC 7748 section 4.1: u = 9. */
const basePoint = (): KeyObject => (base ??= x25519PublicKey(new Uint8Array(32).fill(9, 0, 1)));

function x25519PublicKey(u: Uint8Array): KeyObject {
  const x = Buffer.from(u.buffer, u.byteOffset, 32).toString('base64url');
  return nodeCrypto.createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
}

interface X25519Pair {
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

function generateX25519(): X25519Pair {
  const { privateKey, publicKey } = nodeCrypto.generateKeyPairSync('x25519');
  return { privateKey, publicKey: SLOW_DER ? exportJwk(publicKey) : exportSpki(publicKey) };
}

function importX25519(random: Random): X25519Pair {
  const pkcs8 = Buffer.concat([X25519_PKCS8, Buffer.alloc(32)]);
  const secret = pkcs8.subarray(X25519_PKCS8.length);
  random(secret);
  const key = SLOW_DER
    ? nodeCrypto.createPrivateKey({
        key: { kty: 'OKP', crv: 'X25519', d: secret.toString('base64url'), x: '' },
        format: 'jwk',
      })
    : nodeCrypto.createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  const publicKey = SLOW_DER
    ? plain(nodeCrypto.diffieHellman({ privateKey: key, publicKey: basePoint() }))
    : exportSpki(nodeCrypto.createPublicKey(key));
  return { privateKey: key, publicKey };
}

/** A product with the base point costs as much as the pair did; a private JWK without its public half has no other. */
const exportJwk = (publicKey: KeyObject): Uint8Array =>
  new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'));

/** The last 32 bytes of the SPKI are the key. */
const exportSpki = (publicKey: KeyObject): Uint8Array =>
  new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));

function nistGroup(
  id: number,
  name: 'secp256r1' | 'secp384r1' | 'secp521r1',
  curve: string,
  size: number,
  own: Random,
): Group {
  const keyShare = (random: Random): KeyShare => {
    const ecdh = nodeCrypto.createECDH(curve);
    const held = new PlatformKey(ecdh);
    const publicKey = random === own ? ecdh.generateKeys() : importScalar(ecdh, random, size);
    return {
      publicKey: new Uint8Array(publicKey),
      derive(peer) {
        const { key } = held;
        if (!isUncompressed(peer, size)) return null;
        try {
          return plain(key.computeSecret(peer));
        } catch (error) {
          if (isValidShare(name, peer)) throw error;
          return null;
        }
      },
      dispose: () => held.dispose(),
    };
  };
  return Object.freeze({ id, name, kem: false, keyShare });
}

/** Some platforms keep these bytes and not a copy: they are wiped with the copy that is given away for good. */
function importScalar(ecdh: ECDH, random: Random, size: number): Uint8Array {
  scalar(random, size, (secret) => {
    try {
      ecdh.setPrivateKey(Buffer.from(secret));
      return true;
    } catch {
      return false;
    }
  }).fill(0);
  return ecdh.getPublicKey();
}

const NOBLE = '@noble/post-quantum/ml-kem.js';
let noble: NobleMlKem | undefined;

const requireHere = (): NodeJS.Require => createRequire(typeof __filename === 'string' ? __filename : import.meta.url);

/**
 * When it is first needed, and at once: loading it takes longer than a handshake that does without, and `import()` would
 * make a synchronous engine wait.
 */
const nobleMlKem = (): NobleMlKem => (noble ??= requireHere()(NOBLE) as NobleMlKem);

/**
 * False in a bundle without the package beside it, and under Yarn's Plug'n'Play, whose archives `require()` does not
 * read modules in ESM from: what cannot be computed is not claimed.
 */
function canRequireNoble(): boolean {
  if (process.versions['pnp'] !== undefined) return false;
  try {
    return requireHere().resolve(NOBLE) !== '';
  } catch {
    return false;
  }
}

const nobleMlKem768 = (random: Random): KemKey => kemKeyBy(nobleMlKem().ml_kem768, random);
const nobleMlKem1024 = (random: Random): KemKey => kemKeyBy(nobleMlKem().ml_kem1024, random);

// What Node 24.7 added and this package's oldest Node.js does not declare.
interface MlKem {
  generateKeyPairSync?(type: 'ml-kem-768'): KeyPairKeyObjectResult;
  decapsulate?(key: KeyObject, ciphertext: Uint8Array): Buffer;
}

/**
 * `undefined` where node:crypto, or the OpenSSL it is built on, has no ML-KEM. A foreign source of randomness is
 * noble's to use.
 */
function nativeMlKem768(own: Random): Kem | undefined {
  const { generateKeyPairSync, decapsulate } = nodeCrypto as unknown as MlKem;
  if (generateKeyPairSync === undefined || decapsulate === undefined) return undefined;
  const generate = (): KemKey => {
    const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
    const held = new PlatformKey(privateKey);
    return {
      publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-1184)),
      decapsulate: (ciphertext) =>
        ciphertext.length === KEM_CIPHERTEXT_LENGTH ? plain(decapsulate(held.key, ciphertext)) : null,
      dispose: () => held.dispose(),
    };
  };
  try {
    generate();
  } catch {
    return undefined;
  }
  return (random) => (random === own ? generate() : nobleMlKem768(random));
}
