/**
 * @module Looking for bytes in the memory of another process, as whoever may read it would (proc(5): `/proc/PID/mem`).
 * Linux.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 4 << 20;
const LONGEST = 64;

/**
 * How often each of these byte strings is in the writable memory of a process; those that are nowhere are left out.
 * @param needles - of 2 to 64 bytes each, by name.
 */
export function searchMemory(pid: number, needles: ReadonlyMap<string, Uint8Array>): Map<string, number> {
  const found = new Map<string, number>();
  const byPrefix = prefixes(needles);
  const buffer = Buffer.alloc(CHUNK + LONGEST);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const [start, end] of writableRegions(pid)) {
      for (let at = start; at < end; at += CHUNK) {
        const length = readAt(memory, buffer, at, Math.min(CHUNK + LONGEST, end - at));
        // What begins behind the chunk is found with the next one.
        searchChunk(buffer, Math.min(length, CHUNK), byPrefix, found);
      }
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

type Prefixes = ReadonlyMap<number, readonly (readonly [name: string, bytes: Uint8Array])[]>;

/** By their first two bytes, so that one pass looks for all of them. */
function prefixes(needles: ReadonlyMap<string, Uint8Array>): Prefixes {
  const byPrefix = new Map<number, [string, Uint8Array][]>();
  for (const [name, bytes] of needles) {
    const [first = 0, second = 0] = bytes;
    const prefix = first | (second << 8);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), [name, bytes]]);
  }
  return byPrefix;
}

function searchChunk(buffer: Buffer, length: number, byPrefix: Prefixes, found: Map<string, number>): void {
  const possible = new Uint8Array(1 << 16);
  for (const prefix of byPrefix.keys()) possible[prefix] = 1;
  for (let at = 0, prefix = (buffer[0] ?? 0) << 8; at < length; at++) {
    prefix = (prefix >>> 8) | ((buffer[at + 1] as number) << 8);
    if (possible[prefix] === 0) continue;
    for (const [name, bytes] of byPrefix.get(prefix) ?? []) {
      if (buffer.subarray(at, at + bytes.length).equals(bytes)) found.set(name, (found.get(name) ?? 0) + 1);
    }
  }
}

/** Bytes read; 0 for a region that went away meanwhile or cannot be read. Nothing is left of an earlier chunk. */
function readAt(memory: number, buffer: Buffer, position: number, length: number): number {
  let read = 0;
  try {
    read = readSync(memory, buffer, 0, length, position);
  } catch {
    // The kernel's own pages, and guards of stacks.
  }
  buffer.fill(0, read);
  return read;
}

function writableRegions(pid: number): [number, number][] {
  return readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, start = '', end = '', permissions = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      return permissions.startsWith('rw')
        ? [[Number.parseInt(start, 16), Number.parseInt(end, 16)] as [number, number]]
        : [];
    });
}
