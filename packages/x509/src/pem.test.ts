import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePem, DerError, encodePem, parsePkcs7 } from './index.ts';
import { int, make, oid, seq, tlv } from '../test/make.ts';

describe('PEM', () => {
  it('reads back what it wrote, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (der) => {
        expect(decodePem(encodePem('CERTIFICATE', der))).toEqual([{ label: 'CERTIFICATE', der }]);
      }),
    );
  });
  it('writes what others write', () => {
    const der = Uint8Array.from({ length: 100 }, (_, i) => i);
    const body = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n');
    expect(encodePem('X', der)).toBe(`-----BEGIN X-----\n${body}\n-----END X-----\n`);
  });
  it('takes several blocks, comments between them, any line ends and widths', () => {
    const text = `a comment\r\n-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----\r\n\r\nsubject=x\n-----BEGIN X509 CRL-----\n\tBA== \n-----END X509 CRL-----`;
    expect(decodePem(text)).toEqual([
      { label: 'A', der: Uint8Array.of(1, 2, 3) },
      { label: 'X509 CRL', der: Uint8Array.of(4) },
    ]);
    expect(decodePem(text, 'X509 CRL')).toHaveLength(1);
    expect(decodePem(Buffer.from(text))).toEqual(decodePem(text));
  });
  it.each([undefined, null, 5, [''], {}])('is text or bytes, and not %j', (given) => {
    expect(() => decodePem(given as never)).toThrow(/^pem: must be PEM, as text or bytes/);
  });
  it.each([
    '-----BEGIN A-----\nAQID\n',
    '-----BEGIN A-----\nAQID\n-----END B-----',
    '-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----',
    '-----END A-----',
    '-----BEGIN A-----\nAQI\n-----END A-----',
    '-----BEGIN A-----\nAQ=D\n-----END A-----',
    '-----BEGIN A-----\nAR==\n-----END A-----',
    '-----BEGIN A-----\nAQ_D\n-----END A-----',
    '-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END A-----',
  ])('refuses %j', (text) => {
    expect(() => decodePem(text)).toThrow(DerError);
  });
});

describe('PKCS #7', () => {
  const data = seq(oid('1.2.840.113549.1.7.1'));
  const signed = (...parts: Uint8Array[]): Uint8Array =>
    seq(oid('1.2.840.113549.1.7.2'), tlv(0xa0, seq(int(1), tlv(0x31), data, ...parts)));
  const [a, b] = [make({}).der, make({}).der];

  it('gives the certificates of a bag, without CRLs and attribute certificates', () => {
    expect(parsePkcs7(signed(tlv(0xa0, a, tlv(0xa1, int(1)), b), tlv(0xa1, seq()), tlv(0x31)))).toEqual([a, b]);
    expect(parsePkcs7(signed(tlv(0x31)))).toEqual([]);
  });
  it('refuses other kinds of content and trailing bytes', () => {
    expect(() => parsePkcs7(seq(oid('1.2.840.113549.1.7.1'), tlv(0xa0, tlv(4))))).toThrow(DerError);
    expect(() => parsePkcs7(Uint8Array.of(...signed(tlv(0x31)), 0))).toThrow(DerError);
  });
});
