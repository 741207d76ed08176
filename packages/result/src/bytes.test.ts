import { describe, expect, test } from 'vitest';
import { bytesEqual, concat, concatInto, EMPTY, fromHex, hex16, latin1, secretsEqual, toHex } from './bytes.ts';

const bytes = (...of: number[]): Uint8Array => Uint8Array.from(of);

describe('bytes', () => {
  test.each([bytesEqual, secretsEqual])('%o compares lengths and every byte', (equal) => {
    expect(equal(EMPTY, bytes())).toBe(true);
    expect(equal(bytes(1, 2, 3), bytes(1, 2, 3))).toBe(true);
    for (const other of [bytes(0, 2, 3), bytes(1, 2, 4), bytes(1, 2), bytes(1, 2, 3, 0)])
      expect(equal(bytes(1, 2, 3), other)).toBe(false);
  });

  test('concat returns new memory, even for one part', () => {
    const part = bytes(1, 2);
    const whole = concat([part]);
    part.fill(9);
    expect(whole).toEqual(bytes(1, 2));
    expect(concat([bytes(1), EMPTY, bytes(2, 3)])).toEqual(bytes(1, 2, 3));
    expect(concat([])).toEqual(EMPTY);
  });

  test('concatInto fills the given memory and rejects what does not fit', () => {
    const whole = new Uint8Array(3);
    expect(concatInto(whole, [bytes(1), bytes(2, 3)])).toBe(whole);
    expect(whole).toEqual(bytes(1, 2, 3));
    expect(() => concatInto(whole, [bytes(1, 2), bytes(3, 4)])).toThrow(RangeError);
  });

  test('hexadecimal digits are encoded and decoded', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(toHex(all)).toBe(Buffer.from(all).toString('hex'));
    expect(fromHex(toHex(all))).toEqual(all);
    expect(toHex(bytes(10, 0, 255), ':')).toBe('0a:00:ff');
    expect(hex16(0x1d)).toBe('0x001d');
  });

  test('latin1 has one character per byte, at any length', () => {
    const long = Uint8Array.from({ length: 10_000 }, (_, i) => i);
    expect(latin1(long)).toBe(Buffer.from(long).toString('latin1'));
  });
});
