import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCrl, makeOcspResponse, pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { encodePem } from '@ferrule/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mailServer } from './mail-server.ts';
import { here } from './here.ts';
import { ferrule } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-inspect-'));
const ca = join(folder, 'root.pem');
const closing: { close(): unknown }[] = [];

beforeAll(async () => writeFileSync(ca, (await pki('root')).certificatePem));
afterAll(() => {
  for (const server of closing) server.close();
  rmSync(folder, { recursive: true });
});

async function serve(options: Parameters<typeof TestServer.make>[0] = {}): Promise<number> {
  const server = await TestServer.make(options);
  closing.push(server);
  return server.listen();
}

/** Greets in TLS. */
async function mail(): Promise<number> {
  const server = await mailServer((socket) => void socket.write('hello'));
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('ferrule inspect', () => {
  it('shows verdict, facts, the matched name, the chain and the handshake on one screen', async () => {
    const port = await serve({ ALPNProtocols: ['h2'] });
    const { code, stdout, stderr } = await ferrule([
      'inspect',
      `localhost:${port}`,
      '--servername',
      'a.wild.test',
      '--ca',
      ca,
      '--alpn',
      'h2',
    ]);
    // The name of the servername is not in the DNS: localhost was connected to
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^✓ localhost:\d+ is trusted\n/);
    expect(stdout).toMatch(/protocol +TLSv1\.3\n/);
    expect(stdout).toMatch(/ALPN +h2\n/);
    expect(stdout).toMatch(/name +a\.wild\.test matches \*\.wild\.test\n/);
    expect(stdout).toMatch(/CN=leaf[^]*29 days left[^]*└─ CN=ferrule test intermediate[^]*└─ CN=ferrule test root/);
    expect(stdout).toMatch(
      /ms +█+ +DNS\n.*█ +TCP\n.*→ ClientHello .* B\n.*← ServerHello, .*Finished .* B\n.*→ .*Finished/,
    );
    expect(stdout.trimEnd().split('\n').length).toBeLessThan(40);
  });

  it('shows the chain of a server that is not trusted, and who is missing', async () => {
    const port = await serve({ chainPem: (await pki('p256')).certificatePem });
    const { code, stdout } = await ferrule(['inspect', `localhost:${port}`, '--ca', ca]);
    expect(code).toBe(5);
    expect(stdout).toMatch(/^✗ localhost:\d+: the server did not send CN=ferrule test intermediate/);
    expect(stdout).toMatch(/└─ CN=ferrule test intermediate, which the server did not send/);
    expect(stdout).toMatch(/→ alert unknown_ca/);
  });

  it('sends nothing to a server that it did not verify', async () => {
    const received: string[] = [];
    const server = await TestServer.make({ identity: await pki('selfSigned') });
    closing.push(server);
    void (async () => {
      for (;;) (await server.accepted()).on('data', (chunk: Buffer) => received.push(chunk.toString()));
    })().catch(() => {});
    const { code, stdout } = await ferrule([
      'inspect',
      `localhost:${await server.listen()}`,
      '--ca',
      ca,
      '--alpn',
      'h2',
    ]);
    expect(code).toBe(5);
    expect(stdout).toMatch(/protocol +TLSv1\.3/);
    expect(received).toEqual([]);
  });

  it('speaks STARTTLS first, and times it and the first byte', async () => {
    const port = await mail();
    const { code, stdout } = await ferrule([
      'inspect',
      `localhost:${port}`,
      '--ca',
      ca,
      '--starttls',
      'smtp',
      '--wait',
      '5',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/█ +STARTTLS \(smtp\)\n/);
    expect(stdout).toMatch(/█ +first byte\n/);
  });

  it('gives a client certificate where one is demanded', async () => {
    const { certificatePem, chainPem, keyPem } = await pki('client');
    expect(chainPem).toContain(certificatePem);
    const [cert, key] = [join(folder, 'client.pem'), join(folder, 'client.key')];
    writeFileSync(cert, chainPem);
    writeFileSync(key, keyPem);
    const port = await serve({ requestCert: true, rejectUnauthorized: true, ca: (await pki('root')).certificatePem });
    const { code, stdout } = await ferrule(['inspect', `localhost:${port}`, '--ca', ca, '--cert', cert, '--key', key]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/client +the server asks for a client certificate/);
  });

  it('says which CAs the client certificate may be of, and from which store the root is', async () => {
    const port = await serve({ requestCert: true, rejectUnauthorized: false, ca: (await pki('root')).certificatePem });
    for (const backend of ['native', 'pure']) {
      const { code, stdout } = await here(['inspect', `localhost:${port}`, '--ca', ca, '--backend', backend]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/client +the server asks for a client certificate of CN=ferrule test root\n/);
      expect(stdout).toMatch(/root from +--ca\n/);
    }
  });

  it('refuses what a revocation list has, and takes what it has not', async () => {
    const [leaf, intermediate] = [await pki('p256'), await pki('intermediate')];
    const [bad, good] = [join(folder, 'bad.crl'), join(folder, 'good.crl')];
    writeFileSync(bad, await makeCrl(intermediate, [leaf]));
    writeFileSync(good, encodePem('X509 CRL', await makeCrl(intermediate, [])));
    const port = await serve();
    for (const backend of ['native', 'pure']) {
      const asked = ['inspect', `localhost:${port}`, '--ca', ca, '--backend', backend, '--crl'];
      expect((await here([...asked, good])).code).toBe(0);
      const { code, stdout } = await here([...asked, bad]);
      expect([code, stdout]).toEqual([5, expect.stringMatching(/code +CERT_REVOKED/)]);
    }
  });

  it('shows the stapled response, and demands one with --ocsp require', async () => {
    const ocspResponse = makeOcspResponse(await pki('p256'), await pki('intermediate'));
    const [stapling, not] = [await serve({ ocspResponse }), await serve()];
    const required = await here(['inspect', `localhost:${stapling}`, '--ca', ca, '--ocsp', 'require']);
    expect([required.code, required.stdout]).toEqual([0, expect.stringMatching(/OCSP +stapled, good\n/)]);
    const requested = await here(['inspect', `localhost:${not}`, '--ca', ca]);
    expect([requested.code, requested.stdout]).toEqual([0, expect.stringMatching(/OCSP +no response stapled\n/)]);
    expect((await here(['inspect', `localhost:${not}`, '--ca', ca, '--ocsp', 'off'])).stdout).not.toContain('OCSP');
    const missing = await here(['inspect', `localhost:${not}`, '--ca', ca, '--ocsp', 'require']);
    expect([missing.code, missing.stdout]).toEqual([5, expect.stringMatching(/try .*--ocsp request/)]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('connects a second time under --resume: %s', async (version) => {
    const port = await serve({ maxVersion: version });
    for (const backend of ['native', 'pure']) {
      const { stdout } = await here([
        'inspect',
        `localhost:${port}`,
        '--ca',
        ca,
        '--backend',
        backend,
        '--resume',
        '--json',
      ]);
      expect(JSON.parse(stdout)).toMatchObject({
        resumption: { offered: true, resumed: true, maxEarlyData: 0, roundTrips: 1 },
      });
    }
  });

  it('asks each address of a name, of one family where that is wanted', async () => {
    const port = await serve();
    const { code, stdout } = await here(['inspect', `localhost:${port}`, '--ca', ca, '--each-address', '-4']);
    const documents = stdout.trim().split('\n');
    expect(documents).toHaveLength(1);
    expect([code, JSON.parse(documents[0] ?? '')]).toMatchObject([
      0,
      { target: `localhost:${port} (127.0.0.1)`, host: 'localhost', ok: true },
    ]);
    const none = await here(['watch', `nothing.invalid:${port}`, '--each-address']);
    expect([none.code, none.stdout]).toEqual([13, expect.stringMatching(/✗ nothing\.invalid/)]);
  });

  it('makes one JSON document of the versioned schema', async () => {
    const port = await serve();
    const { code, stdout } = await ferrule(['inspect', `localhost:${port}`, '--ca', ca, '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as {
      handshake: { label: string; start: number; end: number }[];
      chain: unknown[];
    };
    expect(report).toMatchObject({
      schema: 'ferrule/1',
      target: `localhost:${port}`,
      ok: true,
      exitCode: 0,
      version: 'TLSv1.3',
    });
    expect(report.chain).toHaveLength(3);
    for (const { start, end } of report.handshake) expect(end).toBeGreaterThanOrEqual(start);
  });

  it('appends the secrets to --keylog and to SSLKEYLOGFILE', async () => {
    const port = await serve();
    const [one, other] = [join(folder, 'one.keys'), join(folder, 'other.keys')];
    await Promise.all([
      ferrule(['inspect', `localhost:${port}`, '--ca', ca, '--keylog', one]),
      ferrule(['inspect', `localhost:${port}`, '--ca', ca], { env: { SSLKEYLOGFILE: other } }),
    ]);
    for (const file of [one, other])
      expect(readFileSync(file, 'utf8')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$/m);
  });

  it('calls a group that the engine does not have a usage error, and names those it has', async () => {
    const { code, stderr } = await ferrule(['inspect', 'localhost:1', '--groups', 'curve1174']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no curve1174\nIt has (x25519|X25519MLKEM768)/);
  });
});
