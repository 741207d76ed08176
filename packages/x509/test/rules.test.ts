/**
 * Each rule for a certificate of a path, by the one certificate that breaks it: the X509_V number, what is said, and at
 * which depth.
 */
import { describe, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { trustStore, validatePath, type ValidationInput } from '@ferrule/x509';
import * as V from '@ferrule/result/x509-v';
import {
  bits,
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

const SUBJECT_KEY = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const ALTERNATIVE_NAME = '2.5.29.17';
const BASIC = '2.5.29.19';
const CONSTRAINTS = '2.5.29.30';
const DISTRIBUTION_POINTS = '2.5.29.31';
const POLICIES = '2.5.29.32';
const MAPPINGS = '2.5.29.33';
const AUTHORITY_KEY = '2.5.29.35';
const POLICY_CONSTRAINTS = '2.5.29.36';
const EXTENDED_USAGE = '2.5.29.37';

const root = make({ ca: true, subject: 'Root' });
const ica = make({ ca: true, subject: 'ICA', issuer: root });
const icaWith = (options: MakeOptions): Made => make({ ca: true, subject: 'ICA', issuer: root, ...options });
const below = (issuer: Made, options: MakeOptions = {}): readonly Made[] => [make({ issuer, ...options }), issuer];
/** One extension in place of what would be there; `null` leaves it out. */
const ext = (id: string, value: Uint8Array | null, critical = false): MakeOptions => ({
  extensions: { [id]: value && extension(id, value, critical) },
});
const part = (index: number, value: Uint8Array): MakeOptions => ({
  parts: (parts) => parts.map((each, i) => (i === index ? value : each)),
});
const dnsNames = (...names: readonly string[]): Uint8Array => seq(...names.map((one) => tlv(0x82, text(one))));
const permitted = seq(tlv(0xa0, seq(tlv(0x82, text('example.com')))));
const generalized = (digits: string): Uint8Array => tlv(0x18, text(digits));
const utc = (digits: string): Uint8Array => tlv(0x17, text(digits));
const serverAuth = oid('1.3.6.1.5.5.7.3.1');
const policies = (...ids: readonly string[]): Uint8Array => seq(...ids.map((id) => seq(oid(id))));
const explicitPolicy = seq(tlv(0x80, Uint8Array.of(0)));

/** A P-256 key whose curve is spelt out in place of named. */
function explicitCurve(): ReturnType<typeof newKeys> {
  const keys = newKeys();
  return { ...keys, spki: seq(seq(oid('1.2.840.10045.2.1'), seq(int(1))), keys.spki.subarray(-68)) };
}

interface Row {
  readonly chain: readonly Made[];
  readonly anchor?: Made;
  readonly options?: Partial<ValidationInput>;
  readonly verify: number;
  readonly message: string;
  readonly depth?: number;
}
const leafRow = (options: MakeOptions, verify: number, message: string, more: Partial<Row> = {}): Row => ({
  chain: below(ica, options),
  verify,
  message,
  depth: 0,
  ...more,
});
const caRow = (options: MakeOptions, verify: number, message: string, more: Partial<Row> = {}): Row => ({
  chain: below(icaWith(options)),
  verify,
  message,
  depth: 1,
  ...more,
});

const RULES: Readonly<Record<string, Row>> = {
  'extensions in a certificate of version 2': leafRow(
    { parts: (parts) => [tlv(0xa0, int(1)), ...parts.slice(1)] },
    V.EXTENSIONS_REQUIRE_VERSION_3,
    'of version 2',
  ),
  'two signature algorithms': leafRow(
    part(2, seq(oid('1.2.840.10045.4.3.3'))),
    V.SIGNATURE_ALGORITHM_INCONSISTENCY,
    'two different signature algorithms',
  ),
  'notBefore in the other form': leafRow(
    part(4, seq(generalized('20260101000000Z'), utc('270101000000Z'))),
    V.ERROR_IN_CERT_NOT_BEFORE_FIELD,
    'notBefore',
  ),
  'notAfter in the other form': leafRow(
    part(4, seq(utc('260101000000Z'), generalized('20270101000000Z'))),
    V.ERROR_IN_CERT_NOT_AFTER_FIELD,
    'notAfter',
  ),
  'BER that is not DER': leafRow(
    { parts: (parts) => [tlv(0xa0, int(3)), ...parts.slice(1)] },
    V.UNSPECIFIED,
    'not DER',
  ),
  'critical distribution points of which one names nothing': leafRow(
    ext(DISTRIBUTION_POINTS, seq(seq(tlv(0x81, Uint8Array.of(6, 0x40)))), true),
    V.INVALID_EXTENSION,
    'names nothing',
  ),
  'a policy that is named twice': leafRow(
    ext(POLICIES, policies('1.2.3', '1.2.3')),
    V.INVALID_POLICY_EXTENSION,
    'names a policy twice',
  ),
  'policies that cannot be read': leafRow(ext(POLICIES, int(1)), V.INVALID_POLICY_EXTENSION, 'malformed'),
  'a curve that is not named': leafRow({ keys: explicitCurve() }, V.EC_KEY_EXPLICIT_PARAMS, 'explicit parameters'),
  'a CA without keyUsage': caRow(ext(KEY_USAGE, null), V.CA_CERT_MISSING_KEY_USAGE, 'without keyUsage'),
  'basicConstraints of a CA that are not critical': caRow(
    ext(BASIC, seq(Uint8Array.of(1, 1, 255))),
    V.CA_BCONS_NOT_CRITICAL,
    'not critical',
  ),
  'a CA without subjectKeyIdentifier': caRow(
    ext(SUBJECT_KEY, null),
    V.MISSING_SUBJECT_KEY_IDENTIFIER,
    'without subjectKeyIdentifier',
  ),
  'a path length in a leaf': leafRow(
    ext(BASIC, seq(int(0)), true),
    V.PATHLEN_INVALID_FOR_NON_CA,
    'has a pathLenConstraint',
  ),
  'a leaf that may sign certificates': leafRow(
    ext(KEY_USAGE, bits(0, 5), true),
    V.KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA,
    'may sign certificates',
  ),
  'name constraints in a leaf': leafRow(
    ext(CONSTRAINTS, permitted, true),
    V.INVALID_EXTENSION,
    'not a CA but has name constraints',
  ),
  'an issuer without a name': {
    chain: below(icaWith({ subject: [] })),
    verify: V.ISSUER_NAME_EMPTY,
    message: 'empty issuer',
    depth: 0,
  },
  'an empty subjectAltName': leafRow(ext(ALTERNATIVE_NAME, seq()), V.EMPTY_SUBJECT_ALT_NAME, 'empty subjectAltName', {
    options: { host: undefined },
  }),
  'a subjectAltName that is not critical beside no subject': leafRow(
    { subject: [] },
    V.EMPTY_SUBJECT_SAN_NOT_CRITICAL,
    'not critical',
  ),
  'a leaf without authorityKeyIdentifier': leafRow(
    ext(AUTHORITY_KEY, null),
    V.MISSING_AUTHORITY_KEY_IDENTIFIER,
    'no authorityKeyIdentifier',
  ),
  'an intermediate without authorityKeyIdentifier': caRow(
    ext(AUTHORITY_KEY, null),
    V.MISSING_AUTHORITY_KEY_IDENTIFIER,
    'no authorityKeyIdentifier',
  ),
  'a path length of one who may not sign': leafRow(
    {
      extensions: {
        [BASIC]: extension(BASIC, seq(Uint8Array.of(1, 1, 255), int(0)), true),
        [KEY_USAGE]: extension(KEY_USAGE, bits(0), true),
      },
    },
    V.PATHLEN_WITHOUT_KU_KEY_CERT_SIGN,
    'may not sign',
  ),
  'an empty keyUsage': leafRow(
    ext(KEY_USAGE, tlv(3, Uint8Array.of(0)), true),
    V.INVALID_EXTENSION,
    'it names no usage',
  ),
  'policyConstraints that are not critical': caRow(
    ext(POLICY_CONSTRAINTS, explicitPolicy),
    V.INVALID_POLICY_EXTENSION,
    'policyConstraints',
  ),
  'inhibitAnyPolicy that is not critical': caRow(
    ext('2.5.29.54', int(0)),
    V.INVALID_POLICY_EXTENSION,
    'inhibitAnyPolicy',
  ),
  'name constraints that are not critical': caRow(ext(CONSTRAINTS, permitted), V.INVALID_EXTENSION, 'not critical'),
  'a key of a kind that is not supported': leafRow(
    { keys: newKeys('ec', 'sect283r1') },
    V.EE_KEY_TOO_SMALL,
    'of a kind that is not supported',
  ),
  'a signature algorithm that is not supported': leafRow(
    { signature: 'unknown' },
    V.UNSUPPORTED_SIGNATURE_ALGORITHM,
    '1.2.3.4',
  ),
  'no policy where one is required': {
    chain: below(icaWith(ext(POLICY_CONSTRAINTS, explicitPolicy, true))),
    verify: V.NO_EXPLICIT_POLICY,
    message: 'no policy',
  },
  'no policy that all CAs above agree on': (() => {
    const top = icaWith({
      extensions: {
        [POLICY_CONSTRAINTS]: extension(POLICY_CONSTRAINTS, explicitPolicy, true),
        [POLICIES]: extension(POLICIES, policies('1.2.3')),
      },
    });
    const middle = make({ ca: true, subject: 'Middle', issuer: top, ...ext(POLICIES, policies('1.2.4')) });
    return {
      chain: [make({ issuer: middle, ...ext(POLICIES, policies('1.2.4')) }), middle, top],
      verify: V.NO_EXPLICIT_POLICY,
      message: 'no policy',
    };
  })(),
  'a leaf that requires a policy and has none': leafRow(
    ext(POLICY_CONSTRAINTS, explicitPolicy, true),
    V.NO_EXPLICIT_POLICY,
    'no policy',
  ),
  'a CA that maps any policy': caRow(
    {
      extensions: {
        [POLICY_CONSTRAINTS]: extension(POLICY_CONSTRAINTS, seq(tlv(0x80, Uint8Array.of(5))), true),
        [MAPPINGS]: extension(MAPPINGS, seq(seq(oid('2.5.29.32.0'), oid('1.2.3'))), true),
      },
    },
    V.INVALID_POLICY_EXTENSION,
    'maps any policy',
    { depth: 0 },
  ),
};

const strict = { profile: 'rfc5280' } as const;
const webpki = { profile: 'webpki' } as const;
function selfSigned(options: MakeOptions): Pick<Row, 'chain' | 'anchor'> {
  const one = make(options);
  return { chain: [one], anchor: one };
}
const rootWith = (options: MakeOptions): Made => make({ ca: true, subject: 'Root', keys: root.keys, ...options });

const WEBPKI: Readonly<Record<string, Row>> = {
  'a certificate of version 1': {
    ...selfSigned({ version: 1, dns: [] }),
    options: { host: undefined },
    verify: V.UNSPECIFIED,
    message: 'version 1',
    depth: 0,
  },
  'an Ed25519 key': leafRow({ keys: newKeys('ed25519') }, V.EE_KEY_TOO_SMALL, "the web's rules"),
  'an Ed25519 key of a CA': {
    chain: below(make({ ca: true, subject: 'ICA', issuer: root, keys: newKeys('ed25519') })),
    verify: V.CA_KEY_TOO_SMALL,
    message: "the web's rules",
    depth: 1,
  },
  'an RSA key that is not a multiple of 8 bits': leafRow(
    { keys: newKeys('rsa', 2052) },
    V.EE_KEY_TOO_SMALL,
    "the web's rules",
  ),
  'a root with extendedKeyUsage': {
    chain: below(ica),
    anchor: rootWith(ext(EXTENDED_USAGE, seq(serverAuth))),
    verify: V.INVALID_CA,
    message: 'root with extendedKeyUsage',
  },
  "a root whose authorityKeyIdentifier is another's": {
    chain: below(ica),
    anchor: rootWith(ext(AUTHORITY_KEY, seq(tlv(0x80, keyIdentifier(ica.keys.spki))))),
    verify: V.INVALID_EXTENSION,
    message: 'authorityKeyIdentifier',
  },
  'a root whose authorityKeyIdentifier also names a serial number': {
    chain: below(ica),
    anchor: rootWith(
      ext(
        AUTHORITY_KEY,
        seq(tlv(0x80, keyIdentifier(root.keys.spki)), tlv(0xa1, tlv(0xa4, name('Root'))), tlv(0x82, Uint8Array.of(1))),
      ),
    ),
    verify: V.INVALID_EXTENSION,
    message: 'authorityKeyIdentifier',
  },
  'a CA in place of a server': leafRow(
    { extensions: { [BASIC]: extension(BASIC, seq(Uint8Array.of(1, 1, 255)), true) } },
    V.INVALID_PURPOSE,
    'is a CA',
  ),
  'no subjectAltName': leafRow({ dns: [] }, V.INVALID_EXTENSION, 'no subjectAltName', { options: { host: undefined } }),
  'a critical subjectAltName beside a subject': leafRow(
    ext(ALTERNATIVE_NAME, dnsNames('example.com'), true),
    V.INVALID_EXTENSION,
    'critical subjectAltName',
  ),
  'no extendedKeyUsage': leafRow(ext(EXTENDED_USAGE, null), V.INVALID_PURPOSE, 'no extendedKeyUsage'),
  anyExtendedKeyUsage: leafRow(
    ext(EXTENDED_USAGE, seq(serverAuth, oid('2.5.29.37.0'))),
    V.INVALID_PURPOSE,
    'anyExtendedKeyUsage',
  ),
  'a critical extendedKeyUsage': leafRow(
    ext(EXTENDED_USAGE, seq(serverAuth), true),
    V.INVALID_EXTENSION,
    'critical extendedKeyUsage',
  ),
  'a common name that is none of the alternative names': leafRow(
    { subject: 'other.example' },
    V.INVALID_EXTENSION,
    'common name',
  ),
  'a common name that is no text': leafRow(
    { subject: [['2.5.4.3', 'other.example', 0x1b]] },
    V.INVALID_EXTENSION,
    'common name that is no text',
  ),
  'a wildcard right below a top-level domain': leafRow(
    { subject: [['2.5.4.10', 'Example']], dns: ['*.com', 'example.com'] },
    V.INVALID_EXTENSION,
    'wildcard',
  ),
};

const validate = (
  { chain, anchor = root, options }: Row,
  more: Partial<ValidationInput> = {},
): ReturnType<typeof validatePath> =>
  validatePath({
    chain: chain.map(({ der }) => der),
    trustAnchors: trustStore([anchor.der]),
    verifier: nodeVerifier,
    now: NOW,
    host: 'example.com',
    ...more,
    ...options,
  });
function told(row: Row, more: Partial<ValidationInput> = {}): unknown {
  const result = validate(row, more);
  return result.ok
    ? 'valid'
    : {
        verify: result.error.verify,
        message: result.error.message,
        ...(row.depth !== undefined && { depth: result.error.depth }),
      };
}
const expected = ({ verify, message, depth }: Row): unknown => ({
  verify,
  message: expect.stringContaining(message) as string,
  ...(depth !== undefined && { depth }),
});

it('the certificates around each rule are good ones, under both profiles', () => {
  const good: Row = { chain: below(ica), verify: 0, message: '' };
  expect([validate(good).ok, validate(good, webpki).ok]).toEqual([true, true]);
  const policy = {
    chain: [
      ...below(
        icaWith({
          extensions: {
            [POLICY_CONSTRAINTS]: extension(POLICY_CONSTRAINTS, explicitPolicy, true),
            [POLICIES]: extension(POLICIES, policies('1.2.3')),
          },
        }),
        ext(POLICIES, policies('1.2.3')),
      ),
    ],
    verify: 0,
    message: '',
  };
  expect(validate(policy).ok).toBe(true);
});

describe('refused is', () => {
  it.each(Object.entries(RULES))('%s', (_name, row) => {
    expect(told(row, strict)).toEqual(expected(row));
  });
});

it.each([
  ['notBefore', utc('261301000000Z'), utc('270101000000Z'), V.ERROR_IN_CERT_NOT_BEFORE_FIELD],
  ['notAfter', utc('260101000000Z'), utc('271301000000Z'), V.ERROR_IN_CERT_NOT_AFTER_FIELD],
] as const)('a %s that is not a time is refused where its form does not matter', (field, from, until, verify) => {
  const row = leafRow(part(4, seq(from, until)), verify, `${field} that is not a time`);
  expect(told(row, { profile: 'compatible' })).toEqual(expected(row));
});

describe('refused by the rules of the web is', () => {
  it.each(Object.entries(WEBPKI))('%s', (_name, row) => {
    expect(told(row, webpki)).toEqual(expected(row));
    // The rule is that profile's own.
    expect(told(row, strict)).not.toEqual(expected(row));
  });
});
