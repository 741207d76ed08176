/**
 * What the world writes and OpenSSL, with its default flags, accepts: so does the default profile, and `rfc5280` says
 * what is wrong with it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { encodePem, trustStore, validatePath, type Profile } from '@ferrule/x509';
import * as V from '@ferrule/result/x509-v';
import {
  bits,
  concat,
  extension,
  int,
  keyIdentifier,
  make,
  name,
  newKeys,
  NOW,
  oid,
  seq,
  text,
  tlv,
  type Made,
  type MakeOptions,
} from './make.ts';

const [
  SUBJECT_KEY,
  KEY_USAGE,
  ALTERNATIVE_NAME,
  BASIC,
  CONSTRAINTS,
  POLICIES,
  AUTHORITY_KEY,
  POLICY_CONSTRAINTS,
  EXTENDED_USAGE,
  INHIBIT,
] = [
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.32',
  '2.5.29.35',
  '2.5.29.36',
  '2.5.29.37',
  '2.5.29.54',
] as const;
const ACCESS = '1.3.6.1.5.5.7.1.1';
const NETSCAPE = '2.16.840.1.113730.1.1';
/** 2.25 and a UUID (ITU-T X.667). */
const UUID = '2.25.uuid';
const UUID_DER = tlv(6, Uint8Array.of(0x69, 0x83, ...new Array<number>(17).fill(0xaf), 1));

const root = make({ ca: true, subject: 'Root' });
const ica = make({ ca: true, subject: 'ICA', issuer: root });

interface Row {
  readonly chain: readonly Made[];
  readonly anchor: Made;
  readonly host?: string;
  /** What the strict profile says, as X509_V number and depth; `undefined` where it accepts, too. */
  readonly strict: readonly [verify: number, depth: number] | undefined;
  /** OpenSSL's own verdict, where it is another. */
  readonly openssl?: string;
}
const at = (verify: number | undefined, depth: number): Row['strict'] =>
  verify === undefined ? undefined : [verify, depth];
const ext = (id: string, value: Uint8Array | null, critical = false): MakeOptions => ({
  extensions: { [id]: value && extension(id, value, critical) },
});
const part = (index: number, value: Uint8Array): MakeOptions => ({
  parts: (parts) => parts.map((each, i) => (i === index ? value : each)),
});
const leaf = (options: MakeOptions, verify: number | undefined, more: Partial<Row> = {}): Row => ({
  chain: [make({ issuer: ica, ...options }), ica],
  anchor: root,
  strict: at(verify, 0),
  ...more,
});
function issuer(options: MakeOptions, verify: number | undefined, of: MakeOptions = {}, more: Partial<Row> = {}): Row {
  const made = make({ ca: true, subject: 'ICA', issuer: root, ...options });
  return { chain: [make({ issuer: made, ...of }), made], anchor: root, strict: at(verify, 1), ...more };
}
const anchor = (options: MakeOptions, verify?: number): Row => ({
  chain: [make({ issuer: ica }), ica],
  anchor: make({ ca: true, subject: 'Root', keys: root.keys, ...options }),
  strict: at(verify, 2),
});
function itself(options: MakeOptions, verify?: number): Row {
  const one = make(options);
  return { chain: [one], anchor: one, strict: at(verify, 0) };
}

const TRUE = Uint8Array.of(1, 1, 255);
const generalized = seq(tlv(0x18, text('20260101000000Z')), tlv(0x18, text('20270101000000Z')));
const dns = (tag: number, value: string): Uint8Array => seq(tlv(tag, seq(tlv(0x82, text(value)))));
const serial = (...bytes: readonly number[]): MakeOptions => part(1, tlv(2, Uint8Array.from(bytes)));
/** An extension whose `critical` is written in another way. */
const critically = (id: string, critical: Uint8Array, value: Uint8Array): MakeOptions => ({
  extensions: { [id]: seq(oid(id), critical, tlv(4, value)) },
});
const ONE = Uint8Array.of(1, 1, 1);
const NULL = Uint8Array.of(5, 0);
/** Both AlgorithmIdentifiers, inside and outside of what is signed, get parameters. */
function withParameters(parameters: Uint8Array): Row {
  const algorithm = seq(oid('1.2.840.10045.4.3.2'), parameters);
  const made = make({ issuer: ica, ...part(2, algorithm) });
  const plain = seq(oid('1.2.840.10045.4.3.2'));
  const bytes = Buffer.from(made.der);
  const at = bytes.lastIndexOf(Buffer.from(plain));
  const body = concat(bytes.subarray(4, at), algorithm, bytes.subarray(at + plain.length));
  return { chain: [{ ...made, der: seq(body) }, ica], anchor: root, strict: [V.UNSPECIFIED, 0] };
}

