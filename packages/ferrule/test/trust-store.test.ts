/**
 * Whom the process trusts when nobody says otherwise: as node:tls of the same Node, whatever the operator has
 * configured.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, describe, expect, it } from 'vitest';
import { listening } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-trust-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const root = at('root.pem');
writeFileSync(root, (await pki('root')).certificatePem);
mkdirSync(at('plain'));
copyFileSync(root, at('plain/root.pem'));
mkdirSync(at('hashed'));
// The name that openssl-rehash(1) would give it
const hash = spawnSync('openssl', ['x509', '-in', root, '-noout', '-hash'], { encoding: 'utf8' });
if (hash.status === 0) copyFileSync(root, at(`hashed/${hash.stdout.trim()}.0`));

const OPENSSL = '--use-openssl-ca';
const nowhere = { SSL_CERT_FILE: at('nothing.pem'), SSL_CERT_DIR: at('plain') };

interface Row {
  readonly what: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  readonly trusted: boolean;
  readonly warns?: RegExp;
}
const ROWS: readonly Row[] = [
  { what: 'the bundled roots', trusted: false },
  { what: 'NODE_EXTRA_CA_CERTS', env: { NODE_EXTRA_CA_CERTS: root }, trusted: true },
  {
    what: 'NODE_EXTRA_CA_CERTS that names no file',
    env: { NODE_EXTRA_CA_CERTS: at('missing.pem') },
    trusted: false,
    warns: /missing\.pem/,
  },
  { what: 'SSL_CERT_FILE alone', env: { SSL_CERT_FILE: root }, trusted: false },
  { what: `SSL_CERT_FILE and ${OPENSSL}`, env: { ...nowhere, SSL_CERT_FILE: root }, args: [OPENSSL], trusted: true },
  {
    what: `SSL_CERT_FILE and ${OPENSSL} in NODE_OPTIONS`,
    env: { ...nowhere, SSL_CERT_FILE: root, NODE_OPTIONS: OPENSSL },
    trusted: true,
  },
  {
    what: `SSL_CERT_DIR and ${OPENSSL}, the file without its hash as name`,
    env: { ...nowhere, SSL_CERT_DIR: at('plain') },
    args: [OPENSSL],
    trusted: false,
  },
  {
    what: `NODE_EXTRA_CA_CERTS and ${OPENSSL}`,
    env: { ...nowhere, NODE_EXTRA_CA_CERTS: root },
    args: [OPENSSL],
    trusted: true,
  },
  ...(hash.status === 0
    ? [
        {
          what: `SSL_CERT_DIR and ${OPENSSL}`,
          env: { ...nowhere, SSL_CERT_DIR: at('hashed') },
          args: [OPENSSL],
          trusted: true,
        },
        {
          what: `SSL_CERT_DIR of two folders and ${OPENSSL}`,
          env: { ...nowhere, SSL_CERT_DIR: `${at('plain')}:${at('hashed')}` },
          args: [OPENSSL],
          trusted: true,
        },
      ]
    : []),
];

const program = fileURLToPath(new URL('trust-store-program.mjs', import.meta.url));
/** As the packages are published where turbo runs the tests, which has just built them: that starts at once. */
const node = process.env['TURBO_HASH'] === undefined ? ['--conditions=@ferrule/source', '--import', 'tsx'] : [];
const clean = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(NODE_EXTRA_CA_CERTS|NODE_OPTIONS|NODE_USE_SYSTEM_CA|SSL_CERT_(FILE|DIR))$/.test(name),
  ),
);

describe('without `ca` or `trustAnchors`, connect() trusts whom node:tls trusts', () => {
  it.each(ROWS)(
    'with $what',
    async ({
      env = {},
      args = [],
      trusted,
      warns = env['SSL_CERT_FILE'] === nowhere.SSL_CERT_FILE ? /SSL_CERT_FILE is ignored: .*nothing\.pem/ : /^$/,
    }) => {
      const { port } = await listening();
      const child = spawn(process.execPath, [...args, ...node, program, String(port)], { env: { ...clean, ...env } });
      let [out, err] = ['', ''];
      child.stdout.on('data', (data: Buffer) => (out += data.toString()));
      child.stderr.on('data', (data: Buffer) => (err += data.toString()));
      await new Promise((resolve) => child.on('close', resolve));
      const verdict = trusted ? 'trusted' : 'refused';
      expect(JSON.parse(out || 'null'), err).toEqual({ 'node:tls': verdict, pure: verdict, native: verdict });
      expect(err).toMatch(warns);
    },
    60_000,
  );
});
