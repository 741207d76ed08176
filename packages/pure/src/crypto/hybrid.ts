/**
 * @module Key exchange with ML-KEM (FIPS 203): hybrids of ML-KEM-768 with an ephemeral ECDH, their shares and their
 * secrets concatenated (RFC 10024), and ML-KEM-1024 alone (draft-ietf-tls-mlkem).
 */
import { concatSecrets } from '../keys/secret.ts';
import type { Group, KeyShare, Maybe } from './provider.ts';

/** One ML-KEM key pair. */
export interface KemKey {
  /** The encapsulation key: 1184 bytes of ML-KEM-768, 1568 of ML-KEM-1024. */
  readonly publicKey: Uint8Array;
  /**
   * The shared secret, 32 bytes; `null` for a ciphertext of another length. A wrong one of the right length
   * decapsulates to noise.
   */
  decapsulate(ciphertext: Uint8Array): Maybe<Uint8Array | null>;
  dispose(): void;
}

/** ML-KEM by some implementation. `random` as in {@link Group.keyShare}. */
export type Kem = (random: (into: Uint8Array) => void) => Maybe<KemKey>;

/** Of ML-KEM-768. */
export const KEM_CIPHERTEXT_LENGTH = 1088;

/** Which share and secret stands first differs between the two (FIPS approval wanted the NIST curve in front). */
export function hybridGroups(
  kem: Kem,
  x25519: Group,
  secp256r1: Group,
): readonly [x25519MlKem768: Group, secp256r1MlKem768: Group] {
  return [
    hybrid({ id: 0x11ec, name: 'X25519MLKEM768', kem, ecdh: x25519, ecdhShareLength: 32, kemFirst: true }),
    hybrid({ id: 0x11eb, name: 'SecP256r1MLKEM768', kem, ecdh: secp256r1, ecdhShareLength: 65, kemFirst: false }),
  ];
}

/** A key encapsulation alone: for those who want no classical half. In no default list. */
export const mlKem1024Group = (kem: Kem): Group => ({
  id: 0x0202,
  name: 'MLKEM1024',
  kem: true,
  keyShare: (random) => {
    const share = ({ publicKey, decapsulate, dispose }: KemKey): KeyShare => ({
      publicKey,
      derive: decapsulate,
      dispose,
    });
    const key = kem(random);
    return key instanceof Promise ? key.then(share) : share(key);
  },
});

interface Parts {
  readonly id: number;
  readonly name: string;
  readonly kem: Kem;
  readonly ecdh: Group;
  readonly ecdhShareLength: number;
  readonly kemFirst: boolean;
}

function hybrid({ id, name, kem, ecdh, ecdhShareLength, kemFirst }: Parts): Group {
  const join = (ofKem: Uint8Array, ofEcdh: Uint8Array): Uint8Array =>
    kemFirst ? concatSecrets(ofKem, ofEcdh) : concatSecrets(ofEcdh, ofKem);

  const pair = (kemKey: KemKey, ecdhKey: KeyShare): KeyShare => ({
    publicKey: join(kemKey.publicKey, ecdhKey.publicKey),
    derive(peer) {
      if (peer.length !== KEM_CIPHERTEXT_LENGTH + ecdhShareLength) return null;
      const split = kemFirst ? KEM_CIPHERTEXT_LENGTH : ecdhShareLength;
      const [ciphertext, point] = kemFirst
        ? [peer.subarray(0, split), peer.subarray(split)]
        : [peer.subarray(split), peer.subarray(0, split)];
      return both(kemKey.decapsulate(ciphertext), ecdhKey.derive(point), (kemSecret, ecdhSecret) => {
        const secret = kemSecret && ecdhSecret && join(kemSecret, ecdhSecret);
        kemSecret?.fill(0);
        ecdhSecret?.fill(0);
        return secret;
      });
    },
    dispose() {
      kemKey.dispose();
      ecdhKey.dispose();
    },
  });
  return { id, name, kem: true, keyShare: (random) => both(kem(random), ecdh.keyShare(random), pair) };
}

/** `join(a, b)`, at once unless one of them is still to come. */
function both<A, B, T>(a: Maybe<A>, b: Maybe<B>, join: (a: A, b: B) => T): Maybe<T> {
  if (a instanceof Promise || b instanceof Promise)
    return Promise.all([a, b]).then(([left, right]) => join(left, right));
  return join(a, b);
}
