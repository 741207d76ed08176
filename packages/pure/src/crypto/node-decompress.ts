/** @module Certificate decompression (RFC 8879) by `node:zlib`. */
import zlib from 'node:zlib';
import { plain } from './node-bytes.ts';
import type { Decompressor } from './provider.ts';

interface Undone {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}
type Undo = (data: Uint8Array, options: { readonly maxOutputLength: number; readonly info: true }) => unknown;

// Node 22.15 brought zstd, which this package's oldest Node.js does not declare; a bundler that saw the namespace would
// import it by name, and the program would not start there.
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Undo };

export const nodeDecompressors: readonly Decompressor[] = Object.freeze([
  decompressor('brotli', zlib.brotliDecompressSync),
  decompressor('zlib', zlib.inflateSync),
  ...(zstdDecompressSync === undefined ? [] : [decompressor('zstd', zstdDecompressSync)]),
]);

function decompressor(name: Decompressor['name'], undo: Undo): Decompressor {
  return Object.freeze({
    name,
    decompress(data: Uint8Array, limit: number) {
      try {
        const { buffer, engine } = undo(data, { maxOutputLength: limit, info: true }) as Undone;
        // Bytes behind the end of the stream are no part of it, and zlib would let them pass. A certificate is never
        // empty, but what Node 22 makes of a truncated zstd stream is.
        return engine.bytesWritten === data.length && buffer.length > 0 ? plain(buffer) : null;
      } catch {
        return null;
      }
    },
  });
}
