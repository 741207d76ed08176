/** What certificates are signed with, and keys as few write them: both engines, and each verifier, say the same. */
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { tunedCrypto } from '@ferrule/pure/crypto/tuned';
import { X509V } from '@ferrule/result';
import { trustStore, validatePathAsync } from '@ferrule/x509';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { webcryptoVerifier } from '@ferrule/x509/crypto/webcrypto';
import { expect, it } from 'vitest';
import { buildChain, type Chain, type PlacedFeature } from '../src/chains/chain.ts';
import { askEngine, HOST } from '../src/chains/engines.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });
const VERIFIERS = [nodeVerifier, nobleVerifier, webcryptoVerifier, tunedCrypto.verifier];
/** OpenSSL knows ECDSA over SHA-3 from 3.5 on. */
const [major = 0, minor = 0] = (process.versions['openssl'] ?? '').split('.').map(Number);
const isNew = major > 3 || minor >= 5;

/** Of a root, a CA and a leaf: the CA's key is this one, and what follows is done to the leaf. */
function signed(key: string | undefined, ...leaf: readonly string[]): Chain {
  const features: PlacedFeature[] = leaf.map((name) => ({ at: 2, name }));
  if (key !== undefined) features.unshift({ at: 1, name: key });
  return buildChain({ between: 1, features, shapes: [] });
}
const [RSA, MASK] = ['key rsa', 'signed with RSASSA-PSS and another mask, if with RSA'];

it.each<[string, Chain, boolean]>([
  ['ECDSA over SHA-224', signed(undefined, 'signed with SHA-224'), true],
  ['ECDSA over SHA3-256', signed(undefined, 'signed with SHA3-256'), isNew],
  ['RSA over SHA-224', signed(RSA, 'signed with SHA-224'), true],
  ['RSA over SHA3-256', signed(RSA, 'signed with SHA3-256'), true],
  ['RSASSA-PSS', signed(RSA, 'signed with RSASSA-PSS, if with RSA'), true],
  ['RSASSA-PSS over SHA3-256', signed(RSA, 'signed with RSASSA-PSS, if with RSA', 'signed with SHA3-256'), true],
  ['RSASSA-PSS whose mask is made with SHA-1', signed(RSA, MASK), true],
  ['a CA whose key is a point in hybrid form', signed('key in hybrid form'), true],
  ['a leaf whose key is one', signed(undefined, 'key in hybrid form'), true],
])('%s is accepted', async (_title, chain, byNative) => {
  for (const verifier of VERIFIERS) {
    const trustAnchors = trustStore(chain.anchors);
    const result = await validatePathAsync({ chain: chain.sent, trustAnchors, verifier, host: HOST });
    expect([verifier.name, result.ok || result.error.message]).toEqual([verifier.name, true]);
    const wrong = [...chain.sent];
    wrong[0] = Uint8Array.from(wrong[0] as Uint8Array, (octet, at) => octet ^ (at === 20 ? 1 : 0));
    expect((await validatePathAsync({ chain: wrong, trustAnchors, verifier })).ok).toBe(false);
  }
  for (const engine of [pure, ...(loaded.ok && byNative ? [loaded.backend] : [])])
    expect([engine.name, await askEngine(engine, chain)]).toEqual([engine.name, { accepts: true }]);
});

it.each([
  ['ECDSA', signed(undefined, 'signed with SHA-1')],
  ['RSA', signed(RSA, 'signed with SHA-1')],
  ['RSASSA-PSS', signed(RSA, 'signed with RSASSA-PSS, if with RSA', 'signed with SHA-1')],
])('%s over SHA-1 is refused', async (_title, chain) => {
  for (const engine of [pure, ...(loaded.ok ? [loaded.backend] : [])])
    expect([engine.name, await askEngine(engine, chain)]).toEqual([
      engine.name,
      { accepts: false, code: 'CERT_WEAK_KEY', verify: X509V.CA_MD_TOO_WEAK },
    ]);
});
