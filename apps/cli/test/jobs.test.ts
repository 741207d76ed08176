/** @module The lines of docs/jobs.md, ours and those that people know, as a shell runs them. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { makeCrl, pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Job, JOBS, jobsPage } from '../scripts/jobs.ts';
import { mailServer } from './mail-server.ts';
import { COMMAND } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-jobs-'));
const at = (name: string): string => join(folder, name);
const servers: Server[] = [];
const ports = { web: 0, mail: 0, proxy: 0 };

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const [root, intermediate, leaf, client] = [
    await pki('root'),
    await pki('intermediate'),
    await pki('p256'),
    await pki('client'),
  ];
  writeFileSync(at('root.pem'), root.certificatePem);
  writeFileSync(at('fullchain.pem'), leaf.chainPem);
  writeFileSync(at('client.pem'), client.chainPem);
  writeFileSync(at('client.key'), client.keyPem);
  writeFileSync(at('secret.txt'), 'of the file');
  writeFileSync(at('revoked.crl'), await makeCrl(intermediate, [leaf]));
  execFileSync('openssl', [
    'pkcs12',
    '-export',
    '-in',
    at('client.pem'),
    '-inkey',
    at('client.key'),
    '-passout',
    `file:${at('secret.txt')}`,
    '-out',
    at('client.p12'),
  ]);
  const tls = { key: leaf.keyPem, cert: leaf.chainPem, ca: root.certificatePem };
  const web = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    if (request.url === '/old') response.writeHead(302, { location: '/' });
    if (request.url === '/missing') response.statusCode = 404;
    const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject ?? {};
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.end(request.url === '/who' ? `${CN}\n` : `hello ${body}\n`));
  });
  // Who only looks says close_notify and waits for the answer
  web.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}).on('end', () => socket.end()));
  const proxy = createHttp().on('connect', ({ url = '' }, socket) => {
    const { hostname, port } = new URL(`tcp://${url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 ok\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const side of [socket, onward]) side.on('error', () => {});
  });
  ports.web = await listen(web);
  ports.mail = await listen(await mailServer((socket) => socket.on('end', () => socket.end())));
  ports.proxy = await listen(proxy);
  writeFileSync(at('hosts.txt'), `localhost:${ports.web} # ours\n`);
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** The servers of the test in place of those of the page. */
const here = (line: string): string =>
  line
    // First: a port put in below may begin with 443
    .replaceAll('127.0.0.1:443', `127.0.0.1:${ports.web}`)
    .replaceAll('mail.example:587', `localhost:${ports.mail}`)
    .replaceAll('proxy.example:3128', `127.0.0.1:${ports.proxy}`)
    .replace(/(-servername|-verify_hostname) example\.org/g, '$1 localhost')
    .replace(/\bexample\.org(:443)?/g, `localhost:${ports.web}`);

interface Said {
  readonly code: number;
  readonly text: string;
}

function shell(line: string): Promise<Said> {
  const ferrule = `ferrule() { ${[process.execPath, ...COMMAND].map((each) => `'${each}'`).join(' ')} "$@"; }\n`;
  const { HTTPS_PROXY: _a, https_proxy: _b, ALL_PROXY: _c, all_proxy: _d, SSLKEYLOGFILE: _e, ...env } = process.env;
  const trusting = {
    NODE_EXTRA_CA_CERTS: at('root.pem'),
    SSL_CERT_FILE: at('root.pem'),
    CURL_CA_BUNDLE: at('root.pem'),
  };
  return new Promise((resolve) => {
    const child = execFile(
      'bash',
      ['-c', ferrule + here(line)],
      { cwd: folder, env: { ...env, ...trusting, FERRULE_PASSPHRASE: '' }, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
    );
    child.stdin?.end();
  });
}

const installed = (line: string): boolean =>
  ['openssl', 'curl'].filter((tool) => line.includes(tool)).every((tool) => spawnSync('which', [tool]).status === 0);

describe.skipIf(process.platform === 'win32' || !installed('openssl'))('docs/jobs.md', () => {
  it('is the table of this repository', () => {
    expect(readFileSync(new URL('../../../docs/jobs.md', import.meta.url), 'utf8'), 'npm run docs:jobs').toBe(
      jobsPage(),
    );
  });

  // ssh and tunnel have no end of their own
  const runnable = JOBS.filter(({ says }) => says.source !== '.');
  it.each(runnable)('$job', { timeout: 120_000 }, async ({ ours, theirs, says, theySay, code = 0, also = '' }: Job) => {
    const [mine, other] = await Promise.all([
      shell(`${ours} ${also}`),
      theySay !== undefined && installed(theirs) ? shell(theirs) : undefined,
    ]);
    expect(mine.text).toMatch(says);
    expect(mine.code).toBe(code);
    if (other !== undefined) expect(other.text).toMatch(theySay ?? /./);
  });
});
