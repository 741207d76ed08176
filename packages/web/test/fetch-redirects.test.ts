/** Redirects are followed as the standard fetch() has it, section "HTTP-redirect fetch". */
import type { IncomingHttpHeaders } from 'node:http';
import { expect, it } from 'vitest';
import { fetchOver, later, type Served, serve } from './https-server.ts';

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `/STATUS` leads to `/there`, which tells what was asked. */
function redirecting(location = '/there'): Promise<Served> {
  return serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { method, headers, url = '' } = request;
      if (url === '/there') return void response.end(JSON.stringify({ method, headers, body }));
      response.writeHead(Number(url.slice(1)), { location });
      response.end('moved');
    });
  });
}

it.each([
  [301, 'GET', 'GET', ''],
  [301, 'POST', 'GET', ''],
  [302, 'POST', 'GET', ''],
  [302, 'PUT', 'PUT', 'body'],
  [303, 'PUT', 'GET', ''],
  [303, 'HEAD', 'HEAD', ''],
  [307, 'POST', 'POST', 'body'],
  [308, 'POST', 'POST', 'body'],
] as const)('%i of a %s is a %s', async (status, method, then, body) => {
  const { url } = await redirecting();
  const fetch = await fetchOver();
  const sent = method === 'GET' || method === 'HEAD' ? {} : { body: 'body', headers: { 'content-language': 'en' } };
  const response = await fetch(`${url}/${status}`, { method, ...sent });
  expect([response.status, response.redirected, response.url]).toEqual([200, true, `${url}/there`]);
  if (method === 'HEAD') return;
  const seen = (await response.json()) as Seen;
  expect([seen.method, seen.body]).toEqual([then, body]);
  expect('content-language' in seen.headers).toBe(body !== '');
});

it('secrets are for one origin', async () => {
  const there = await redirecting();
  const here = await redirecting(`${there.url}/there`);
  const headers = { authorization: 'Bearer x', cookie: 'c=1', 'x-kept': 'yes', host: 'front.example' };
  const fetch = await fetchOver();
  const other = (await (await fetch(`${here.url}/302`, { headers })).json()) as Seen;
  expect(other.headers).toMatchObject({ 'x-kept': 'yes', host: new URL(there.url).host });
  expect(other.headers).not.toHaveProperty('authorization');
  expect(other.headers).not.toHaveProperty('cookie');
  const same = await redirecting();
  expect(((await (await fetch(`${same.url}/302`, { headers })).json()) as Seen).headers).toMatchObject(headers);
});

it.each(['http://localhost/', 'file:///etc/passwd', 'https://a:b@localhost/', 'https://'])(
  '%s is not followed',
  async (location) => {
    const { url } = await redirecting(location);
    await expect((await fetchOver())(`${url}/302`)).rejects.toMatchObject({ code: 'HTTP_REDIRECT' });
  },
);

it('twenty times at most', async () => {
  let asked = 0;
  const { url, connections } = await serve((_request, response) => {
    asked++;
    response.writeHead(302, { location: '/' });
    response.end();
  });
  await expect((await fetchOver())(url)).rejects.toMatchObject({ code: 'HTTP_REDIRECT' });
  expect([asked, connections()]).toEqual([21, 1]);
});

it('or not at all: manual, error, no location', async () => {
  const { url } = await redirecting();
  const fetch = await fetchOver();
  const manual = await fetch(`${url}/302`, { redirect: 'manual' });
  expect([manual.status, manual.headers.get('location'), await manual.text()]).toEqual([302, '/there', 'moved']);
  await expect(fetch(`${url}/302`, { redirect: 'error' })).rejects.toMatchObject({ code: 'HTTP_REDIRECT' });
  const nowhere = await serve((_request, response) => {
    response.statusCode = 301;
    response.end('x');
  });
  expect((await fetch(nowhere.url)).status).toBe(301);
});

it('a stream cannot be sent twice, but a 303 does not want it', async () => {
  const { url } = await redirecting();
  const fetch = await fetchOver();
  const post = (status: number) =>
    fetch(`${url}/${status}`, { method: 'POST', body: new Blob(['x']).stream() as never, duplex: 'half' });
  await expect(post(307)).rejects.toMatchObject({ code: 'HTTP_REDIRECT' });
  expect(((await (await post(303)).json()) as Seen).method).toBe('GET');
});

it('a redirect that never ends its own body is followed', async () => {
  const there = await redirecting();
  const { url, sockets } = await serve((_request, response) => {
    response.writeHead(302, { location: `${there.url}/there` });
    response.write('for ever');
  });
  expect((await (await fetchOver())(url)).status).toBe(200);
  later(() => sockets.forEach((socket) => socket.destroy()));
});

it('a request that was under way when its fetch() was closed is redirected all the same, and nothing is kept', async () => {
  const there = await serve((_request, response) => void response.end('there'));
  let answer: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let come: () => void = () => {};
  const came = new Promise<void>((resolve) => (come = resolve));
  const { url } = await serve((_request, response) => {
    come();
    void asked.then(() => response.writeHead(302, { location: `${there.url}/` }).end());
  });
  const fetch = await fetchOver();
  const response = fetch(url);
  await came;
  fetch.close();
  await expect(fetch(url)).rejects.toThrow('this fetch() was closed');
  answer();
  expect(await (await response).text()).toBe('there');
  await expect.poll(() => there.sockets.size).toBe(0);
});
