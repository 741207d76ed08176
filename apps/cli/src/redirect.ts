/** @module Redirections (RFC 9110 section 15.4): the request that an answer leads to, as curl(1) and fetch() have it. */
import type { IncomingMessage } from 'node:http';
import type { GetCommandOptions } from './get.ts';

/** A request, as it is sent. */
export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly body: string | Buffer | undefined;
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
  if (!REDIRECTIONS.has(statusCode) || location === undefined) return undefined;
  if (!URL.canParse(location, url.href)) return 'the server redirects to what is no URL';
  const next = new URL(location, url);
  if (next.protocol !== 'https:') return `the server redirects to ${next.protocol}, and this command speaks TLS only`;
  const becomesGet =
    !forced && (statusCode === 303 ? method !== 'HEAD' : statusCode < 303 && method === 'POST') && method !== 'GET';
  return becomesGet ? { url: next, method: 'GET', body: undefined } : { url: next, method, body };
}

/** What was given for one server is no business of another: credentials, its name, the way to it. */
export function forAnother(options: GetCommandOptions, from: URL, to: URL): GetCommandOptions {
  if (from.origin === to.origin) return options;
  const { cert: _cert, key: _key, servername: _servername, via, header = [], ...rest } = options;
  const isPrivate = (line: string): boolean => /^(authorization|cookie|proxy-authorization)\s*:/i.test(line);
  return {
    ...rest,
    header: header.filter((line) => !isPrivate(line)),
    ...(via !== undefined && (via === 'direct' || (via.scheme !== 'tcp' && via.scheme !== 'unix')) && { via }),
  };
}
