/** @module The arguments of fetch() as a request: read once, checked, and with a body that says how it is framed. */
import { choiceOption, memoryOf, signalOption } from '@ferrule/result/arguments';
import { turn } from 'ferrule/pump';

export interface HttpRequest {
  /** `https:`, without a fragment. */
  readonly url: URL;
  readonly method: string;
  /** Those that the caller gave. */
  readonly headers: Headers;
  readonly body: Body | undefined;
}

export interface Body {
  /** Bytes; `undefined` where nobody knows, and chunks tell it (RFC 9112 section 7.1). */
  readonly length: number | undefined;
  /** It can be opened again, for another connection. */
  readonly isReplayable: boolean;
  open(): ReadableStream<unknown>;
}

export type Redirect = 'follow' | 'error' | 'manual';

export interface Asked {
  readonly request: HttpRequest;
  readonly redirect: Redirect;
  readonly signal: AbortSignal | undefined;
}

export type FetchInput = Parameters<typeof globalThis.fetch>[0];
export type FetchInit = NonNullable<Parameters<typeof globalThis.fetch>[1]>;

/** What fetch() has for pages, and has no meaning where there are no cookies, no cache and no page. */
const WITHOUT_MEANING: readonly string[] = [
  'cache',
  'credentials',
  'duplex',
  'keepalive',
  'mode',
  'priority',
  'referrer',
  'referrerPolicy',
  'window',
];
const WITH_MEANING: readonly string[] = ['method', 'headers', 'body', 'redirect', 'signal'];

/** RFC 9110 section 7.6.1: of one connection, which is ours. */
const OURS: readonly string[] = ['keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** @throws TypeError that names what is wrong. */
export async function askedOf(input: FetchInput, init: FetchInit = {}): Promise<Asked> {
  for (const key of Object.keys(init))
    if (!WITH_MEANING.includes(key) && !WITHOUT_MEANING.includes(key) && init[key as keyof FetchInit] !== undefined)
      throw new TypeError(`${key}: not supported by this fetch()`);
  const base = isRequest(input) ? input : undefined;
  if (base?.bodyUsed === true && init.body === undefined) throw new TypeError('body: was read already');
  const url = urlOf(base?.url ?? String(input));
  const given = init.body === undefined ? base?.body : init.body;
  // A page's Request knows which methods there are, and how they are written
  const { method } = new Request(url, { method: init.method ?? base?.method ?? 'GET' });
  const redirect = init.redirect ?? base?.redirect ?? 'follow';
  choiceOption(redirect, 'redirect', ['follow', 'error', 'manual']);
  const signal = (init.signal === undefined ? base?.signal : init.signal) ?? undefined;
  if (signal !== undefined) signalOption(signal);
  const headers = new Headers(init.headers ?? base?.headers);
  // Firefox has no stream of a Request's body
  const late = given === undefined && base !== undefined && method !== 'GET' && method !== 'HEAD';
  const { body, type } = await bodyOf(late ? await base.arrayBuffer() : given, headers.get('content-length'));
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`body: a ${method} request cannot have one`);
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  checkHeaders(headers);
  return { request: { url, method, headers, body }, redirect, signal };
}

/** @throws TypeError */
export function urlOf(text: string, base?: string): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url === undefined) throw new TypeError(`url: ${JSON.stringify(text)} is not an absolute URL`);
  if (url.protocol !== 'https:')
    throw new TypeError(`url: ${url.protocol} is not supported, since nothing would protect it; use https:`);
  if (url.username !== '' || url.password !== '')
    throw new TypeError('url: has a user name or a password; send an Authorization header in place of them');
  url.hash = '';
  return url;
}

const isRequest = (input: FetchInput): input is Request =>
  typeof input === 'object' && 'url' in input && 'method' in input && 'headers' in input;

function checkHeaders(headers: Headers): void {
  for (const name of OURS)
    if (headers.has(name))
      throw new TypeError(`headers: ${name} is not the caller's to set; it belongs to the connection`);
  const connection = headers.get('connection');
  if (connection !== null && !/^(?:close|keep-alive)$/i.test(connection))
    throw new TypeError("headers: connection may be 'close' or 'keep-alive'");
}

