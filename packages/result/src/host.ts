/**
 * @module @ferrule/result/host: host names: a DNS name in A-labels, or an IP address. Both engines and path building
 * use this module.
 */
import { plainOptions, portOption, textOption } from './arguments.ts';
import { printable, toHex } from './bytes.ts';

/** The host that a certificate must match and a connection is made to. */
export type Host =
  /** Lower-case A-labels, no trailing dot: valid for SNI. */
  | { readonly kind: 'dns'; readonly name: string }
  /** 4 or 16 bytes; `name` is their canonical text. */
  | { readonly kind: 'ip'; readonly name: string; readonly bytes: Uint8Array };

/**
 * A reference identifier: a DNS name in A-labels (one trailing dot is dropped) or an IP address (IPv6 also in
 * brackets).
 * @param option for the message.
 * @throws TypeError if it is neither, such as a non-ASCII name, or `1.2.3`, which some resolvers take for an address.
 */
export function parseHost(host: string, option: string = 'host'): Host {
  const bytes = parseAddress(unbracketed(host));
  if (bytes) return { kind: 'ip', name: addressText(bytes), bytes };
  const name = host.toLowerCase().replace(/\.$/, '');
  // ASCII before folding: the Kelvin sign folds to k
  if (!/^[!-~]*$/.test(host) || !isDnsName(name) || ENDS_IN_NUMBER.test(name)) {
    throw new TypeError(
      `${option}: ${JSON.stringify(host)} is neither a DNS name in A-labels (xn--…) nor an IP address`,
    );
  }
  return { kind: 'dns', name };
}

/**
 * Converts a host as users write it to the form of DNS, SNI and certificates: without the brackets of URLs, and in
 * A-labels if it is not ASCII (RFC 5890), as computed by the platform's URL. What URL rejects is returned unchanged.
 */
export function asciiHost(host: string): string {
  if (/^[\x00-\x7f]*$/.test(host)) return unbracketed(host);
  const { URL } = globalThis as { readonly URL?: new (url: string) => { readonly hostname: string } };
  // Only a host, not a URL with other parts
  if (URL === undefined || /[\x00-\x20/?#@:\\%[\]]/.test(host)) return host;
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return host;
  }
}

/**
 * A host given as an option, converted by {@link asciiHost}, valid for SNI and certificates.
 * @throws TypeError that begins with `option`.
 */
export function hostOption(value: unknown, option: string = 'host'): string {
  const host = asciiHost(textOption(value, option));
  parseHost(host, option);
  return host;
}

/** The destination of a pipe. */
export interface Destination {
  /** A name or an address; the dialer resolves it. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A private copy of the caller's object. @throws TypeError that begins with `host` or `port`, or `to` */
export function destinationOption(given: Destination): Destination {
  const { host, port } = plainOptions(given, ['host', 'port'], 'to');
  return { host: asciiHost(textOption(host, 'host')), port: portOption(port) };
}

/** `host:port`, with brackets around an IPv6 address. */
export const authority = ({ host, port }: Destination): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** An IPv6 address in URL form (RFC 3986 section 3.2.2) without its brackets; anything else unchanged. */
export const unbracketed = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') && host.includes(':') ? host.slice(1, -1) : host;

/** Only a malformed IPv4 address ends like this. */
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[\da-f]*)$/;

/** Whether the text is an IPv4 address in four decimals or an IPv6 address (RFC 4291 section 2.2). */
export const isIpAddress = (text: string): boolean => parseAddress(text) !== undefined;

/** 4 or 16 bytes. */
export const parseAddress = (text: string): Uint8Array | undefined =>
  text.includes(':') ? parseIpv6(text) : parseIpv4(text);

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  for (const part of parts) if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
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
}

function parseGroups(text: string, last: boolean): number[] | undefined {
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
}

/**
 * RFC 1034 section 3.5 with RFC 1123 section 2.1, and what resolvers also accept: underscores, and hyphens at the edges
 * of labels (RFC 2181 section 11).
 */
const LABEL = /^[a-z\d_-]{1,63}$/;

/** For lower-case text. */
export const isDnsName = (name: string): boolean =>
  name.length > 0 && name.length <= 253 && name.split('.').every((part) => LABEL.test(part));

/** A dNSName or an iPAddress of a certificate (RFC 5280 section 4.2.1.6), for display. */
export const hostNameText = (value: Uint8Array, isAddress: boolean): string =>
  isAddress ? addressText(value) : printable(value);

/** Dotted decimal, or RFC 5952; other lengths in hexadecimal. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return `#${toHex(bytes)}`;
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] as number) * 256 + (bytes[2 * i + 1] as number));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const join = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  return best.at < 0 ? join(groups) : `${join(groups.slice(0, best.at))}::${join(groups.slice(best.at + best.length))}`;
}
