import { describe, expect, it } from 'vitest';
import { checkConstraints, MAX_COMPARISONS } from './constraints.ts';
import { parseCertificate } from './index.ts';
import { DerReader } from './der.ts';
import { readNameConstraints } from './general-name.ts';
import { concat, extension, make, name, oid, seq, text, tlv, type NameInput } from '../test/make.ts';

type Names = Partial<Record<'dns' | 'email' | 'uri', readonly string[]>> & {
  readonly ip?: readonly (readonly number[])[];
  readonly directory?: readonly NameInput[];
};

const encode = ({ dns = [], email = [], uri = [], ip = [], directory = [] }: Names): Uint8Array[] => [
  ...dns.map((one) => tlv(0x82, text(one))),
  ...email.map((one) => tlv(0x81, text(one))),
  ...uri.map((one) => tlv(0x86, text(one))),
  ...ip.map((one) => tlv(0x87, Uint8Array.from(one))),
  ...directory.map((one) => tlv(0xa4, name(one))),
];
const subtrees = (tag: number, names: Names | undefined): Uint8Array =>
  names ? tlv(tag, ...encode(names).map((one) => seq(one))) : new Uint8Array();

/** The X509_V code of the violation, 0 if none. */
function check(
  constraints: { permitted?: Names; excluded?: Names },
  names: Names,
  subject: NameInput = [],
  strict = false,
): number {
  const nc = readNameConstraints(
    new DerReader(seq(subtrees(0xa0, constraints.permitted), subtrees(0xa1, constraints.excluded))),
  );
  const encoded = encode(names);
  const san = encoded.length > 0 ? extension('2.5.29.17', seq(...encoded), true) : null;
  const certificate = parseCertificate(make({ subject, extensions: { '2.5.29.17': san } }).der);
  return checkConstraints(nc, certificate, { comparisons: MAX_COMPARISONS }, strict)?.verify ?? 0;
}
const [OK, PERMITTED, EXCLUDED, MINMAX, TYPE, SYNTAX, NAME] = [0, 47, 48, 49, 51, 52, 53];

describe('name constraints on DNS names', () => {
  it.each([
    ['example.com', 'example.com', OK],
    ['example.com', 'a.b.example.com', OK],
    ['EXAMPLE.com', 'www.Example.COM', OK],
    ['example.com', 'notexample.com', PERMITTED],
    ['example.com', '*.example.com', OK],
    ['www.example.com', '*.example.com', PERMITTED],
    ['', 'anything.test', OK],
    ['.example.com', 'www.example.com', OK],
    ['.example.com', '*.example.com', OK],
    ['.example.com', 'example.com', PERMITTED],
    ['exa mple.com', 'www.example.com', PERMITTED],
    ['example.com', 'under_score.example.com', OK],
    ['example.com', 'www.example.com.', PERMITTED],
  ])('permitting %j, %j gives %i', (base, presented, expected) => {
    expect(check({ permitted: { dns: [base] } }, { dns: [presented] })).toBe(expected);
  });
  it.each([
    ['example.com', 'www.example.com', EXCLUDED],
    ['example.com', 'example.org', OK],
    ['example.com', '*.example.com', EXCLUDED],
    ['bar.example.com', '*.example.com', EXCLUDED],
    ['a.bar.example.com', '*.example.com', OK],
    ['', 'anything.test', EXCLUDED],
    ['.example.com', 'www.example.com', EXCLUDED],
    ['.example.com', '*.example.com', EXCLUDED],
    ['.example.com', 'example.com', OK],
    ['.bar.example.com', '*.example.com', OK],
    ['example.org', 'bad name.example.com', NAME],
    ['example.org', 'example.com.', NAME],
    ['exa mple.com', 'www.example.org', SYNTAX],
  ])('excluding %j, %j gives %i', (base, presented, expected) => {
    expect(check({ excluded: { dns: [base] } }, { dns: [presented] })).toBe(expected);
  });
  it('check every name, exclusions first', () => {
    expect(check({ permitted: { dns: ['a.test', 'b.test'] } }, { dns: ['x.a.test', 'x.b.test'] })).toBe(OK);
    expect(check({ permitted: { dns: ['a.test', 'b.test'] } }, { dns: ['x.a.test', 'c.test'] })).toBe(PERMITTED);
    expect(check({ permitted: { dns: ['a.test'] }, excluded: { dns: ['x.a.test'] } }, { dns: ['x.a.test'] })).toBe(
      EXCLUDED,
    );
  });
  it('do not affect names of other kinds', () => {
    expect(check({ permitted: { dns: ['a.test'] } }, { ip: [[1, 2, 3, 4]] }, 'CN')).toBe(OK);
  });
});

