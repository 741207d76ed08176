/** @module What a certificate can have that others have not: each feature changes one draft. */
import { concat, EMPTY } from '@ferrule/result/bytes';
import { tlv } from '../fuzz/der.ts';
import { oid } from '@ferrule/conformance/pki';
import {
  attribute,
  generalizedTime,
  identifierOf,
  integer,
  keyOf,
  name,
  NULL,
  sequence,
  StringTag,
  text,
  TRUE,
  utcTime,
  type Draft,
  type Key,
  type KeyName,
  type Value,
} from './draft.ts';

/** Where a certificate stands; of a chain of one, the leaf. */
export type Place = 'root' | 'ca' | 'leaf';

export interface Feature {
  readonly name: string;
  readonly on: readonly Place[];
  readonly apply: (draft: Draft) => void;
}

const CA: readonly Place[] = ['root', 'ca'];
const ALL: readonly Place[] = ['root', 'ca', 'leaf'];
const SENT: readonly Place[] = ['ca', 'leaf'];
const LEAF: readonly Place[] = ['leaf'];

const feature = (title: string, on: readonly Place[], apply: (draft: Draft) => void): Feature => ({
  name: title,
  on,
  apply,
});

export const Id = {
  ski: '2.5.29.14',
  keyUsage: '2.5.29.15',
  san: '2.5.29.17',
  basic: '2.5.29.19',
  names: '2.5.29.30',
  points: '2.5.29.31',
  policies: '2.5.29.32',
  mappings: '2.5.29.33',
  aki: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  eku: '2.5.29.37',
  anyPolicy: '2.5.29.54',
  aia: '1.3.6.1.5.5.7.1.1',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
} as const;

/** An extension in place of that of its kind, or none. */
const extension = (
  title: string,
  on: readonly Place[],
  id: string,
  value: Value | undefined,
  critical: Uint8Array = EMPTY,
): Feature =>
  feature(title, on, (draft) => {
    if (value === undefined) draft.extensions.delete(id);
    else draft.extensions.set(id, { critical, value });
  });

/** The extension stays, its criticality changes. */
const criticality = (title: string, on: readonly Place[], id: string, critical: Uint8Array): Feature =>
  feature(title, on, (draft) => {
    const own = draft.extensions.get(id);
    if (own !== undefined) draft.extensions.set(id, { ...own, critical });
  });

export const keyUsage = (...octets: readonly number[]): Uint8Array => tlv(0x03, Uint8Array.from(octets));
export const purposes = (...ids: readonly string[]): Uint8Array => sequence(...ids.map(oid));
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

/** 2.25 and a UUID (ITU-T X.667). */
const UUID = tlv(0x06, Uint8Array.of(0x69, 0x83, ...new Array<number>(17).fill(0xaf), 1));

/** X.690 section 8.1.2.4: number 129 of its context, and nothing in it. */
const HIGH_TAG = Uint8Array.of(0x9f, 0x81, 0x01, 0);

const number = (value: number): Uint8Array => integer(Uint8Array.of(value));

