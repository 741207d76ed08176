/** @module What a redirect makes of a request: fetch()'s "HTTP-redirect fetch". */
import type { Answer } from './connection.ts';
import { FetchError } from './error.ts';
import { type HttpRequest, type Redirect, urlOf } from './request.ts';

const STATUSES: readonly number[] = [301, 302, 303, 307, 308];
/** Step 6. */
const MAX_REDIRECTS = 20;
/** Step 13: what describes a body goes with it. */
const OF_THE_BODY = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type'];
/** Step 14, and what else is meant for one origin. */
const OF_THE_ORIGIN = ['authorization', 'cookie', 'host', 'proxy-authorization'];

/** `undefined` where the answer is the last one. @param count redirects so far. @throws FetchError HTTP_REDIRECT */
export function redirected(
  { status, headers: answered }: Answer,
  request: HttpRequest,
  how: Redirect,
  count: number,
): HttpRequest | undefined {
  if (!STATUSES.includes(status) || how === 'manual') return undefined;
  const from = request.url;
  if (how === 'error') throw refused(from, `status ${status}, and redirects were not wanted`);
  const location = answered.get('location');
  if (location === null) return undefined;
  if (count === MAX_REDIRECTS) throw refused(from, `more than ${MAX_REDIRECTS} redirects`);
  const url = targetOf(location, from);
  const headers = new Headers(request.headers);
  let { method, body } = request;
  if (status !== 303 && body?.isReplayable === false)
    throw refused(from, `status ${status}, and the request's body was a stream, which cannot be sent again`);
  if ((status <= 302 && method === 'POST') || (status === 303 && method !== 'GET' && method !== 'HEAD')) {
    method = 'GET';
    body = undefined;
    for (const name of OF_THE_BODY) headers.delete(name);
  }
  if (url.origin !== from.origin) for (const name of OF_THE_ORIGIN) headers.delete(name);
  return { url, method, headers, body };
}

function targetOf(location: string, from: URL): URL {
  try {
    return urlOf(location, from.href);
  } catch (error) {
    throw refused(from, `to ${JSON.stringify(location)}: ${(error as Error).message}`);
  }
}

const refused = (from: URL, why: string): FetchError =>
  new FetchError('HTTP_REDIRECT', `${from.host}: a redirect was refused: ${why}`);