describe('name constraints on addresses', () => {
  const net = [192, 0, 2, 0, 255, 255, 255, 0];
  it.each([
    [net, [192, 0, 2, 77], OK],
    [net, [192, 0, 3, 1], PERMITTED],
    [net, new Array<number>(16).fill(0), PERMITTED],
    [net, [192, 0, 2, 0, 255, 255, 255, 0], NAME],
    [[192, 0, 2, 0, 255, 0, 255, 0], [192, 0, 2, 1], SYNTAX],
    [[192, 0, 2, 0], [192, 0, 2, 1], SYNTAX],
    [[0, 0, 0, 0, 0, 0, 0, 0], [8, 8, 8, 8], OK],
  ])('permitting %j, %j gives %i', (range, address, expected) => {
    expect(check({ permitted: { ip: [range] } }, { ip: [address] })).toBe(expected);
  });
  it('exclude', () => {
    expect(check({ excluded: { ip: [net] } }, { ip: [[192, 0, 2, 1]] })).toBe(EXCLUDED);
    expect(check({ excluded: { ip: [net] } }, { ip: [[192, 0, 3, 1]] })).toBe(OK);
  });
});

describe('name constraints on e-mail', () => {
  it.each([
    ['a@example.com', 'a@EXAMPLE.com', OK],
    ['a@example.com', 'A@example.com', PERMITTED],
    ['example.com', 'a@example.com', OK],
    ['example.com', 'a@www.example.com', PERMITTED],
    ['.example.com', 'a@www.example.com', OK],
    ['.example.com', 'a@example.com', PERMITTED],
    ['example.com', 'a@b@example.com', NAME],
    ['a@b@example.com', 'a@example.com', SYNTAX],
  ])('permitting %j, %j gives %i', (base, mailbox, expected) => {
    expect(check({ permitted: { email: [base] } }, { email: [mailbox] })).toBe(expected);
  });
  it('reach the subject, also beside a mailbox in subjectAltName, as OpenSSL has it', () => {
    const subject: NameInput = [['1.2.840.113549.1.9.1', 'a@other.test', 0x16]];
    expect(check({ permitted: { email: ['example.com'] } }, {}, subject)).toBe(PERMITTED);
    expect(check({ permitted: { email: ['example.com'] } }, { email: ['a@example.com'] }, subject)).toBe(PERMITTED);
  });
});

describe('name constraints on URIs', () => {
  it.each([
    ['example.com', 'https://example.com/x', OK],
    ['example.com', 'https://user@example.com:8443/?q', OK],
    ['example.com', 'https://www.example.com', PERMITTED],
    ['.example.com', 'https://www.example.com', OK],
    ['example.com', 'https://192.0.2.1/', NAME],
    ['example.com', 'urn:x', NAME],
    ['https://example.com', 'https://example.com', SYNTAX],
  ])('permitting %j, %j gives %i', (base, uri, expected) => {
    expect(check({ permitted: { uri: [base] } }, { uri: [uri] })).toBe(expected);
  });
});

describe('name constraints on directory names', () => {
  const inOrg = (organisation: string, cn: string): NameInput => [
    ['2.5.4.10', organisation],
    ['2.5.4.3', cn],
  ];
  const org: NameInput = [['2.5.4.10', 'Acme']];
  it('hold for the subject and for subjectAltName', () => {
    expect(check({ permitted: { directory: [org] } }, {}, inOrg('Acme', 'x'))).toBe(OK);
    expect(check({ permitted: { directory: [org] } }, {}, inOrg('ACME ', 'x'))).toBe(OK);
    expect(check({ permitted: { directory: [org] } }, {}, inOrg('Other', 'x'))).toBe(PERMITTED);
    expect(check({ permitted: { directory: [org] } }, { directory: [inOrg('Acme', 'y')] }, inOrg('Other', 'x'))).toBe(
      PERMITTED,
    );
    expect(check({ excluded: { directory: [org] } }, { directory: [inOrg('Acme', 'y')] }, inOrg('Other', 'x'))).toBe(
      EXCLUDED,
    );
  });
  it('with more parts than the name do not match it', () => {
    const base = inOrg('Acme', 'x');
    expect(check({ permitted: { directory: [base] } }, {}, org)).toBe(PERMITTED);
    expect(check({ excluded: { directory: [base] } }, {}, org)).toBe(OK);
    const unreadable: NameInput = [...org, ['2.5.4.3', 'x', 0x15]];
    expect(check({ excluded: { directory: [unreadable] } }, {}, org)).toBe(OK);
  });
  it('do not apply to an empty subject', () => {
    expect(check({ permitted: { directory: [org] } }, { dns: ['a.test'] })).toBe(OK);
  });
});

