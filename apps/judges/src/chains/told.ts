/** @module CRLs and stapled responses about a chain: each form is one list, or one response, of one issuer of it. */
import { createHash } from 'node:crypto';
import { oid } from '@ferrule/conformance/pki';
import { EMPTY } from '@ferrule/result/bytes';
import { contentsOf, tlv } from '../fuzz/der.ts';
import {
  encode,
  generalizedTime,
  integer,
  keyOf,
  name,
  sequence,
  signed,
  text,
  TRUE,
  utcTime,
  type Draft,
  type DraftHash,
  type Key,
} from './draft.ts';
import { Id, purposes } from './features.ts';

/** What is given to the client, and what the server staples. */
export interface Told {
  readonly crls: readonly Uint8Array[];
  readonly staple: Uint8Array | undefined;
}

/** @param path - root first */
export function tellAbout(path: readonly Draft[], forms: readonly string[]): Told {
  const [leaf, issuer] = [path.at(-1) as Draft, path.at(-2) ?? (path.at(-1) as Draft)];
  const crls = forms.flatMap((form) => {
    const [about, list] = [form.startsWith('CA: ') ? -2 : -1, LISTS[form.replace(/^(CA|leaf): /, '')]];
    const subject = path.at(about);
    return list === undefined || subject === undefined
      ? []
      : [encodeList(path.at(about - 1) ?? subject, subject, list)];
  });
  const staple = forms.map((form) => STAPLES[form]).find((one) => one !== undefined);
  return { crls, staple: staple && encodeStaple(issuer, leaf, staple) };
}

interface List {
  readonly revokes?: true;
  /** Days from now. */
  readonly from?: number;
  readonly until?: number | null;
  /** Contents of issuingDistributionPoint. */
  readonly scope?: Uint8Array;
  readonly hash?: DraftHash;
  readonly by?: Key;
  /** What it says that it is signed with, in place of what it is. */
  readonly algorithm?: Uint8Array;
  /** revocationDate, in place of one of the past. */
  readonly at?: Uint8Array;
  readonly extensions?: readonly Uint8Array[];
  readonly entryExtensions?: readonly Uint8Array[];
  readonly numbered?: false;
}

const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(id), critical ? TRUE : EMPTY, tlv(0x04, value));
const UNKNOWN = extension('1.3.6.1.4.1.99999.3', true, tlv(0x05));
const reason = (code: number, critical = false): Uint8Array =>
  extension('2.5.29.21', critical, tlv(0x0a, Uint8Array.of(code)));
const flag = (tag: number): Uint8Array => tlv(tag, Uint8Array.of(0xff));

/** Of X9.62: they do not name a hash. */
const UNNAMED = [
  ['ecdsa-with-Specified', sequence(oid('1.2.840.10045.4.3'))],
  ['ecdsa-with-Recommended', sequence(oid('1.2.840.10045.4.2'))],
] as const;

const LISTS: Readonly<Record<string, List>> = {
  'a list': {},
  'a list that revokes': { revokes: true },
  'an older list': { from: -3 },
  'an older list that revokes': { from: -3, revokes: true },
  'a list without nextUpdate': { until: null },
  'a list that has expired': { from: -9, until: -2 },
  'a list that expired a minute ago': { until: -1 / 1440 },
  'a list that has not begun': { from: 2 },
  'a list without a number': { numbered: false },
  'a list of users': { scope: flag(0x81) },
  'a list of users that revokes': { scope: flag(0x81), revokes: true },
  'a list of CAs': { scope: flag(0x82) },
  'a list for some reasons': { scope: tlv(0x83, Uint8Array.of(6, 0x40)) },
  'a list for some reasons that revokes': { scope: tlv(0x83, Uint8Array.of(6, 0x40)), revokes: true },
  'an indirect list': { scope: flag(0x84), revokes: true },
  'a list with a scope of nothing': { scope: EMPTY },
  'a list over SHA-1': { hash: 'sha1' },
  'a list over SHA-224': { hash: 'sha224' },
  ...Object.fromEntries(UNNAMED.map(([title, algorithm]) => [`a list with ${title}`, { algorithm }])),
  'a list with an entry without a time': { at: tlv(0x17, text('yesterday')), revokes: true },
  'a list with an entry of a time without seconds': { at: tlv(0x17, text('2401010000Z')), revokes: true },
  'a list by nobody': { by: keyOf('p256:nobody') },
  'a list with an unknown critical extension': { extensions: [UNKNOWN], revokes: true },
  'a list with a critical key identifier': { extensions: [extension('2.5.29.35', true, sequence())] },
  'a list with an unknown critical extension in an entry': { entryExtensions: [UNKNOWN], revokes: true },
  'a list that is to remove from a list': { entryExtensions: [reason(8)], revokes: true },
  'a list with a critical reason': { entryExtensions: [reason(1, true)], revokes: true },
  'a list with a reason that is none': { entryExtensions: [extension('2.5.29.21', false, tlv(0x05))], revokes: true },
};

