/**
 * @module Host names and addresses against certificates: RFC 9525. subjectAltName only; the subject's CN never counts.
 */
import { bytesEqual, latin1 } from '@ferrule/result/bytes';
import type { Certificate } from './certificate.ts';
import { addressText } from './general-name.ts';
import * as NameType from './name-type.ts';

/** What a certificate is asked to be for. */
export type Host =
  /** Lower-case A-labels, no trailing dot: fit for SNI. */
  | { readonly kind: 'dns'; readonly name: string }
  /** 4 or 16 bytes; `name` is their canonical text. */
  | { readonly kind: 'ip'; readonly name: string; readonly bytes: Uint8Array };

/**
 * A reference identifier: a DNS name in A-labels (one trailing dot is dropped) or an IP address (IPv6 also in
 * brackets).
 * @throws TypeError for what is neither, such as a name that is not ASCII, or `1.2.3`, which some resolvers take for an
 * address.
 */
export const parseHost = (host: string): Host => {
  const bytes = parseAddress(
    host.startsWith('[') && host.endsWith(']') && host.includes(':') ? host.slice(1, -1) : host,
  );
  if (bytes) return { kind: 'ip', name: addressText(bytes), bytes };
  const name = host.toLowerCase().replace(/\.$/, '');
  // ASCII before folding: the Kelvin sign folds to k
  if (!/^[!-~]*$/.test(host) || !isDnsName(name) || ENDS_IN_NUMBER.test(name)) {
    throw new TypeError(`host "${host}" is neither a DNS name in A-labels (xn--…) nor an IP address`);
  }
  return { kind: 'dns', name };
};

/** What only a malformed IPv4 address does. */
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[\da-f]*)$/;

/** Whether the text is an IPv4 address in four decimals or an IPv6 address (RFC 4291 section 2.2). */
export const isIpAddress = (text: string): boolean => parseAddress(text) !== undefined;

/** 4 or 16 bytes. */
export const parseAddress = (text: string): Uint8Array | undefined =>
  text.includes(':') ? parseIpv6(text) : parseIpv4(text);

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  for (const part of parts) if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
  return Uint8Array.from(parts, Number);
};

const parseIpv6 = (text: string): Uint8Array | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => parseGroups(half, i === halves.length - 1)) as [
    number[] | undefined,
    (number[] | undefined)?,
  ];
  const after = halves.length === 2 ? tail : [];
  if (!head || !after) return undefined;
  const gap = 16 - head.length - after.length;
  if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(gap).fill(0), ...after]);
};

const parseGroups = (text: string, last: boolean): number[] | undefined => {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const v4 = last && i === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined;
    if (v4) bytes.push(...v4);
    else if (/^[\da-f]{1,4}$/i.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 255);
    else return undefined;
  }
  return bytes.length > 16 ? undefined : bytes;
};

/** RFC 1034 section 3.5 with RFC 1123 section 2.1, and what resolvers take beyond that: underscores. */
const LABEL = /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/;

const isDnsName = (name: string): boolean =>
  name.length > 0 && name.length <= 253 && name.split('.').every((part) => LABEL.test(part));

/**
 * A dNSName as it may stand in a certificate, lower-case; `undefined` for one that is no DNS name (RFC 5280 section
 * 4.2.1.6) and so names nobody.
 */
export const presentedDnsName = (value: Uint8Array, wildcard = true): string | undefined => {
  const name = latin1(value).toLowerCase();
  return isDnsName(wildcard && name.startsWith('*.') ? name.slice(2) : name) && !parseIpv4(name) ? name : undefined;
};

/**
 * Whether the certificate is for this host. A wildcard stands for exactly one leftmost label, with at least two behind
 * it.
 * @throws TypeError when `host` is text that {@link parseHost} does not take.
 */
export const matchesHost = (certificate: Certificate, host: Host | string): boolean =>
  namesHost(certificate, typeof host === 'string' ? parseHost(host) : host, false);

/** {@link matchesHost}; `strict` has no underscores in the names of a certificate, as RFC 5280 section 4.2.1.6. */
export const namesHost = (certificate: Certificate, reference: Host, strict: boolean): boolean => {
  for (const { type, value } of certificate.subjectAltName ?? []) {
    if (
      reference.kind === 'ip'
        ? type === NameType.ip && bytesEqual(value, reference.bytes)
        : type === NameType.dns && matchesDns(value, reference.name) && !(strict && value.includes(0x5f))
    )
      return true;
  }
  return false;
};

/**
 * Lengths and letters first: a certificate may have a hundred names, and only the one that fits has to be looked at in
 * full.
 */
const matchesDns = (value: Uint8Array, reference: string): boolean => {
  const dot = reference.indexOf('.');
  const wildcard = value[0] === 0x2a;
  const skipped = wildcard ? dot : 0;
  const offset = wildcard ? 1 : 0;
  if (skipped < 0 || value.length - offset !== reference.length - skipped) return false;
  for (let i = reference.length - 1; i >= skipped; i--) {
    const letter = value[i - skipped + offset] as number;
    if ((letter >= 0x41 && letter <= 0x5a ? letter | 0x20 : letter) !== reference.charCodeAt(i)) return false;
  }
  // at least two labels behind a wildcard
  return presentedDnsName(value) !== undefined && (!wildcard || reference.indexOf('.', dot + 1) > 0);
};