describe('a directory name whose string type cannot be read', () => {
  const acme = (tag: number): NameInput => [['2.5.4.10', 'Acme', tag]];
  it.each([0x15, 0x19, 0x1b])('does not evade an exclusion: tag %i', (tag) => {
    expect(check({ excluded: { directory: [acme(0x0c)] } }, {}, acme(tag))).toBe(NAME);
    expect(check({ excluded: { directory: [acme(tag)] } }, {}, acme(0x0c))).toBe(NAME);
    expect(check({ excluded: { directory: [acme(0x0c)] } }, {}, [['2.5.4.11', 'Acme', tag]])).toBe(OK);
    expect(check({ permitted: { directory: [acme(0x0c)] } }, {}, acme(tag))).toBe(PERMITTED);
    expect(check({ excluded: { directory: [acme(tag)] } }, {}, acme(tag))).toBe(EXCLUDED);
  });
  it('is one that breaks its type, too', () => {
    expect(check({ excluded: { directory: [acme(0x0c)] } }, {}, [['2.5.4.10', 'Acmé', 0x13]])).toBe(NAME);
  });
  it('is not a UniversalString', () => {
    const wide = String.fromCodePoint(...[...'Acme'].flatMap((c) => [0, 0, 0, c.charCodeAt(0)]));
    expect(check({ excluded: { directory: [acme(0x0c)] } }, {}, [['2.5.4.10', wide, 0x1c]])).toBe(EXCLUDED);
  });
});

describe('a directory name in other letters (RFC 4518)', () => {
  const named = (value: string): NameInput => [['2.5.4.10', value]];
  it.each([
    ['Evil Corp', 'Evil\u00a0Corp'],
    ['Evil Corp', 'Evil\u3000Corp\u2003'],
    ['Evil Corp', 'Ev\u200bil C\u00adorp\ufeff'],
    ['Evil Corp', 'Evil Corp\0'],
    ['Ärger', 'A\u0308RGER'],
    ['Kelvin', '\u212aelvin'],
    ['fine', '\ufb01ne'],
    ['STRASSE', 'Straße'],
    ['STRASSE', 'STRAẞE'],
    ['οδοσ', 'οδος'],
  ])('%j is %j', (one, other) => {
    for (const [base, subject] of [
      [one, other],
      [other, one],
    ] as const) {
      expect(check({ excluded: { directory: [named(base)] } }, {}, named(subject))).toBe(EXCLUDED);
      expect(check({ permitted: { directory: [named(base)] } }, {}, named(subject))).toBe(OK);
    }
  });
  it('that has more marks in a row than any language is unreadable', () => {
    const marks = '\u0315\u0300\u05ae\uff9e'.repeat(8);
    expect(check({ excluded: { directory: [named('Evil')] } }, {}, named(`Evil${marks}`))).toBe(NAME);
    expect(check({ excluded: { directory: [named('Evil')] } }, {}, named(`Evil${marks.slice(2)}`))).toBe(OK);
    expect(check({ permitted: { directory: [named('Evil')] } }, {}, named(`Evil${marks}`))).toBe(PERMITTED);
  });
  it('is another one where they differ', () => {
    for (const [one, other] of [
      ['Ärger', 'Arger'],
      ['ınc', 'Inc'],
      ['a b', 'ab'],
    ] as const) {
      expect(check({ excluded: { directory: [named(one)] } }, {}, named(other))).toBe(OK);
      expect(check({ permitted: { directory: [named(one)] } }, {}, named(other))).toBe(PERMITTED);
    }
  });
});

it('of an RDN with several members, one certain difference is enough', () => {
  const rdn = (...members: readonly (readonly [type: string, value: string, tag?: number])[]): Uint8Array =>
    seq(tlv(0x31, ...members.map(([type, value, tag = 0x0c]) => seq(oid(type), tlv(tag, text(value))))));
  const [O, OU, UNREAD] = ['2.5.4.10', '2.5.4.11', 7] as const;
  const excluded = (base: Uint8Array, subject: Uint8Array): number => {
    const nc = readNameConstraints(new DerReader(seq(tlv(0xa1, seq(tlv(0xa4, base))))));
    const parts = (list: readonly Uint8Array[]) => list.map((each, i) => (i === 5 ? subject : each));
    return checkConstraints(nc, parseCertificate(make({ parts }).der), { comparisons: 100 }, false)?.verify ?? 0;
  };
  expect(excluded(rdn([O, 'z'], [OU, 'b']), rdn([O, 'a'], [OU, 'b', UNREAD]))).toBe(OK);
  expect(excluded(rdn([O, 'a'], [OU, 'b']), rdn([O, 'a'], [OU, 'b', UNREAD]))).toBe(NAME);
  expect(excluded(rdn([O, 'a'], [O, 'b']), rdn([O, 'b', UNREAD], [O, 'a']))).toBe(NAME);
  expect(excluded(rdn([O, 'a'], [O, 'b']), rdn([O, 'x', UNREAD], [O, 'b', UNREAD]))).toBe(NAME);
  expect(excluded(rdn([O, 'a'], [O, 'b']), rdn([O, 'x', UNREAD], [O, 'c']))).toBe(OK);
  expect(excluded(rdn([O, 'a']), rdn([O, 'a', UNREAD], [OU, 'b']))).toBe(OK);
});

