import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki, type PkiName } from '@ferrule/conformance/pki';
import { httpProxy } from '@ferrule/conformance/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ferrule } from './run.ts';
import { conforms } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-schema-'));
const ca = join(folder, 'root.pem');
const closing: { close(): unknown }[] = [];
let [good, expired, proxy] = [0, 0, 0];

async function page(name: PkiName): Promise<number> {
  const { keyPem, chainPem } = await pki(name);
  const server = createServer({ key: keyPem, cert: chainPem }, (_request, response) =>
    response.setHeader('set-cookie', ['a=1', 'b=2']).end('a page'),
  );
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  [good, expired] = [await page('p256'), await page('expired')];
  const way = await httpProxy(() => good);
  closing.push(way);
  proxy = way.port;
});
afterAll(() => {
  for (const server of closing) server.close();
  rmSync(folder, { recursive: true });
});

describe('the JSON Schema', () => {
  it.each<[string, () => readonly string[]]>([
    ['get', () => ['get', `https://localhost:${good}/`]],
    ['get of a server that is not trusted', () => ['get', `https://localhost:${expired}/`]],
    ['connect', () => ['connect', `localhost:${good}`, '--alpn', 'http/1.1']],
    [
      'connect, TLS 1.2, the pure engine',
      () => ['connect', `localhost:${good}`, '--max-version', '1.2', '--backend', 'pure'],
    ],
    ['connect --trace', () => ['connect', `localhost:${good}`, '--trace']],
    ['connect to a server that is not trusted', () => ['connect', `localhost:${expired}`]],
    ['connect where nobody listens', () => ['connect', 'localhost:1']],
    ['inspect', () => ['inspect', `localhost:${good}`]],
    ['inspect --via', () => ['inspect', 'server.test', '--via', `http://127.0.0.1:${proxy}`]],
    ['inspect of a server that is not trusted', () => ['inspect', `localhost:${expired}`, '--trace']],
    ['chain', () => ['chain', `localhost:${good}`]],
    ['chain of a server that is not trusted', () => ['chain', `localhost:${expired}`]],
    ['pin', () => ['pin', `localhost:${good}`]],
    ['watch', () => ['watch', `localhost:${good}`]],
  ])('holds for %s', async (_title, args) => {
    const { stdout, stderr, code } = await ferrule([...args(), '--ca', ca, '--json']);
    expect(stderr).toSatisfy((said: string) => said === '' || said.startsWith('✗'));
    conforms(stdout);
    expect((JSON.parse(stdout) as { exitCode: number }).exitCode).toBe(code);
  });

  it('holds for every line of a list', async () => {
    const input = `localhost:${good}\nlocalhost:${expired}\nlocalhost:1\n`;
    for (const args of [
      ['inspect', '-'],
      ['watch', '-', '--json', '--min-days', '100'],
    ]) {
      const { stdout } = await ferrule([...args, '--ca', ca], { input });
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toHaveLength(3);
      for (const line of lines) conforms(line);
    }
  });

  it('refuses what is not a document of the command', () => {
    for (const wrong of [
      {},
      { schema: 'ferrule/2', target: 'a', ok: true },
      { schema: 'ferrule/1', target: 'a', ok: true },
      { schema: 'ferrule/1', target: 'a', ok: true, exitCode: 0, cipherSuite: 'x' },
    ]) {
      expect(() => conforms(JSON.stringify(wrong))).toThrow();
    }
  });
});
