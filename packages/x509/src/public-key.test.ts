import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { webcryptoVerifier } from '@ferrule/x509/crypto/webcrypto';
import * as V from '@ferrule/result/x509-v';
import { DerError, parseCertificate, parsePublicKey, signatureSchemes, type SignatureAlgorithm } from './index.ts';
import { int, make, newKeys, oid, seq, text, tlv, type Keys } from '../test/make.ts';
import { X509V } from '@ferrule/result';

function spkiOf(kind: 'rsa-pss' | 'ed448' | 'dsa', options?: object): Keys {
  const generate = generateKeyPairSync as (
    kind: string,
    options?: object,
  ) => { publicKey: KeyObject; privateKey: KeyObject };
  const { publicKey, privateKey } = generate(kind, options);
  return { spki: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })), privateKey };
}
const pss = spkiOf('rsa-pss', {
  modulusLength: 2048,
  hashAlgorithm: 'sha384',
  mgf1HashAlgorithm: 'sha384',
  saltLength: 48,
});

describe('a public key', () => {
  it('has a kind and its SignatureSchemes', () => {
    expect(parsePublicKey(newKeys().spki)).toMatchObject({ kind: 'ec', curve: 'P-256', bits: 256 });
    expect(signatureSchemes(parsePublicKey(newKeys().spki))).toEqual([0x0403]);
    expect(signatureSchemes(parsePublicKey(newKeys('ec', 'P-384').spki))).toEqual([0x0503]);
    expect(signatureSchemes(parsePublicKey(newKeys('ec', 'P-521').spki))).toEqual([0x0603]);
    expect(parsePublicKey(newKeys('rsa', 1024).spki)).toMatchObject({ kind: 'rsa', bits: 1024 });
    expect(signatureSchemes(parsePublicKey(newKeys('rsa', 1024).spki))).toEqual([0x0804, 0x0805, 0x0806]);
    expect(signatureSchemes(parsePublicKey(newKeys('ed25519').spki))).toEqual([0x0807]);
    expect(signatureSchemes(parsePublicKey(spkiOf('ed448').spki))).toEqual([0x0808]);
    expect(parsePublicKey(pss.spki)).toMatchObject({ kind: 'rsa-pss', pss: { hash: 'sha384', saltLength: 48 } });
    expect(signatureSchemes(parsePublicKey(pss.spki))).toEqual([0x080a]);
    expect(signatureSchemes(parsePublicKey(spkiOf('rsa-pss', { modulusLength: 1024 }).spki))).toEqual([
      0x0809, 0x080a, 0x080b,
    ]);
  });
  it('on another curve is known, with the TLS schemes of RFC 8734', () => {
    for (const [curve, bits, schemes] of [
      ['secp256k1', 256, []],
      ['brainpoolP256r1', 256, [0x081a]],
      ['brainpoolP384r1', 384, [0x081b]],
      ['brainpoolP512r1', 512, [0x081c]],
    ] as const) {
      const key = parsePublicKey(newKeys('ec', curve).spki);
      expect(key).toMatchObject({ kind: 'ec', curve, bits });
      expect(signatureSchemes(key)).toEqual(schemes);
    }
    expect(parsePublicKey(newKeys('ec', 'secp224r1').spki)).toMatchObject({ kind: 'ec', curve: 'P-224', bits: 224 });
  });
  it('of an unknown kind is readable, but has no schemes', () => {
    const other = parsePublicKey(newKeys('ec', 'sect283r1').spki);
    expect(other).toMatchObject({ kind: 'unknown', description: 'EC curve 1.3.132.0.17' });
    expect(signatureSchemes(other)).toEqual([]);
    const dsa = parsePublicKey(spkiOf('dsa', { modulusLength: 1024, divisorLength: 160 }).spki);
    expect(dsa).toMatchObject({ kind: 'unknown', description: 'DSA' });
  });
  it.each([
    ['a negative modulus', seq(int(Uint8Array.of(0x80, 1)), int(3))],
    ['a modulus of zero', seq(int(0), int(3))],
    ['a third number', seq(int(7), int(3), int(1))],
  ])('with %s is refused', (_, key) => {
    const spki = seq(seq(oid('1.2.840.113549.1.1.1'), Uint8Array.of(5, 0)), tlv(3, Uint8Array.of(0), key));
    expect(() => parsePublicKey(spki)).toThrow(DerError);
  });
});