function encodeList(issuer: Draft, subject: Draft, list: List): Uint8Array {
  const { from = -1, until = 7, hash = 'sha256', scope, extensions = [], entryExtensions = [] } = list;
  const key = list.by ?? issuer.key;
  const own = entryExtensions.length > 0 ? sequence(...entryExtensions) : EMPTY;
  const all = [
    ...(list.numbered === false ? [] : [extension('2.5.29.20', false, integer(Uint8Array.of(1)))]),
    ...(scope === undefined ? [] : [extension('2.5.29.28', true, sequence(scope))]),
    ...extensions,
  ];
  const at = list.at ?? utcTime(-2);
  return signed(
    key,
    { ...issuer, hash, mask: undefined, parameters: EMPTY },
    (algorithm) =>
      sequence(
        integer(Uint8Array.of(1)),
        algorithm,
        issuer.subject,
        utcTime(from),
        until === null ? EMPTY : utcTime(until),
        list.revokes ? sequence(sequence(integer(subject.serial), at, own)) : EMPTY,
        all.length > 0 ? tlv(0xa0, sequence(...all)) : EMPTY,
      ),
    list.algorithm,
  );
}

interface Staple {
  readonly status?: Uint8Array;
  readonly from?: number;
  readonly until?: number | null;
  readonly hash?: DraftHash;
  readonly by?: Key;
  /** What comes with it, and who of them responds, and whether by name. */
  readonly with?: (issuer: Draft) => readonly Uint8Array[];
  readonly named?: true;
  readonly serial?: Uint8Array;
  readonly version?: true;
  /** What it says that it is signed with, in place of what it is. */
  readonly algorithm?: Uint8Array;
  readonly extensions?: readonly Uint8Array[];
  readonly singleExtensions?: readonly Uint8Array[];
}

/** Whom the issuer lets respond, and who only looks so. */
const RESPONDER = name('ferrule chains', 'responder');
const responder = (issuer: Draft, change: Partial<Draft> = {}): Draft => ({
  ...issuer,
  issuer: undefined,
  subject: RESPONDER,
  key: keyOf('p256:responder'),
  extensions: new Map([[Id.eku, { critical: EMPTY, value: purposes('1.3.6.1.5.5.7.3.9') }]]),
  ...change,
});
const delegate = (issuer: Draft, change: Partial<Draft> = {}): Uint8Array => encode(responder(issuer, change), issuer);
const others = (issuer: Draft, count: number): Uint8Array[] =>
  new Array<Uint8Array>(count).fill(
    delegate(issuer, { subject: name('ferrule chains', 'another'), key: keyOf('p256:another') }),
  );
const IN_FRONT: Readonly<Record<string, (issuer: Draft) => readonly Uint8Array[]>> = {
  itself: () => [],
  '15 others': (issuer) => others(issuer, 15),
  '16 others': (issuer) => others(issuer, 16),
  'one without the purpose': (issuer) => [delegate(issuer, { extensions: new Map() })],
  'one that has expired': (issuer) => [delegate(issuer, { notAfter: utcTime(-1) })],
  'one that signed itself': (issuer) => [encode(responder(issuer), responder(issuer))],
  'one of another key': (issuer) => [delegate(issuer, { key: keyOf('p256:another') })],
  'what is not a certificate': () => [sequence()],
};
const DELEGATED: Readonly<Record<string, Staple>> = Object.fromEntries(
  Object.entries(IN_FRONT).flatMap(([title, front]) =>
    [{}, { named: true } as const].map((how): [string, Staple] => [
      `staple: by a delegate${'named' in how ? ', named,' : ''} behind ${title}`,
      { ...how, by: keyOf('p256:responder'), with: (issuer) => [...front(issuer), delegate(issuer)] },
    ]),
  ),
);

