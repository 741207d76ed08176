/** @module Certificate decompression (RFC 8879) by Compression Streams, where the platform has them. */
import type { Decompressor } from './provider.ts';

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
  cancel(): Promise<void>;
}
interface Writer {
  write(data: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
interface Stream {
  readonly readable: { getReader(): Reader };
  readonly writable: { getWriter(): Writer };
}
type DecompressionStream = new (format: string) => Stream;

/** Compression Streams call the zlib format `deflate`. */
const FORMATS: readonly (readonly [Decompressor['name'], string])[] = [
  ['brotli', 'brotli'],
  ['zlib', 'deflate'],
  ['zstd', 'zstd'],
];

export function webDecompressors(): readonly Decompressor[] {
  const { DecompressionStream } = globalThis as { readonly DecompressionStream?: DecompressionStream };
  if (DecompressionStream === undefined) return [];
  return Object.freeze(
    FORMATS.flatMap(([name, format]) =>
      knows(DecompressionStream, format) ? [decompressor(name, () => new DecompressionStream(format))] : [],
    ),
  );
}

function knows(Stream: DecompressionStream, format: string): boolean {
  try {
    return new Stream(format) instanceof Stream;
  } catch {
    return false;
  }
}

function decompressor(name: Decompressor['name'], open: () => Stream): Decompressor {
  return Object.freeze({
    name,
    async decompress(data: Uint8Array, limit: number) {
      const { readable, writable } = open();
      const writer = writable.getWriter();
      // What goes wrong here is heard again, and judged, on the reading side.
      const written = writer.write(data).then(() => writer.close());
      written.catch(() => undefined);
      const reader = readable.getReader();
      try {
        const out = new Uint8Array(limit);
        let length = 0;
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return out.subarray(0, length);
          if (value === undefined || length + value.length > limit) {
            await reader.cancel();
            return null;
          }
          out.set(value, length);
          length += value.length;
        }
      } catch {
        return null;
      }
    },
  });
}
