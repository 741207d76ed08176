/** What the parsers refuse, each by its own rule: where one rule is gone, another error, or none, comes out. */
import { describe, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  DerError,
  describeCertificate,
  matchesHost,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  parsePkcs7,
  parsePublicKey,
  trustStore,
  validatePath,
} from '@ferrule/x509';
import { bytesEqual } from '@ferrule/result/bytes';
import { DerReader, readWhole } from '../src/der.ts';
import { readGeneralName } from '../src/general-name.ts';
import { readTime } from '../src/time.ts';
import {
  bits,
  concat,
  crlNumber,
  extension,
  int,
  make,
  makeCrl,
  makeOcsp,
  newKeys,
  NOW,
  oid,
  seq,
  text,
  tlv,
  type Keys,
  type MakeOptions,
} from './make.ts';

const root = make({ ca: true, subject: 'Root' });
const leaf = make({ issuer: root });
const SCOPE = '2.5.29.28';
const part =
  (index: number, value: Uint8Array) =>
  (parts: Uint8Array[]): readonly Uint8Array[] =>
    parts.map((each, i) => (i === index ? value : each));
const scope = (...flags: readonly Uint8Array[]): readonly Uint8Array[] => [
  crlNumber,
  extension(SCOPE, seq(...flags), true),
];
const spki = (algorithm: Uint8Array, key: Uint8Array): Uint8Array => seq(algorithm, tlv(3, Uint8Array.of(0), key));
const named = (...bytes: readonly number[]): Uint8Array => seq(Uint8Array.from(bytes));
const name =
  (tag: number, ...bytes: readonly number[]) =>
  (): unknown =>
    readGeneralName(new DerReader(tlv(tag, Uint8Array.from(bytes))));
const time = (tag: number, digits: string) => (): unknown => readTime(new DerReader(tlv(tag, text(digits))));

const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array =>
  new Uint8Array(Buffer.from(Buffer.from(bytes).toString('hex').replaceAll(from, to), 'hex'));

