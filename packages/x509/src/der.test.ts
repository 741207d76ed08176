import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from './certificate.ts';
import { parseCrl } from './crl.ts';
import { DerError, DerReader, readWhole } from './der.ts';
import { readAny, readNamedBits } from './der-values.ts';
import { parseOcspResponse } from './ocsp.ts';
import { readTime } from './time.ts';
import { trustStore } from './trust.ts';
import { int, oid, text, time, tlv } from '../test/make.ts';

const read = <T>(bytes: Uint8Array | readonly number[], how: (reader: DerReader) => T): T =>
  how(new DerReader(Uint8Array.from(bytes)));

describe('the DER reader', () => {
  it.each([
    ['an indefinite length', [0x30, 0x80, 0, 0]],
    ['a length that is not minimal', [0x30, 0x81, 0x01, 0x05]],
    ['a long length that is not minimal', [0x30, 0x82, 0x00, 0x80]],
    ['a length of five bytes', [0x30, 0x85, 0, 0, 0, 0, 1]],
    ['an element that is longer than the input', [0x30, 2, 5]],
    ['trailing bytes', [0x30, 0, 0]],
    ['nothing', []],
    ['half a header', [0x30]],
  ])('refuses %s', (_, bytes) => {
    expect(() => readWhole(Uint8Array.from(bytes))).toThrow(DerError);
  });
  it('notes booleans that are neither 0 nor 255', () => {
    expect(read([1, 1, 255], (r) => r.boolean())).toBe(true);
    expect(read([1, 1, 0], (r) => r.boolean())).toBe(false);
    for (const bad of [
      [1, 2, 0, 0],
      [1, 0],
    ])
      expect(() => read(bad, (r) => r.boolean())).toThrow(DerError);
    expect(read([1, 1, 1], (r) => [r.boolean(), r.odd])).toEqual([true, 'a BOOLEAN that is neither 0 nor 255']);
  });
  it('refuses integers that are empty or not minimal', () => {
    for (const bad of [
      [2, 0],
      [2, 2, 0, 1],
      [2, 2, 255, 128],
    ])
      expect(() => read(bad, (r) => r.integer())).toThrow(DerError);
    expect(read([2, 2, 0, 128], (r) => r.smallInteger())).toBe(128);
    // They are used for path lengths and policy counts, which are never this large.
    expect(read([2, 5, 1, 0, 0, 0, 0], (r) => r.smallInteger())).toBe(2 ** 31 - 1);
    for (const bad of [
      [2, 1, 128],
      [2, 4, 128, 0, 0, 0],
    ])
      expect(() => read(bad, (r) => r.smallInteger())).toThrow(DerError);
  });
  it('reads integers that may be negative', () => {
    for (const [value, ...contents] of [
      [0, 0],
      [127, 127],
      [128, 0, 128],
      [-1, 255],
      [-128, 128],
      [-129, 255, 127],
      [65_536, 1, 0, 0],
    ] as const)
      expect(read([2, contents.length, ...contents], (r) => r.signedInteger())).toBe(value);
    expect(() => read([2, 0], (r) => r.signedInteger())).toThrow(DerError);
  });
  it('refuses bit strings with excess padding, and ignores and notes non-zero padding', () => {
    expect(read([3, 2, 5, 0xa0], (r) => readNamedBits(r))).toBe(5);
    for (const bad of [
      [3, 0],
      [3, 1, 8],
      [3, 2, 8, 0],
    ])
      expect(() => read(bad, (r) => readNamedBits(r))).toThrow(DerError);
    expect(read([3, 1, 0], (r) => [readNamedBits(r), r.odd])).toEqual([0, undefined]);
    expect(read([3, 1, 1], (r) => [readNamedBits(r), r.odd])).toEqual([0, 'a BIT STRING whose padding is not zero']);
    expect(read([3, 2, 5, 0xff], (r) => [readNamedBits(r), r.odd])).toEqual([
      7,
      'a BIT STRING whose padding is not zero',
    ]);
    expect(read([3, 6, 0, 0x80, 0, 0, 0, 1], (r) => readNamedBits(r))).toBe(1);
    expect(() => read([3, 2, 1, 0], (r) => r.octetsOfBitString())).toThrow(DerError);
  });
  it('refuses object identifiers that are empty, padded or unfinished', () => {
    for (const bad of [
      [6, 0],
      [6, 2, 0x80, 1],
      [6, 1, 0x81],
      [6, 3, 1, 0x80, 1],
    ])
      expect(() => read(bad, (r) => r.oid())).toThrow(DerError);
  });
  it('reads arcs of any length (ITU-T X.667 has 128 bits for a UUID)', () => {
    const uuid = [0x69, 0x83, ...new Array<number>(17).fill(0xff), 0x7f];
    expect(read([6, uuid.length, ...uuid], (r) => r.oid())).toBe(`2.25.${(3n << 126n) | (2n ** 126n - 1n)}`);
    expect(read([6, 9, ...new Array<number>(8).fill(0xff), 0x7f], (r) => r.oid())).toBe(`2.${2n ** 63n - 81n}`);
    const long = [0x2a, ...new Array<number>(100).fill(0xff), 1];
    expect(read([6, long.length, ...long], (r) => r.oid())).toBe(`1.2.#${'ff'.repeat(100)}01`);
  });
  it('refuses inputs over its limit', () => {
    expect(() => readWhole(new Uint8Array(2 ** 20 + 1))).toThrow(/limit/);
  });
  it('reads values of any type and tag number, and checks the contents of universal types', () => {
    for (const good of [
      [0x9f, 0x1f, 0],
      [0x9f, 0x81, 0x01, 1, 7],
      [0x9f, 0x81, 0x80, 0x01, 0],
      [0x3f, 0x1f, 2, 5, 0],
      [0xff, 0x87, 0xff, 0xff, 0xff, 0x7f, 0],
      [0x1f, 0x1f, 1, 0],
      [0x80, 0],
      [0xa0, 1, 7],
      [0x30, 1, 7],
      [5, 0],
      [6, 1, 42],
      [1, 1, 7],
      [3, 1, 0],
      [10, 1, 5],
      [0x1e, 2, 0, 65],
      [0x1c, 4, 0, 0, 0, 65],
      [0x17, 0],
      [0x28, 2, 5, 0],
    ])
      expect(read(good, (r) => [...readAny(r), r.more])).toEqual([...good, false]);
    for (const bad of [
      [],
      [0x9f],
      [0x9f, 0x81],
      [0x9f, 0x1e, 0],
      [0x9f, 0x80, 0x1f, 0],
      [0x9f, 0x88, 0x80, 0x80, 0x80, 0, 0],
      [0x9f, 0x1f, 1],
      [0, 0],
      [0x10, 0],
      [0x24, 0],
      [5, 1, 0],
      [6, 0],
      [1, 2, 0, 0],
      [2, 0],
      [2, 2, 0, 1],
      [3, 0],
      [3, 2, 9, 0],
      [10, 0],
      [0x1e, 1, 0],
      [0x1c, 2, 0, 0],
      [0x28, 2, 5, 1],
      [0x3f, 0x1f, 1, 7],
    ])
      expect(() => read(bad, readAny), String(bad)).toThrow(DerError);
  });
  it('refuses a tag number that ends early or begins with zero', () => {
    expect(() => read([], readAny)).toThrow('element expected');
    for (const bad of [[0x9f], [0x9f, 0x81], [0x9f, 0x80, 0x1f, 0], [0x9f, 0x1e, 0]])
      expect(() => read(bad, readAny), String(bad)).toThrow('bad tag number');
  });
  it('refuses high tag numbers elsewhere', () => {
    expect(() => read([0x1f, 0x81, 1, 0], (r) => r.skip())).toThrow(DerError);
  });
  it('reads back every object identifier and number', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 2),
        fc.nat(39),
        fc.array(fc.nat(2 ** 31 - 1), { maxLength: 8 }),
        fc.nat(2 ** 31 - 1),
        (a, b, rest, number) => {
          const dotted = [a, b, ...rest].join('.');
          expect(read(oid(dotted), (r) => r.oid())).toBe(dotted);
          expect(read(int(number), (r) => r.smallInteger())).toBe(number);
        },
      ),
    );
  });
  it('returns a value or throws a DerError for any bytes', () => {
    const readers: ((r: DerReader) => unknown)[] = [
      (r) => r.boolean(),
      (r) => r.integer(),
      (r) => r.oid(),
      (r) => readNamedBits(r),
      (r) => r.element(),
      (r) => r.open(0x30),
      readTime,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...readers), (bytes, how) => {
        try {
          how(new DerReader(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('times', () => {
  it('read back over four centuries', () => {
    fc.assert(
      fc.property(fc.integer({ min: -631152000, max: 253402300799 }), (seconds) => {
        expect(read(time(seconds * 1000), readTime)).toEqual({ at: seconds * 1000, form: true });
      }),
    );
  });
  it('report that the other form was required', () => {
    expect(read(tlv(0x18, text('20260101000000Z')), readTime)).toEqual({ at: Date.UTC(2026, 0, 1), form: false });
  });
  it.each([
    '2601010000Z',
    '260101000000',
    '260101000000+0000',
    '260101000000.5Z',
    '261301000000Z',
    '260230000000Z',
    '260101240000Z',
    '260101006000Z',
    '260101000060Z',
    '26010100000AZ',
    '',
  ])('refuse %j', (digits) => {
    expect(() => read(tlv(0x17, text(digits)), readTime)).toThrow(DerError);
  });
  it('refuse fractions in GeneralizedTime', () => {
    expect(() => read(tlv(0x18, text('20260101000000.5Z')), readTime)).toThrow(DerError);
  });
});

it('PEM instead of DER is reported as such by every reader', () => {
  const pem = new TextEncoder().encode('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n');
  for (const read of [parseCertificate, parseCrl, parseOcspResponse, (der: Uint8Array) => trustStore([der])])
    expect(() => read(pem)).toThrow(/PEM, where DER is expected \(decodePem\(\) reads it\)/);
});
