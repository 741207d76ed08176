/** Names and name constraints that cannot be read, or that mean more than their text: both engines say the same. */
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { oid } from '@ferrule/conformance/pki';
import { EMPTY } from '@ferrule/result/bytes';
import { X509V } from '@ferrule/result';
import { expect, it } from 'vitest';
import { buildChain } from '../src/chains/chain.ts';
import { attribute, encode, sequence, text, TRUE } from '../src/chains/draft.ts';
import { askEngine, type Server } from '../src/chains/engines.ts';
import { Id } from '../src/chains/features.ts';
import { tlv } from '../src/fuzz/der.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const engines = [createPure({ crypto: nodeCrypto }), ...(loaded.ok ? [loaded.backend] : [])];

const utf8 = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const organization = (tag: number, value: Uint8Array): Uint8Array =>
  tlv(0xa4, sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(tag, value)))));
const dns = (value: string): Uint8Array => tlv(0x82, utf8(value));
const mail = (value: string): Uint8Array => tlv(0x81, utf8(value));
const uri = (value: string): Uint8Array => tlv(0x86, utf8(value));
const address = (...octets: readonly number[]): Uint8Array => tlv(0x87, Uint8Array.from(octets));
const [UTF8, BITS, DESCRIPTOR, NUMERIC, PRINTABLE] = [0x0c, 0x03, 0x07, 0x12, 0x13];
const [O, OU] = ['2.5.4.10', '2.5.4.11'];
/** One RDN. */
const members = (...list: readonly (readonly [type: string | undefined, value: string, tag?: number])[]): Uint8Array =>
  tlv(
    0xa4,
    sequence(tlv(0x31, ...list.map(([type = '', value, tag = UTF8]) => sequence(oid(type), tlv(tag, text(value)))))),
  );
const otherName = (id: string, tag: number, value: string): Uint8Array =>
  tlv(0xa0, oid(id), tlv(0xa0, tlv(tag, utf8(value))));
/** RFC 9598. */
const smtpUtf8 = (mailbox: string): Uint8Array => otherName('1.3.6.1.5.5.7.8.9', UTF8, mailbox);
const EVIL = organization(UTF8, text('Evil 7'));
const SEVEN = organization(UTF8, text('7'));

/** A chain whose CA has these constraints, and whose leaf has these names more. */
function chainOf(list: number, bases: readonly Uint8Array[], names: readonly Uint8Array[]): Server {
  const { drafts } = buildChain({ between: 1, features: [], shapes: [] });
  const [, ca, leaf] = drafts as [unknown, (typeof drafts)[number], (typeof drafts)[number]];
  ca.extensions.set(Id.names, { critical: TRUE, value: sequence(tlv(list, ...bases.map((base) => sequence(base)))) });
  leaf.extensions.set(Id.san, { critical: EMPTY, value: sequence(dns('server.test'), ...names) });
  const path = drafts.map((draft, at) => encode(draft, drafts[at - 1] ?? draft)).reverse();
  return { sent: path.slice(0, -1), anchors: path.slice(-1), leafKey: leaf.key.privateKey };
}

const { EXCLUDED_VIOLATION, UNSUPPORTED_CONSTRAINT_SYNTAX, UNSUPPORTED_NAME_SYNTAX, PERMITTED_VIOLATION } = X509V;
const [PERMITTED, EXCLUDED] = [0xa0, 0xa1];

it('letters beyond ASCII in another case are within what is permitted', async () => {
  const bases = [organization(UTF8, utf8('Ärger')), organization(UTF8, text('ferrule chains'))];
  const chain = chainOf(PERMITTED, bases, [organization(UTF8, utf8('ärger'))]);
  for (const engine of engines)
    expect([engine.name, await askEngine(engine, chain)]).toEqual([engine.name, { accepts: true }]);
});