const form: readonly Feature[] = [
  feature('expired', ALL, (draft) => void (draft.notAfter = utcTime(-2))),
  feature('not yet valid', ALL, (draft) => void (draft.notBefore = utcTime(2))),
  feature(
    'GeneralizedTime before 2050',
    ALL,
    (draft) => void ([draft.notBefore, draft.notAfter] = [generalizedTime(-9), generalizedTime(90)]),
  ),
  feature('notAfter 9999', ALL, (draft) => void (draft.notAfter = tlv(0x18, text('99991231235959Z')))),
  feature('UTCTime without seconds', ALL, (draft) => void (draft.notAfter = tlv(0x17, text('4901010000Z')))),
  feature('UTCTime with a zone', ALL, (draft) => void (draft.notAfter = tlv(0x17, text('490101000000+0000')))),
  feature('serial 0', ALL, (draft) => void (draft.serial = Uint8Array.of(0))),
  feature('serial negative', ALL, (draft) => void (draft.serial = Uint8Array.of(0x80, 1))),
  feature('serial of 21 octets', ALL, (draft) => void (draft.serial = new Uint8Array(21).fill(0x41))),
  feature('serial with a leading zero', ALL, (draft) => void (draft.serial = Uint8Array.of(0, 1))),
  feature('named as the root, without a hint at its issuer', SENT, (draft) => {
    draft.subject = name('ferrule chains', 'root');
    draft.extensions.delete(Id.aki);
  }),
  feature('version 1', ALL, (draft) => {
    draft.version = 0;
    draft.versionWritten = false;
    draft.extensions.clear();
  }),
  feature('version 1 with extensions', ALL, (draft) => {
    draft.version = 0;
    draft.versionWritten = false;
  }),
  feature('version 1 written out', ALL, (draft) => {
    draft.version = 0;
    draft.extensions.clear();
  }),
  feature('version 2 with extensions', ALL, (draft) => void (draft.version = 1)),
  feature('version 3 without extensions', ALL, (draft) => draft.extensions.clear()),
  feature('an empty list of extensions', ALL, (draft) => {
    draft.extensions.clear();
    draft.emptyList = true;
  }),
  feature(
    'unique identifiers',
    ALL,
    (draft) => void (draft.uniqueIds = concat([tlv(0x81, Uint8Array.of(0, 1)), tlv(0x82, Uint8Array.of(0, 2))])),
  ),
  feature('ECDSA with NULL parameters', ALL, (draft) => void (draft.parameters = NULL)),
  feature('ECDSA with parameters of a high tag', ALL, (draft) => void (draft.parameters = HIGH_TAG)),
  feature('signed with SHA-1', ALL, (draft) => void (draft.hash = 'sha1')),
  feature('signed with SHA-224', ALL, (draft) => void (draft.hash = 'sha224')),
  feature('signed with SHA-384', ALL, (draft) => void (draft.hash = 'sha384')),
  feature('signed with SHA3-256', ALL, (draft) => void (draft.hash = 'sha3-256')),
  feature('signed with RSASSA-PSS, if with RSA', ALL, (draft) => void (draft.mask = 'sha256')),
  feature('signed with RSASSA-PSS and another mask, if with RSA', ALL, (draft) => void (draft.mask = 'sha1')),
  feature(
    'two signature algorithms',
    ALL,
    (draft) => void (draft.outerHash = draft.hash === 'sha384' ? 'sha256' : 'sha384'),
  ),
  feature('a wrong signature', ALL, (draft) => void (draft.corrupt = true)),
  feature('signed by another key', SENT, (draft) => void (draft.signer = keyOf('p256:another'))),
  feature('trailing bytes', SENT, (draft) => void (draft.edit = (der) => concat([der, Uint8Array.of(0)]))),
  feature('another issuer', SENT, (draft) => void (draft.issuer = name('ferrule chains', 'nobody'))),
  feature('an unknown extension', ALL, (draft) =>
    draft.more.push(sequence(oid('1.3.6.1.4.1.99999.7'), tlv(0x04, NULL))),
  ),
  feature('an unknown critical extension', ALL, (draft) =>
    draft.more.push(sequence(oid('1.3.6.1.4.1.99999.7'), TRUE, tlv(0x04, NULL))),
  ),
  feature('an unknown extension whose OID is a UUID', ALL, (draft) => draft.more.push(sequence(UUID, tlv(0x04, NULL)))),
  feature('a unique identifier in parts', ALL, (draft) => {
    draft.uniqueIds = tlv(0xa1, tlv(0x03, Uint8Array.of(0, 1)));
  }),
  feature('basicConstraints twice', ALL, (draft) => draft.more.push(sequence(oid(Id.basic), tlv(0x04, sequence())))),
  feature(
    'an unknown extension twice',
    ALL,
    (draft) => void draft.more.push(...[1, 2].map(() => sequence(oid('1.3.6.1.4.1.99999.8'), tlv(0x04, NULL)))),
  ),
];

