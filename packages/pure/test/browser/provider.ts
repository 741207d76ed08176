/** Runs in a page: what the provider on this browser's WebCrypto does, beside noble. */
import type { webcrypto } from 'node:crypto';
import { hostCrypto } from '../../src/crypto/host.ts';
import { nobleCrypto } from '../../src/crypto/noble.ts';
import type { Aead, CryptoProvider } from '../../src/crypto/provider.ts';
import { createWebCrypto } from '../../src/crypto/webcrypto.ts';

export interface Report {
  readonly groups: readonly { readonly name: string; readonly agrees: boolean; readonly refusesZero: boolean }[];
  readonly aeads: readonly {
    readonly name: string;
    readonly sync: boolean;
    readonly same: boolean;
    readonly opens: boolean;
    readonly refuses: boolean;
    readonly copies: boolean;
  }[];
  readonly signs: boolean;
  readonly decompressors: readonly string[];
  /** What is taken by default, and where it comes from. */
  readonly host: { readonly suites: readonly string[]; readonly origins: Readonly<Record<string, string>> };
}

const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a !== null && b !== null && a.length === b.length && a.every((byte, i) => byte === b[i]);

async function examine(web: CryptoProvider): Promise<Report> {
  const groups: Report['groups'][number][] = [];
  for (const group of web.groups.filter(({ kem }) => !kem)) {
    const noble = nobleCrypto.groups.find(({ id }) => id === group.id);
    if (noble === undefined) continue;
    const [ours, theirs] = [await group.keyShare(web.random), await noble.keyShare(nobleCrypto.random)];
    const agrees = same(await ours.derive(theirs.publicKey), await theirs.derive(ours.publicKey));
    groups.push({
      name: group.name,
      agrees,
      refusesZero: (await ours.derive(new Uint8Array(theirs.publicKey.length))) === null,
    });
  }
  const aeads: Report['aeads'][number][] = [];
  for (const { id, aead } of web.suites.slice(0, 3)) {
    const key = new Uint8Array(aead.keyLength).fill(1);
    const platform = aead.key(key);
    const noble = nobleCrypto.suites.find((suite) => suite.id === id)?.aead.key(key) as Aead;
    const sealed = await seal(noble);
    const altered = sealed.slice();
    altered[0] = (altered[0] as number) ^ 1;
    aeads.push({
      name: aead.name,
      sync: platform.sync,
      same: same(await seal(platform), sealed),
      opens: same(await open(platform, sealed), PLAIN),
      refuses: (await open(platform, altered)) === null && (await open(platform, sealed.subarray(0, 5))) === null,
      copies: same(await sealAndChange(platform), sealed),
    });
  }
  return {
    groups,
    aeads,
    signs: await signs(web),
    decompressors: web.decompressors.map(({ name }) => name),
    host: await host(),
  };
}

async function host(): Promise<Report['host']> {
  const crypto = await hostCrypto();
  const origins = (await crypto.origins()).map(({ primitive, source }) => [primitive, source] as const);
  return { suites: crypto.suites.slice(0, 3).map(({ name }) => name), origins: Object.fromEntries(origins) };
}

const NONCE = new Uint8Array(12).fill(2);
const AAD = new Uint8Array(5).fill(3);
const PLAIN = new Uint8Array(1000).fill(4);

const seal = async (aead: Aead): Promise<Uint8Array> =>
  aead.sync ? aead.seal(NONCE, AAD, PLAIN, new Uint8Array(1016)) : aead.seal(NONCE, AAD, PLAIN);
const open = async (aead: Aead, sealed: Uint8Array): Promise<Uint8Array | null> =>
  aead.sync ? aead.open(NONCE, AAD, sealed, new Uint8Array(1000)) : aead.open(NONCE, AAD, sealed);

/** The inputs change while it works: it must have taken its copy. */
async function sealAndChange(aead: Aead): Promise<Uint8Array> {
  const inputs = [NONCE.slice(), AAD.slice(), PLAIN.slice()] as const;
  const sealing = aead.seal(...inputs, new Uint8Array(1016));
  for (const input of inputs) input.fill(0);
  return sealing;
}

async function signs(web: CryptoProvider): Promise<boolean> {
  const { subtle } = crypto as unknown as { readonly subtle: webcrypto.SubtleCrypto };
  const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const key = await web.importSigningKey(new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey)));
  const spki = new Uint8Array(await subtle.exportKey('spki', pair.publicKey));
  const signature = await key?.sign(0x0403, PLAIN);
  return (
    signature !== undefined && (await web.verifier.verify({ kind: 'ecdsa', hash: 'sha256' }, spki, PLAIN, signature))
  );
}

void createWebCrypto()
  .then(examine)
  .catch((error: unknown) => ({ error: String(error) }))
  .then((report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) }));
