import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issue, pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { here } from './here.ts';
import { conforms } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-local-'));
const at = (name: string): string => join(folder, name);
const ca = at('root.pem');

beforeAll(async () => {
  const [good, expired] = [await pki('p256'), await pki('expired')];
  writeFileSync(ca, (await pki('root')).certificatePem);
  writeFileSync(at('chain.pem'), `some words first\n${good.chainPem}`);
  writeFileSync(at('leaf.pem'), good.certificatePem);
  writeFileSync(at('leaf.der'), good.certificate);
  writeFileSync(at('expired.pem'), expired.chainPem);
  writeFileSync(at('own.crt'), (await issue(undefined, { names: ['own.test'] })).certificatePem);
  writeFileSync(at('both.pem'), good.keyPem + good.chainPem);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('ferrule inspect <file>', () => {
  it('draws the chain of a file as that of a server, and says that it is trusted', async () => {
    const { code, stdout, stderr } = await here(['inspect', at('chain.pem'), '--ca', ca, '--servername', 'localhost']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^✓ \S+chain\.pem is trusted\n +2 certificates\n +CN=leaf\n.*29 days left\n +names /);
    expect(stdout).toMatch(/└─ CN=ferrule test intermediate[^]*└─ CN=ferrule test root, not in the file\n$/);
  });

  it.each([
    ['expired.pem', [], 7, /CN=leaf expired on \d{4}-/],
    ['chain.pem', ['--servername', 'example.org'], 6, /the certificate is for .*, not for example\.org/],
    ['leaf.pem', [], 5, /intermediate is missing in the file, which issued CN=leaf\n[^]*try +Append its certificate/],
    ['leaf.der', [], 5, /is missing in the file/],
    ['own.crt', [], 5, /is self-signed and not a trust anchor/],
  ])('exits as for a server: %s %j', async (name, args, exit, said) => {
    const [text, json] = [
      await here(['inspect', at(name), '--ca', ca, ...args]),
      await here(['inspect', at(name), '--ca', ca, '--json', ...args]),
    ];
    expect([text.code, json.code, text.stderr]).toEqual([exit, exit, '']);
    expect(text.stdout).toMatch(/^✗ /);
    expect(text.stdout).toMatch(said);
    conforms(json.stdout);
    expect(JSON.parse(json.stdout)).toMatchObject({ target: at(name), ok: false, exitCode: exit });
  });

  it('shows with --text all that the certificates say, and in JSON the same', async () => {
    const args = ['inspect', at('chain.pem'), '--ca', ca, '--text'];
    const [text, json] = [await here(args), await here([...args, '--json'])];
    expect(text.stdout.match(/^SHA-256 Fingerprint: ([0-9A-F]{2}:){31}[0-9A-F]{2}$/gm)?.length).toBe(2);
    expect(text.stdout).toMatch(/Serial Number:[^]*X509v3 Key Usage: critical[^]*TLS Web Server Authentication/);
    expect(text.stdout).toMatch(/✓ \S+chain\.pem is trusted[^]*not in the file\n$/);
    conforms(json.stdout);
    const { chain } = JSON.parse(json.stdout) as { chain: { details: { version: number; serial: string } }[] };
    expect(chain.map(({ details }) => details.version)).toEqual([3, 3]);
  });

  it('reads PKCS#7 and PKCS#12 as openssl makes them', async () => {
    const openssl = (...args: readonly string[]): boolean => spawnSync('openssl', args).status === 0;
    const made = [
      openssl('crl2pkcs7', '-nocrl', '-certfile', at('chain.pem'), '-out', at('chain.p7b')),
      openssl('crl2pkcs7', '-nocrl', '-certfile', at('chain.pem'), '-outform', 'DER', '-out', at('chain.p7c')),
      openssl('pkcs12', '-export', '-in', at('both.pem'), '-passout', 'pass:', '-out', at('chain.p12')),
    ];
    if (made.includes(false)) return console.info('skipped: no openssl that makes them');
    for (const name of ['chain.p7b', 'chain.p7c', 'chain.p12']) {
      const { code, stdout, stderr } = await here(['inspect', at(name), '--ca', ca]);
      expect([name, code, stderr]).toEqual([name, 0, '']);
      expect(stdout).toMatch(/is trusted\n +2 certificates\n +CN=leaf\n/);
    }
  });
});