const keys: readonly Feature[] = [
  ...(
    [
      [CA, ['p384', 'rsa', 'ed25519', 'rsa-1024', 'secp256k1', 'secp224r1', 'brainpoolP256r1', 'brainpoolP384r1']],
      [LEAF, ['rsa', 'p384', 'rsa-1024', 'secp256k1', 'secp224r1', 'brainpoolP256r1']],
    ] as const satisfies readonly (readonly [readonly Place[], readonly KeyName[]])[]
  ).flatMap(([on, kinds]) =>
    kinds.map((kind) => feature(`key ${kind}`, on, (draft) => void (draft.key = keyOf(kind)))),
  ),
  feature('key that cannot be read', ALL, (draft) => {
    const spki = Uint8Array.from(draft.key.spki);
    spki[spki.length - 65] = 5;
    draft.key = { ...draft.key, spki };
  }),
  feature('key in hybrid form', ALL, (draft) => void (draft.key = hybrid(keyOf('p256:hybrid')))),
];

/** X9.62's form of a point: y whole, and its last bit in front. */
function hybrid(key: Key): Key {
  const spki = Uint8Array.from(key.spki);
  spki[spki.length - 65] = 6 | ((spki.at(-1) as number) & 1);
  return { ...key, spki };
}

const usage: readonly Feature[] = [
  extension('no basicConstraints', ALL, Id.basic, undefined),
  criticality('basicConstraints not critical', ALL, Id.basic, EMPTY),
  criticality('BOOLEAN TRUE as 1', ALL, Id.basic, Uint8Array.of(1, 1, 1)),
  criticality('critical FALSE written out', ALL, Id.basic, Uint8Array.of(1, 1, 0)),
  extension('cA FALSE', ALL, Id.basic, sequence(), TRUE),
  extension('cA FALSE written out', ALL, Id.basic, sequence(Uint8Array.of(1, 1, 0)), TRUE),
  extension('cA TRUE', LEAF, Id.basic, sequence(TRUE), TRUE),
  extension('pathLen 0', CA, Id.basic, sequence(TRUE, number(0)), TRUE),
  extension('pathLen 1', CA, Id.basic, sequence(TRUE, number(1)), TRUE),
  extension('pathLen of five octets', CA, Id.basic, sequence(TRUE, integer(Uint8Array.of(1, 0, 0, 0, 0))), TRUE),
  extension('bytes behind basicConstraints', CA, Id.basic, concat([sequence(TRUE), NULL]), TRUE),
  extension('pathLen negative', CA, Id.basic, sequence(TRUE, number(0xff)), TRUE),
  extension('pathLen without cA', ALL, Id.basic, sequence(number(0)), TRUE),
  extension('basicConstraints malformed', ALL, Id.basic, Uint8Array.of(0x30, 3, 1), TRUE),
  extension('no keyUsage', ALL, Id.keyUsage, undefined),
  criticality('keyUsage not critical', ALL, Id.keyUsage, EMPTY),
  extension('keyUsage digitalSignature', CA, Id.keyUsage, keyUsage(7, 0x80), TRUE),
  extension('keyUsage keyCertSign', ALL, Id.keyUsage, keyUsage(2, 0x04), TRUE),
  extension('keyUsage keyEncipherment', LEAF, Id.keyUsage, keyUsage(5, 0x20), TRUE),
  extension('keyUsage keyAgreement', LEAF, Id.keyUsage, keyUsage(3, 0x08), TRUE),
  extension('keyUsage of four octets', CA, Id.keyUsage, keyUsage(0, 0x06, 0, 0, 1), TRUE),
  extension('bytes behind keyUsage', LEAF, Id.keyUsage, concat([keyUsage(7, 0x80), NULL]), TRUE),
  extension('bytes behind extendedKeyUsage', ALL, Id.eku, concat([purposes(SERVER), NULL])),
  extension('extendedKeyUsage serverAuth and a UUID', ALL, Id.eku, sequence(oid(SERVER), UUID)),
  extension('keyUsage of no bit', ALL, Id.keyUsage, keyUsage(0), TRUE),
  extension('keyUsage with padding', ALL, Id.keyUsage, keyUsage(2, 0x87), TRUE),
  extension('no extendedKeyUsage', LEAF, Id.eku, undefined),
  extension('extendedKeyUsage serverAuth', CA, Id.eku, purposes(SERVER)),
  extension('extendedKeyUsage clientAuth', ALL, Id.eku, purposes(CLIENT)),
  extension('extendedKeyUsage both', ALL, Id.eku, purposes(SERVER, CLIENT)),
  extension('extendedKeyUsage any', ALL, Id.eku, purposes('2.5.29.37.0')),
  extension('extendedKeyUsage unknown', ALL, Id.eku, purposes('1.3.6.1.4.1.99999.9')),
  extension('extendedKeyUsage gated', ALL, Id.eku, purposes('1.3.6.1.4.1.311.10.3.3')),
  extension('extendedKeyUsage critical', ALL, Id.eku, purposes(SERVER), TRUE),
  extension('extendedKeyUsage empty', ALL, Id.eku, sequence()),
  extension('no subjectKeyIdentifier', ALL, Id.ski, undefined),
  extension('another subjectKeyIdentifier', ALL, Id.ski, tlv(0x04, new Uint8Array(20).fill(7))),
  criticality('subjectKeyIdentifier critical', ALL, Id.ski, TRUE),
  extension('no authorityKeyIdentifier', ALL, Id.aki, undefined),
  extension('another authorityKeyIdentifier', SENT, Id.aki, sequence(tlv(0x80, new Uint8Array(20).fill(8)))),
  extension('authorityKeyIdentifier empty', ALL, Id.aki, sequence()),
  extension('authorityKeyIdentifier of another serial', SENT, Id.aki, (_own, issuer) =>
    sequence(tlv(0x80, identifierOf(issuer.key)), tlv(0xa1, tlv(0xa4, issuer.subject)), tlv(0x82, Uint8Array.of(9, 9))),
  ),
  extension('authorityKeyIdentifier of serial alone', SENT, Id.aki, (_own, issuer) =>
    sequence(tlv(0xa1, tlv(0xa4, issuer.issuer ?? issuer.subject)), tlv(0x82, issuer.serial)),
  ),
  criticality('authorityKeyIdentifier critical', ALL, Id.aki, TRUE),
];

