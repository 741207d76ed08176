/** A server that answers wrongly: each ends in a FetchError, and nothing that was cut short passes for whole. */
import { expect, it } from 'vitest';
import { FetchError } from '../src/fetch/index.ts';
import { fetchOver, serveRaw, until } from './https-server.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

/** The text of an answer, or how it failed. */
async function answerTo(sent: string, end: 'close_notify' | 'cut' | 'open'): Promise<string> {
  const { url } = await serveRaw((socket) => {
    socket.write(Buffer.from(sent, 'latin1'), () => {
      if (end === 'close_notify') socket.end();
      // Without close_notify: what is below TLS is ended
      if (end === 'cut') (socket as unknown as { _handle: { _parent?: unknown } } & typeof socket).destroy();
    });
  });
  const fetch = await fetchOver();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    expect(error).toBeInstanceOf(FetchError);
    return (error as FetchError).code;
  }
}

it.each([
  ['', 'close_notify', 'HTTP_TRUNCATED'],
  ['HTTP/1.1 200', 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}Content-Le`, 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}Content-Length: 10\r\n\r\n`, 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}Content-Length: 10\r\n\r\n12345`, 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`, 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n`, 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n123`, 'close_notify', 'HTTP_TRUNCATED'],
  ['HTTP/1.1 100 Continue\r\n\r\n', 'close_notify', 'HTTP_TRUNCATED'],
  [`${OK}\r\n12345`, 'close_notify', '200 12345'],
  ['HTTP/1.0 200 OK\r\n\r\n12345', 'close_notify', '200 12345'],
  [`${OK}\r\n12345`, 'cut', 'UNEXPECTED_EOF'],
  [`${OK}Content-Length: 10\r\n\r\n12345`, 'cut', 'UNEXPECTED_EOF'],
  [`${OK}Content-Length: 5\r\n\r\n12345`, 'cut', '200 12345'],
  ['', 'cut', 'UNEXPECTED_EOF'],
] as const)('%j, then %s: %s', async (sent, end, told) => {
  expect(await answerTo(sent, end)).toBe(told);
});

it.each([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
  ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
  ['a length beside chunks', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a length with a sign', `${OK}Content-Length: +1\r\n\r\n1`],
  ['a length without bound', `${OK}Content-Length: 99999999999999999999\r\n\r\n1`],
  ['another coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['an unknown coding', `${OK}Transfer-Encoding: identity\r\n\r\n`],
  ['lines that end in LF alone', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a folded line', `${OK}A: b\r\n c\r\n\r\n`],
  ['a space before the colon', `${OK}Content-Length : 0\r\n\r\n`],
  ['NUL in a value', `${OK}A: b\0c\r\n\r\n`],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status that no fetch() has', 'HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n'],
  ['Switching Protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['Continue without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)],
  ['a line without end', `${OK}A: ${'b'.repeat(100_000)}`],
  ['lines without end', OK + 'A: b\r\n'.repeat(5000)],
  ['a chunk of a negative size', `${OK}Transfer-Encoding: chunked\r\n\r\n-1\r\n`],
  ['a chunk of a size without bound', `${OK}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`],
  ['a chunk whose end is no line', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nabc`],
  ['an extension without end', `${OK}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(100_000)}`],
  ['a length behind the chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n`],
])('%s is HTTP_MALFORMED', async (_what, sent) => {
  expect(await answerTo(sent, 'open')).toBe('HTTP_MALFORMED');
});

it.each([
  ['a second answer', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'],
  ['the begin of one', 'HTTP/1.1 2'],
])("what comes behind an answer is nobody's: %s", async (_what, behind) => {
  const { url, connections, sockets } = await serveRaw((socket, asked) => {
    const more = asked.includes('/first') ? behind : '';
    socket.write(`${OK}Content-Length: 4\r\n\r\ngood${more}`);
  });
  const fetch = await fetchOver();
  expect(await (await fetch(`${url}/first`)).text()).toBe('good');
  expect(await (await fetch(`${url}/second`)).text()).toBe('good');
  expect(connections()).toBe(2);
  await until(() => sockets.size === 1);
});

it('what comes without a request ends the connection', async () => {
  const { url, sockets } = await serveRaw((socket) => {
    socket.write(`${OK}Content-Length: 4\r\n\r\ngood`);
    setTimeout(() => socket.write(`${OK}Content-Length: 4\r\n\r\nevil`), 30);
  });
  const fetch = await fetchOver();
  expect(await (await fetch(url)).text()).toBe('good');
  await until(() => sockets.size === 0);
  expect(await (await fetch(url)).text()).toBe('good');
});

it('the answer to a HEAD has no body, behind a 103 either', async () => {
  const { url, connections } = await serveRaw((socket, asked) => {
    const length = 'Content-Length: 4\r\n\r\n';
    socket.write(asked.startsWith('HEAD') ? `HTTP/1.1 103 Early Hints\r\n\r\n${OK}${length}` : `${OK}${length}good`);
  });
  const fetch = await fetchOver();
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  expect(await (await fetch(url)).text()).toBe('good');
  expect(connections()).toBe(1);
});

it('an answer in single bytes is read as one at a time', async () => {
  const sent = `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n`;
  const { url, connections } = await serveRaw((socket) => {
    const next = (at: number): void => {
      if (at < sent.length) socket.write(sent[at] as string, () => setImmediate(() => next(at + 1)));
    };
    next(0);
  });
  const fetch = await fetchOver();
  for (let i = 0; i < 2; i++) expect(await (await fetch(url)).text()).toBe('abcde');
  expect(connections()).toBe(1);
});

it.each(['arrayBuffer', 'blob', 'formData', 'json', 'text'] as const)(
  '%s() of an answer that is cut short fails with its FetchError, of a whole one has what came',
  async (name) => {
    const { url } = await serveRaw((socket, asked) => {
      const length = asked.includes('/whole') ? 6 : 7;
      socket.end(`${OK}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: ${length}\r\n\r\n--x--\n`);
    });
    const fetch = await fetchOver();
    const error = await (await fetch(url))[name]().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'FetchError', code: 'HTTP_TRUNCATED' });
    if (name !== 'arrayBuffer' && name !== 'text' && name !== 'blob') return;
    const whole = await fetch(`${url}/whole`);
    const got = await whole[name]();
    expect(typeof got === 'string' ? got.length : 'size' in got ? got.size : got.byteLength).toBe(6);
    expect(whole.bodyUsed).toBe(true);
    await expect(whole.text()).rejects.toThrow(TypeError);
  },
);
