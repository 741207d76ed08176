/**
 * @module Keying material for the application (RFC 5705, RFC 9846 section 7.5). What may be asked for is checked by the
 * shell, for every engine (`exporterContext` of @ferrule/ssl).
 */
import { EMPTY } from '@ferrule/result/bytes';
import type { Hash } from '../crypto/provider.ts';
import { deriveSecret, emptyHash, expandLabel } from './hkdf.ts';
import { prf } from './schedule12.ts';
import type { Secret } from './secret.ts';

/** The exporter of one connection. */
export interface Exporter {
  /**
   * @param context - TLS 1.2 tells none from an empty one, TLS 1.3 does not.
   * @param length - bytes, 1 to 65535, and at most 255 hashes in TLS 1.3.
   * @throws TlsError DISPOSED once it was disposed.
   */
  export(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  dispose(): void;
}

/** RFC 9846 section 7.5, from `exporter_secret` or `early_exporter_secret`, which it takes over. */
export function exporter13(hash: Hash, exporterSecret: Secret): Exporter {
  return {
    export(label, context = EMPTY, length) {
      const secret = deriveSecret(hash, exporterSecret.bytes, label, emptyHash(hash));
      const out = expandLabel(hash, secret, 'exporter', hash.digest(context), length);
      secret.fill(0);
      return out;
    },
    dispose: () => exporterSecret.dispose(),
  };
}

/** RFC 5705 section 4; takes over the master secret. */
export function exporter12(hash: Hash, master: Secret, clientRandom: Uint8Array, serverRandom: Uint8Array): Exporter {
  return {
    export(label, context, length) {
      const contextLength = context === undefined ? 0 : 2 + context.length;
      const seed = new Uint8Array(64 + contextLength);
      seed.set(clientRandom);
      seed.set(serverRandom, 32);
      if (context !== undefined) {
        seed[64] = context.length >>> 8;
        seed[65] = context.length;
        seed.set(context, 66);
      }
      return prf(hash, master.bytes, label, seed, length);
    },
    dispose: () => master.dispose(),
  };
}