const dns = (value: string): Uint8Array => tlv(0x82, text(value));
const address = (...octets: readonly number[]): Uint8Array => tlv(0x87, Uint8Array.from(octets));
const utf8 = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const otherName = (id: string, value: string): Uint8Array =>
  tlv(0xa0, oid(id), tlv(0xa0, tlv(StringTag.utf8, utf8(value))));
const directory = (value: Uint8Array): Uint8Array => tlv(0xa4, value);
const san = (title: string, ...values: readonly Uint8Array[]): Feature =>
  extension(title, LEAF, Id.san, sequence(...values));

const subjects: readonly Feature[] = [
  extension('no subjectAltName', LEAF, Id.san, undefined),
  criticality('subjectAltName critical', LEAF, Id.san, TRUE),
  san('subjectAltName empty'),
  san('another name', dns('other.test')),
  san('a wildcard', dns('*.test')),
  san('a partial wildcard', dns('s*.test')),
  san('upper case', dns('SERVER.Test')),
  san('a trailing dot', dns('server.test.')),
  san('an underscore beside', dns('server.test'), dns('my_host.test')),
  san('text beyond ASCII beside', dns('server.test'), dns('sérver.test')),
  san('a zero octet', dns('server.test\0.evil.test')),
  san('a space beside', dns('server.test'), dns('a b')),
  san('an empty DNS name beside', dns('server.test'), dns('')),
  san('an address beside', dns('server.test'), address(127, 0, 0, 1)),
  san('an address of 5 octets beside', dns('server.test'), address(127, 0, 0, 1, 1)),
  san('a URI beside', dns('server.test'), tlv(0x86, text('https://server.test/'))),
  san('a mail address beside', dns('server.test'), tlv(0x81, text('a@server.test'))),
  san('a bad mail address beside', dns('server.test'), tlv(0x81, text('nobody'))),
  san('a URI with user information beside', dns('server.test'), tlv(0x86, text('https://a@server.test/'))),
  san('a URI with a query beside', dns('server.test'), tlv(0x86, text('https://server.test?a'))),
  san('a user principal name beside', dns('server.test'), otherName('1.3.6.1.4.1.311.20.2.3', 'a@server.test')),
  san('a mailbox in UTF-8 beside', dns('server.test'), otherName('1.3.6.1.5.5.7.8.9', 'ä@server.test')),
  san('a registered identifier beside', dns('server.test'), tlv(0x88, Uint8Array.of(42, 3))),
  san('a bad registered identifier beside', dns('server.test'), tlv(0x88, Uint8Array.of(0x80, 1))),
  san('an EDI party beside', dns('server.test'), tlv(0xa5, tlv(0xa1, tlv(0x0c, text('x'))))),
  san('an EDI party of nothing beside', dns('server.test'), tlv(0xa5)),
  san('another name of a high tag beside', dns('server.test'), tlv(0xa0, oid('1.2.3'), tlv(0xa0, HIGH_TAG))),
  san('a directory name beside', dns('server.test'), directory(name('ferrule chains', 'leaf'))),
  ...['ferrule\u00a0chains', 'f\u00ad\u00e9rrule chains', '\ufb01rrule chains'].map((organization) =>
    feature(`subject of ${JSON.stringify(organization)}`, SENT, (draft) => {
      draft.subject = sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(StringTag.utf8, utf8(organization)))));
    }),
  ),
  feature('subject with an RDN that is empty', ALL, (draft) => {
    draft.subject = sequence(tlv(0x31), attribute('2.5.4.3', 'behind an empty RDN', StringTag.utf8));
  }),
  feature('subject of an RDN of two', ALL, (draft) => {
    const members = [
      ['2.5.4.10', StringTag.utf8],
      ['2.5.4.11', StringTag.descriptor],
    ] as const;
    draft.subject = sequence(
      tlv(0x31, ...members.map(([type, tag]) => sequence(oid(type), tlv(tag, text('ferrule chains'))))),
    );
  }),
  feature('an empty subject', SENT, (draft) => void (draft.subject = sequence())),
  ...Object.entries(StringTag).map(([type, tag]) =>
    feature(`subject in ${type}`, ALL, (draft) => void (draft.subject = name('ferrule chains', `in ${type}`, tag))),
  ),
  feature(
    'subject of two O',
    SENT,
    (draft) =>
      void (draft.subject = sequence(
        attribute('2.5.4.10', 'ferrule chains', StringTag.utf8),
        attribute('2.5.4.10', 'another', StringTag.utf8),
      )),
  ),
  feature('issuer in other case', SENT, (draft) => void (draft.issuer = name('FERRULE Chains', 'root'))),
  feature(
    'issuer in printable',
    SENT,
    (draft) => void (draft.issuer = name('ferrule chains', 'root', StringTag.printable)),
  ),
  feature('issuer with spaces', SENT, (draft) => void (draft.issuer = name('ferrule  chains', ' root'))),
];

