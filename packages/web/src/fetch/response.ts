/** @module An answer as a Response, which no constructor gives its URL and a page no Set-Cookie. */
import type { Answer } from './connection.ts';
import { FetchError } from './error.ts';

export function responseOf(answer: Answer, url: URL, redirected: boolean): Response {
  const { status, reason: statusText, headers } = answer;
  const response = new Response(decoded(answer, url) as BodyOf, { status, statusText, headers });
  return dressed(response, headers, url.href, redirected);
}

type BodyOf = ConstructorParameters<typeof Response>[0];

function dressed(response: Response, headers: Headers, url: string, redirected: boolean): Response {
  for (const name of READERS) {
    if (!(name in Response.prototype)) continue;
    Object.defineProperty(response, name, { value: () => read(response, name) });
  }
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    // A page's Response leaves Set-Cookie out
    headers: { value: headers },
    clone: {
      value: () => dressed(Response.prototype.clone.call(response), new Headers(headers), url, redirected),
    },
  });
}

const READERS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

type Reader = (typeof READERS)[number];

/**
 * The platform's, over what was read here: its own would make "Failed to fetch" or an AbortError of whatever a body
 * failed with, in Chromium and in Firefox.
 */
async function read(response: Response, name: Reader): Promise<unknown> {
  const { body } = response;
  const as = (from: Response): Promise<unknown> =>
    (Response.prototype as unknown as Record<Reader, () => Promise<unknown>>)[name].call(from);
  if (body === null || body.locked || response.bodyUsed) return as(response);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  const type = response.headers.get('content-type');
  return as(new Response(new Blob(chunks), { headers: type === null ? {} : { 'content-type': type } }));
}

/** RFC 9110 section 8.4.1.3, the one coding that is asked for. */
const isGzip = (headers: Headers): boolean => /^(?:x-)?gzip$/i.test(headers.get('content-encoding') ?? '');

function decoded({ headers, body, isEmpty, failure }: Answer, url: URL): ReadableStream<Uint8Array> | null {
  // Servers name the coding of nothing, too
  if (body === null || isEmpty || !isGzip(headers)) return body;
  const gunzip = new DecompressionStream('gzip');
  body.pipeTo(gunzip.writable as WritableStream<Uint8Array>).catch(() => {});
  const reader = (gunzip.readable as ReadableStream<Uint8Array>).getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          // Platforms tell what is not a gzip in ways of their own
          throw failure() ?? new FetchError('HTTP_MALFORMED', `${url.host}: the answer's gzip is broken`, { cause });
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
