import { describe, expect, it } from 'vitest';
import { memoryBio } from './index.ts';

describe('memoryBio', () => {
  it('returns what was written to it, retry while empty, and EOF after shutdownWrite', () => {
    const bio = memoryBio();
    expect(bio.read(new Uint8Array(1))).toBe(-1);
    expect(bio.write(Uint8Array.of(1, 2, 3))).toBe(3);
    const into = new Uint8Array(2);
    expect(bio.read(into)).toBe(2);
    expect([...into]).toEqual([1, 2]);
    bio.shutdownWrite();
    expect(bio.eof).toBe(false);
    expect(bio.read(into)).toBe(1);
    expect(bio.read(into)).toBe(0);
  });

  it('grows as it is written, keeps the order, and shows everything in one view', () => {
    const bio = memoryBio();
    let next = 0;
    let seen = 0;
    for (let size = 1; size < 5000; size = Math.ceil(size * 1.7)) {
      bio.write(Uint8Array.from({ length: size }, () => next++ & 255));
      const some = bio.nread0().subarray(0, size >> 1);
      for (const byte of some) expect(byte).toBe(seen++ & 255);
      bio.nread(some.length);
    }
    expect(bio.pending).toBe(next - seen);
    expect(bio.nread0().length).toBe(next - seen);
  });

  it('offers as much space as requested', () => {
    const bio = memoryBio();
    expect(bio.nwrite0(70_000).length).toBeGreaterThanOrEqual(70_000);
    bio.nwrite(70_000);
    expect(bio.pending).toBe(70_000);
  });

  it('is full at its limit', () => {
    const bio = memoryBio({ limit: 3 });
    expect(bio.write(new Uint8Array(5))).toBe(3);
    expect(bio.write(new Uint8Array(1))).toBe(-1);
    expect(bio.nwrite0(1).length).toBe(0);
    bio.nread(1);
    expect(bio.nwrite0(9).length).toBe(1);
  });

  it('when created with contents, ends after them and accepts no more', () => {
    const contents = Uint8Array.of(7, 8);
    const bio = memoryBio({ contents });
    contents.fill(0);
    expect([...bio.nread0()]).toEqual([7, 8]);
    expect(() => bio.write(contents)).toThrow(TypeError);
    bio.nread(2);
    expect(bio.eof).toBe(true);
    expect(memoryBio({ contents: new Uint8Array(0) }).eof).toBe(true);
  });

  it('refuses unknown options and impossible limits', () => {
    expect(() => memoryBio({ size: 1 } as object)).toThrow(/size/);
    expect(() => memoryBio({ limit: 0 })).toThrow(TypeError);
    expect(() => memoryBio({ limit: 1, contents: new Uint8Array(2) })).toThrow(TypeError);
  });
});