describe.each([nobleVerifier, nodeVerifier, webcryptoVerifier])('the verifier $name', (verifier) => {
  const check = (algorithm: SignatureAlgorithm, spki: Uint8Array, signature: Uint8Array) =>
    Promise.resolve(verifier.verify(algorithm, spki, text('m'), signature));

  it('obeys the parameters of an id-RSASSA-PSS key', async () => {
    const signature = (hash: string, saltLength: number) =>
      Uint8Array.from(
        sign(hash, text('m'), { key: pss.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
      );
    expect(await check({ kind: 'rsa-pss', hash: 'sha384', saltLength: 48 }, pss.spki, signature('sha384', 48))).toBe(
      true,
    );
    expect(await check({ kind: 'rsa-pss', hash: 'sha384', saltLength: 47 }, pss.spki, signature('sha384', 48))).toBe(
      false,
    );
    expect(await check({ kind: 'rsa-pkcs1', hash: 'sha384' }, pss.spki, signature('sha384', 48))).toBe(false);
  });
  it('returns false for a salt too long for the key, and accepts the longest possible', async () => {
    const { privateKey, spki } = newKeys('rsa', 2048);
    const salted = (saltLength: number): SignatureAlgorithm => ({ kind: 'rsa-pss', hash: 'sha256', saltLength });
    const longest = 256 - 32 - 2;
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = Uint8Array.from(sign('sha256', text('m'), { key: privateKey, padding, saltLength: longest }));
    expect(await check(salted(longest), spki, signature)).toBe(true);
    for (const saltLength of [longest + 1, 256, 0x7fff, 0x7fff_ffff])
      expect(await check(salted(saltLength), spki, signature)).toBe(false);
  });
  it('returns false for mismatched keys, bad keys and bad signatures, and never throws', async () => {
    const ec = newKeys();
    const algorithms: SignatureAlgorithm[] = [
      { kind: 'rsa-pkcs1', hash: 'sha256' },
      { kind: 'rsa-pss', hash: 'sha512', saltLength: 64 },
      { kind: 'ecdsa', hash: 'sha256' },
      { kind: 'ed25519' },
      { kind: 'ed448' },
    ];
    const offCurve = ec.spki.slice();
    offCurve[40] = (offCurve[40] as number) ^ 1;
    const keys = [
      ec.spki,
      newKeys('rsa', 1024).spki,
      newKeys('ed25519').spki,
      spkiOf('ed448').spki,
      offCurve,
      new Uint8Array(),
      ec.spki.subarray(3),
      newKeys('ec', 'sect283r1').spki,
    ];
    for (const algorithm of algorithms)
      for (const spki of keys)
        for (const length of [0, 1, 64, 114, 128])
          expect(await check(algorithm, spki, new Uint8Array(length))).toBe(false);
  });
  it('refuses RSA with an even, tiny or huge exponent, and a huge modulus', async () => {
    const rsa = (n: Uint8Array, e: number | bigint) =>
      seq(seq(oid('1.2.840.113549.1.1.1'), Uint8Array.of(5, 0)), tlv(3, Uint8Array.of(0), seq(int(n), int(e))));
    const n = Uint8Array.of(0, ...new Array<number>(256).fill(255));
    const one = new Uint8Array(256);
    one[255] = 1;
    for (const e of [1, 2, 2n ** 40n + 1n])
      expect(await check({ kind: 'rsa-pkcs1', hash: 'sha256' }, rsa(n, e), one)).toBe(false);
    const huge = Uint8Array.of(0, ...new Array<number>(2049).fill(255));
    expect(await check({ kind: 'rsa-pkcs1', hash: 'sha256' }, rsa(huge, 65537), new Uint8Array(2049))).toBe(false);
  });
  it('hashes', () => {
    expect(Buffer.from(verifier.digest?.('sha1', text('abc')) as Uint8Array).toString('hex')).toBe(
      'a9993e364706816aba3e25717850c26c9cd0d89d',
    );
    expect(verifier.digest?.('sha512', text('abc'))).toHaveLength(64);
  });
});

it('certificates name their signature algorithm', () => {
  expect(parseCertificate(make({ keys: newKeys('rsa', 1024) }).der).signatureAlgorithm).toEqual({
    kind: 'rsa-pkcs1',
    hash: 'sha256',
  });
  expect(parseCertificate(make({ keys: newKeys('ed25519') }).der).signatureAlgorithm).toEqual({ kind: 'ed25519' });
});

it('the X509_V numbers are those of @ferrule/result', () => {
  for (const [name, number] of Object.entries(V)) expect(X509V[name as keyof typeof X509V]).toBe(number);
});
