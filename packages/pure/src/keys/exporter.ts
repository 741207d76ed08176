/**
 * @module Keying material for the application (RFC 5705, RFC 9846 section 7.5) and channel bindings (RFC 9266, RFC
 * 5929).
 */
import { EMPTY } from '@ferrule/result/bytes';
import type { Hash } from '../crypto/provider.ts';
import { deriveSecret, emptyHash, expandLabel } from './hkdf.ts';
import { prf } from './schedule12.ts';
import type { Secret } from './secret.ts';

const ENCODER = new TextEncoder();

/** The exporter of one connection. */
export interface Exporter {
  /**
   * @param context - TLS 1.2 tells none from an empty one, TLS 1.3 does not.
   * @param length - bytes, 1 to 65535, and at most 255 hashes in TLS 1.3.
   * @throws TypeError for another length, a label that is too long or that TLS itself uses; TlsError DISPOSED once it
   * was disposed.
   */
  export(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  dispose(): void;
}

/** RFC 9846 section 7.5, from `exporter_secret` or `early_exporter_secret`, which it takes over. */
export function exporter13(hash: Hash, exporterSecret: Secret): Exporter {
  return {
    export(label, context = EMPTY, length) {
      check(label, length, Math.min(0xffff, 255 * hash.size));
      const secret = deriveSecret(hash, exporterSecret.bytes, label, emptyHash(hash));
      const out = expandLabel(hash, secret, 'exporter', hash.digest(context), length);
      secret.fill(0);
      return out;
    },
    dispose: () => exporterSecret.dispose(),
  };
}

// RFC 5705 section 4 keeps an exporter from ever giving out what TLS derives for itself.
const RESERVED = ['client finished', 'server finished', 'master secret', 'extended master secret', 'key expansion'];

/** RFC 5705 section 4; takes over the master secret. */
export function exporter12(hash: Hash, master: Secret, clientRandom: Uint8Array, serverRandom: Uint8Array): Exporter {
  return {
    export(label, context, length) {
      check(label, length, 0xffff);
      // The PRF puts no end between the label and what follows (RFC 5246 section 5)
      const reserved = RESERVED.find((own) => label.startsWith(own));
      if (reserved !== undefined)
        throw new TypeError(`exportKeyingMaterial: the label "${label}" begins with "${reserved}", which is TLS's own`);
      const contextLength = context === undefined ? 0 : 2 + context.length;
      const seed = new Uint8Array(64 + contextLength);
      seed.set(clientRandom);
      seed.set(serverRandom, 32);
      if (context !== undefined) {
        if (context.length > 0xffff) throw new TypeError('exportKeyingMaterial: a context has at most 65535 bytes');
        seed[64] = context.length >>> 8;
        seed[65] = context.length;
        seed.set(context, 66);
      }
      return prf(hash, master.bytes, label, seed, length);
    },
    dispose: () => master.dispose(),
  };
}

function check(label: string, length: number, most: number): void {
  if (!Number.isInteger(length) || length < 1 || length > most)
    throw new TypeError(`exportKeyingMaterial: length must be 1 to ${most}`);
  const bytes = ENCODER.encode(label).length;
  // HKDF-Expand-Label has 255 bytes for the label, 6 of them its prefix.
  if (bytes > 249) throw new TypeError('exportKeyingMaterial: a label has at most 249 bytes');
}

/** RFC 9266: `tls-exporter`, 32 bytes. Of TLS 1.2 only with extended master secret, which the caller checks. */
export const tlsExporter = (exporter: Exporter): Uint8Array => exporter.export('EXPORTER-Channel-Binding', EMPTY, 32);
