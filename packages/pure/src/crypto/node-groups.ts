/** @module Key exchange by `node:crypto`; ML-KEM by noble where this Node.js has none (before 24.7). */
import * as nodeCrypto from 'node:crypto';
import { isUncompressed, scalar } from './groups.ts';
import { KEM_CIPHERTEXT_LENGTH, type Kem, type KemKey, hybridGroups, mlKem1024Group } from './hybrid.ts';
import { nobleMlKem1024, nobleMlKem768 } from './kem.ts';
import type { Group, KeyShare } from './provider.ts';

type Random = (into: Uint8Array) => void;

/** @param own - the provider's own random: with it the platform makes the keys (see {@link Group.keyShare}). */
export function nodeGroups(own: Random): { readonly groups: readonly Group[]; readonly defaultGroups: readonly number[] } {
  const x25519: Group = Object.freeze({ id: 0x001d, name: 'x25519', kem: false, keyShare: (random: Random) => x25519Share(random, random === own) });
  const secp256r1 = nistGroup(0x0017, 'secp256r1', 'prime256v1', 32);
  const classic = [x25519, secp256r1, nistGroup(0x0018, 'secp384r1', 'secp384r1', 48), nistGroup(0x0019, 'secp521r1', 'secp521r1', 66)];
  const native = nativeMlKem768(own);
  const hybrids = hybridGroups(native ?? nobleMlKem768, x25519, secp256r1);
  const ids = classic.map(({ id }) => id);
  return {
    groups: Object.freeze([...hybrids, ...classic, mlKem1024Group(nobleMlKem1024)]),
    // As OpenSSL does where it has ML-KEM; in plain JavaScript a hybrid would more than double the cost of a handshake.
    defaultGroups: Object.freeze(native === undefined ? ids : [hybrids[0].id, ...ids]),
  };
}

// RFC 8410 keys: everything but the last 32 bytes is the same for all of them.
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function x25519Share(random: Random, platform: boolean): KeyShare {
  const privateKey = platform ? nodeCrypto.generateKeyPairSync('x25519').privateKey : importX25519(random);
  // SPKI, not JWK: exporting JWKs in a loop has hung Node 20.
  const publicKey = new Uint8Array(nodeCrypto.createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32));
  return {
    publicKey,
    derive(peer) {
      if (peer.length !== 32) return null;
      try {
        // A JWK spares Node 20 its slow DER decoder. OpenSSL refuses the points of low order.
        const x = Buffer.from(peer.buffer, peer.byteOffset, 32).toString('base64url');
        const peerKey = nodeCrypto.createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
        return nodeCrypto.diffieHellman({ privateKey, publicKey: peerKey });
      } catch {
        return null;
      }
    },
    dispose: NOTHING,
  };
}

function importX25519(random: Random): nodeCrypto.KeyObject {
  const pkcs8 = Buffer.concat([X25519_PKCS8, Buffer.alloc(32)]);
  random(pkcs8.subarray(X25519_PKCS8.length));
  const key = nodeCrypto.createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  return key;
}

function nistGroup(id: number, name: string, curve: string, size: number): Group {
  const keyShare = (random: Random): KeyShare => {
    const ecdh = nodeCrypto.createECDH(curve);
    scalar(random, size, (secret) => {
      try {
        ecdh.setPrivateKey(secret);
        return true;
      } catch {
        return false;
      }
    }).fill(0);
    return {
      publicKey: new Uint8Array(ecdh.getPublicKey()),
      derive(peer) {
        if (!isUncompressed(peer, size)) return null;
        try {
          return ecdh.computeSecret(peer);
        } catch {
          return null;
        }
      },
      dispose: NOTHING,
    };
  };
  return Object.freeze({ id, name, kem: false, keyShare });
}

// What Node 24.7 added and this package's oldest Node.js does not declare.
interface MlKem {
  generateKeyPairSync?(type: 'ml-kem-768'): nodeCrypto.KeyPairKeyObjectResult;
  decapsulate?(key: nodeCrypto.KeyObject, ciphertext: Uint8Array): Buffer;
}

/** `undefined` where node:crypto, or the OpenSSL it is built on, has no ML-KEM. A foreign source of randomness is noble's to use. */
function nativeMlKem768(own: Random): Kem | undefined {
  const { generateKeyPairSync, decapsulate } = nodeCrypto as unknown as MlKem;
  if (generateKeyPairSync === undefined || decapsulate === undefined) return undefined;
  const generate = (): KemKey => {
    const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
    return {
      publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-1184)),
      decapsulate: (ciphertext) => (ciphertext.length === KEM_CIPHERTEXT_LENGTH ? decapsulate(privateKey, ciphertext) : null),
      dispose: NOTHING,
    };
  };
  try {
    generate();
  } catch {
    return undefined;
  }
  return (random) => (random === own ? generate() : nobleMlKem768(random));
}

/** OpenSSL wipes a key when its object is collected; nothing sooner can be asked of it. */
const NOTHING = (): void => undefined;
