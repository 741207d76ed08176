/**
 * @module Application data whose every byte tells where it belongs: a gap, a repeat, a swap and zeros each show at the
 * first byte that is wrong. No byte is zero.
 */
import { Finding } from './finding.ts';

/**
 * What a connection carries. Bytes of `nested`, which callbacks write, have their high bit set, so that a server can
 * tell them apart.
 */
export const Kind = { main: 1, nested: 2, early: 3, server: 4 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const HIGH = 0x80;

export function byteAt(kind: Kind, offset: number): number {
  const low = 1 + ((Math.imul(offset + kind * 0x10_0003, 0x9e37_79b1) >>> 13) % 127);
  return kind === Kind.nested ? low | HIGH : low;
}

export function pattern(kind: Kind, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = byteAt(kind, offset + i);
  return bytes;
}

/** The receiving end of one kind. */
export class Received {
  readonly kind: Kind;
  readonly where: string;
  count = 0;
  /** What will not come, by its offset: a write that was refused alone. */
  readonly #holes = new Map<number, number>();

  constructor(kind: Kind, where: string) {
    this.kind = kind;
    this.where = where;
  }

  skip(offset: number, length: number): void {
    this.#holes.set(offset, length);
  }

  /** What was skipped may come after all. */
  expect(offset: number): void {
    this.#holes.delete(offset);
  }

  /** @throws Finding for the first byte that is not the next one. */
  take(bytes: Uint8Array): void {
    for (const [index, byte] of bytes.entries()) {
      for (let hole = this.#holes.get(this.count); hole !== undefined; hole = this.#holes.get(this.count))
        this.count += hole;
      const expected = byteAt(this.kind, this.count);
      if (byte !== expected)
        throw new Finding(
          `${this.where}: bytes that were not sent, or not there`,
          `byte ${this.count} is ${byte}, not ${expected}${explain(this.kind, bytes.subarray(index), this.count)}`,
        );
      this.count++;
    }
  }
}

/** Where these bytes would belong. */
function explain(kind: Kind, bytes: Uint8Array, at: number): string {
  const probe = bytes.subarray(0, 8);
  if (probe.every((byte) => byte === 0)) return '; they are zeros';
  if (probe.length < 4) return '';
  for (let offset = Math.max(0, at - 70_000); offset < at + 70_000; offset++) {
    if (probe.every((byte, index) => byte === byteAt(kind, offset + index))) return `; they belong to offset ${offset}`;
  }
  return '';
}

/** Splits what a server decrypted: the callbacks' bytes, and the others. */
export function separate(bytes: Uint8Array): { readonly low: Uint8Array; readonly high: Uint8Array } {
  return { low: bytes.filter((byte) => byte < HIGH), high: bytes.filter((byte) => byte >= HIGH) };
}
