/** @module What may stand in setHost(): a DNS name in ASCII, or an IP address. */
import { isIP } from 'node:net';

export interface Host {
  readonly name: string;
  readonly isAddress: boolean;
}

/** RFC 1123 section 2.1, and the underscore that people use all the same. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * A name whose last label is one is a mistyped address (RFC 1123 section 2.1); resolvers take hexadecimal for a number
 * too.
 */
const ENDS_IN_NUMBER = /^(\d+|0x[\da-f]*)$/i;

/**
 * A final dot is taken off (RFC 6066 section 3). What comes out is in one form: lower case, RFC 5952.
 * @throws TypeError for what is neither a name nor an address.
 */
export function parseHost(value: unknown): Host {
  if (typeof value !== 'string') throw new TypeError('setHost: not a string');
  if (isIP(value) === 4) return { name: value, isAddress: true };
  if (isIP(value) === 6 && !value.includes('%'))
    return { name: new URL(`http://[${value}]/`).hostname.slice(1, -1), isAddress: true };
  const name = value.replace(/\.$/, '');
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => LABEL.test(label)) || ENDS_IN_NUMBER.test(labels.at(-1) ?? '')) {
    throw new TypeError(
      `setHost: ${JSON.stringify(value)} is neither a DNS name (in ASCII: use the xn-- form) nor an IP address`,
    );
  }
  return { name: name.toLowerCase(), isAddress: false };
}
