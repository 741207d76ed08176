import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { release } from './node-bytes.ts';

const made = (length: number): Buffer =>
  createCipheriv('aes-128-gcm', new Uint8Array(16), new Uint8Array(12)).update(new Uint8Array(length));

describe('memory that node:crypto has made', () => {
  it('is given back at once when there is much of it', () => {
    const buffer = made(16_385);
    release(buffer);
    expect([buffer.length, buffer.buffer.byteLength]).toEqual([0, 0]);
  });

  it('is left to the garbage collector when there is little', () => {
    const buffer = made(100);
    release(buffer);
    expect(buffer.length).toBe(100);
  });

  it('is never taken from others who have a part in it', () => {
    const whole = new Uint8Array(20_000).fill(7);
    release(whole.subarray(0, 16_385));
    expect(whole).toEqual(new Uint8Array(20_000).fill(7));
  });
});
