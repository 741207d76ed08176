/** `ferrule scan --tickets --http`: what whole handshakes tell. */
import { constants, randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTls, type Server, type TlsOptions } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, describe, expect, it } from 'vitest';
import { findingsOf } from '../src/findings.ts';
import { hstsPolicy, whole, type WholeOptions } from '../src/handshakes.ts';
import { scan } from '../src/scan.ts';
import type { Scan } from '../src/scanned.ts';
import { timeText } from '../src/scan-report.ts';
import { here } from './here.ts';
import { conforms } from './schema.ts';

const closing: { close(): unknown }[] = [];
afterAll(() => {
  for (const server of closing) server.close();
});

async function listening(server: Server): Promise<number> {
  closing.push(server);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A web server, with this header. */
async function web(hsts: string | readonly string[] | undefined, options: TlsOptions = {}): Promise<number> {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  return listening(
    createServer({ key, cert, ...options }, (request, response) => {
      if (hsts !== undefined) response.setHeader('Strict-Transport-Security', hsts);
      response.writeHead(request.method === 'HEAD' ? 301 : 500).end();
    }),
  );
}

async function asked(port: number, more: Partial<WholeOptions>): Promise<Scan> {
  const target = { host: '127.0.0.1', port };
  const options = { timeout: 5, concurrency: 4, delay: 0, servername: 'server.test', ...more };
  const { signal } = new AbortController();
  return whole(await scan(target, options, signal), target, options, signal);
}
const told = (result: Scan): string[] => findingsOf(result).map(({ what }) => what);

const NO_TICKETS = constants.SSL_OP_NO_TICKET;

describe('ferrule scan --tickets', () => {
  it('tells number, size and lifetime of tickets, and whether a session is resumed, of each version', async () => {
    const result = await asked(await web(undefined, { sessionTimeout: 3600 }), { tickets: true });
    expect(result.tickets).toMatchObject([
      { version: 'TLS 1.3', tickets: 2, lifetime: 3600, maxEarlyData: 0, repeated: false, resumed: true },
      { version: 'TLS 1.2', tickets: 1, lifetime: 3600, maxEarlyData: 0, repeated: false, resumed: true },
    ]);
    for (const { lengths } of result.tickets ?? []) for (const length of lengths) expect(length).toBeGreaterThan(100);
    expect(told(result).filter((what) => /ticket|session/.test(what))).toEqual([]);
    expect(result.notAsked.join()).not.toMatch(/resumption/);
    expect(result.notAsked.join()).toMatch(/HSTS/);
  });

  it('finds a lifetime above seven days, and tickets that resume nothing', async () => {
    const { keyPem: key, chainPem: cert } = await pki('p256');
    const options = { maxVersion: 'TLSv1.2', sessionTimeout: 864_000 } as const;
    const server = createTls({ key, cert, ...options }, (socket) => void socket.on('error', () => {}).resume());
    const port = await listening(server);
    server.prependListener('connection', () => void server.setTicketKeys(randomBytes(48)));
    const result = await asked(port, { tickets: true });
    expect(result.tickets).toMatchObject([{ version: 'TLS 1.2', tickets: 1, lifetime: 864_000, resumed: false }]);
    expect(told(result)).toEqual(
      expect.arrayContaining(['tickets for more than 7 days', 'tickets that resume nothing']),
    );
  });

  it('tells of a server without tickets, and of a version that the engine cannot speak', async () => {
    const without = await asked(await web(undefined, { secureOptions: NO_TICKETS, minVersion: 'TLSv1.3' }), {
      tickets: true,
    });
    expect(without.tickets?.map(({ version }) => version)).toEqual(['TLS 1.3']);
    const old = await asked(await web(undefined, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }), {
      tickets: true,
    });
    expect(old.tickets).toMatchObject([{ version: 'TLS 1.2', tickets: 0, why: expect.any(String) as string }]);
    expect(told(old).filter((what) => /ticket|session/.test(what))).toEqual([]);
  });
});

describe('ferrule scan --http', () => {
  it.each<[string, string | readonly string[] | undefined, object | undefined, readonly string[]]>([
    ['a good header', 'max-age=31536000; includeSubDomains', { maxAge: 31_536_000, includeSubDomains: true }, []],
    ['none', undefined, undefined, ['no HSTS']],
    ['one that says nothing', 'includeSubDomains', undefined, ['an HSTS header that browsers ignore']],
    ['one that is soon over', 'max-age=3600', { maxAge: 3600 }, ['HSTS for less than 180 days']],
    ['one that ends it', 'max-age=0', { maxAge: 0 }, ['HSTS turned off']],
    ['two, of which the first counts', ['max-age=0', 'max-age=31536000'], { maxAge: 0 }, ['HSTS turned off']],
  ])('finds %s', async (_what, header, policy, findings) => {
    const result = await asked(await web(header, { minVersion: 'TLSv1.3' }), { http: true });
    expect(result.http?.status).toBe(301);
    if (policy === undefined) expect(result.http?.policy).toBeUndefined();
    else expect(result.http?.policy).toMatchObject(policy);
    expect(told(result).filter((what) => what.includes('HSTS'))).toEqual(findings);
  });

  it('says why there is no answer: no web server, an address, another protocol', async () => {
    const { keyPem: key, chainPem: cert } = await pki('p256');
    const port = await listening(
      createTls({ key, cert }, (socket) => void socket.on('error', () => {}).end('220 mail.test\r\n')),
    );
    const result = await asked(port, { http: true });
    expect(result.http?.why).toMatch(/not HTTP\/1\.1/);
    expect(told(result).filter((what) => what.includes('HSTS'))).toEqual([]);
    expect((await asked(port, { http: true, servername: '127.0.0.1' })).http?.why).toMatch(/not for addresses/);
    const { code, stderr } = await here(['scan', `localhost:${port}`, '--http', '--starttls', 'smtp']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: --http: the server speaks smtp here\n/)]);
  });
});

it('the command reports both, for people and as a document of the schema', async () => {
  const port = await web('max-age=31536000');
  const args = ['scan', `localhost:${port}`, '--servername', 'server.test', '--tickets', '--http'];
  const { code, stdout } = await here(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    / {2}sessions\n {4}TLS 1\.3: 2 tickets of \d+ bytes, for 2 hours, resumed\n {4}TLS 1\.2: 1 ticket of/,
  );
  expect(stdout).toMatch(/ {2}HTTP\n {4}status 301, Strict-Transport-Security: max-age=31536000 \(for 365 days\)\n/);
  const json = await here([...args, '--json']);
  conforms(json.stdout);
  expect(JSON.parse(json.stdout)).toMatchObject({ scan: { http: { policy: { maxAge: 31_536_000 } } } });
});

it.each([
  ['max-age=1', { maxAge: 1, includeSubDomains: false }],
  [' MAX-AGE = "15" ; ; includesubdomains; preload', { maxAge: 15, includeSubDomains: true }],
  ['', undefined],
  ['max-age=-1', undefined],
  ['max-age=1; max-age=2', undefined],
  ['max-age', undefined],
])('the header %j', (header, policy) => expect(hstsPolicy(header)).toEqual(policy));

it.each([
  [1, '1 second'],
  [90, '90 seconds'],
  [5400, '90 minutes'],
  [7200, '2 hours'],
  [604_800, '7 days'],
  [100_000, '27.8 hours'],
])('%i seconds are %s', (seconds, text) => expect(timeText(seconds)).toBe(text));
