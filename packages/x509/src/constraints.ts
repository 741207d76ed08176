/** @module Name constraints: RFC 5280 section 4.2.1.10, for DNS names, addresses, e-mail, URIs and directory names. */
import type { X509VCode } from '@ferrule/result';
import { EMPTY, latin1 } from '@ferrule/result/bytes';
import { ascii } from '@ferrule/result/directory-string';
import { isIpAddress } from '@ferrule/result/host';
import * as V from '@ferrule/result/x509-v';
import type { Certificate } from './certificate.ts';
import { DerReader } from './der.ts';
import { generalNameText, type GeneralName, type NameConstraints, type Subtree } from './general-name.ts';
import { presentedDnsName } from './host.ts';
import { canonicalRdns, isEmptyName, nameAttributes } from './name.ts';
import type { RuleBreach } from './rules.ts';
import * as Tag from './tag.ts';
import * as NameType from './name-type.ts';

/** Bounds the work: names times constraints, as in OpenSSL. */
export interface ComparisonBudget {
  comparisons: number;
}
/** For one path. */
export const MAX_COMPARISONS = 0x10_0000;

/**
 * The first violation of a CA's constraints by the certificate's names; `undefined` if none. `strict`: a constraint
 * that is unreadable or bounded is an error even if no name is compared with it, and DNS constraints have no leading
 * period (RFC 5280 section 4.2.1.10).
 */
export function checkConstraints(
  constraints: NameConstraints,
  certificate: Certificate,
  budget: ComparisonBudget,
  strict: boolean,
): RuleBreach | undefined {
  const names = once(certificate, constrainedNames);
  // Each constraint is read, even without a name to compare.
  budget.comparisons -= (names.length + 1) * (constraints.permitted.length + constraints.excluded.length);
  if (budget.comparisons < 0) return tooMany();
  if (strict) {
    for (const subtree of [...constraints.permitted, ...constraints.excluded]) {
      const period = subtree.type === NameType.dns && subtree.value[0] === 0x2e;
      const spoilt =
        period || readSubtree(subtree) === undefined ? malformed(subtree) : subtree.bounded ? bounded() : undefined;
      if (spoilt) return spoilt;
    }
  }
  for (const name of names) {
    const fault = checkName(constraints, name, budget);
    if (fault) return fault;
  }
  return undefined;
}

export const tooMany = (): RuleBreach =>
  breach(V.UNSPECIFIED, 'has more names and name constraints than may be compared');
const malformed = (subtree: Subtree): RuleBreach =>
  breach(V.UNSUPPORTED_CONSTRAINT_SYNTAX, `has an issuer with the malformed name constraint ${textOf(subtree)}`);
const bounded = (): RuleBreach =>
  breach(V.SUBTREE_MINMAX, 'has an issuer whose name constraints use minimum or maximum');

const breach = (verify: X509VCode, message: string): RuleBreach => ({ code: 'CERT_NAME_CONSTRAINT', verify, message });

/** A mailbox in UTF-8 has its local part in it; its host is ASCII (RFC 9598 section 3). */
interface ConstrainedName extends GeneralName {
  readonly utf8?: true;
}

/** All names that constraints are applied to, in OpenSSL's order: the subject, its e-mail addresses, subjectAltName. */
function constrainedNames({ subject, subjectAltName = [] }: Certificate): ConstrainedName[] {
  const alternatives = subjectAltName.map(mailboxOf);
  if (isEmptyName(subject)) return alternatives;
  const addresses = nameAttributes(subject)
    .flat()
    .filter(({ type }) => type === '1.2.840.113549.1.9.1');
  return [
    { type: NameType.directory, value: subject },
    ...addresses.map(({ raw }): GeneralName => ({ type: NameType.email, value: raw })),
    ...alternatives,
  ];
}

/** id-on-SmtpUTF8Mailbox, to which the constraints of mailboxes apply (RFC 9598 section 6). */
const SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9';
function mailboxOf(name: GeneralName): ConstrainedName {
  if (name.type !== NameType.other) return name;
  const reader = new DerReader(name.value);
  if (reader.oid() !== SMTP_UTF8_MAILBOX) return name;
  reader.open(0xa0);
  const mailbox = reader.peek() === Tag.UTF8_STRING ? reader.contents(Tag.UTF8_STRING) : EMPTY;
  return { type: NameType.email, value: mailbox, utf8: true };
}

/** A constraint on otherNames concerns only its own type; mailbox constraints also concern UTF-8 mailboxes. */
const concerns = ({ type, value }: Subtree, name: ConstrainedName): boolean =>
  type === NameType.other ? new DerReader(value).oid() === otherTypeOf(name) : type === name.type;
const otherTypeOf = ({ type, value, utf8 }: ConstrainedName): string | undefined =>
  type === NameType.other ? new DerReader(value).oid() : utf8 && SMTP_UTF8_MAILBOX;

