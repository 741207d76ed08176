/** CRLs and staples, each form by itself: @ferrule/x509 and both engines say the same. */
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { X509V } from '@ferrule/result';
import { expect, it } from 'vitest';
import { buildChain } from '../src/chains/chain.ts';
import { askEngine, askX509 } from '../src/chains/engines.ts';
import { TOLD } from '../src/chains/told.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });
const engines = [pure, ...(loaded.ok ? [loaded.backend] : [])];

it(`${TOLD.length} forms of lists and staples are judged alike, about the leaf and about its CA`, async () => {
  const codes = new Set<string | undefined>();
  for (const form of TOLD) {
    // Without a list about the leaf it is not covered.
    const told = form.startsWith('CA: ') ? [form, 'leaf: a list'] : [form];
    const chain = buildChain({ between: 1, features: [], shapes: [], told });
    const { accepts, code, verify } = askX509(chain);
    codes.add(code);
    for (const engine of engines) {
      const said = await askEngine(engine, chain);
      expect([form, engine.name, said]).toEqual([form, engine.name, accepts ? { accepts } : { accepts, code, verify }]);
    }
  }
  expect([...codes].sort()).toEqual(['CERT_OCSP_INVALID', 'CERT_REVOCATION_UNKNOWN', 'CERT_REVOKED', undefined]);
});

it('the hash of a list is as strong as the security level asks', async () => {
  const chain = buildChain({ between: 1, features: [], shapes: [], told: ['leaf: a list over SHA-224'] });
  for (const engine of engines) {
    expect([engine.name, await askEngine(engine, chain, undefined, { securityLevel: 2 })]).toEqual([
      engine.name,
      { accepts: true },
    ]);
    expect([engine.name, await askEngine(engine, chain, undefined, { securityLevel: 3 })]).toEqual([
      engine.name,
      { accepts: false, code: 'CERT_REVOCATION_UNKNOWN', verify: X509V.CRL_SIGNATURE_FAILURE },
    ]);
  }
});