const subtrees = (tag: number, ...bases: readonly Uint8Array[]): Uint8Array =>
  bases.length === 0 ? EMPTY : tlv(tag, ...bases.map((base) => sequence(base)));
const constraint = (
  title: string,
  permitted: readonly Uint8Array[],
  excluded: readonly Uint8Array[],
  critical: Uint8Array = TRUE,
): Feature =>
  extension(
    `constraints: ${title}`,
    CA,
    Id.names,
    sequence(subtrees(0xa0, ...permitted), subtrees(0xa1, ...excluded)),
    critical,
  );
const organization = (value: string, tag: number): Uint8Array => directory(sequence(attribute('2.5.4.10', value, tag)));

const constraints: readonly Feature[] = [
  constraint('permitted server.test', [dns('server.test')], []),
  constraint('permitted .test', [dns('.test')], []),
  constraint('permitted .test, not critical', [dns('.test')], [], EMPTY),
  constraint('permitted other.test', [dns('other.test')], []),
  constraint('permitted TEST', [dns('TEST')], []),
  constraint('permitted everything', [dns('')], []),
  constraint('excluded everything', [], [dns('')]),
  constraint('excluded server.test', [], [dns('server.test')]),
  constraint('excluded .server.test', [], [dns('.server.test')]),
  constraint('excluded secret.test', [], [dns('secret.test')]),
  constraint('excluded server.test, not critical', [], [dns('server.test')], EMPTY),
  constraint('permitted 10.0.0.0/8', [address(10, 0, 0, 0, 255, 0, 0, 0)], []),
  constraint('excluded 127.0.0.0/8', [], [address(127, 0, 0, 0, 255, 0, 0, 0)]),
  constraint('a mask with holes', [address(127, 0, 0, 0, 255, 0, 255, 0)], []),
  constraint('an address of 5 octets', [address(1, 2, 3, 4, 5)], []),
  constraint('permitted mail', [tlv(0x81, text('server.test'))], []),
  constraint('excluded mail', [], [tlv(0x81, text('.test'))]),
  constraint('excluded URI', [], [tlv(0x86, text('.test'))]),
  constraint('permitted URI', [tlv(0x86, text('server.test'))], []),
  constraint('permitted all mail', [tlv(0x81)], []),
  constraint('excluded another kind of other name', [], [otherName('1.3.6.1.4.1.311.20.2.4', 'x')]),
  constraint('excluded user principal names', [], [otherName('1.3.6.1.4.1.311.20.2.3', 'x')]),
  constraint('permitted O', [organization('ferrule chains', StringTag.utf8)], []),
  constraint('permitted O in printable', [organization('Ferrule Chains', StringTag.printable)], []),
  constraint('permitted another O', [organization('nobody', StringTag.utf8)], []),
  constraint('excluded O', [], [organization('ferrule chains', StringTag.utf8)]),
  constraint('excluded O in descriptor', [], [organization('nobody', StringTag.descriptor)]),
  constraint('excluded a DNS name with a period behind it', [], [dns('other.test.')]),
  constraint('excluded a mask with holes', [], [address(10, 0, 0, 0, 255, 0, 255, 0)]),
  constraint('excluded registered ID', [], [tlv(0x88, Uint8Array.of(0x2a, 3))]),
  constraint('nothing', [], []),
  extension(
    'constraints: minimum 1',
    CA,
    Id.names,
    sequence(tlv(0xa0, sequence(dns('server.test'), tlv(0x80, Uint8Array.of(1))))),
    TRUE,
  ),
  extension(
    'constraints: maximum 1',
    CA,
    Id.names,
    sequence(tlv(0xa1, sequence(dns('other.test'), tlv(0x81, Uint8Array.of(1))))),
    TRUE,
  ),
  extension('constraints: malformed', CA, Id.names, Uint8Array.of(0x30, 5, 1), TRUE),
  extension(
    'constraints: a negative minimum',
    CA,
    Id.names,
    sequence(tlv(0xa1, sequence(dns('evil.test'), tlv(0x80, Uint8Array.of(0x80))))),
    TRUE,
  ),
  extension('constraints in a leaf', LEAF, Id.names, sequence(subtrees(0xa1, dns('server.test'))), TRUE),
];