function checkName(
  constraints: NameConstraints,
  name: ConstrainedName,
  budget: ComparisonBudget,
): RuleBreach | undefined {
  let permitted: boolean | undefined;
  for (const subtree of constraints.permitted) {
    if (permitted || !concerns(subtree, name)) continue;
    if (subtree.bounded) return bounded();
    const within = compare(name, subtree, false, budget);
    if (typeof within === 'object') return within;
    permitted = within;
  }
  if (permitted === false)
    return breach(V.PERMITTED_VIOLATION, `has the name ${textOf(name)}, which lies outside what an issuer permits`);
  for (const subtree of constraints.excluded) {
    if (!concerns(subtree, name)) continue;
    if (subtree.bounded) return bounded();
    const within = compare(name, subtree, true, budget);
    if (typeof within === 'object') return within;
    if (within)
      return breach(
        V.EXCLUDED_VIOLATION,
        `has the name ${textOf(name)}, which an issuer excludes (${textOf(subtree)})`,
      );
  }
  return undefined;
}

/** Cached per name: the cost is linear in its length, though long texts are truncated later. */
const textOf = (name: GeneralName): string => kept(told, name, generalNameText);

const unsupported = (name: GeneralName): RuleBreach =>
  breach(
    V.UNSUPPORTED_CONSTRAINT_TYPE,
    `has the name ${textOf(name)}, and an issuer constrains that kind of name, which is not supported`,
  );
const unprocessable = (name: GeneralName): RuleBreach =>
  breach(
    V.UNSUPPORTED_NAME_SYNTAX,
    `has the malformed name ${textOf(name)}, and an issuer constrains that kind of name`,
  );

/** A name or constraint, normalised for comparison. */
type Reading = string | Uint8Array | readonly Rdn[];

/** An RDN in the form of {@link canonicalRdns}. */
interface Rdn {
  readonly text: string;
  /** A member is unreadable. */
  readonly unread: boolean;
}
const rdnsOf = (name: Uint8Array): Rdn[] =>
  canonicalRdns(name).map((text) => ({ text, unread: membersOf(text).some(isUnread) }));

/** `undefined` for a name that is malformed or of an unsupported kind. */
function readName({ type, value, utf8 }: ConstrainedName): Reading | undefined {
  switch (type) {
    case NameType.dns:
      return presentedDnsName(value);
    case NameType.email: {
      const mailbox = utf8 ? latin1(value) : ascii(value);
      const parts = mailbox?.split('@') ?? [];
      return parts.length === 2 && parts[0] && isHost(parts[1] as string)
        ? `${parts[0]}@${(parts[1] as string).toLowerCase()}`
        : undefined;
    }
    case NameType.uri: {
      const host = /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/i
        .exec(latin1(value))?.[1]
        ?.toLowerCase();
      // RFC 5280: a URI without a host name, or with an IP address, cannot satisfy a constraint
      return host !== undefined && isHost(host) && !isIpAddress(host) ? host : undefined;
    }
    case NameType.ip:
      return value.length === 4 || value.length === 16 ? value : undefined;
    case NameType.directory:
      return rdnsOf(value);
    default:
      return undefined;
  }
}

const isHost = (name: string): boolean => presentedDnsName(bytesOf(name), false) !== undefined;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Whether the name is within; a breach if undecidable. */
function compare(
  name: ConstrainedName,
  subtree: Subtree,
  excluding: boolean,
  budget: ComparisonBudget,
): boolean | RuleBreach {
  if (budget.comparisons < 0) return tooMany();
  const base = readSubtree(subtree);
  const reading = once(name, readName);
  // DNS names are compared as text: an invalid one may be permitted, which is harmless since it matches no host.
  if (name.type === NameType.dns && !excluding) return isBelow(lowerCase(name), lowerCase(subtree));
  // An unreadable base may exclude anything.
  if (base === undefined) return malformed(subtree);
  if (base === null) return unsupported(name);
  if (reading === undefined) return unprocessable(name);
  switch (name.type) {
    case NameType.dns:
      return isExcluded(reading as string, base as string);
    case NameType.email:
      return matchesMailbox(reading as string, base as string);
    case NameType.uri:
      return (base as string).startsWith('.') ? (reading as string).endsWith(base as string) : reading === base;
    case NameType.ip:
      return matchesAddress(reading as Uint8Array, base as Uint8Array);
    default:
      return isWithin(reading as Rdn[], base as Rdn[], budget) ?? (excluding && unprocessable(name));
  }
}

/** `undefined` if the only difference is a value with an unreadable string type, on either side. */
function isWithin(name: readonly Rdn[], base: readonly Rdn[], budget: ComparisonBudget): boolean | undefined {
  let certain = true;
  for (const [i, rdn] of base.entries()) {
    const own = name[i];
    if (own === undefined) return false;
    if (own.text === rdn.text) continue;
    if (!mayBeSame(own, rdn, budget)) return false;
    certain = false;
  }
  return certain || undefined;
}