const STAPLES: Readonly<Record<string, Staple>> = {
  'staple: good': {},
  'staple: revoked': { status: tlv(0xa1, generalizedTime(-2)) },
  'staple: unknown': { status: tlv(0x82) },
  'staple: unknown, and more': { status: tlv(0x82, Uint8Array.of(0)) },
  'staple: good, and more': { status: tlv(0x80, Uint8Array.of(0)) },
  'staple: expired': { from: -9, until: -2 },
  'staple: expired a minute ago': { until: -1 / 1440 },
  'staple: not begun': { from: 2 },
  'staple: without nextUpdate': { until: null },
  'staple: without nextUpdate, eight days old': { from: -8, until: null },
  'staple: of another serial': { serial: Uint8Array.of(9) },
  'staple: by nobody': { by: keyOf('p256:nobody') },
  'staple: over SHA-1': { hash: 'sha1' },
  'staple: over SHA-224': { hash: 'sha224' },
  ...Object.fromEntries(UNNAMED.map(([title, algorithm]) => [`staple: with ${title}`, { algorithm }])),
  ...DELEGATED,
  'staple: of version 2': { version: true },
  'staple: with an unknown critical extension': { extensions: [UNKNOWN] },
  'staple: with an unknown critical extension inside': { singleExtensions: [UNKNOWN] },
};

export const TOLD: readonly string[] = [
  ...Object.keys(LISTS).flatMap((form) => [`leaf: ${form}`, `CA: ${form}`]),
  ...Object.keys(STAPLES),
];

/** RFC 6960 section 4.2.1; the responder is named by its key. */
function encodeStaple(issuer: Draft, leaf: Draft, staple: Staple): Uint8Array {
  const { status = tlv(0x80), from = -1, until = 5, hash = 'sha256', serial = leaf.serial } = staple;
  const { extensions = [], singleExtensions = [] } = staple;
  const key = staple.by ?? issuer.key;
  const sha1 = (data: Uint8Array): Uint8Array => tlv(0x04, createHash('sha1').update(data).digest());
  const id = sequence(
    sequence(oid('1.3.14.3.2.26'), tlv(0x05)),
    sha1(issuer.subject),
    sha1(pointOf(issuer.key)),
    integer(serial),
  );
  const single = sequence(
    id,
    status,
    generalizedTime(from),
    until === null ? EMPTY : tlv(0xa0, generalizedTime(until)),
    singleExtensions.length > 0 ? tlv(0xa1, sequence(...singleExtensions)) : EMPTY,
  );
  const basic = signed(
    key,
    { ...issuer, hash, mask: undefined, parameters: EMPTY },
    () =>
      sequence(
        staple.version ? tlv(0xa0, integer(Uint8Array.of(1))) : EMPTY,
        staple.named ? tlv(0xa1, RESPONDER) : tlv(0xa2, sha1(pointOf(key))),
        generalizedTime(from),
        sequence(single),
        extensions.length > 0 ? tlv(0xa1, sequence(...extensions)) : EMPTY,
      ),
    staple.algorithm,
  );
  const certificates = staple.with?.(issuer);
  const whole = certificates ? sequence(contentsOf(basic), tlv(0xa0, sequence(...certificates))) : basic;
  return sequence(tlv(0x0a, Uint8Array.of(0)), tlv(0xa0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), tlv(0x04, whole))));
}

/** The contents of subjectPublicKey. */
function pointOf({ spki }: Key): Uint8Array {
  const outer = (spki[1] as number) < 0x80 ? 2 : 2 + ((spki[1] as number) & 0x7f);
  const bits = outer + 2 + (spki[outer + 1] as number);
  const header = (spki[bits + 1] as number) < 0x80 ? 2 : 2 + ((spki[bits + 1] as number) & 0x7f);
  return spki.subarray(bits + header + 1);
}