const REFUSED: Readonly<Record<string, readonly [message: string, read: () => unknown]>> = {
  'a CRL with a scope twice': [
    'is duplicated',
    () => parseCrl(makeCrl(root, { extensions: [...scope(), ...scope()] })),
  ],
  'a CRL with two signature algorithms': [
    'two different signature algorithms',
    () => parseCrl(makeCrl(root, { parts: part(1, seq(oid('1.2.840.10045.4.3.3'))) })),
  ],
  'a CRL whose scope has a BOOLEAN of two octets': [
    'bad BOOLEAN',
    () => parseCrl(makeCrl(root, { extensions: scope(tlv(0x82, Uint8Array.of(0, 0))) })),
  ],
  'a CRL whose scope says TRUE at length': [
    'bad BOOLEAN',
    () => parseCrl(makeCrl(root, { extensions: scope(tlv(0x84, Uint8Array.of(255, 255))) })),
  ],
  'an OCSP response of version 2': [
    'OCSP: version is not v1',
    () => parseOcspResponse(makeOcsp(leaf, root, { version: 1 })),
  ],
  'an OCSP response whose good has contents': [
    'OCSP: bad status',
    () => parseOcspResponse(makeOcsp(leaf, root, { state: tlv(0x80, Uint8Array.of(0)) })),
  ],
  'an OCSP response with a critical extension': [
    'is not understood',
    () => parseOcspResponse(makeOcsp(leaf, root, { extensions: [extension('1.2.3', seq(), true)] })),
  ],
  'an OCSP response of another type than basic': [
    'OCSP: not a basic response',
    () => parseOcspResponse(replaced(makeOcsp(leaf, root), '2b0601050507300101', '2b0601050507300102')),
  ],
  'a PKCS #7 file that is not a SignedData': [
    'PKCS #7: not SignedData',
    () => parsePkcs7(seq(oid('1.2.840.113549.1.7.1'), tlv(0xa0, seq()))),
  ],
  'a GeneralName of kind 9': ['unknown kind of GeneralName', name(0x89, 1)],
  'an otherName whose type has no octets': ['bad OBJECT IDENTIFIER', name(0xa0, 6, 0, 0xa0, 2, 5, 0)],
  'an otherName whose type is unfinished': ['bad OBJECT IDENTIFIER', name(0xa0, 6, 1, 0x80, 0xa0, 2, 5, 0)],
  'a dNSName as a constructed value': ['unknown kind of GeneralName', name(0xa2, 0x82, 0)],
  'an ML-DSA-44 key of 1311 bytes': [
    'ML-DSA key has a wrong length',
    () => parsePublicKey(spki(seq(oid('2.16.840.1.101.3.4.3.17')), new Uint8Array(1311))),
  ],
  'an Ed25519 key of 31 bytes': [
    'EdDSA key has a wrong length',
    () => parsePublicKey(spki(seq(oid('1.3.101.112')), new Uint8Array(31))),
  ],
  'an Ed448 key of 32 bytes': [
    'EdDSA key has a wrong length',
    () => parsePublicKey(spki(seq(oid('1.3.101.113')), new Uint8Array(32))),
  ],
  'a point of P-256 that is short': [
    'EC point is malformed',
    () =>
      parsePublicKey(
        spki(seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), Uint8Array.of(4, ...new Uint8Array(63))),
      ),
  ],
  'a point in the hybrid form': [
    'EC point is malformed',
    () =>
      parsePublicKey(
        spki(seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), Uint8Array.of(6, ...new Uint8Array(32))),
      ),
  ],
  'a length of five bytes': ['DER: bad length', () => readWhole(Uint8Array.of(0x30, 0x85, 0, 0, 0, 0, 0))],
  'an element that is longer than the input': [
    'element is longer than what holds it',
    () => readWhole(Uint8Array.of(0x30, 2, 5)),
  ],
  'a length that is cut off': ['DER: bad length', () => readWhole(Uint8Array.of(0x30, 0x82, 1))],
  'an indefinite length': ['DER: bad length', () => readWhole(Uint8Array.of(0x30, 0x80, 0, 0))],
  'nothing where there must be an element': ['DER: element expected', () => new DerReader(new Uint8Array(0)).element()],
  'a high tag number': ['a tag number below 31', () => new DerReader(Uint8Array.of(0x1f, 1, 0)).element()],
  'a time with a letter in it': ['time is not', time(0x17, '26010100000AZ')],
  'a time with a sign in it': ['time is not', time(0x17, '2601010000-1Z')],
  'a time without Z': ['time is not', time(0x17, '2601010000000')],
  'a time without seconds': ['time is not', time(0x17, '2601010000Z')],
  'a time in a thirteenth month': ['time is not', time(0x17, '261301000000Z')],
  'the thirtieth of February': ['time is not', time(0x17, '260230000000Z')],
  'hour 24': ['time is not', time(0x17, '260101240000Z')],
};

describe('refused, and for that reason, is', () => {
  it.each(Object.entries(REFUSED))('%s', (_name, [message, read]) => {
    expect(read).toThrow(DerError);
    expect(read).toThrow(message);
  });
});

/** What is wrong, and where the certificate says so. */
const NOTED: Readonly<
  Record<string, readonly [where: 'malformed' | 'malformedPolicies' | 'odd', message: string, MakeOptions]>