const POLICY = oid('1.3.6.1.4.1.99999.1');
const OTHER_POLICY = oid('1.3.6.1.4.1.99999.2');
const ANY_POLICY = oid('2.5.29.32.0');
const FIVE = Uint8Array.of(1, 0, 0, 0, 0);
const qualifiedBy = (id: string, value: Uint8Array): Uint8Array =>
  sequence(sequence(POLICY, sequence(sequence(oid(id), value))));
const qualified = qualifiedBy('1.3.6.1.4.1.99999.3', NULL);
const pointer = qualifiedBy('1.3.6.1.5.5.7.2.1', tlv(StringTag.utf8, text('http://ca.test/')));

export const POLICY_FEATURES: readonly Feature[] = [
  extension('a policy', ALL, Id.policies, sequence(sequence(POLICY))),
  extension('another policy', ALL, Id.policies, sequence(sequence(OTHER_POLICY))),
  extension('any policy', ALL, Id.policies, sequence(sequence(ANY_POLICY))),
  extension('a critical policy', ALL, Id.policies, sequence(sequence(POLICY)), TRUE),
  extension('a policy twice', ALL, Id.policies, sequence(sequence(POLICY), sequence(POLICY))),
  extension('no policies in the list', ALL, Id.policies, sequence()),
  extension('an unknown qualifier', ALL, Id.policies, qualified),
  extension('an unknown qualifier, critical', ALL, Id.policies, qualified, TRUE),
  extension('a qualifier of another type', ALL, Id.policies, pointer),
  extension('a qualifier of another type, critical', ALL, Id.policies, pointer, TRUE),
  extension('requireExplicitPolicy 0', CA, Id.policyConstraints, sequence(tlv(0x80, Uint8Array.of(0))), TRUE),
  extension('requireExplicitPolicy 1', CA, Id.policyConstraints, sequence(tlv(0x80, Uint8Array.of(1))), TRUE),
  extension('requireExplicitPolicy 0, not critical', CA, Id.policyConstraints, sequence(tlv(0x80, Uint8Array.of(0)))),
  extension('inhibitPolicyMapping 0', CA, Id.policyConstraints, sequence(tlv(0x81, Uint8Array.of(0))), TRUE),
  extension('policyConstraints empty', CA, Id.policyConstraints, sequence(), TRUE),
  extension('inhibitAnyPolicy 0', CA, Id.anyPolicy, number(0), TRUE),
  extension('inhibitAnyPolicy not critical', CA, Id.anyPolicy, number(0)),
  extension('a policy mapped', CA, Id.mappings, sequence(sequence(POLICY, OTHER_POLICY)), TRUE),
  extension('any policy mapped', ALL, Id.mappings, sequence(sequence(ANY_POLICY, OTHER_POLICY))),
  extension('a policy mapped to any', CA, Id.mappings, sequence(sequence(POLICY, ANY_POLICY))),
  extension('no policy mapped', CA, Id.mappings, sequence()),
  extension('policyMappings malformed', CA, Id.mappings, Uint8Array.of(0x30, 9, 1)),
  extension('requireExplicitPolicy of five octets', CA, Id.policyConstraints, sequence(tlv(0x80, FIVE)), TRUE),
  extension('requireExplicitPolicy negative', CA, Id.policyConstraints, sequence(tlv(0x80, Uint8Array.of(0x80)))),
  extension('inhibitAnyPolicy of five octets', CA, Id.anyPolicy, integer(FIVE), TRUE),
];

