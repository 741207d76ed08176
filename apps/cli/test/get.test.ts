import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { here } from './here.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-get-'));
const at = (name: string): string => join(folder, name);
let server: Server;
let origin = '';

beforeAll(async () => {
  writeFileSync(at('root.pem'), (await pki('root')).certificatePem);
  const { keyPem, chainPem } = await pki('p256');
  server = createServer({ key: keyPem, cert: chainPem }, (request, response) => {
    const cut = request.url === '/cut';
    const [, status, to] = /^\/to\/(\d+)\/(.*)$/.exec(request.url ?? '') ?? [];
    const fixed: Readonly<Record<string, number>> = { '/missing': 404, '/nowhere': 302 };
    response.statusCode = Number(status ?? fixed[request.url ?? ''] ?? 200);
    if (request.url === '/silent') return;
    if (request.url === '/switch')
      return void response.socket?.end('HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    if (request.url === '/cut-gzip') {
      // Without close_notify
      const { socket } = response;
      return void socket?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx', () => socket.destroy());
    }
    if (to !== undefined) response.setHeader('location', decodeURIComponent(to));
    response.setHeader('x-method', request.method ?? '');
    if (cut) response.setHeader('content-length', 1000);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const page = `${request.method} ${body} ${String(request.headers['x-own'])} ${String(request.headers['user-agent'])}${request.url === '/auth' ? String(request.headers.authorization) : ''}`;
      if (cut) response.write(page, () => response.socket?.end());
      else response.end(page);
    });
  });
  server.on('connect', (_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, ...args: readonly string[]) =>
  here(['get', `${origin}${path}`, '--ca', at('root.pem'), ...args]);

describe('ferrule get', () => {
  it('sends data, headers and methods as it is told, and writes the page to a file', async () => {
    writeFileSync(at('data'), 'from a file');
    const sent = await get('/', '-d', 'a=1', '-H', 'X-Own: mine', '-H', 'User-Agent: me', '-o', at('posted'));
    expect([sent.code, sent.stdout, sent.stderr]).toEqual([0, '', '']);
    expect(readFileSync(at('posted'), 'utf8')).toBe('POST a=1 mine me');
    await get('/', '-X', 'PUT', '-d', `@${at('data')}`, '-o', at('put'));
    expect(readFileSync(at('put'), 'utf8')).toBe('PUT from a file undefined ferrule');
  });

  it('follows redirections under -L as fetch() does: POST becomes GET but for 307 and 308', async () => {
    for (const [status, method] of [
      [301, 'GET '],
      [302, 'GET '],
      [303, 'GET '],
      [307, 'POST a=1'],
      [308, 'POST a=1'],
    ] as const) {
      const { code, stdout } = await get(`/to/${status}/${encodeURIComponent('/page')}`, '-L', '-d', 'a=1');
      expect([code, stdout]).toEqual([0, `${method} undefined ferrule`]);
    }
    // Without -L the answer itself is the page
    expect((await get(`/to/302/${encodeURIComponent('/page')}`)).stdout).toBe('GET  undefined ferrule');
  });

  it('leaves no redirection to http:, to nonsense or without end', async () => {
    for (const [path, why] of [
      ['/to/302/http:%2F%2Flocalhost%2F', 'redirects to http:, and this command speaks TLS only'],
      ['/to/302/https:%2F%2F[', 'redirects to what is not a URL'],
      ['/to/302/', 'more than 20 redirections'],
      ['/to/302/https:%2F%2Fuser:secret@localhost%2F', 'credentials in it'],
      ['/nowhere', 'there is no Location'],
    ] as const) {
      const { code, stdout, stderr } = await get(path, '-L');
      expect([code, stdout]).toEqual([22, '']);
      expect(stderr).toContain(why);
    }
  });

  it('tells another server nothing that was given for the first', async () => {
    const seen: unknown[] = [];
    const { keyPem, chainPem } = await pki('p256');
    const other = createServer({ key: keyPem, cert: chainPem }, ({ headers, url }, response) => {
      seen.push([url, headers.authorization, headers.cookie, headers['x-own']]);
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const there = encodeURIComponent(`https://localhost:${(other.address() as AddressInfo).port}/there`);
    const { code } = await get(
      `/to/302/${there}`,
      '-L',
      '-H',
      'Authorization: secret',
      '-H',
      'cookie: secret',
      '-H',
      'X-Own: mine',
      '--servername',
      'a.wild.test',
      '--via',
      `tcp://127.0.0.1:${new URL(origin).port}`,
    );
    other.close();
    expect([code, seen]).toEqual([0, [['/there', undefined, undefined, undefined]]]);
  });

  it('sends data to no other server, and says which one is to blame', async () => {
    const { keyPem, chainPem } = await pki('wrongName');
    const other = createServer({ key: keyPem, cert: chainPem }, (_request, response) => response.end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const host = `localhost:${(other.address() as AddressInfo).port}`;
    const there = encodeURIComponent(`https://${host}/`);
    const data = await get(`/to/307/${there}`, '-L', '-d', 'secret=1');
    expect([data.code, data.stderr]).toEqual([
      22,
      expect.stringContaining(`redirects what was to be sent to https://${host}`),
    ]);
    const refused = await get(`/to/302/${there}`, '-L');
    other.close();
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringMatching(new RegExp(`^✗ ${host}:`))]);
  });

  it('joins what is sent by &, and sends the credentials of a URL', async () => {
    expect((await get('/', '-d', 'a=1', '-d', 'b=2')).stdout).toBe('POST a=1&b=2 undefined ferrule');
    const { host } = new URL(origin);
    const secret = await here(['get', `https://us%65r:pass@${host}/auth`, '--ca', at('root.pem'), '--json']);
    const { target, response } = JSON.parse(secret.stdout) as { target: string; response: { body: string } };
    expect(response.body).toContain(`Basic ${btoa('user:pass')}`);
    expect(target).not.toContain('pass');
  });

  it('makes a document of an error page, too', async () => {
    for (const [args, code] of [
      [['/missing', '-f'], 'HTTP_STATUS'],
      [['/nowhere', '-L'], 'HTTP_REDIRECTION'],
    ] as const) {
      const { code: exit, stdout, stderr } = await get(args[0], args[1], '--json');
      expect([exit, stderr]).toEqual([22, '']);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, exitCode: 22, error: { code } });
    }
  });

  it('waits no longer for a silent server than it is told', async () => {
    const { code, stderr } = await get('/silent', '--timeout', '1');
    expect([code, stderr]).toEqual([124, expect.stringContaining('no byte within 1 s')]);
  });

  it('shows the headers of each step with -I -L, and writes to stdout with -o -', async () => {
    const { stdout } = await get(`/to/302/${encodeURIComponent('/page')}`, '-I', '-L');
    expect(stdout).toMatch(/^HTTP\/1\.1 302 [^]*location: \/page[^]*HTTP\/1\.1 200 /);
    expect((await get('/', '-o', '-')).stdout).toBe('GET  undefined ferrule');
  });

  it('writes the headers alone with --head', async () => {
    const { code, stdout } = await get('/', '-I');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\n[^]*x-method: HEAD\n[^]*$/);
  });

  it('exits with 22 for an error page under --fail, and replaces nothing', async () => {
    writeFileSync(at('kept'), 'kept');
    const failed = await get('/missing', '-f', '-o', at('kept'));
    expect([failed.code, failed.stdout]).toEqual([22, '']);
    expect(failed.stderr).toMatch(/^localhost:\d+: HTTP status 404 Not Found\n$/);
    expect(readFileSync(at('kept'), 'utf8')).toBe('kept');
    expect((await get('/missing', '-o', at('page'))).code).toBe(0);
  });

  it('writes no file of a page that was cut off', async () => {
    const cut = await get('/cut', '-o', at('cut'));
    expect([cut.code, existsSync(at('cut'))]).toEqual([4, false]);
    expect(cut.stderr).toMatch(/the page is incomplete[^]*UNEXPECTED_EOF/);
  });

  it('takes a page whose transfer coding has no end for whole only after close_notify', async () => {
    const { code, stderr } = await get('/cut-gzip');
    expect([code, stderr]).toEqual([4, expect.stringMatching(/UNEXPECTED_EOF/)]);
  });

  it.each([
    ['/switch', [], 101],
    ['/', ['-X', 'CONNECT'], 200],
  ])('says so where the server goes on in another protocol: %s %j', async (path, args, status) => {
    const { code, stderr } = await get(path, ...args);
    expect([code, stderr]).toEqual([22, expect.stringContaining(`in another protocol than HTTP: status ${status}`)]);
  });

  it.each([
    [['-H', 'no colon'], /expected "Name: value"/],
    [['-X', 'get it'], /expected a method/],
    [['-d', '@nosuch'], /--data nosuch: there is no such file/],
    [['-o', '/'], /is a folder/],
    [['-I', '-d', 'x'], /cannot be used with/],
  ])('refuses %j', async (args, said) => {
    const { code, stderr } = await get('/', ...args);
    expect([code, stderr.trimEnd().split('\n').length <= 4]).toEqual([2, true]);
    expect(stderr).toMatch(said);
  });
});
