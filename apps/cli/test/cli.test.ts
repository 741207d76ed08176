import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import { pki, type PkiName } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND, ferrule } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-cli-'));
const ca = join(folder, 'root.pem');
const servers: Server[] = [];

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function https(name: PkiName): Promise<number> {
  const { keyPem, chainPem } = await pki(name);
  const server = createHttps({ key: keyPem, cert: chainPem }, (request, response) => {
    response.setHeader('x-path', request.url ?? '');
    response.write('a page ');
    response.end('in two chunks');
  });
  return listen(server as unknown as Server);
}

let good = 0;
beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  good = await https('p256');
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

describe('ferrule get', () => {
  it('puts the body on stdout and nothing else anywhere', async () => {
    const { code, stdout, stderr } = await ferrule(['get', `https://localhost:${good}/some/where?x=1`, '--ca', ca]);
    expect([code, stdout, stderr]).toEqual([0, 'a page in two chunks', '']);
  });

  it('tells about the connection and the headers on stderr when asked', async () => {
    const { code, stdout, stderr } = await ferrule(['get', `https://localhost:${good}/deep`, '--ca', ca, '-v']);
    expect([code, stdout]).toEqual([0, 'a page in two chunks']);
    expect(stderr).toMatch(/localhost is verified/);
    expect(stderr).toMatch(/x-path: \/deep/);
  });

  it('makes one JSON document', async () => {
    const { code, stdout } = await ferrule(['get', `https://localhost:${good}/`, '--ca', ca, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'ferrule/1',
      ok: true,
      version: 'TLSv1.3',
      alpn: 'http/1.1',
      response: { status: 200, body: 'a page in two chunks' },
    });
  });

  it('refuses http:// as a usage error', async () => {
    const { code, stderr } = await ferrule(['get', 'http://localhost/']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/https/);
  });
});

