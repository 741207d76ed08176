/** @module Redirections (RFC 9110 section 15.4): the request that an answer leads to, as curl(1) and fetch() have it. */
import type { IncomingMessage } from 'node:http';
import type { GetCommandOptions } from './get.ts';

/** A request, as it is sent. */
export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly body: Buffer | undefined;
}

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * `undefined` for an answer that is none; a string says why it is not followed.
 * @param forced the user named the method, which stays then
 */
export function redirected(
  { url, method, body }: Asked,
  { statusCode = 0, headers: { location } }: IncomingMessage,
  forced: boolean,
): Asked | string | undefined {
  if (!REDIRECTIONS.has(statusCode)) return undefined;
  if (location === undefined) return 'the server redirects to nowhere: there is no Location';
  if (!URL.canParse(location, url.href)) return 'the server redirects to what is not a URL';
  const next = new URL(location, url);
  if (next.protocol !== 'https:') return `the server redirects to ${next.protocol}, and this command speaks TLS only`;
  if (next.username !== '' || next.password !== '') return 'the server redirects to a URL with credentials in it';
  const becomesGet =
    !forced && (statusCode === 303 ? method !== 'HEAD' : statusCode < 303 && method === 'POST') && method !== 'GET';
  if (becomesGet) return { url: next, method: 'GET', body: undefined };
  if (body !== undefined && next.origin !== url.origin)
    return `the server redirects what was to be sent to ${next.origin}; name that URL if it may have it`;
  return { url: next, method, body };
}

/** What was given for one server is no business of another: headers, client certificate, its name, the way to it. */
export function forAnother(options: GetCommandOptions, from: URL, to: URL): GetCommandOptions {
  if (from.origin === to.origin) return options;
  const { cert: _cert, key: _key, servername: _servername, header: _header, via, ...rest } = options;
  const isProxy = via === 'direct' || (via !== undefined && via.scheme !== 'tcp' && via.scheme !== 'unix');
  return isProxy ? { ...rest, via } : rest;
}