const rest: readonly Feature[] = [
  extension(
    'CRL distribution points',
    ALL,
    Id.points,
    sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://crl.test/')))))),
  ),
  extension(
    'CRL distribution points critical',
    ALL,
    Id.points,
    sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://crl.test/')))))),
    TRUE,
  ),
  extension('CRL distribution points malformed', ALL, Id.points, Uint8Array.of(0x30, 9, 1)),
  extension('must-staple', LEAF, Id.tlsFeature, sequence(number(5))),
  extension('must-staple critical', LEAF, Id.tlsFeature, sequence(number(5)), TRUE),
  extension(
    'authorityInfoAccess',
    ALL,
    Id.aia,
    sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, text('http://ca.test/')))),
  ),
  extension(
    'authorityInfoAccess critical',
    ALL,
    Id.aia,
    sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, text('http://ca.test/')))),
    TRUE,
  ),
  extension('authorityInfoAccess malformed', ALL, Id.aia, Uint8Array.of(0x30, 9, 1)),
];

export const FEATURES: readonly Feature[] = [
  ...form,
  ...keys,
  ...usage,
  ...subjects,
  ...constraints,
  ...POLICY_FEATURES,
  ...rest,
];

export function featureOf(place: Place, title: string): Feature {
  const found = FEATURES.find(({ name: own, on }) => own === title && on.includes(place));
  if (found === undefined) throw new TypeError(`no feature "${title}" of a ${place}`);
  return found;
}