> = {
  'version 4': ['odd', 'version 4', { parts: part(0, tlv(0xa0, int(3))) }],
  'an RSA key whose parameters are not NULL': [
    'odd',
    'an RSA key with parameters',
    {
      parts: part(6, spki(seq(oid('1.2.840.113549.1.1.1'), tlv(4, Uint8Array.of(0))), named(2, 1, 3, 2, 1, 3))),
    },
  ],
  'version 1, which is the default, written down': ['odd', 'version 1', { parts: part(0, tlv(0xa0, int(0))) }],
  'a unique identifier in version 1': [
    'odd',
    'unique identifier',
    { version: 1, parts: (parts) => [...parts.slice(0, 7), tlv(0x81, Uint8Array.of(0, 1))] },
  ],
  'no extension in their list': [
    'odd',
    'list of extensions',
    { parts: (parts) => [...parts.slice(0, 7), tlv(0xa3, seq())] },
  ],
  'a dNSName that is not ASCII': [
    'odd',
    'not ASCII',
    { extensions: { '2.5.29.17': extension('2.5.29.17', seq(tlv(0x82, Uint8Array.of(0x65, 0x80)))) } },
  ],
  'authorityInfoAccess that cannot be read': [
    'odd',
    '1.3.6.1.5.5.7.1.1',
    { extensions: { '1.3.6.1.5.5.7.1.1': extension('1.3.6.1.5.5.7.1.1', int(1)) } },
  ],
  'an extension twice': [
    'malformed',
    '2.5.29.14 cannot be read: it is duplicated',
    { extensions: { again: extension('2.5.29.14', tlv(4, text('x'))) } },
  ],
  'an unknown extension twice': [
    'odd',
    'duplicated',
    { extensions: { one: extension('1.2.3', seq()), two: extension('1.2.3', seq()) } },
  ],
  'CRL distribution points that cannot be read': [
    'malformed',
    '2.5.29.31',
    { extensions: { '2.5.29.31': extension('2.5.29.31', int(1)) } },
  ],
  'a keyUsage that names none': [
    'malformed',
    'no usage',
    { extensions: { '2.5.29.15': extension('2.5.29.15', tlv(3, Uint8Array.of(0)), true) } },
  ],
  'policy constraints that are empty': [
    'malformedPolicies',
    'policy constraints are empty',
    { ca: true, extensions: { '2.5.29.36': extension('2.5.29.36', seq(), true) } },
  ],
};

describe('noted in a certificate is', () => {
  it.each(Object.entries(NOTED))('%s', (_name, [where, message, options]) => {
    const { malformed, malformedPolicies, odd } = parseCertificate(make(options).der);
    expect({ malformed, malformedPolicies, odd }[where]).toContain(message);
    expect([malformed, malformedPolicies, odd].filter((one) => one !== undefined)).toHaveLength(1);
    expect(String(describeCertificate(parseCertificate(make(options).der)))).toContain('Certificate:');
  });
});

it('a time that is none is noted, and shown as such', () => {
  const certificate = parseCertificate(
    make({ parts: part(4, seq(tlv(0x17, text('2601010000Z')), tlv(0x18, text('20270230000000Z')))) }).der,
  );
  expect([certificate.notBefore, certificate.notAfter]).toEqual([NaN, NaN]);
  expect(String(describeCertificate(certificate))).toContain('Not Before: Bad time value');
});

it('a CRL with a critical extension in any entry tells nothing of those that it does not name', () => {
  const crl = makeCrl(root, { revoked: [[1n]], entryExtensions: [extension('1.2.3', seq(), true)] });
  const result = validatePath({
    chain: [leaf.der],
    trustAnchors: trustStore([root.der]),
    verifier: nodeVerifier,
    now: NOW,
    crls: [crl],
  });
  expect(result.ok ? 'valid' : [result.error.code, result.error.verify]).toEqual(['CERT_REVOCATION_UNKNOWN', 36]);
});

it('an OCSP response with a signature of an unknown kind is of no authorised responder', () => {
  const ocspResponse = replaced(makeOcsp(leaf, root), '06082a8648ce3d040302', '06082a8648ce3d040309');
  const result = validatePath({
    chain: [leaf.der],
    trustAnchors: trustStore([root.der]),
    verifier: nodeVerifier,
    now: NOW,
    ocsp: 'require',
    ocspResponse,
  });
  expect(result.ok ? 'valid' : result.error.message).toContain('no authorised responder');
});

it('an otherName that cannot be read makes its certificate invalid, and throws nothing where names are constrained', () => {
  const permitted = seq(tlv(0xa0, seq(tlv(0x82, text('example.com')))));
  const ca = make({
    ca: true,
    subject: 'Root',
    keys: root.keys,
    extensions: { '2.5.29.30': extension('2.5.29.30', permitted, true) },
  });
  const other = tlv(0xa0, tlv(6, Uint8Array.of(0xff)), tlv(0xa0, tlv(12, text('x'))));
  const names = extension('2.5.29.17', seq(tlv(0x82, text('www.example.com')), other));
  const bad = make({ issuer: ca, extensions: { '2.5.29.17': names } });
  const result = validatePath({
    chain: [bad.der],
    trustAnchors: trustStore([ca.der]),
    verifier: nodeVerifier,
    now: NOW,
  });
  expect(result.ok ? 'valid' : [result.error.code, result.error.verify]).toEqual(['CERT_INVALID', 41]);
});

