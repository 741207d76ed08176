import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mailServer } from './mail-server.ts';
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
    // the name of the servername is not in the DNS: localhost was connected to
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
