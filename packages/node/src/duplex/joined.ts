/** @module Joins chunks that were written together into few writes to the connection. */
import { bytesOf } from '@ferrule/result/arguments';

/** Maximum length of a piece, unless a single chunk is longer: four full records, and one write to the transport. */
const BATCH_SIZE = 65_536;

/**
 * Keeps the order and splits no chunk. A chunk whose memory was transferred meanwhile is its own piece, which the
 * connection will reject.
 */
export function joined(chunks: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let total = 0;
  const finish = (): void => {
    if (parts.length > 0) pieces.push(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
    parts = [];
    total = 0;
  };
  for (const chunk of chunks) {
    const bytes = bytesOf(chunk);
    if (bytes === undefined || total + bytes.length > BATCH_SIZE) finish();
    if (bytes === undefined) pieces.push(chunk);
    else {
      parts.push(bytes);
      total += bytes.length;
    }
  }
  finish();
  return pieces;
}

/** `done` is called once: with the first failure, or when all have been sent. Nothing is sent after a failed piece. */
export function inOrder(
  pieces: readonly Uint8Array[],
  write: (piece: Uint8Array, done: (error?: Error | null) => void) => void,
  done: (error?: Error | null) => void,
): void {
  let waiting = pieces.length;
  const settled = (error?: Error | null): void => {
    if (waiting === 0) return;
    waiting = error ? 0 : waiting - 1;
    if (waiting === 0) done(error);
  };
  for (const piece of pieces) if (waiting > 0) write(piece, settled);
}
