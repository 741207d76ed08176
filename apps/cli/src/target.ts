/** @module What the user names: hosts, ports and URLs. */
import { InvalidArgumentError } from 'commander';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port`, `[address]:port`, an IPv6 address, or an https URL. */
export function parseTarget(text: string): Target {
  if (text.includes('://')) {
    const { hostname, port } = parseUrl(text);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
  }
  // more than one colon without brackets is an IPv6 address
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? (/:.*:/.test(text) ? text : '');
  const number = port === undefined ? 443 : Number(port);
  if (host === '' || number < 1 || number > 65_535) throw new InvalidArgumentError('Expected host, host:port or [address]:port.');
  return { host, port: number };
}

/** `host:port`, with brackets around an IPv6 address. */
export const nameOfTarget = ({ host, port }: Target): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** An https URL; the scheme may be left out. */
export function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw new InvalidArgumentError('Expected an https:// URL.');
  }
  if (url.protocol !== 'https:') throw new InvalidArgumentError('Expected an https:// URL: this command speaks TLS only.');
  return url;
}