describe('other names', () => {
  const other = (id: string, value: string): Uint8Array => tlv(0xa0, oid(id), tlv(0xa0, tlv(0x0c, text(value))));
  const within = (list: number, base: Uint8Array, ...names: readonly Uint8Array[]): number => {
    const nc = readNameConstraints(new DerReader(seq(tlv(list, seq(base)))));
    const san = extension('2.5.29.17', seq(...names));
    const certificate = parseCertificate(make({ extensions: { '2.5.29.17': san } }).der);
    return checkConstraints(nc, certificate, { comparisons: 100 }, false)?.verify ?? 0;
  };
  const [SMTP, UPN] = ['1.3.6.1.5.5.7.8.9', '1.3.6.1.4.1.311.20.2.3'];
  it('are constrained by those of their own kind', () => {
    for (const list of [0xa0, 0xa1]) {
      expect(within(list, other('1.3.6.1.4.1.311.20.2.4', 'x'), other(UPN, 'a@x.test'))).toBe(OK);
      expect(within(list, other(UPN, 'x'), other(UPN, 'a@x.test'))).toBe(TYPE);
    }
  });
  it('that are mailboxes in UTF-8 are constrained as mailboxes (RFC 9598 section 6)', () => {
    const [host, mailbox] = [tlv(0x81, text('x.test')), other(SMTP, 'ä@x.test')];
    expect(within(0xa1, host, mailbox)).toBe(EXCLUDED);
    expect(within(0xa0, host, mailbox)).toBe(OK);
    expect(within(0xa1, host, other(SMTP, 'ä@y.test'))).toBe(OK);
    expect(within(0xa0, host, other(SMTP, 'ä@y.test'))).toBe(PERMITTED);
    expect(within(0xa1, host, other(SMTP, 'nobody'))).toBe(NAME);
    expect(within(0xa1, host, tlv(0xa0, oid(SMTP), tlv(0xa0, tlv(0x16, text('a@x.test')))))).toBe(NAME);
  });
});

it('malformed constraints count when a name is compared with them; with strict rules always', () => {
  const constraints = { permitted: { email: ['a@b@example.com'], dns: ['example.com'] } };
  expect(check(constraints, { dns: ['www.example.com'] })).toBe(OK);
  expect(check(constraints, { dns: ['www.example.com'] }, [], true)).toBe(SYNTAX);
  expect(check(constraints, { email: ['a@example.com'] })).toBe(SYNTAX);
  expect(check({ permitted: { dns: ['.example.com'] } }, { dns: ['www.example.com'] }, [], true)).toBe(SYNTAX);
});

it('constraints on unsupported kinds reject only certificates with such names', () => {
  const other = tlv(0xa0, oid('1.2.3'), tlv(0xa0, tlv(12, text('x'))));
  const nc = readNameConstraints(new DerReader(seq(tlv(0xa1, seq(other)))));
  const withOther = parseCertificate(make({ extensions: { '2.5.29.17': extension('2.5.29.17', seq(other)) } }).der);
  expect(checkConstraints(nc, withOther, { comparisons: 100 }, true)?.verify).toBe(TYPE);
  expect(checkConstraints(nc, parseCertificate(make({}).der), { comparisons: 100 }, true)).toBeUndefined();
});

it('minimum and maximum are refused', () => {
  const nc = readNameConstraints(
    new DerReader(seq(tlv(0xa0, seq(concat(tlv(0x82, text('a.test')), tlv(0x80, Uint8Array.of(1))))))),
  );
  expect(checkConstraints(nc, parseCertificate(make({}).der), { comparisons: 100 }, true)?.verify).toBe(MINMAX);
});

it('comparisons are bounded', () => {
  const nc = readNameConstraints(new DerReader(seq(tlv(0xa0, seq(tlv(0x82, text('example.com')))))));
  expect(checkConstraints(nc, parseCertificate(make({}).der), { comparisons: 1 }, true)?.code).toBe(
    'CERT_NAME_CONSTRAINT',
  );
});
