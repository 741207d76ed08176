/** createFetch() before servers of node:https. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createFetch, FetchError } from '../src/fetch/index.ts';
import { fetchOver, type Served, serve, serveRaw, tcp, until } from './https-server.ts';

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
/** Sends back what was asked. */
async function mirror(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  response.end(JSON.stringify({ method, url, headers, body: await textOf(request) }));
}
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string | undefined>;
  readonly body: string;
}
const mirrored = (): Promise<Served> =>
  // A request that was given up is no failure of the server's
  serve((request, response) => void mirror(request, response).catch(() => {}));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const streamOf = (...chunks: readonly unknown[]): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

describe('a request and its answer', () => {
  it('go over one connection, one after the other', async () => {
    const { url, connections } = await serve((request, response) => {
      response.writeHead(201, 'Made', { 'Set-Cookie': ['a=1', 'b=2; Path=/'], 'X-It': 'é' });
      response.end(`you asked for ${request.url}`);
    });
    const fetch = await fetchOver();
    for (const path of ['/', '/a?b=c%20d', '/x#not-sent']) {
      const response = await fetch(url + path);
      expect([response.status, response.statusText, response.ok, response.redirected]).toEqual([
        201,
        'Made',
        true,
        false,
      ]);
      expect(response.url).toBe(url + path.replace(/#.*/, ''));
      expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2; Path=/']);
      expect(response.clone().headers.getSetCookie()).toEqual(['a=1', 'b=2; Path=/']);
      expect(await response.text()).toBe(`you asked for ${path.replace(/#.*/, '')}`);
    }
    expect(connections()).toBe(1);
  });

  it('have the headers of the caller, and those that are needed', async () => {
    const { url } = await mirrored();
    const fetch = await fetchOver();
    const sent = { accept: 'text/html', authorization: 'Bearer x', cookie: 'c=1', 'x-empty': '' };
    const seen = (await (await fetch(url, { headers: sent })).json()) as Seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/', headers: { ...sent, host: new URL(url).host }, body: '' });
    expect(seen.headers['content-length']).toBeUndefined();
    const closing = (await (await fetch(url, { headers: { connection: 'close' } })).json()) as Seen;
    expect(closing.headers['connection']).toBe('close');
  });

  it.each([
    ['text', (): unknown => 'é', 'text/plain;charset=UTF-8', 'é'],
    ['parameters', () => new URLSearchParams({ a: 'b c' }), 'application/x-www-form-urlencoded;charset=UTF-8', 'a=b+c'],
    ['a Blob', () => new Blob(['{}'], { type: 'application/json' }), 'application/json', '{}'],
    ['memory', (): unknown => bytes('abc'), undefined, 'abc'],
    ['a part of memory', () => new DataView(bytes('abcd').buffer, 1, 2), undefined, 'bc'],
    ['nothing', (): unknown => null, undefined, ''],
  ] as const)('send %s with its length', async (_what, body, type, text) => {
    const { url } = await mirrored();
    const fetch = await fetchOver();
    const seen = (await (await fetch(url, { method: 'post', body: body() as never })).json()) as Seen;
    expect(seen).toMatchObject({ method: 'POST', body: text });
    expect(seen.headers['content-type']).toBe(type);
    expect(seen.headers['content-length']).toBe(String(Buffer.byteLength(text)));
  });

  it('send a form', async () => {
    const { url } = await mirrored();
    const form = new FormData();
    form.set('field', 'value');
    form.set('file', new Blob(['in it']), 'name.txt');
    const seen = (await (await (await fetchOver())(url, { method: 'PUT', body: form })).json()) as Seen;
    const { headers, body } = seen;
    expect((await new Response(body, { headers: headers as never }).formData()).get('field')).toBe('value');
  });

  it('may be a Request, whose parts init replaces', async () => {
    const { url } = await mirrored();
    const fetch = await fetchOver();
    const request = new Request(`${url}/r`, { method: 'PATCH', headers: { 'x-a': '1' }, body: 'from the Request' });
    const first = (await (await fetch(request)).json()) as Seen;
    expect(first).toMatchObject({ method: 'PATCH', url: '/r', body: 'from the Request', headers: { 'x-a': '1' } });
    await expect(fetch(request)).rejects.toThrow(/^body: /);
    const second = (await (await fetch(request, { method: 'PUT', headers: {}, body: 'other' })).json()) as Seen;
    expect(second).toMatchObject({ method: 'PUT', url: '/r', body: 'other' });
    expect(second.headers['x-a']).toBeUndefined();
  });

  it('have no body where there is none, and the connection goes on', async () => {
    const { url, connections } = await serve((request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.statusCode = Number((request.url ?? '').slice(1));
      if (request.method === 'HEAD') response.setHeader('content-length', 5);
      response.end(response.statusCode === 200 && request.method !== 'HEAD' ? 'there' : undefined);
    });
    const fetch = await fetchOver();
    const head = await fetch(`${url}/200`, { method: 'HEAD' });
    expect([head.body, head.headers.get('content-length'), await head.text()]).toEqual([null, '5', '']);
    for (const status of [204, 304, 205]) {
      const response = await fetch(`${url}/${status}`);
      expect([response.status, response.body]).toEqual([status, null]);
    }
    expect(await (await fetch(`${url}/200`)).text()).toBe('there');
    expect(connections()).toBe(1);
  });

  it('are decoded from gzip, whole', async () => {
    const packed = gzipSync('a'.repeat(100_000));
    const { url } = await serve((request, response) => {
      response.setHeader('content-encoding', 'gzip');
      if (request.url === '/empty') return response.end();
      if (request.url === '/part') return response.write(packed.subarray(0, packed.length / 2));
      response.end(request.url === '/half' ? packed.subarray(0, packed.length / 2) : packed);
    });
    const fetch = await fetchOver();
    const response = await fetch(url);
    expect(await response.text()).toBe('a'.repeat(100_000));
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await (await fetch(`${url}/empty`)).text()).toBe('');
    await expect((await fetch(`${url}/half`)).text()).rejects.toMatchObject({ code: 'HTTP_MALFORMED' });
    const control = new AbortController();
    const aborted = await fetch(`${url}/part`, { signal: control.signal });
    control.abort(new RangeError('enough'));
    await expect(aborted.text()).rejects.toThrow('enough');
  });
});

describe('streams', () => {
  const MIB = 1024 * 1024;

  it('come down whole, at the pace of the reader', async () => {
    const SIZE = 16 * MIB;
    let sent = 0;
    const hash = createHash('sha256');
    const { url } = await serve((_request, response) => {
      const more = (): void => {
        while (sent < SIZE) {
          const chunk = Buffer.alloc(MIB / 4, sent / 1000);
          hash.update(chunk);
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const { body } = await (await fetchOver())(url);
    let last = -1;
    // Until nothing moves any more
    while (sent !== last) {
      last = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(sent).toBeLessThan(SIZE);
    const got = createHash('sha256');
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) got.update(chunk);
    expect(sent).toBe(SIZE);
    expect(got.digest('hex')).toBe(hash.digest('hex'));
  });

  it('go up whole, in chunks or with the length that was said', async () => {
    const { url } = await serve((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => response.end(`${request.headers['content-length'] ?? 'chunks'} ${hash.digest('hex')}`));
    });
    const fetch = await fetchOver();
    const chunk = new Uint8Array(70_000).fill(7);
    const all = createHash('sha256')
      .update(Buffer.concat(Array<Uint8Array>(50).fill(chunk)))
      .digest('hex');
    for (const [headers, length] of [
      [{}, 'chunks'],
      [{ 'content-length': '3500000' }, '3500000'],
    ] as const) {
      // An empty one is not the last
      const body = streamOf(new Uint8Array(0), ...Array<Uint8Array>(50).fill(chunk));
      const response = await fetch(url, { method: 'POST', headers, body, duplex: 'half' });
      expect(await response.text()).toBe(`${length} ${all}`);
    }
  });

  it('go both ways at once', async () => {
    const { url, connections } = await serve((request, response) => void request.pipe(response));
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const fetch = await fetchOver();
    const writer = writable.getWriter();
    void writer.write(bytes('first'));
    const response = await fetch(url, { method: 'POST', body: readable, duplex: 'half' });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('first');
    void writer.write(bytes('second'));
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('second');
    await writer.close();
    expect((await reader.read()).done).toBe(true);
    await (await fetch(url)).text();
    expect(connections()).toBe(1);
  });

  it.each([
    ['fails', { pull: () => Promise.reject(new RangeError('of the stream')) }, {}, 'of the stream'],
    ['gives no bytes', { pull: (c: ReadableStreamDefaultController) => c.enqueue('text') }, {}, 'other than bytes'],
    ['is too short', { pull: (c: ReadableStreamDefaultController) => c.close() }, { 'content-length': '1' }, 'shorter'],
    [
      'is too long',
      { pull: (c: ReadableStreamDefaultController) => c.enqueue(bytes('ab')) },
      { 'content-length': '1' },
      'longer',
    ],
  ] as const)('a body that %s ends the request with that', async (_what, source, headers, said) => {
    const { url, sockets } = await mirrored();
    const body = new ReadableStream(source as never);
    await expect((await fetchOver())(url, { method: 'POST', headers, body, duplex: 'half' })).rejects.toThrow(said);
    await until(() => sockets.size === 0);
  });

  it('an answer that does not wait for the body ends its sending', async () => {
    const { url } = await serve((_request, response) => {
      response.statusCode = 413;
      response.end('too much');
    });
    let cancelled = false;
    const body = new ReadableStream(
      {
        pull: (controller) =>
          new Promise((resolve) => setTimeout(resolve, 1)).then(() => controller.enqueue(new Uint8Array(1000))),
        cancel: () => void (cancelled = true),
      },
      { highWaterMark: 0 },
    );
    const response = await (await fetchOver())(url, { method: 'POST', body, duplex: 'half' });
    expect([response.status, await response.text()]).toEqual([413, 'too much']);
    await until(() => cancelled);
  });
});

describe('abort', () => {
  const reason = new Error('enough');

  it('rejects with the reason, whatever is under way', async () => {
    const { url, sockets } = await serve((request, response) => {
      if (request.url === '/body') response.write('a part');
    });
    const fetch = await fetchOver();
    await expect(fetch(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(fetch(url, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' });
    const control = new AbortController();
    const response = await fetch(`${url}/body`, { signal: control.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const reading = reader.read();
    control.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await until(() => sockets.size === 0);
  });

  it('drops what has come and was not read', async () => {
    const { url } = await serve((_request, response) => void response.write('a part'));
    const control = new AbortController();
    const { body } = await (await fetchOver())(url, { signal: control.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    control.abort(reason);
    await expect((body as ReadableStream).getReader().read()).rejects.toBe(reason);
  });

  it('ends the dial, the handshake and the wait for a connection', async () => {
    let signal: AbortSignal | undefined;
    const never = await fetchOver({
      dial: (_to, given) => new Promise(() => (signal = given)),
      connections: 1,
    });
    const control = new AbortController();
    const dialling = never('https://a.example/', { signal: control.signal });
    const waiting = never('https://a.example/', { signal: control.signal });
    await until(() => signal !== undefined);
    control.abort(reason);
    await expect(dialling).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(signal?.aborted).toBe(true);
    let closed = false;
    const silent = await fetchOver({
      dial: () =>
        Promise.resolve({
          read: () => new Promise<null>(() => {}),
          write: async () => {},
          close: () => void (closed = true),
        }),
    });
    await expect(silent('https://a.example/', { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await until(() => closed);
  });

  it('cancels the body of the request', async () => {
    const { url } = await serve(() => {});
    let why: unknown;
    const body = new ReadableStream({ cancel: (given) => void (why = given) });
    const control = new AbortController();
    const sending = (await fetchOver())(url, { method: 'POST', body, duplex: 'half', signal: control.signal });
    setTimeout(() => control.abort(reason), 50);
    await expect(sending).rejects.toBe(reason);
    await until(() => why === reason);
  });

  it('after the end of an answer concerns nobody', async () => {
    const { url, connections } = await mirrored();
    const fetch = await fetchOver();
    const control = new AbortController();
    await (await fetch(url, { signal: control.signal })).text();
    control.abort(reason);
    await (await fetch(url)).text();
    expect(connections()).toBe(1);
  });
});

describe('connections', () => {
  it('are at most as many as connections says, and requests wait for them', async () => {
    let now = 0;
    let most = 0;
    const { url, connections } = await serve((_request, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end('x');
      }, 5);
    });
    const fetch = await fetchOver({ connections: 3 });
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()));
    expect(texts.join('')).toBe('x'.repeat(20));
    expect([most, connections()]).toEqual([3, 3]);
  });

  it('one whose body is not read holds its place; cancelled, it gives it up', async () => {
    const { url } = await serve((_request, response) => void response.end(Buffer.alloc(1_000_000)));
    const fetch = await fetchOver({ connections: 1 });
    const { body } = await fetch(url);
    const second = fetch(url);
    await (body as ReadableStream).cancel();
    await (await second).arrayBuffer();
  });

  it('that have another request by now do not care for a body that is cancelled late', async () => {
    let answer: (text: string) => void = () => {};
    const { url, connections } = await serve((request, response) => {
      if (request.url === '/first') response.end('all');
      else answer = (text) => void response.end(text);
    });
    const fetch = await fetchOver({ connections: 1 });
    const first = await fetch(new URL('/first', url));
    const second = fetch(new URL('/second', url), { method: 'POST', body: 'x' });
    const before = answer;
    await until(() => answer !== before);
    await first.body?.cancel();
    answer('whole');
    expect([await (await second).text(), connections()]).toEqual(['whole', 1]);
  });

  it('that the server has closed are not used again', async () => {
    const { url, connections, sockets } = await mirrored();
    const fetch = await fetchOver();
    await (await fetch(url)).text();
    for (const socket of sockets) socket.destroy();
    await until(() => sockets.size === 0);
    await (await fetch(url, { method: 'POST' })).text();
    expect(connections()).toBe(2);
  });

  it('are closed when nobody wants them: idleTimeout, close()', async () => {
    const { url, sockets } = await mirrored();
    const short = await fetchOver({ idleTimeout: 20 });
    await (await short(url)).text();
    await until(() => sockets.size === 0);
    const fetch = await fetchOver();
    const { body } = await fetch(url);
    fetch.close();
    await expect(fetch(url)).rejects.toThrow('closed');
    for await (const _ of body as unknown as AsyncIterable<Uint8Array>);
    await until(() => sockets.size === 0);
  });

  it('that end at a second request: it is sent again where that is harmless', async () => {
    const { url, connections } = await serveRaw((socket, asked, connection) => {
      if (connection === 1 && !asked.includes('/first')) return void socket.end();
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const fetch = await fetchOver();
    await (await fetch(`${url}/first`)).text();
    expect(await (await fetch(`${url}/again`)).text()).toBe('ok');
    expect(connections()).toBe(2);
  });

  it('and is an error where it may have done something', async () => {
    const { url, connections } = await serveRaw((socket, asked) => {
      if (!asked.includes('/first')) return void socket.end();
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const fetch = await fetchOver();
    await (await fetch(`${url}/first`)).text();
    await expect(fetch(url, { method: 'POST', body: 'order' })).rejects.toMatchObject({ code: 'HTTP_TRUNCATED' });
    expect(connections()).toBe(1);
  });
});

describe('failures', () => {
  it('below HTTP have the code of their TlsError', async () => {
    const { url } = await mirrored();
    const strange = createFetch({ dial: tcp, trustAnchors: [] });
    const error = await strange(url).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toBeInstanceOf(FetchError);
    expect(error).toMatchObject({ code: 'CERT_UNTRUSTED_ROOT', cause: { code: 'CERT_UNTRUSTED_ROOT' } });
    const elsewhere = await fetchOver({ dial: ({ port }) => tcp({ host: '127.0.0.1', port }) });
    const wrong = elsewhere(url.replace('localhost', 'wrong.example'));
    await expect(wrong).rejects.toMatchObject({ code: 'CERT_NAME_MISMATCH' });
    const cause = new Error('no way there');
    const lost = await fetchOver({ dial: () => Promise.reject(cause) });
    await expect(lost(url)).rejects.toMatchObject({
      name: 'FetchError',
      code: 'TRANSPORT_ERROR',
      cause: { code: 'TRANSPORT_ERROR', cause },
    });
    // Told once, by whoever knows
    const { host } = new URL(url);
    for (const fetch of [strange, lost]) {
      const { message } = (await fetch(url).catch((caught: unknown) => caught)) as Error;
      expect(message.split(`${host}:`), message).toHaveLength(2);
    }
  });

  it.each([
    ['/relative', {}, /^url: /],
    ['http://localhost/', {}, /^url: http: /],
    ['https://a:b@localhost/', {}, /^url: .*Authorization/],
    ['https://localhost/', { method: 'CONNECT' }, /CONNECT/],
    ['https://localhost/', { method: 'A B' }, /A B/],
    ['https://localhost/', { headers: { 'x-a': 'b\r\nc: d' } }, /x-a|header/i],
    ['https://localhost/', { headers: { 'transfer-encoding': 'chunked' } }, /^headers: transfer-encoding/],
    ['https://localhost/', { headers: { connection: 'upgrade' } }, /^headers: connection/],
    ['https://localhost/', { body: 'x' }, /^body: /],
    ['https://localhost/', { method: 'POST', body: 'x', headers: { 'content-length': '2' } }, /^headers: content-len/],
    ['https://localhost/', { redirect: 'maybe' }, /^redirect: /],
    ['https://localhost/', { signal: {} }, /^signal: /],
    ['https://localhost/', { dispatcher: {} }, /^dispatcher: /],
    ['https://localhost/', { integrity: 'sha256-x' }, /^integrity: /],
    ['https://localhost/', { method: 'POST', body: { async *[Symbol.asyncIterator]() {} } }, /^body: an async iter/],
  ])('fetch(%j, %j)', async (url, init, said) => {
    const fetch = createFetch({ dial: () => Promise.reject(new Error('dialled')) });
    await expect(fetch(url, init as never)).rejects.toThrow(TypeError);
    await expect(fetch(url, init as never)).rejects.toThrow(said);
  });

  it.each([
    [{}, /^dial: /],
    [{ dial: tcp, host: 'x' }, /^host: unknown option$/],
    [{ dial: tcp, signal: AbortSignal.abort() }, /^signal: unknown option$/],
    [{ dial: tcp, connections: 0 }, /^connections: /],
    [{ dial: tcp, idleTimeout: -1 }, /^idleTimeout: /],
    [{ dial: tcp, ca: 'no certificate' }, /^ca: /],
    [{ dial: tcp, alpn: ['h2', 'http/1.1'] }, /^alpn: /],
  ])('createFetch(%j)', (options, said) => {
    expect(() => createFetch(options as never)).toThrow(said);
  });
});
