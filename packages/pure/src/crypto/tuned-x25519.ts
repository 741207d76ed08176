/** @module The group x25519 (RFC 9846 section 4.3.8.2) on this package's own ladder. */
import { BASE_POINT, x25519 } from './kernels/x25519.ts';
import { ownMemory, Secret } from '../keys/secret.ts';
import type { Group } from './provider.ts';

export const tunedX25519: Group = Object.freeze({
  id: 0x001d,
  name: 'x25519',
  kem: false,
  keyShare(random: (into: Uint8Array) => void) {
    const secret = new Secret(ownMemory(32));
    random(secret.bytes);
    return {
      publicKey: x25519(secret.bytes, BASE_POINT),
      derive(peer: Uint8Array) {
        if (peer.length !== 32) return null;
        const shared = x25519(secret.bytes, peer);
        // RFC 7748 section 6.1: a point of low order gives zero, whatever our secret is.
        return shared.reduce((all, byte) => all | byte, 0) === 0 ? null : shared;
      },
      dispose() {
        secret.dispose();
      },
    };
  },
});
