import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BioError, bioErrorCode, bioPair, DEFAULT_BIO_SIZE } from './index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('bioPair', () => {
  it('carries what one end writes to the other, in both directions', () => {
    const [a, b] = bioPair();
    expect(a.write(bytes(1, 2, 3))).toBe(3);
    expect(b.write(bytes(9))).toBe(1);
    const into = new Uint8Array(8);
    expect(b.read(into)).toBe(3);
    expect([...into.subarray(0, 3)]).toEqual([1, 2, 3]);
    expect(a.read(into)).toBe(1);
    expect(into[0]).toBe(9);
  });

  it('holds one maximal TLS record by default and shows it in one view', () => {
    const [a, b] = bioPair();
    const record = new Uint8Array(5 + 16384 + 256).fill(7);
    expect(DEFAULT_BIO_SIZE).toBeGreaterThanOrEqual(record.length);
    // Regardless of what was read before
    a.write(new Uint8Array(DEFAULT_BIO_SIZE));
    b.nread(DEFAULT_BIO_SIZE - 1);
    expect(a.write(record)).toBe(record.length);
    b.nread(1);
    expect(b.nread0()).toEqual(record);
  });

  it('returns retry when empty and when full', () => {
    const [a, b] = bioPair(2);
    expect(b.read(new Uint8Array(1))).toBe(-1);
    expect(b.nread0().length).toBe(0);
    expect(a.write(bytes(1, 2, 3))).toBe(2);
    expect(a.write(bytes(3))).toBe(-1);
    expect(a.nwrite0().length).toBe(0);
    expect(b.pending).toBe(2);
  });

  it('offers all free space as one view, whatever was consumed before', () => {
    const [a, b] = bioPair(17);
    for (let round = 0; round < 200; round++) {
      const space = a.nwrite0();
      expect(space.length).toBe(17 - b.pending);
      const n = Math.min(space.length, 1 + (round % 5));
      space.fill(round & 255, 0, n);
      a.nwrite(n);
      b.nread(Math.min(b.pending, 1 + (round % 3)));
    }
  });

  it('publishes only what nwrite says', () => {
    const [a, b] = bioPair(8);
    a.nwrite0().set([1, 2, 3, 4]);
    a.nwrite(2);
    expect([...b.nread0()]).toEqual([1, 2]);
  });

  it('reads EOF after the rest once the other end has shut down writing', () => {
    const [a, b] = bioPair();
    a.write(bytes(5));
    a.shutdownWrite();
    a.shutdownWrite();
    expect(b.eof).toBe(false);
    expect(b.read(new Uint8Array(4))).toBe(1);
    expect(b.eof).toBe(true);
    expect(b.read(new Uint8Array(4))).toBe(0);
    // Half-close: the other direction goes on
    expect(b.write(bytes(6))).toBe(1);
    expect(a.pending).toBe(1);
  });

  it('throws at any kind of write after shutdownWrite', () => {
    const [a] = bioPair();
    a.shutdownWrite();
    expect(() => a.write(bytes(1))).toThrow(TypeError);
    expect(() => a.nwrite0()).toThrow(TypeError);
    expect(() => a.nwrite(0)).toThrow(TypeError);
  });

  it('throws at counts beyond the view', () => {
    const [a, b] = bioPair(4);
    a.write(bytes(1, 2));
    for (const n of [3, -1, 0.5, Number.NaN]) expect(() => b.nread(n)).toThrow(RangeError);
    for (const n of [3, -1, 0.5, Number.NaN]) expect(() => a.nwrite(n)).toThrow(RangeError);
    expect(() => b.read(new Uint8Array(0))).toThrow(TypeError);
    expect(a.write(new Uint8Array(0))).toBe(0);
  });

  it('fails, whatever value it is given as the error', () => {
    for (const nothing of [undefined, null, 'gone']) {
      const [a, b] = bioPair();
      b.fail(nothing as never);
      expect(a.error).toMatchObject({ code: 'TRANSPORT_ERROR' });
      expect(a.error).toBe(b.error);
    }
  });

  it('reports a failed transport at both ends, after the bytes that came before', () => {
    const [a, b] = bioPair();
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    b.write(bytes(1));
    b.fail(reset);
    b.fail(new Error('a second one'));
    b.shutdownWrite();
    expect(a.error).toBe(reset);
    expect(b.error).toBe(reset);
    expect(a.read(new Uint8Array(4))).toBe(1);
    expect(a.read(new Uint8Array(4))).toBe(-1);
    expect(a.eof).toBe(false);
    expect(a.write(bytes(1))).toBe(-1);
    expect(a.nwrite0().length).toBe(0);
  });

  it('keeps an EOF that was announced before the failure', () => {
    const [a, b] = bioPair();
    b.shutdownWrite();
    a.fail(new Error('write EPIPE'));
    expect(a.eof).toBe(true);
    expect(a.read(new Uint8Array(1))).toBe(0);
  });

  it('ignores an nwrite into a view from before a failure', () => {
    const [a, b] = bioPair();
    a.nwrite0().fill(1);
    b.fail(new Error('gone'));
    a.nwrite(5);
    expect(b.pending).toBe(0);
  });

  it('overwrites consumed views in development builds, and only there', () => {
    for (const [options, expected] of [
      [{}, 0xdb],
      [{ poison: true }, 0xdb],
      [{ poison: false }, 3],
    ] as const) {
      const [a, b] = bioPair(64, options);
      a.write(bytes(3, 3, 3));
      const kept = b.nread0();
      b.nread(2);
      expect([...kept]).toEqual([expected, expected, 3]);
    }
  });

  it('releases its memory when trimmed while empty, and still works', () => {
    const [a, b] = bioPair(32);
    a.write(bytes(1, 2));
    b.trim();
    expect(b.pending).toBe(2);
    const old = b.nread0().buffer;
    b.nread(2);
    b.trim();
    a.write(bytes(3));
    expect([...b.nread0()]).toEqual([3]);
    expect(b.nread0().buffer).not.toBe(old);
  });

  it('rejects invalid sizes and options', () => {
    for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => bioPair(size)).toThrow(/size/);
    expect(() => bioPair(8, { poisn: true } as object)).toThrow(/poisn/);
    expect(() => bioPair(8, { poison: 1 } as object)).toThrow(/poison/);
  });

  it('preserves the byte stream under any interleaving of writes and reads, at any size', () => {
    const step = fc.record({
      end: fc.constantFrom(0, 1),
      act: fc.constantFrom('write', 'nwrite', 'read', 'nread', 'trim'),
      n: fc.integer({ min: 1, max: 40 }),
      fraction: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant(DEFAULT_BIO_SIZE)),
        fc.array(step, { maxLength: 200 }),
        fc.boolean(),
        (size, steps, poison) => {
          const ends = bioPair(size, { poison });
          const next = [0, 0];
          const seen = [0, 0];
          const held = [0, 0];
          for (const { end, act, n, fraction } of steps) {
            const bio = ends[end];
            const from = 1 - end;
            if (act === 'write') {
              const put = bio.write(Uint8Array.from({ length: n }, (_, i) => (next[end]! + i) & 255));
              expect(put).toBe(held[end] === size ? -1 : Math.min(n, size - held[end]!));
              if (put > 0) {
                next[end]! += put;
                held[end]! += put;
              }
            } else if (act === 'nwrite') {
              const space = bio.nwrite0();
              expect(space.length).toBe(size - held[end]!);
              const put = Math.floor(fraction * space.length);
              for (let i = 0; i < put; i++) space[i] = (next[end]! + i) & 255;
              bio.nwrite(put);
              next[end]! += put;
              held[end]! += put;
            } else if (act === 'trim') {
              bio.trim();
            } else {
              const into = new Uint8Array(n);
              const view = act === 'read' ? into.subarray(0, Math.max(0, bio.read(into))) : bio.nread0();
              if (act === 'nread') expect(view.length).toBe(held[from]);
              view.forEach((byte, i) => expect(byte).toBe((seen[from]! + i) & 255));
              const took = act === 'read' ? view.length : Math.floor(fraction * view.length);
              if (act === 'nread') bio.nread(took);
              seen[from]! += took;
              held[from]! -= took;
            }
            expect(ends[0].pending).toBe(held[1]);
            expect(ends[1].pending).toBe(held[0]);
          }
        },
      ),
    );
  });
});

describe('bioErrorCode', () => {
  it('gives the code of a BioError and TRANSPORT_ERROR for anything else', () => {
    expect(bioErrorCode(new BioError('TIMEOUT', 'nothing came'))).toBe('TIMEOUT');
    expect(bioErrorCode(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('TRANSPORT_ERROR');
    expect(bioErrorCode(Object.assign(new Error('x'), { name: 'BioError', code: 'ABORTED' }))).toBe('ABORTED');
    expect(bioErrorCode(Object.assign(new Error('x'), { name: 'BioError', code: 'other' }))).toBe('TRANSPORT_ERROR');
  });
});
