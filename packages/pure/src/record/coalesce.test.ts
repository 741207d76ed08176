import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coalescer } from './coalesce.ts';

const message = (type: number, body: Uint8Array): Uint8Array =>
  Uint8Array.of(type, body.length >> 16, body.length >> 8, body.length, ...body);

describe('handshake messages', () => {
  it('come out as they were, however records split and join them', () => {
    const messages = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (given, sizes) => {
        const stream = Uint8Array.from(given.flatMap(([type, body]) => [...message(type, body)]));
        const coalescer = new Coalescer(1000);
        const got: [number, Uint8Array][] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          coalescer.push(stream.subarray(at, at + size));
          at += size;
          for (let next = coalescer.next(); next !== undefined; next = coalescer.next()) {
            expect([...next.raw]).toEqual([...message(next.type, next.body)]);
            got.push([next.type, next.body]);
          }
        }
        expect(got).toEqual(given);
        expect(coalescer.leftover).toBe(0);
      }),
    );
  });

  it('keep their bytes when the buffer goes on to others', () => {
    const coalescer = new Coalescer(100);
    coalescer.push(message(1, Uint8Array.of(1, 2, 3)));
    const first = coalescer.next();
    coalescer.push(message(2, Uint8Array.of(9, 9, 9)));
    coalescer.next();
    expect(first?.raw).toEqual(message(1, Uint8Array.of(1, 2, 3)));
  });

  it('that are too long are refused as soon as their header has come', () => {
    const coalescer = new Coalescer(16);
    coalescer.push(message(11, new Uint8Array(16)));
    expect(coalescer.next()?.body.length).toBe(16);
    coalescer.push(Uint8Array.of(11, 0, 0, 17));
    expect(() => coalescer.next()).toThrow(expect.objectContaining({ code: 'EXCESSIVE_MESSAGE_SIZE' }) as Error);
  });

  it('that are not complete are left over, to the byte', () => {
    const coalescer = new Coalescer(100);
    coalescer.push(message(20, Uint8Array.of(1)));
    coalescer.push(Uint8Array.of(4, 0));
    expect(coalescer.leftover).toBe(7);
    coalescer.next();
    expect(coalescer.leftover).toBe(2);
    coalescer.release();
    expect(coalescer.leftover).toBe(0);
  });
});