/** Larger RDNs are not compared: the work is quadratic. */
const MOST_MEMBERS = 16;

/** Whether RDNs differ only in unreadable values. */
function mayBeSame(a: Rdn, b: Rdn, budget: ComparisonBudget): boolean {
  if (!a.unread && !b.unread) return false;
  const [left, right] = [[...once(a, readMembers)], [...once(b, readMembers)]];
  if (left.length !== right.length) return false;
  if (left.length > MOST_MEMBERS) return true;
  budget.comparisons -= left.length ** 2;
  const take = (fits: (other: string) => boolean): boolean => {
    const at = right.findIndex(fits);
    if (at >= 0) right.splice(at, 1);
    return at >= 0;
  };
  const rest = left.filter((one) => !take((other) => other === one));
  // A readable member on the left can only match an unreadable one on the right, so it chooses first.
  const inOrder = [...rest.filter((one) => !isUnread(one)), ...rest.filter(isUnread)];
  return inOrder.every((one) => take((other) => typeOf(one) === typeOf(other) && (isUnread(one) || isUnread(other))));
}
/** In the form of {@link canonicalRdns}, which escapes separators in readable values. */
const readMembers = ({ text }: Rdn): readonly string[] => membersOf(text);
const membersOf = (rdn: string): string[] => rdn.match(/(\\[^]|[^\\+])+/g) ?? [];
const typeOf = (member: string): string => member.slice(0, member.indexOf('='));
const isUnread = (member: string): boolean => member.startsWith('#', member.indexOf('=') + 1);

/**
 * A name is below another if it has zero or more labels added on its left, one or more for a leading period; all are
 * below the empty one.
 */
const isBelow = (name: string, base: string): boolean =>
  base === '' ||
  (base.startsWith('.')
    ? name.length > base.length && name.endsWith(base)
    : name === base || name.endsWith(`.${base}`));

/** A wildcard is excluded if any name that it matches is. */
function isExcluded(name: string, base: string): boolean {
  if (isBelow(name, base)) return true;
  const parent = name.startsWith('*') ? name.slice(1) : undefined;
  return parent !== undefined && base.endsWith(parent) && !base.slice(0, -parent.length).includes('.');
}

/** A whole mailbox, a host (all its mailboxes), or `.domain` (those of all hosts below it). */
function matchesMailbox(mailbox: string, base: string): boolean {
  if (base.includes('@')) return mailbox === base;
  const host = mailbox.slice(mailbox.indexOf('@') + 1);
  return base === '' || (base.startsWith('.') ? host.endsWith(base) : host === base);
}

function matchesAddress(address: Uint8Array, range: Uint8Array): boolean {
  const size = address.length;
  if (range.length !== 2 * size) return false;
  for (let i = 0; i < size; i++)
    if (((address[i] as number) ^ (range[i] as number)) & (range[size + i] as number)) return false;
  return true;
}

/** `undefined` for a malformed constraint, `null` for an unsupported kind. */
const readSubtree = (subtree: Subtree): Reading | null | undefined => once(subtree, subtreeReading);

type Kept = WeakMap<object, { readonly value: unknown }>;
const made: Kept = new WeakMap();
const lowered: Kept = new WeakMap();
const told: Kept = new WeakMap();

/** Caches parsed names and constraints: a search may compare the same ones hundreds of times. */
const once = <K extends object, T>(key: K, make: (key: K) => T): T => kept(made, key, make);
const lowerCase = (name: GeneralName): string => kept(lowered, name, ({ value }) => latin1(value).toLowerCase());

function kept<K extends object, T>(store: Kept, key: K, make: (key: K) => T): T {
  let known = store.get(key);
  if (!known) store.set(key, (known = { value: make(key) }));
  return known.value as T;
}

function subtreeReading({ type, value }: Subtree): Reading | null | undefined {
  const text = latin1(value).toLowerCase();
  switch (type) {
    case NameType.dns:
      return text === '' || isHost(text.replace(/^\./, '')) ? text : undefined;
    case NameType.email:
      if (text.includes('@')) return readName({ type, value });
      return text === '' || isHost(text.replace(/^\./, '')) ? text : undefined;
    case NameType.uri:
      return isHost(text.replace(/^\./, '')) ? text : undefined;
    case NameType.ip:
      return (value.length === 8 || value.length === 32) && isMask(value.subarray(value.length / 2))
        ? value
        : undefined;
    case NameType.directory:
      return rdnsOf(value);
    default:
      return null;
  }
}

/** Ones, then zeros: CIDR (RFC 4632). */
const isMask = (mask: Uint8Array): boolean =>
  /^1*0*$/.test(Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join(''));