/** @param declared Content-Length as the caller has it: for a stream, how long it will be. */
async function bodyOf(
  given: unknown,
  declared: string | null,
): Promise<{ readonly body: Body | undefined; readonly type: string | null }> {
  if (given === undefined || given === null) return { body: undefined, type: null };
  if (declared !== null && !/^\d{1,15}$/.test(declared)) throw new TypeError('headers: content-length is not a number');
  if (typeof given === 'object' && 'getReader' in given) {
    const stream = given as ReadableStream<unknown>;
    if (stream.locked) throw new TypeError('body: the stream is locked: somebody reads it already');
    return {
      body: { length: declared === null ? undefined : Number(declared), isReplayable: false, open: () => stream },
      type: null,
    };
  }
  // fetch() makes text of what it does not know
  if (typeof given === 'object' && Symbol.asyncIterator in given)
    throw new TypeError('body: an async iterable; give a ReadableStream of it');
  const memory = memoryOf(given);
  if (memory !== undefined) {
    // A browser's memory for blobs is small
    const copy = memory.slice();
    checkLength(declared, copy.length);
    return { body: { length: copy.length, isReplayable: true, open: () => inPieces(copy) }, type: null };
  }
  // The platform's own reading of a body: text, forms, parameters, memory
  const read = new Response(given as FetchInit['body']);
  const type = read.headers.get('content-type');
  const blob = given instanceof Blob ? given : await read.blob();
  checkLength(declared, blob.size);
  return {
    body: { length: blob.size, isReplayable: true, open: () => blob.stream() as ReadableStream<unknown> },
    type,
  };
}

/** @throws TypeError */
function checkLength(declared: string | null, length: number): void {
  if (declared !== null && Number(declared) !== length)
    throw new TypeError(`headers: content-length is ${declared}, and the body has ${length} bytes`);
}

/** Of one piece of a body from memory, bytes. */
const PIECE = 65_536;

function inPieces(bytes: Uint8Array): ReadableStream<unknown> {
  let at = 0;
  return new ReadableStream({
    pull: (to) => {
      if (at < bytes.length) to.enqueue(bytes.subarray(at, (at += PIECE)));
      else to.close();
    },
  });
}

const encoder = new TextEncoder();

/**
 * The head of the request, RFC 9112 section 3. `URL`, `Request` and `Headers` let nothing through that could be a
 * line's end, and nothing above U+00FF.
 */
export function headOf({ url, method, headers, body }: HttpRequest): Uint8Array {
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`];
  const add = (name: string, value: string): void => void lines.push(`${name}: ${value}`);
  const offer = (name: string, value: string): void => {
    if (!headers.has(name)) add(name, value);
  };
  offer('host', url.host);
  headers.forEach((value, name) => {
    if (name !== 'content-length') add(name, value);
  });
  offer('accept', '*/*');
  offer('accept-encoding', 'gzip');
  offer('user-agent', 'ferrule');
  if (body !== undefined) {
    if (body.length === undefined) add('transfer-encoding', 'chunked');
    else add('content-length', String(body.length));
  } else if (!WITHOUT_BODY.includes(method)) add('content-length', '0');
  return latin1(`${lines.join('\r\n')}\r\n\r\n`);
}

/** RFC 9110 section 8.6: the others say that they have none. */
const WITHOUT_BODY: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'DELETE'];

const LAST_CHUNK: Uint8Array = encoder.encode('0\r\n\r\n');

/**
 * The body as it is sent. @throws TypeError for a stream that gives something other than bytes, or not as many as
 * Content-Length says; and what the stream throws.
 */
export async function* framed(body: Body, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const reader = body.open().getReader();
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    let left = body.length;
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      const bytes = memoryOf(value);
      if (bytes === undefined) throw new TypeError('body: the stream gave something other than bytes');
      // A chunk of no length would be the last; a stream that brings nothing else, and at once, lets nobody else run
      if (bytes.length === 0) {
        await turn();
        continue;
      }
      if (left === undefined) yield chunkOf(bytes);
      else {
        left -= bytes.length;
        if (left < 0) throw new TypeError('body: longer than content-length says');
        yield bytes;
      }
    }
    if (signal.aborted) return;
    if (left === undefined) yield LAST_CHUNK;
    else if (left > 0) throw new TypeError('body: shorter than content-length says');
  } finally {
    signal.removeEventListener('abort', cancel);
    void reader.cancel().catch(() => {});
  }
}

function chunkOf(bytes: Uint8Array): Uint8Array {
  const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(size.length + bytes.length + 2);
  chunk.set(size);
  chunk.set(bytes, size.length);
  chunk.set([13, 10], size.length + bytes.length);
  return chunk;
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