describe('ferrule connect', () => {
  it('reports verdict, facts and the chain as a tree', async () => {
    const { code, stdout, stderr } = await ferrule([
      'connect',
      `localhost:${good}`,
      '--ca',
      ca,
      '--alpn',
      'h2,http/1.1',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/✓ localhost is verified/);
    expect(stdout).toMatch(/protocol +TLSv1\.3/);
    expect(stdout).toMatch(/ALPN +http\/1\.1/);
    expect(stdout).toMatch(/CN=leaf[^]*└─ CN=ferrule test intermediate[^]*└─ CN=ferrule test root/);
    expect(stdout).toMatch(/29 days left/);
  });

  it('fails where a TLS 1.3 server then demands a client certificate, and says so', async () => {
    const { keyPem: key, chainPem: cert } = await pki('p256');
    const port = await listen(
      createTls({ key, cert, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }) as unknown as Server,
    );
    const { code, stdout, stderr } = await ferrule(['connect', `localhost:${port}`, '--ca', ca]);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/client certificate/);
  });

  it.each(['native', 'pure'])('runs on the %s engine when told to', async (backend) => {
    const { code, stdout, stderr } = await ferrule([
      'connect',
      `127.0.0.1:${good}`,
      '--ca',
      ca,
      '--servername',
      'a.wild.test',
      '--backend',
      backend,
      '--json',
    ]);
    if (code === 2 && /cannot run here/.test(stderr)) return console.info(`skipped: ${stderr}`);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { backend: string; host: string; chain: unknown[] };
    expect([report.backend, report.host, report.chain.length]).toEqual([backend, 'a.wild.test', 3]);
  });

  it('with --pipe passes stdin to the server and the server to stdout', async () => {
    const { code, stdout, stderr } = await ferrule(['connect', `localhost:${good}`, '--ca', ca, '--pipe'], {
      input: 'GET / HTTP/1.0\r\n\r\n',
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK[^]*a page in two chunks/);
    expect(stderr).toMatch(/is verified/);
  });

  it.each([
    ['sends the rest of stdin', (socket: TLSSocket): void => void socket.resume(), 0, /"ok": true/],
    [
      'fails where the rest of stdin cannot be sent',
      (socket: TLSSocket): void => void socket.destroy(),
      13,
      /TRANSPORT_ERROR/,
    ],
  ] as const)('with --pipe %s after the server has ended its half', async (_what, then, status, said) => {
    const { keyPem, chainPem } = await pki('p256');
    const input = 'x'.repeat(8_000_000);
    let got = 0;
    let how = 'nothing';
    const server = createTls({ key: keyPem, cert: chainPem, allowHalfOpen: true }, (socket) => {
      socket
        .on('error', () => {})
        .on('data', (chunk) => (got += chunk.length))
        .on('end', () => (how = 'close_notify'))
        .pause();
      // Not in the middle of Node's own handshake, which then sends no close_notify
      setImmediate(() => socket.end('bye'));
      setTimeout(() => then(socket), 300);
    });
    const port = await listen(server);
    const { code, stdout, stderr } = await ferrule(['connect', `localhost:${port}`, '--ca', ca, '--pipe', '--json'], {
      input,
    });
    expect([code, stdout]).toEqual([status, 'bye']);
    expect(stderr).toMatch(said);
    if (status === 0) expect([got, how]).toEqual([input.length, 'close_notify']);
    else expect(how).toBe('nothing');
  });

  it('with --pipe tells of the server’s end on stdout while stdin goes on', async () => {
    const { keyPem, chainPem } = await pki('p256');
    const port = await listen(
      createTls(
        { key: keyPem, cert: chainPem, allowHalfOpen: true },
        (socket) =>
          void setImmediate(() =>
            socket
              .on('error', () => {})
              .resume()
              .end('bye'),
          ),
      ),
    );
    const child = spawn(process.execPath, [...COMMAND, 'connect', `localhost:${port}`, '--ca', ca, '--pipe']);
    await once(child.stdout.resume(), 'end');
    expect(child.exitCode).toBeNull();
    child.stdin.end('and the rest');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('with --interactive sends lines as they are typed, and takes commands', async () => {
    const { code, stdout, stderr } = await ferrule(['connect', `localhost:${good}`, '--ca', ca, '-i'], {
      input: '~i\n~?\n~K\nGET / HTTP/1.0\nX-Tilde: none\n\n',
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK[^]*a page in two chunks/);
    expect(stderr).toMatch(/is verified[^]*^TLSv1\.3, TLS_[^]*^~\. {2}leave[^]*new keys sent, and asked for/m);
  });

  it('with --interactive ends at ~., and refuses to be --pipe too', async () => {
    const ended = await ferrule(['connect', `localhost:${good}`, '--ca', ca, '-i', '--lf'], {
      input: '~.\nnot sent\n',
    });
    expect([ended.code, ended.stdout]).toEqual([0, '']);
    const both = await ferrule(['connect', `localhost:${good}`, '-i', '--pipe']);
    expect(both.code).toBe(2);
    expect(both.stderr).toMatch(/cannot be used with option '--pipe'/);
  });

  it.each<[string, PkiName, number, string]>([
    ['a wrong name', 'wrongName', 6, 'CERT_NAME_MISMATCH'],
    ['an expired certificate', 'expired', 7, 'CERT_EXPIRED'],
    ['an unknown root', 'selfSigned', 5, 'CERT_SELF_SIGNED'],
  ])('exits with its own code for %s, and says what to try', async (_title, name, expected, errorCode) => {
    const port = await https(name);
    const { code, stdout, stderr } = await ferrule(['connect', `localhost:${port}`, '--ca', ca]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(/^✗ /);
    expect(stderr).toContain(errorCode);
    expect(stderr).toMatch(/try +\S/);
    expect(stderr).toContain((await pki(name)).subject);
  });

  it('exits with 4 and HTTP_REQUEST at a port that speaks HTTP, as JSON too', async () => {
    const port = await listen(createHttp((_, response) => response.end()) as unknown as Server);
    const { code, stdout } = await ferrule(['connect', `localhost:${port}`, '--json']);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'HTTP_REQUEST' } });
  });

  it('exits with 2 where nothing listens, 124 when time is over, 130 on Ctrl-C', async () => {
    const closed = await listen(createTcp());
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const mute = () => createTcp((socket) => void socket.on('error', () => {}).resume());
    const silent = await listen(mute());
    const another = mute();
    const unanswered = await listen(another);
    const [refused, late, interrupted] = await Promise.all([
      ferrule(['connect', `127.0.0.1:${closed}`]),
      ferrule(['connect', `127.0.0.1:${silent}`, '--timeout', '0.2']),
      ferrule(['connect', `127.0.0.1:${unanswered}`], { interruptOn: another }),
    ]);
    expect([refused.code, late.code, interrupted.code]).toEqual([13, 124, 130]);
    expect(refused.stderr).toMatch(/Nothing listens/);
    expect(late.stderr).toMatch(/no answer to the ClientHello within [\d.]+ s/);
  });

  it('exits with 10 when no application protocol is common', async () => {
    const { code, stderr } = await ferrule(['connect', `localhost:${good}`, '--ca', ca, '--alpn', 'none/1']);
    // Node's HTTPS server refuses what it does not speak
    expect(code).toBe(10);
    expect(stderr).toMatch(/no_application_protocol, from the server/);
  });

  it('colours only for people: NO_COLOR and FORCE_COLOR are respected', async () => {
    const args = ['connect', `localhost:${good}`, '--ca', ca];
    const [plain, coloured, silenced] = await Promise.all([
      ferrule(args, { env: { FORCE_COLOR: undefined } }),
      ferrule(args, { env: { FORCE_COLOR: '1' } }),
      ferrule(args, { env: { FORCE_COLOR: undefined, NO_COLOR: '1' } }),
    ]);
    expect(plain.stdout).not.toContain('\u001b[');
    expect(coloured.stdout).toContain('\u001b[');
    expect(silenced.stdout).not.toContain('\u001b[');
  });
});

describe('--profile', () => {
  it('judges certificates by other rules, and is told where the engine has none of that name', async () => {
    const get = async (port: number, ...more: readonly string[]) =>
      ferrule(['get', `https://localhost:${port}/`, '--ca', ca, '--profile', ...more]);
    const ed25519 = await https('ed25519');
    const [strict, web, absent, unknown] = await Promise.all([
      get(ed25519, 'rfc5280', '--backend', 'pure'),
      get(ed25519, 'webpki', '--backend', 'pure'),
      get(good, 'webpki', '--backend', 'native'),
      get(good, 'strict'),
    ]);
    expect([strict.code, strict.stdout]).toEqual([0, 'a page in two chunks']);
    expect([web.stdout, web.stderr]).toEqual(['', expect.stringContaining('BR 6.1.5')]);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('compatible, rfc5280')]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('compatible, rfc5280, webpki')]);
  });
});

describe('ferrule', () => {
  it('has help with examples, and calls an unknown option a usage error', async () => {
    const [help, unknown, missing] = await Promise.all([
      ferrule(['connect', '--help']),
      ferrule(['connect', 'x', '--insecure']),
      ferrule(['connect', 'x', '--ca', 'no-such-file']),
    ]);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(/Examples:[^]*ferrule connect example\.org/);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/--insecure/);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/no-such-file/);
  });
});
