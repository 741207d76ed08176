import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { parsePublicKey } from '@ferrule/x509';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPkcs8 } from './pkcs8.ts';

const pkcs8 = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));

describe('a PKCS#8 key', () => {
  it.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['secp256r1', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['secp384r1', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['secp521r1', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ])('tells its kind and its public half: %s', (kind, { privateKey, publicKey }) => {
    const read = readPkcs8(pkcs8(privateKey));
    expect(read.kind).toBe(kind);
    const expected = parsePublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
    expect(read.publicKey).toEqual(expected);
  });

  it('of Ed25519 has a public half only where it is written down', () => {
    const der = pkcs8(generateKeyPairSync('ed25519').privateKey);
    expect(readPkcs8(der)).toEqual({ kind: 'ed25519', publicKey: undefined });
    const whole = new Uint8Array([
      0x30,
      der.length - 2 + 35,
      ...der.subarray(2),
      0x81,
      33,
      0,
      ...new Uint8Array(32).fill(5),
    ]);
    expect(readPkcs8(whole).publicKey).toMatchObject({ kind: 'ed25519', key: new Uint8Array(32).fill(5) });
  });

  it('ends every other input in a TypeError', () => {
    const der = pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    for (let i = 0; i < der.length; i++) expect(() => readPkcs8(der.subarray(0, i))).toThrow(TypeError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          readPkcs8(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});