const ACCEPTED: Readonly<Record<string, Row>> = {
  ...Object.fromEntries(
    ['secp224r1', 'secp256k1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'].map((curve) => [
      `a CA with a key on ${curve}`,
      issuer({ keys: newKeys('ec', curve) }, undefined, { keys: newKeys('ec', curve) }),
    ]),
  ),
  'basicConstraints of an intermediate that is not critical': issuer(ext(BASIC, seq(TRUE)), V.CA_BCONS_NOT_CRITICAL),
  'basicConstraints of an anchor that is not critical': anchor(ext(BASIC, seq(TRUE))),
  'name constraints that are not critical': issuer(ext(CONSTRAINTS, dns(0xa0, 'example.com')), V.INVALID_EXTENSION),
  'policyConstraints that are not critical': issuer(
    ext(POLICY_CONSTRAINTS, seq(tlv(0x81, Uint8Array.of(0)))),
    V.INVALID_POLICY_EXTENSION,
  ),
  // Path validation begins below an anchor (RFC 5280 section 6.1)
  'a leaf that is its own anchor and requires a policy': itself(
    ext(POLICY_CONSTRAINTS, seq(tlv(0x80, Uint8Array.of(0))), true),
  ),
  'inhibitAnyPolicy that is not critical': issuer(ext(INHIBIT, int(0)), V.INVALID_POLICY_EXTENSION),
  'a leaf without authorityKeyIdentifier': leaf(ext(AUTHORITY_KEY, null), V.MISSING_AUTHORITY_KEY_IDENTIFIER),
  'an intermediate without authorityKeyIdentifier': issuer(
    ext(AUTHORITY_KEY, null),
    V.MISSING_AUTHORITY_KEY_IDENTIFIER,
  ),
  'an authorityKeyIdentifier of issuer and serial number': leaf(
    ext(
      AUTHORITY_KEY,
      seq(tlv(0xa1, tlv(0xa4, name('Root'))), tlv(0x82, Uint8Array.from(Buffer.from(ica.serial.toString(16), 'hex')))),
    ),
    V.MISSING_AUTHORITY_KEY_IDENTIFIER,
  ),
  "an authorityKeyIdentifier that is another's": leaf(
    ext(AUTHORITY_KEY, seq(tlv(0x80, keyIdentifier(root.keys.spki)))),
    undefined,
    { openssl: '20 at 0' },
  ),
  'an intermediate without subjectKeyIdentifier': issuer(ext(SUBJECT_KEY, null), V.MISSING_SUBJECT_KEY_IDENTIFIER),
  'an intermediate without keyUsage': issuer(ext(KEY_USAGE, null), V.CA_CERT_MISSING_KEY_USAGE),
  'an anchor without any key identifier': anchor({ extensions: { [SUBJECT_KEY]: null, [AUTHORITY_KEY]: null } }),
  'an anchor without keyUsage': anchor(ext(KEY_USAGE, null)),
  'an anchor of version 1': anchor({ version: 1 }, V.INVALID_CA),
  'an anchor without basicConstraints that may sign certificates': anchor(ext(BASIC, null), V.INVALID_CA),
  'an anchor with serial number 0 and GeneralizedTime': anchor({
    parts: (parts) => parts.map((each, i) => (i === 1 ? int(0) : i === 4 ? generalized : each)),
  }),
  'an anchor whose extensions are in version 1': anchor({ parts: (parts) => parts.slice(1) }),
  'an anchor with inhibitAnyPolicy that is not critical': anchor(ext(INHIBIT, int(1))),
  'an anchor whose signature is not its own': (() => {
    const row = anchor({});
    const der = row.anchor.der.slice();
    der[der.length - 1] = (der[der.length - 1] as number) ^ 1;
    return { ...row, anchor: { ...row.anchor, der } };
  })(),
  'a certificate that is its own anchor, with serial number 0': itself(serial(0), V.UNSPECIFIED),
  'a certificate that is its own anchor and may sign certificates': itself(
    ext(KEY_USAGE, bits(0, 5), true),
    V.KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA,
  ),
  'a certificate that is its own anchor and has a path length': itself(
    ext(BASIC, seq(int(0)), true),
    V.PATHLEN_INVALID_FOR_NON_CA,
  ),
  'serial number 0': leaf(serial(0), V.UNSPECIFIED),
  'a negative serial number': leaf(serial(0x80), V.UNSPECIFIED),
  'a serial number of 21 octets': leaf(serial(...new Array<number>(21).fill(0x11)), V.UNSPECIFIED),
  'GeneralizedTime before 2050': leaf(part(4, generalized), V.ERROR_IN_CERT_NOT_BEFORE_FIELD),
  'an empty subject beside a subjectAltName that is not critical': leaf(
    { subject: [] },
    V.EMPTY_SUBJECT_SAN_NOT_CRITICAL,
  ),
  'an issuer with an empty name': issuer(
    { subject: [] },
    V.ISSUER_NAME_EMPTY,
    {},
    { strict: [V.ISSUER_NAME_EMPTY, 0] },
  ),
  'an ECDSA algorithm with NULL parameters': withParameters(NULL),
  'a critical that is TRUE as 1': leaf(critically(KEY_USAGE, ONE, bits(0)), V.UNSPECIFIED),
  'a cA that is TRUE as 1': issuer(ext(BASIC, seq(ONE), true), V.UNSPECIFIED),
  'a critical that is FALSE, written down': leaf(critically(KEY_USAGE, Uint8Array.of(1, 1, 0), bits(0)), undefined),
  'a keyUsage whose padding is not zero': leaf(ext(KEY_USAGE, tlv(3, Uint8Array.of(5, 0xff)), true), V.UNSPECIFIED),
  'a leaf that may sign certificates': leaf(ext(KEY_USAGE, bits(0, 5), true), V.KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA),
  'a leaf with name constraints': leaf(ext(CONSTRAINTS, dns(0xa0, 'example.com'), true), V.INVALID_EXTENSION),
  'extensions in version 1': leaf({ parts: (parts) => parts.slice(1) }, V.EXTENSIONS_REQUIRE_VERSION_3),
  'version 4': leaf(part(0, tlv(0xa0, int(3))), V.UNSPECIFIED),
  'a name constraint with a leading period': issuer(
    ext(CONSTRAINTS, dns(0xa0, '.example.com'), true),
    undefined,
    { dns: ['www.example.com'] },
    { host: 'www.example.com', strict: [V.UNSUPPORTED_CONSTRAINT_SYNTAX, 0] },
  ),
  'a name constraint with an underscore': issuer(
    ext(CONSTRAINTS, dns(0xa0, 'my_zone.internal'), true),
    undefined,
    { dns: ['a.my_zone.internal'] },
    { host: 'a.my_zone.internal', strict: [V.HOSTNAME_MISMATCH, 0] },
  ),
  'an underscore': leaf({ dns: ['my_service.internal'] }, V.HOSTNAME_MISMATCH, { host: 'my_service.internal' }),
  'an underscore behind a wildcard': leaf({ dns: ['*.my_zone.internal'] }, V.HOSTNAME_MISMATCH, {
    host: 'a.my_zone.internal',
    openssl: '62 at 0',
  }),
  'an underscore under a wildcard': leaf({ dns: ['*.zone.internal'] }, undefined, {
    host: 'my_service.zone.internal',
    openssl: '62 at 0',
  }),
  'an e-mail address that is not ASCII beside the host': leaf(
    ext(ALTERNATIVE_NAME, seq(tlv(0x82, text('example.com')), tlv(0x81, Uint8Array.of(0xe9)))),
    V.UNSPECIFIED,
  ),
  'authorityInfoAccess that cannot be read': leaf(ext(ACCESS, int(1)), V.UNSPECIFIED),
  'policies that cannot be read, where nobody requires one': leaf(ext(POLICIES, int(1)), V.INVALID_POLICY_EXTENSION),
  'policies with an unknown qualifier that are not critical': leaf(
    ext(POLICIES, seq(seq(oid('1.2.3'), seq(seq(oid('1.2.3.4'), seq()))))),
    undefined,
  ),
  ...Object.fromEntries(
    (
      [
        ['extendedKeyUsage', EXTENDED_USAGE, seq(oid('1.3.6.1.5.5.7.3.1')), false],
        ['keyUsage', KEY_USAGE, bits(0), true],
        ['subjectAltName', ALTERNATIVE_NAME, seq(tlv(0x82, text('example.com'))), false],
        ['basicConstraints', BASIC, seq(), true],
        ['subjectKeyIdentifier', SUBJECT_KEY, tlv(4, text('key')), false],
        ['policies', POLICIES, seq(seq(oid('1.2.3'))), false],
        ['CRL distribution points', '2.5.29.31', seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://x')))))), false],
      ] as const
    ).map(([title, id, value, critical]) => [
      `bytes behind the ${title} of a leaf`,
      leaf(ext(id, concat(value, Uint8Array.of(5, 0)), critical), V.UNSPECIFIED),
    ]),
  ),
  'a version below 1': leaf(part(0, tlv(0xa0, tlv(2, Uint8Array.of(0x82)))), V.UNSPECIFIED),
  'a netscapeCertType of an intermediate without octets, whose padding has bits': issuer(
    ext(NETSCAPE, tlv(3, Uint8Array.of(2))),
    V.UNSPECIFIED,
  ),
  'bytes behind the basicConstraints of an intermediate': issuer(
    ext(BASIC, concat(seq(TRUE), Uint8Array.of(5, 0)), true),
    V.UNSPECIFIED,
  ),
  'a modulus of 2047 bits': issuer({ keys: newKeys('rsa', 2047) }, undefined),
  'an ECDSA algorithm with the curve as its parameters': withParameters(oid('1.2.840.10045.3.1.7')),
  "Netscape's certificate type of a server": leaf(ext('2.16.840.1.113730.1.1', bits(1), true), undefined),
  "Netscape's certificate type in place of basicConstraints, of an anchor": anchor(
    { extensions: { [BASIC]: null, [KEY_USAGE]: null, netscape: extension('2.16.840.1.113730.1.1', bits(5)) } },
    V.INVALID_CA,
  ),
  'a path length of five octets': issuer(ext(BASIC, seq(TRUE, int(2 ** 39)), true), undefined),
  'a keyUsage of four octets': issuer(ext(KEY_USAGE, tlv(3, Uint8Array.of(0, 6, 0, 0, 0)), true), undefined),
  'an unknown extension whose OID is a UUID': leaf({ extensions: { [UUID]: seq(UUID_DER, tlv(4, seq())) } }, undefined),
  'a further usage whose OID is a UUID': leaf(ext(EXTENDED_USAGE, seq(oid('1.3.6.1.5.5.7.3.1'), UUID_DER)), undefined),
  'an attribute of an anchor whose type is a UUID': (() => {
    const subject = seq(tlv(0x31, seq(UUID_DER, tlv(0x0c, text('Root')))));
    const itself = (parts: readonly Uint8Array[]) => parts.map((each, i) => (i === 3 || i === 5 ? subject : each));
    const trusted = make({ ca: true, keys: root.keys, parts: itself });
    const named = make({ issuer: root, ...part(3, subject) });
    return { chain: [named], anchor: trusted, strict: undefined };
  })(),
  'a subject with an RDN that is empty': leaf(
    part(5, seq(tlv(0x31), tlv(0x31, seq(oid('2.5.4.3'), tlv(0x0c, text('example.com')))))),
    V.UNSPECIFIED,
  ),
  'a unique identifier in parts': leaf(
    { parts: (parts) => [...parts.slice(0, 7), tlv(0xa1, tlv(3, Uint8Array.of(0, 1))), ...parts.slice(7)] },
    V.UNSPECIFIED,
  ),
  'server gated cryptography in place of serverAuth': leaf(
    ext(EXTENDED_USAGE, seq(oid('2.16.840.1.113730.4.1'))),
    V.INVALID_PURPOSE,
  ),
};

const available = (spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout ?? '').startsWith('OpenSSL 3');
if (!available) console.warn('skipped: there is no openssl 3 command');
const folder = mkdtempSync(join(tmpdir(), 'ferrule-compatible-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function openssl({ chain, anchor: trusted, host = 'example.com' }: Row): string {
  const file = (label: string, certificates: readonly Made[]): string => {
    writeFileSync(join(folder, label), certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join(''));
    return join(folder, label);
  };
  const untrusted = chain.length > 1 ? ['-untrusted', file('untrusted', chain.slice(1))] : [];
  const flags = [
    '-no-CApath',
    '-no-CAstore',
    '-partial_chain',
    '-auth_level',
    '2',
    '-purpose',
    'sslserver',
    '-verify_hostname',
    host,
    '-attime',
    String(NOW / 1000),
  ];
  const { stderr, status } = spawnSync(
    'openssl',
    ['verify', ...flags, '-CAfile', file('anchors', [trusted]), ...untrusted, file('leaf', chain.slice(0, 1))],
    { encoding: 'utf8' },
  );
  const [, code, depth] = /error (\d+) at (\d+) depth/.exec(stderr) ?? [];
  return code === undefined ? (status === 0 ? 'valid' : stderr) : `${code} at ${depth}`;
}
function ours({ chain, anchor: trusted, host = 'example.com' }: Row, profile?: Profile): string {
  const result = validatePath({
    chain: chain.map(({ der }) => der),
    trustAnchors: trustStore([trusted.der]),
    verifier: nodeVerifier,
    now: NOW,
    host,
    ...(profile && { profile }),
  });
  return result.ok ? 'valid' : `${result.error.verify} at ${result.error.depth}`;
}

describe.each(Object.entries(ACCEPTED))('%s', (_, row) => {
  it('is accepted, and what the strict profile says of it is known', () => {
    expect([ours(row), ours(row, 'rfc5280')]).toEqual(['valid', row.strict ? row.strict.join(' at ') : 'valid']);
  });
  it.skipIf(!available)('is accepted by OpenSSL but for what is said here', () => {
    expect(openssl(row)).toBe(row.openssl ?? 'valid');
  });
});
