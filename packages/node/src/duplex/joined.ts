/** @module Chunks that were written together, as few writes to the connection. */
import { bytesOf } from '@ferrule/result/arguments';

/** A piece is at most this long, but for a longer chunk: four full records, and one write to the transport. */
const BATCH_SIZE = 65_536;

/** In their order; a chunk is in one piece. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let next = 0; next < chunks.length;) {
    const first = next;
    for (let total = 0; next < chunks.length; next++) {
      total += chunks[next]?.length ?? 0;
      if (next > first && total > BATCH_SIZE) break;
    }
    const parts = chunks.slice(first, next).map((chunk) => bytesOf(chunk) ?? chunk);
    pieces.push(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
  }
  return pieces;
}
