/** @module The certificate compression algorithms that BoGo makes up (RFC 8879 with code points of its own). */
import type { CertificateDecompressor } from '@ferrule/contract';

/** What BoGo calls shrinking, expanding and random. */
export const DECOMPRESSORS: readonly CertificateDecompressor[] = [
  // Puts four bytes in front
  { id: 0xff02, decompress: (data) => (Buffer.from(data.subarray(0, 4)).equals(PREFIX) ? data.slice(4) : null) },
  // Takes away the two zeros that every certificate message begins with
  { id: 0xff01, decompress: (data) => Uint8Array.of(0, 0, ...data) },
  // Puts a random byte in front
  { id: 0xff03, decompress: (data) => data.slice(1) },
];

const PREFIX = Uint8Array.of(1, 2, 3, 4);
