import { execFileSync } from 'node:child_process';
import { rootCertificates } from 'node:tls';
import { expect, it } from 'vitest';
import { decodePem, describeCertificate, parseCertificate } from './index.ts';
import { extension, make, NOW, tlv } from '../test/make.ts';
import { fiftyCertificates } from '../test/certificates.ts';

function openssl(pem: string): string | undefined {
  try {
    return execFileSync('openssl', ['x509', '-text', '-noout'], { input: pem, encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return undefined;
  }
}
const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/ ?= ?/g, '='))
    .filter((line) => line !== '');

/** What OpenSSL prints differently: escaped UTF-8, slashed directory names, bytes as text, names that only it knows. */
const SHOWN_OTHERWISE = /\\|DirName|Explicit Text|\.\.\.|^\.|setCext|User Notice/;

const version = openssl(rootCertificates[0] as string);
if (version === undefined) console.warn('skipped: there is no openssl command');

it.skipIf(version === undefined)('describeCertificate() has every line that openssl x509 -text has', () => {
  const unlike: string[] = [];
  for (const pem of rootCertificates.filter((_, i) => i % 4 === 0)) {
    const theirs = lines(openssl(pem) as string);
    const ours = new Set(lines(String(describeCertificate(parseCertificate(decodePem(pem)[0]?.der as Uint8Array)))));
    unlike.push(...theirs.filter((line) => !ours.has(line) && !SHOWN_OTHERWISE.test(line)));
  }
  expect(unlike).toEqual([]);
});

it('describeCertificate() is plain data with everything in it', () => {
  const certificate = parseCertificate(
    make({
      serial: 0x1234n,
      subject: [
        ['2.5.4.6', 'DE', 0x13],
        ['2.5.4.3', 'a b'],
      ],
    }).der,
  );
  const data = JSON.parse(JSON.stringify(describeCertificate(certificate))) as unknown;
  expect(data).toMatchObject({
    version: 3,
    serial: '1234',
    signatureAlgorithm: { oid: '1.2.840.10045.4.3.2', name: 'ecdsa-with-SHA256', hash: 'sha256' },
    subject: {
      text: 'CN=a b,C=DE',
      attributes: [
        { type: '2.5.4.6', name: 'C', value: 'DE' },
        { type: '2.5.4.3', name: 'CN', value: 'a b' },
      ],
    },
    validity: { notAfter: new Date(NOW + 365 * 86_400_000).toISOString() },
    publicKey: { algorithm: 'id-ecPublicKey', curve: 'P-256', bits: 256 },
  });
});

it('describeCertificate() shows certificates of every kind, and keeps control characters out of its text', () => {
  for (const der of fiftyCertificates())
    expect(String(describeCertificate(parseCertificate(der)))).toMatch(/^Certificate:/);
  const nasty = describeCertificate(parseCertificate(make({ subject: 'x\u001b[2J\u202e', dns: ['a\u0007b'] }).der));
  expect(String(nasty)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(nasty.subject.text).not.toMatch(/\p{Cc}|\p{Cf}/u);
});

it('describeCertificate() shows both values of a duplicate extension, and the octets of an unreadable one', () => {
  const SKI = '2.5.29.14';
  const twice = (...values: readonly Uint8Array[]): string => {
    const both = Uint8Array.from(Buffer.concat(values.map((value) => extension(SKI, value))));
    return String(describeCertificate(parseCertificate(make({ extensions: { [SKI]: both } }).der)));
  };
  expect(twice(tlv(5), tlv(4, Uint8Array.of(0xab, 0xcd)))).toMatch(/05:00[^]*AB:CD/);
  expect(twice(tlv(4, Uint8Array.of(1, 2)), tlv(4, Uint8Array.of(3, 4)))).toMatch(/01:02[^]*03:04/);
});