it('seven thousand names below a hundred and forty constraints are as many as there is room for, and are compared', async () => {
  const rdns = Array.from({ length: 34 }, () => attribute('2.5.4.10', `z`, UTF8));
  const bases = Array.from({ length: 140 }, (_, i) =>
    tlv(0xa4, sequence(attribute('2.5.4.10', `x${i}`, UTF8), ...rdns)),
  );
  const names = Array.from({ length: 7000 }, (_, i) => dns(`a${i}`));
  const chain = chainOf(EXCLUDED, bases, names);
  for (const engine of engines)
    expect([engine.name, await askEngine(engine, chain)]).toEqual([engine.name, { accepts: true }]);
});

it.each<[string, number, Uint8Array, Uint8Array, number | undefined]>([
  // RFC 5280 section 7.1: the string type does not count.
  ['another string type', EXCLUDED, SEVEN, organization(NUMERIC, text('7')), EXCLUDED_VIOLATION],
  ['wide letters', EXCLUDED, EVIL, organization(UTF8, utf8('Ｅvil ７')), EXCLUDED_VIOLATION],
  ['spaces and case', EXCLUDED, EVIL, organization(PRINTABLE, text(' EVIL   7')), EXCLUDED_VIOLATION],
  // RFC 4518.
  ['control characters', EXCLUDED, EVIL, organization(UTF8, utf8('Ev\0il\x7f 7')), EXCLUDED_VIOLATION],
  ...[
    ['Evil Corp', 'Evil\u00a0Corp'],
    ['Evil Corp', 'Evil Corp\u3000'],
    ['Evil Corp', 'Ev\u200bil Corp'],
    ['Evil Corp', '\ufeffEvil C\u00adorp'],
    ['Ärger', 'A\u0308rger'],
    ['Kelvin', '\u212aelvin'],
    ['fine', '\ufb01ne'],
    ['STRASSE', 'Straße'],
    ['GRÜNE STRASSE', 'grüne straße'],
    ['οδοσ', 'οδος'],
  ].map(([base = '', name = '']): [string, number, Uint8Array, Uint8Array, number] => [
    `${JSON.stringify(name)} for ${base}`,
    EXCLUDED,
    organization(UTF8, utf8(base)),
    organization(UTF8, utf8(name)),
    EXCLUDED_VIOLATION,
  ]),
  [
    'an RDN that is empty before it',
    EXCLUDED,
    EVIL,
    tlv(0xa4, sequence(tlv(0x31), attribute('2.5.4.10', 'Evil 7', UTF8))),
    EXCLUDED_VIOLATION,
  ],
  ['a mailbox in UTF-8', EXCLUDED, mail('x.test'), smtpUtf8('ä@x.test'), EXCLUDED_VIOLATION],
  ['a mailbox in UTF-8 below what is excluded', EXCLUDED, mail('.test'), smtpUtf8('ä@x.test'), EXCLUDED_VIOLATION],
  ['a mailbox in UTF-8 without a host', EXCLUDED, mail('.test'), smtpUtf8('ä'), UNSUPPORTED_NAME_SYNTAX],
  ['a mailbox in UTF-8 outside', PERMITTED, mail('x.test'), smtpUtf8('ä@y.test'), PERMITTED_VIOLATION],
  [
    'members of an RDN in which one may be the excluded one',
    EXCLUDED,
    members([O, 'a'], [O, 'b']),
    members([O, 'b', DESCRIPTOR], [O, 'a']),
    UNSUPPORTED_NAME_SYNTAX,
  ],
  // What cannot be read may be what is excluded.
  ['a BIT STRING', EXCLUDED, EVIL, organization(BITS, text('\0Evil 7')), UNSUPPORTED_NAME_SYNTAX],
  ['an ObjectDescriptor', EXCLUDED, EVIL, organization(DESCRIPTOR, text('Evil 7')), UNSUPPORTED_NAME_SYNTAX],
  [
    'a PrintableString that is not',
    EXCLUDED,
    EVIL,
    organization(PRINTABLE, Uint8Array.of(0xe9)),
    UNSUPPORTED_NAME_SYNTAX,
  ],
  ['a BIT STRING as the constraint', EXCLUDED, organization(BITS, text('\0Evil')), EVIL, UNSUPPORTED_NAME_SYNTAX],
  ['a mailbox of two hosts', EXCLUDED, mail('x.test'), mail('a@b@c'), UNSUPPORTED_NAME_SYNTAX],
  ['a quoted mailbox', EXCLUDED, mail('x.test'), mail('"a@b"@y.test'), UNSUPPORTED_NAME_SYNTAX],
  ['a URI of an address', EXCLUDED, uri('x.test'), uri('http://10.0.0.1/'), UNSUPPORTED_NAME_SYNTAX],
  ['a mailbox as the constraint', EXCLUDED, mail('a@b@c'), mail('a@x.test'), UNSUPPORTED_CONSTRAINT_SYNTAX],
  ['a DNS constraint with a period behind it', EXCLUDED, dns('x.test.'), EMPTY, UNSUPPORTED_CONSTRAINT_SYNTAX],
  ['a DNS constraint with a wildcard', EXCLUDED, dns('*.x.test'), EMPTY, UNSUPPORTED_CONSTRAINT_SYNTAX],
  ['a DNS constraint beyond ASCII', EXCLUDED, dns('ü.test'), EMPTY, UNSUPPORTED_CONSTRAINT_SYNTAX],
  [
    'a URI constraint that is a URI',
    EXCLUDED,
    uri('http://x.test/'),
    uri('http://x.test/'),
    UNSUPPORTED_CONSTRAINT_SYNTAX,
  ],
  // What OpenSSL's comparison of text does not see.
  ['a wildcard', EXCLUDED, dns('a.x.test'), dns('*.x.test'), EXCLUDED_VIOLATION],
  ['a URI with user information', EXCLUDED, uri('x.test'), uri('http://a@x.test:80/'), EXCLUDED_VIOLATION],
  ['a URI with a query right behind the host', EXCLUDED, uri('x.test'), uri('http://x.test?a'), EXCLUDED_VIOLATION],
  [
    'a URI that only begins with what is permitted',
    PERMITTED,
    uri('x.test'),
    uri('http://x.test:80@y.test/'),
    PERMITTED_VIOLATION,
  ],
  [
    'a mask with holes',
    PERMITTED,
    address(10, 0, 0, 0, 255, 0, 255, 0),
    address(10, 0, 0, 1),
    UNSUPPORTED_CONSTRAINT_SYNTAX,
  ],
  [
    'a mailbox of two hosts that is permitted as it is',
    PERMITTED,
    mail('a@b@c'),
    mail('a@b@c'),
    UNSUPPORTED_CONSTRAINT_SYNTAX,
  ],
  [
    'another name of the kind that is excluded',
    EXCLUDED,
    otherName('1.3.6.1.4.1.311.20.2.3', UTF8, 'x'),
    otherName('1.3.6.1.4.1.311.20.2.3', UTF8, 'a@x.test'),
    X509V.UNSUPPORTED_CONSTRAINT_TYPE,
  ],
  [
    'a registered ID',
    PERMITTED,
    tlv(0x88, Uint8Array.of(0x2a, 3)),
    tlv(0x88, Uint8Array.of(0x2a, 3)),
    X509V.UNSUPPORTED_CONSTRAINT_TYPE,
  ],
  [
    'a mailbox of two hosts of which the last is permitted',
    PERMITTED,
    mail('c'),
    mail('a@b@c'),
    UNSUPPORTED_NAME_SYNTAX,
  ],
  // And what is fine.
  ['a mailbox, where all are permitted', PERMITTED, mail(''), mail('a@x.test'), undefined],
  ['a URI with user information that is permitted', PERMITTED, uri('x.test'), uri('https://a@x.test/'), undefined],
  ['a URI with a query that is permitted', PERMITTED, uri('x.test'), uri('https://x.test?a'), undefined],
  ['a DNS name that is none, under the text that is permitted', PERMITTED, dns('test'), dns('a b.test'), undefined],
  ['a mailbox in UTF-8 that is permitted', PERMITTED, mail('x.test'), smtpUtf8('ä@x.test'), undefined],
  [
    'members of an RDN in which one differs',
    EXCLUDED,
    members([O, 'z'], [OU, 'b']),
    members([O, 'a'], [OU, 'b', DESCRIPTOR]),
    undefined,
  ],
  [
    'another name of another kind',
    EXCLUDED,
    otherName('1.3.6.1.4.1.311.20.2.4', UTF8, 'x'),
    otherName('1.3.6.1.4.1.311.20.2.3', UTF8, 'a@x.test'),
    undefined,
  ],
  [
    'another name of another kind than what is permitted',
    PERMITTED,
    otherName('1.3.6.1.4.1.311.20.2.4', UTF8, 'x'),
    otherName('1.3.6.1.4.1.311.20.2.3', UTF8, 'a@x.test'),
    undefined,
  ],
  [
    'an ideographic name that is not excluded',
    EXCLUDED,
    EVIL,
    organization(UTF8, utf8('日本株式会社 Tokyo')),
    undefined,
  ],
  ...[PERMITTED, EXCLUDED].map((list): [string, number, Uint8Array, Uint8Array, number] => [
    'a mailbox in UTF-8 below a constraint on such names, which nobody processes',
    list,
    smtpUtf8('ä@x.test'),
    smtpUtf8('ä@x.test'),
    X509V.UNSUPPORTED_CONSTRAINT_TYPE,
  ]),
  ['a mailbox below a constraint on those in UTF-8', EXCLUDED, smtpUtf8('ä@x.test'), mail('a@x.test'), undefined],
  ['another organization', EXCLUDED, EVIL, organization(UTF8, utf8('Müller')), undefined],
  [
    'another organization beyond ASCII',
    EXCLUDED,
    organization(UTF8, utf8('Müller')),
    organization(UTF8, utf8('Größe')),
    undefined,
  ],
  ['another mailbox', EXCLUDED, mail('x.test'), mail('a@y.test'), undefined],
  ['another URI', EXCLUDED, uri('x.test'), uri('https://a@y.test:443/x.test'), undefined],
  ['an address outside', EXCLUDED, address(10, 0, 0, 0, 255, 0, 0, 0), address(11, 0, 0, 1), undefined],
  ['an address that is permitted', PERMITTED, address(10, 0, 0, 0, 255, 0, 0, 0), address(10, 0, 0, 1), undefined],
  ['a mailbox that is permitted', PERMITTED, mail('.test'), mail('a@X.test'), undefined],
  ['a URI that is permitted', PERMITTED, uri('.test'), uri('https://x.test:8443/a'), undefined],
])('%s', async (_title, list, base, name, verify) => {
  const chain = chainOf(list, [base], [name]);
  for (const engine of engines)
    expect([engine.name, await askEngine(engine, chain)]).toEqual([
      engine.name,
      verify === undefined ? { accepts: true } : { accepts: false, code: 'CERT_NAME_CONSTRAINT', verify },
    ]);
});

const MINMAX = { accepts: false, code: 'CERT_NAME_CONSTRAINT', verify: X509V.SUBTREE_MINMAX };

it.each([
  ['maximum', 0x81, 1],
  ['negative maximum', 0x81, 0xff],
  ['minimum', 0x80, 1],
  ['negative minimum', 0x80, 0x80],
])(
  'a constraint with a %s is bounded; compared with nothing it spoils the extension under rfc5280 alone',
  async (_, tag, value) => {
    const base = Uint8Array.of(...mail('evil.test'), tag, 1, value);
    const [idle, compared] = [chainOf(EXCLUDED, [base], []), chainOf(EXCLUDED, [base], [mail('a@y.test')])];
    for (const engine of engines) {
      expect([engine.name, await askEngine(engine, idle)]).toEqual([engine.name, { accepts: true }]);
      expect([engine.name, await askEngine(engine, compared)]).toEqual([engine.name, MINMAX]);
      expect([engine.name, await askEngine(engine, idle, undefined, { profile: 'rfc5280' })]).toEqual([
        engine.name,
        MINMAX,
      ]);
    }
  },
);
