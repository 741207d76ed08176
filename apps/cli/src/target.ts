/** @module What the user names: hosts, ports and URLs. */
import { isIP } from 'node:net';
import { asciiHost, authority, unbracketed } from '@ferrule/result/host';
import { nameOfRoute, parseRoute, type Route } from '@ferrule/node/transports';
import { InvalidArgumentError } from 'commander';

export interface Target {
  /** Empty where `route` leads there and only --servername can say who that is. */
  readonly host: string;
  /** 0 where there is none. */
  readonly port: number;
  /** How to get there, where the target says so itself. */
  readonly route?: Route;
  /** Of a name: the one of its addresses that is asked. */
  readonly address?: string;
  /** Of a list: its line, counted from 1. */
  readonly line?: number;
}

/**
 * `host`, `host:port`, `[address]:port`, an IPv6 address, `tcp://host:port`, an https URL; or the way itself:
 * `unix:/path`, `ws://relay/`, `exec:command`.
 */
export function parseTarget(text: string): Target {
  if (/^(unix:.*[/\\]|exec:(?!\d+$)|ws:\/\/)/.test(text)) return { host: '', port: 0, route: routeOf(text) };
  if (/^(socks5h?|http):\/\//.test(text))
    throw new InvalidArgumentError('expected a server; the proxy to it is given with --via');
  const named = text.replace(/^tcp:\/\//, '');
  if (named.includes('://')) {
    const { hostname, port } = parseUrl(named);
    return { host: unbracketed(hostname), port: port === '' ? 443 : Number(port) };
  }
  // More than one colon without brackets is an IPv6 address
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(named) ?? [];
  const host = isIP(bracketed ?? named) === 6 ? (bracketed ?? named) : hostOf(plain ?? '');
  const number = port === undefined ? 443 : Number(port);
  if (host === '' || number < 1 || number > 65_535)
    throw new InvalidArgumentError('expected host, host:port or [address]:port');
  return { host, port: number };
}

/** The address of the server, and the one that is asked where it has many; else the way. */
export const nameOfTarget = ({ host, port, route, address }: Target): string =>
  route === undefined
    ? `${authority({ host, port })}${address === undefined ? '' : ` (${address})`}`
    : nameOfRoute(route);

/** What the library says of a target, for where its name stands already. */
export const withoutTarget = (message: string, target: string): string =>
  message.startsWith(`${target}: `) ? message.slice(target.length + 2) : message;

/** A name as DNS and certificates have it: A-labels where it is not ASCII (RFC 5890). Empty for what is none. */
export function hostOf(text: string): string {
  const ascii = asciiHost(text);
  return /^[\w.%-]+$/.test(ascii) ? ascii : '';
}

function routeOf(text: string): Route {
  try {
    return parseRoute(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** An https URL; the scheme may be left out. */
export function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw new InvalidArgumentError('expected an https:// URL');
  }
  if (url.protocol !== 'https:')
    throw new InvalidArgumentError('expected an https:// URL: this command speaks TLS only');
  return url;
}

const blamed = new WeakMap<Error, string>();

/** The failure is of this server, which is not the one that was named. */
export function blame<T>(error: T, target: string): T {
  if (error instanceof Error) blamed.set(error, target);
  return error;
}

/** The server that a failure is of, where it is another one than the one that was named. */
export const blamedFor = (error: Error): string | undefined => blamed.get(error);
