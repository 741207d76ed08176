import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client, trusting } from '@ferrule/conformance';
import { makeCrl, pki } from '@ferrule/conformance/pki';
import { TestServer, type TestServerOptions } from '@ferrule/conformance/server';
import type { Backend, ContextOptions } from '@ferrule/contract';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PARTS = ['client-certificates', 'ech', 'revocation', 'tls12'];

let folder: string;
/** The engine of a bundle in which every part, and all texts, are left out as docs/bundlers.md says. */
let small: Backend;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferrule-parts-'));
  const outfile = join(folder, 'engine.mjs');
  await build({
    stdin: {
      contents: `import { createPure } from '@ferrule/pure';
        import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
        export const make = async () => createPure({ crypto: await createWebCrypto() });`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    alias: {
      ...Object.fromEntries(PARTS.map((part) => [`@ferrule/pure/parts/${part}`, '@ferrule/pure/parts/none'])),
      '@ferrule/result/texts': '@ferrule/result/no-texts',
    },
    conditions: ['@ferrule/source'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    outfile,
    logLevel: 'silent',
  });
  const { make } = (await import(pathToFileURL(outfile).href)) as { make(): Promise<Backend> };
  small = await make();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function connecting(server: TestServerOptions, options: ContextOptions = {}): Promise<Client> {
  const peer = await TestServer.make(server);
  try {
    const client = await Client.make(small, peer.open(), { options });
    await client.connect();
    return client;
  } finally {
    peer.close();
  }
}

describe('a bundle without parts', () => {
  it('makes a handshake of TLS 1.3, and offers and claims nothing that has left', async () => {
    const { ssl } = await connecting({});
    expect([ssl.state, ssl.failure]).toEqual(['TLSv1.3 established', undefined]);
    for (const feature of ['tls1.2', 'ech', 'crl', 'ocsp', 'external-signer'] as const)
      expect(small.features.has(feature)).toBe(false);
    expect(small.supported.cipherSuites.every((id) => id >> 8 === 0x13)).toBe(true);
  });

  it('verifies the path, the name and the pins', async () => {
    for (const name of ['wrongName', 'selfSigned', 'expired'] as const) {
      const { ssl } = await connecting({ identity: await pki(name) });
      expect(ssl.failure?.error.code).toMatch(/^CERT_/);
    }
    const { ssl } = await connecting({}, { pins: [new Uint8Array(32)] });
    expect(ssl.failure?.error.code).toBe('CERT_PIN_MISMATCH');
  });

  it('answers a server that asks for a certificate with an empty one', async () => {
    const { certificatePem } = await pki('root');
    const { ssl } = await connecting({ requestCert: true, ca: certificatePem, rejectUnauthorized: false });
    expect(ssl.state).toBe('TLSv1.3 established');
  });

  it('is refused by a server of TLS 1.2 alone, and says the code where a text was', async () => {
    const { ssl } = await connecting({ maxVersion: 'TLSv1.2' });
    expect(ssl.failure?.error.code).toBe('PEER_ALERT');
    expect(ssl.failure?.error.hint).toBe('See docs/codes.md of ferrule: PEER_ALERT.');
  });

  it('refuses each option that needs a part, by the names of both', async () => {
    const { chain, key } = await pki('client');
    const refused: readonly (readonly [keyof ContextOptions, string, ContextOptions])[] = [
      ['minVersion', 'tls12', { minVersion: 'TLSv1.2' }],
      ['maxVersion', 'tls12', { maxVersion: 'TLSv1.2' }],
      ['ech', 'ech', { ech: 'grease' }],
      ['crls', 'revocation', { crls: [await makeCrl(await pki('intermediate'), [])] }],
      ['ocsp', 'revocation', { ocsp: 'request' }],
      ['ocsp', 'revocation', { ocsp: 'require' }],
      ['revocation', 'revocation', { revocation: { crlite: { check: () => 'good' } } }],
      ['credentials', 'client-certificates', { credentials: [{ chain, key }] }],
      ['onCertificateRequest', 'client-certificates', { onCertificateRequest: () => Promise.resolve(undefined) }],
      ['postHandshakeAuth', 'client-certificates', { postHandshakeAuth: true }],
    ];
    const options = await trusting();
    for (const [option, part, given] of refused)
      expect(() => small.createContext({ ...options, ...given })).toThrow(
        `${option}: this bundle has left out @ferrule/pure/parts/${part}, which it needs`,
      );
  });
});
