/** @module New inputs from old ones. */
import { EMPTY } from '@ferrule/result/bytes';

/** Longest input, bytes: more than any flight of a server. */
export const MAX_LENGTH = 16_384;
const INTERESTING = [0, 1, 2, 3, 4, 16, 32, 64, 127, 128, 254, 255] as const;

/** xorshift128; seeded, so that a run can be had again. */
export class Random {
  #a: number;
  #b = 362_436_069;
  #c = 521_288_629;
  #d = 88_675_123;

  constructor(seed: number) {
    this.#a = seed | 1;
  }

  /** From 0, below `limit`. */
  below(limit: number): number {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8);
    return limit > 0 ? (this.#d >>> 0) % limit : 0;
  }

  of<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}

export class Mutator {
  readonly #random: Random;
  readonly #words: readonly Uint8Array[];

  constructor(random: Random, words: readonly (number | string)[]) {
    this.#random = random;
    this.#words = words.map((word) =>
      typeof word === 'number'
        ? bigEndian(word, word > 0xffffff ? 4 : word > 0xffff ? 3 : word > 0xff ? 2 : 1)
        : new Uint8Array(Buffer.from(word, 'latin1')),
    );
  }

  /** @param pairs what the code compared when it last saw `input`. @param other another input, to take pieces from. */
  mutate(input: Uint8Array, pairs: readonly (readonly [number, number])[], other: Uint8Array): Uint8Array {
    let bytes = input;
    const steps = 1 << this.#random.below(4);
    for (let step = 0; step < steps; step++) bytes = this.#once(bytes, pairs, other);
    return bytes.length > MAX_LENGTH ? bytes.slice(0, MAX_LENGTH) : bytes;
  }

  #once(input: Uint8Array, pairs: readonly (readonly [number, number])[], other: Uint8Array): Uint8Array {
    const random = this.#random;
    const at = random.below(input.length);
    switch (random.below(14)) {
      case 0:
        return edited(input, at, [(input[at] ?? 0) ^ (1 << random.below(8))]);
      case 1:
        return edited(input, at, [random.below(256)]);
      case 2:
        return edited(input, at, [random.of(INTERESTING) ?? 0]);
      case 3:
        return edited(input, at, [(input[at] ?? 0) + random.below(17) - 8]);
      case 4:
        return spliced(input, at, at + random.below(Math.min(input.length - at, 1 + random.below(64)) + 1), EMPTY);
      case 5:
        return spliced(input, at, at, this.#stuff(other));
      case 6:
        return edited(input, at, this.#stuff(other));
      case 7: {
        const from = random.below(input.length);
        return spliced(input, at, at, input.subarray(from, from + random.below(128)));
      }
      case 8:
        return spliced(input, at, input.length, other.subarray(random.below(other.length)));
      case 9:
        return input.slice(0, at);
      case 10:
      case 11:
        return this.#agree(input, pairs);
      default:
        return this.#resize(input, at, other);
    }
  }

  #stuff(other: Uint8Array): Uint8Array {
    const from = this.#random.below(other.length);
    switch (this.#random.below(3)) {
      case 0:
        return this.#random.of(this.#words) ?? EMPTY;
      case 1:
        return other.subarray(from, from + this.#random.below(64));
      default:
        return Uint8Array.from({ length: 1 + this.#random.below(8) }, () => this.#random.below(256));
    }
  }

  /** Where one side of a compare is in the input, the other is put. */
  #agree(input: Uint8Array, pairs: readonly (readonly [number, number])[]): Uint8Array {
    const pair = this.#random.of(pairs);
    if (pair === undefined) return input;
    const [from, to] = this.#random.below(2) === 0 ? pair : [pair[1], pair[0]];
    const width = 1 + this.#random.below(4);
    if (from < 0 || from >= 2 ** (8 * width)) return input;
    const places = find(input, bigEndian(from, width));
    const place = this.#random.of(places);
    return place === undefined ? input : edited(input, place, bigEndian(to, width));
  }

  /** Changes what is behind a length, and that length, and those around it: TLS and DER are nothing but these. */
  #resize(input: Uint8Array, start: number, other: Uint8Array): Uint8Array {
    for (let at = start; at < Math.min(start + 64, input.length - 2); at++) {
      const width = this.#random.below(2) + 1;
      const length = width === 1 ? (input[at] ?? 0) : (input[at] ?? 0) * 256 + (input[at + 1] ?? 0);
      const body = at + width;
      if (length === 0 || body + length > input.length) continue;
      const stuff = this.#stuff(other);
      const whole = this.#random.below(2) === 0;
      const cut = whole ? body : body + this.#random.below(length);
      const removed = whole ? length : this.#random.below(Math.min(body + length - cut, 16) + 1);
      const changed = spliced(input, cut, cut + removed, stuff);
      this.#lengthen(changed, at, width, length + stuff.length - removed);
      this.#enclosing(changed, at, body + length, stuff.length - removed);
      return changed;
    }
    return input;
  }

  #enclosing(bytes: Uint8Array, before: number, end: number, growth: number): void {
    const last = bytes.length - growth;
    for (let at = before - 1; at >= 0; at--) {
      const wide = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
      // By chance, few places hold just such a number.
      if (at + 1 < before && at + 2 + wide >= end && at + 2 + wide <= last) this.#lengthen(bytes, at, 2, wide + growth);
      const narrow = bytes[at] ?? 0;
      if (narrow < 128 && at + 1 + narrow >= end && at + 1 + narrow <= last && this.#random.below(3) === 0)
        this.#lengthen(bytes, at, 1, narrow + growth);
    }
  }

  #lengthen(bytes: Uint8Array, at: number, width: number, value: number): void {
    if (value >= 0 && value < 2 ** (8 * width)) bytes.set(bigEndian(value, width), at);
  }
}

function bigEndian(value: number, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** (8 * (width - 1 - i))) & 0xff);
}

function edited(input: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  const copy = input.slice();
  for (let i = 0; i < bytes.length && at + i < copy.length; i++) copy[at + i] = bytes[i] ?? 0;
  return copy;
}

function spliced(input: Uint8Array, from: number, to: number, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(from + bytes.length + Math.max(input.length - to, 0));
  result.set(input.subarray(0, from));
  result.set(bytes, from);
  result.set(input.subarray(to), from + bytes.length);
  return result;
}

/** The places of a few bytes; at most 32. */
function find(input: Uint8Array, bytes: Uint8Array): number[] {
  const places: number[] = [];
  for (
    let at = input.indexOf(bytes[0] ?? 0);
    at >= 0 && places.length < 32;
    at = input.indexOf(bytes[0] ?? 0, at + 1)
  ) {
    if (bytes.every((byte, i) => input[at + i] === byte)) places.push(at);
  }
  return places;
}
