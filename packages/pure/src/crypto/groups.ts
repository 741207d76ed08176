/** @module Key exchange on elliptic curves by noble (RFC 9846 section 4.3.8). */
import { x25519 as curve25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { ownMemory, Secret } from '../keys/secret.ts';
import type { Group, KeyShare } from './provider.ts';
import { isUncompressed, scalar } from './share.ts';

export const nobleX25519: Group = Object.freeze({ id: 0x001d, name: 'x25519', kem: false, keyShare: x25519Share });
export const nobleSecp256r1: Group = nistGroup(0x0017, 'secp256r1', p256, 32);
export const nobleSecp384r1: Group = nistGroup(0x0018, 'secp384r1', p384, 48);
export const nobleSecp521r1: Group = nistGroup(0x0019, 'secp521r1', p521, 66);

function x25519Share(random: (into: Uint8Array) => void): KeyShare {
  const secret = new Secret(ownMemory(32));
  random(secret.bytes);
  return {
    // Not getPublicKey(): on first use that builds tables of the Edwards curve, which takes longer than a whole
    // handshake.
    publicKey: curve25519.scalarMult(secret.bytes, curve25519.GuBytes),
    // noble throws for a point of low order, whose all-zero secret RFC 7748 section 6.1 has us refuse.
    derive(peer) {
      const { bytes } = secret;
      return peer.length === 32 ? orNull(() => curve25519.getSharedSecret(bytes, peer)) : null;
    },
    dispose: () => secret.dispose(),
  };
}

function nistGroup(id: number, name: string, curve: typeof p256, size: number): Group {
  const keyShare = (random: (into: Uint8Array) => void): KeyShare => {
    const secret = new Secret(scalar(random, size, (bytes) => curve.utils.isValidSecretKey(bytes)));
    return {
      publicKey: curve.getPublicKey(secret.bytes, false),
      // The secret is the x coordinate alone (RFC 9846 section 7.4.2); noble puts a form byte in front.
      derive(peer) {
        const { bytes } = secret;
        return isUncompressed(peer, size) ? orNull(() => curve.getSharedSecret(bytes, peer, true).subarray(1)) : null;
      },
      dispose: () => secret.dispose(),
    };
  };
  return Object.freeze({ id, name, kem: false, keyShare });
}

function orNull(derive: () => Uint8Array): Uint8Array | null {
  try {
    return derive();
  } catch {
    return null;
  }
}
