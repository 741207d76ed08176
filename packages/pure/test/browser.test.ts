/** The WebCrypto provider, and the default one, in headless Chromium and Firefox, where those are installed. */
import { fileURLToPath } from 'node:url';
import { findBrowser, visit } from '@ferrule/conformance/browser';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type { Report } from './browser/provider.ts';

const browsers = (['chromium', 'firefox'] as const).flatMap((name) => {
  const browser = findBrowser(name);
  if (browser === undefined) console.log(`skipped: ${name} is not installed`);
  return browser ?? [];
});

it.each(browsers)(
  'the WebCrypto provider does in $name what noble does',
  async (browser) => {
    const report = (await visit(browser, await bundle())) as Report;
    expect(report.groups).toEqual(
      ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'].map((name) => ({ name, agrees: true, refusesZero: true })),
    );
    expect(report.aeads.map(({ name }) => name)).toEqual(['AES-128-GCM', 'AES-256-GCM', 'ChaCha20-Poly1305']);
    for (const aead of report.aeads)
      expect(aead).toMatchObject({ same: true, opens: true, refuses: true, copies: true });
    expect(report.aeads[0]?.sync).toBe(false);
    expect(report.signs).toBe(true);
    expect(report.decompressors).toContain('zlib');
    // By default: AES-GCM first, and all that WebCrypto has from there.
    expect(report.host.suites[0]).toBe('TLS_AES_128_GCM_SHA256');
    const web = ['AES-128-GCM', 'AES-256-GCM', 'x25519', 'secp256r1', 'secp384r1', 'secp521r1', 'ecdsa on P-256'];
    for (const primitive of web)
      expect([primitive, report.host.origins[primitive]]).toEqual([primitive, 'WebCrypto + noble 2.4.0']);
  },
  60_000,
);

/** Nothing but what the page's script needs, and nothing of Node: a bundle that does is refused by esbuild. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./browser/provider.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@ferrule/source'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