it('bytes behind the scope of a list, and behind a basic response, count for nothing', () => {
  const trailing = concat(seq(tlv(0x81, Uint8Array.of(255))), Uint8Array.of(5, 0));
  expect(parseCrl(makeCrl(root, { extensions: [extension(SCOPE, trailing, true)] })).scope?.users).toBe(true);
  const whole = readWhole(makeOcsp(leaf, root));
  whole.skip();
  whole.open(0xa0);
  whole.open(0x30);
  whole.skip();
  const longer = tlv(4, whole.contents(4), Uint8Array.of(5, 0));
  const response = seq(tlv(10, Uint8Array.of(0)), tlv(0xa0, seq(oid('1.3.6.1.5.5.7.48.1.1'), longer)));
  expect(parseOcspResponse(response).responses).toHaveLength(1);
});

it('a reason that is none leaves a certificate revoked', () => {
  const when = tlv(0x18, text('20200101000000Z'));
  const state = tlv(0xa1, when, tlv(0xa0, tlv(10, Uint8Array.of(0xff))));
  expect(parseOcspResponse(makeOcsp(leaf, root, { state })).responses).toMatchObject([
    { status: 'revoked', reason: -1 },
  ]);
});

it('bytes are equal only when their lengths are', () => {
  const [short, long] = [Uint8Array.of(1), Uint8Array.of(1, 2)];
  expect([
    bytesEqual(short, long),
    bytesEqual(long, short),
    bytesEqual(long, Uint8Array.of(1, 3)),
    bytesEqual(long, long.slice()),
  ]).toEqual([false, false, false, true]);
});

it('a name matches as a whole, letter by letter', () => {
  const certificate = (...dns: readonly string[]): ReturnType<typeof parseCertificate> =>
    parseCertificate(make({ dns }).der);
  const matches = (dns: string, host: string): boolean => matchesHost(certificate(dns), host);
  expect([
    matches('example.com', 'example.com'),
    matches('EXAMPLE.com', 'example.COM'),
    matches('*.example.com', 'a.example.com'),
  ]).toEqual([true, true, true]);
  for (const [dns, host] of [
    ['example.con', 'example.com'],
    ['fxample.com', 'example.com'],
    ['xample.com', 'example.com'],
    ['example.com.example.org', 'example.com'],
    ['example.comx', 'example.com'],
    ['example.com', 'xample.com'],
    ['*.example.com', 'example.com'],
    ['*.example.com', 'a.b.example.com'],
    ['*.example.com', 'a.example.org'],
    ['*.xample.com', 'a.example.com'],
    ['*.com', 'example.com'],
    ['*', 'localhost'],
    ['*.', 'localhost'],
  ] as const)
    expect(matches(dns, host), `${dns} ${host}`).toBe(false);
});

it('a signature is not even tried with a key of another kind, whatever the verifier would say', () => {
  const asked: string[] = [];
  const gullible = { ...nodeVerifier, verify: ({ kind }: { kind: string }): boolean => (asked.push(kind), true) };
  const rsa: Keys = newKeys('rsa', 2048);
  // A CA whose key is RSA, and a leaf in its name that is signed with ECDSA.
  const ca = make({ ca: true, subject: 'Root', keys: rsa });
  const forged = make({ issuer: { ...ca, keys: { ...rsa, privateKey: newKeys().privateKey } } });
  const result = validatePath({
    chain: [forged.der],
    trustAnchors: trustStore([ca.der]),
    verifier: gullible,
    now: NOW,
  });
  expect([result.ok, asked]).toEqual([false, []]);
});

it('key usages are told apart', () => {
  expect(
    parseCertificate(make({ extensions: { '2.5.29.15': extension('2.5.29.15', bits(0, 8), true) } }).der).keyUsage,
  ).toBe(0x101);
});
