/** @module @ferrule/web/fetch: fetch() over any pipe, HTTP/1.1 with TLS of ours. */
import { integerOption, knownOptions, millisecondsOption } from '@ferrule/result/arguments';
import { unbracketed } from '@ferrule/result/host';
import { connect, type ConnectOverOptions, type Dial, type TlsConnection } from 'ferrule';
import { dialOption } from 'ferrule/pump';
import { checkTlsOptions, TLS_OPTIONS } from '../tls-options.ts';
import type { Answer } from './connection.ts';
import { FetchError, fetchError } from './error.ts';
import { Pool } from './pool.ts';
import { redirected } from './redirect.ts';
import { type Asked, askedOf, type FetchInit, type FetchInput, type HttpRequest } from './request.ts';
import { responseOf } from './response.ts';

export { FetchError, type FetchErrorCode } from './error.ts';

/** The options of TLS are those of `connectOver()`; the host is that of each URL. */
export interface FetchOptions extends Omit<ConnectOverOptions, 'host' | 'signal'> {
  /** Opens a pipe to a server. Its `signal` is aborted when the request is that needs it. */
  readonly dial: Dial;
  /** Connections to one origin at a time; further requests wait. Default 6. */
  readonly connections?: number | undefined;
  /**
   * How long a connection is kept for the next request, milliseconds: less than servers do, Node's 5000 for example.
   * Default 4000.
   */
  readonly idleTimeout?: number | undefined;
}

/** As the platform's fetch(), and `close()`. */
export type Fetch = typeof globalThis.fetch & {
  /** Ends what is kept open. Requests under way go on, new ones are refused. */
  close(): void;
};

/**
 * fetch() whose connections are made by `dial`, for `https:` alone. It rejects with a {@link FetchError}, or with the
 * reason of the signal. There are no cookies, no cache and no CORS. Waiting has no limit but that of the connection, its
 * dial included (`timeout`): give `signal: AbortSignal.timeout(…)`. @throws TypeError for wrong options.
 */
export function createFetch(options: FetchOptions): Fetch {
  const {
    dial,
    connections = 6,
    idleTimeout = 4000,
    ...tls
  } = knownOptions(options, ['dial', 'connections', 'idleTimeout', ...TLS_OPTIONS]);
  dialOption(dial);
  integerOption(connections, 'connections', 1, Number.MAX_SAFE_INTEGER);
  millisecondsOption(idleTimeout, 'idleTimeout');
  checkTlsOptions(tls);
  if (tls.alpn?.some((protocol) => protocol !== 'http/1.1') === true)
    throw new TypeError("alpn: createFetch() speaks 'http/1.1' alone");
  const alpn = tls.context === undefined && tls.alpn === undefined ? { alpn: ['http/1.1'] } : {};
  const open = ({ hostname, port }: URL, signal: AbortSignal): Promise<TlsConnection> =>
    connect({ ...tls, ...alpn, host: unbracketed(hostname), port: port === '' ? 443 : Number(port), dial, signal });
  const pool = new Pool({ connections, idleTimeout, open });
  let closed: TypeError | undefined;
  const fetch = async (input: FetchInput, init?: FetchInit): Promise<Response> => {
    if (closed !== undefined) throw closed;
    return followed(pool, await askedOf(input, init));
  };
  const close = (): void => pool.close((closed ??= new TypeError('this fetch() was closed')));
  return Object.assign(fetch, { close });
}

async function followed(pool: Pool, { request: first, redirect, signal }: Asked): Promise<Response> {
  try {
    let request = first;
    for (let count = 0; ; count++) {
      const answer = await answered(pool, request, signal);
      const next = redirected(answer, request, redirect, count);
      if (next === undefined) return responseOf(answer, request.url, count > 0);
      void discard(answer);
      request = next;
    }
  } catch (error) {
    if (first.body?.isReplayable === false)
      void first.body
        .open()
        .cancel(error)
        .catch(() => {});
    throw error;
  }
}

/** A server may close a connection while a request is on its way to it: RFC 9112 section 9.3.1 says what is sent again. */
async function answered(pool: Pool, request: HttpRequest, signal: AbortSignal | undefined): Promise<Answer> {
  for (;;) {
    signal?.throwIfAborted();
    const connection = await pool.acquire(request.url, signal).catch((error: unknown) => {
      throw signal?.aborted === true ? error : fetchError(error, request.url.host);
    });
    const { isReused } = connection;
    try {
      return await connection.send(request, signal);
    } catch (error) {
      const wasLost = error instanceof FetchError && LOST.includes(error.code);
      if (!(isReused && wasLost && connection.isUnanswered && isRepeatable(request))) throw error;
    }
  }
}

const LOST: readonly string[] = ['HTTP_TRUNCATED', 'UNEXPECTED_EOF', 'TRANSPORT_ERROR'];
/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

const isRepeatable = ({ method, body }: HttpRequest): boolean =>
  IDEMPOTENT.includes(method) && body?.isReplayable !== false;

/** What a redirect says to people, so that its connection can be used again. */
async function discard({ body }: Answer): Promise<void> {
  const reader = body?.getReader();
  try {
    for (let read = 0; reader !== undefined && read < MAX_DISCARDED;) {
      const { done, value } = await reader.read();
      if (done) return;
      read += value.length;
    }
    await reader?.cancel();
  } catch {
    // Its connection has told whom it concerns
  }
}

/** Bytes; a new connection costs less than more of them. */
const MAX_DISCARDED = 65_536;
