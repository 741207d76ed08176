import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { expect, it } from 'vitest';
import { buildChain, randomChain, titleOf } from '../src/chains/chain.ts';
import { disagreements } from '../src/chains/compare.ts';
import { type Draft, encode } from '../src/chains/draft.ts';
import { askEngine, askX509 } from '../src/chains/engines.ts';
import { FEATURES } from '../src/chains/features.ts';
import { judgeChains, type Judges } from '../src/chains/judge.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });
const judges: Judges = {
  x509: askX509,
  pure: (chain) => askEngine(pure, chain),
  ...(loaded.ok && { native: (chain) => askEngine(loaded.backend, chain) }),
};

it(
  'x509 and both engines say the same of 200 random chains, but for what the table explains',
  { timeout: 240_000 },
  async () => {
    const { unexplained, accepted, bothRefuse } = await judgeChains(judges, 1, 200);
    expect(unexplained.map(({ kind, title, verdicts }) => ({ kind, title, verdicts }))).toEqual([]);
    // A generator of chains that nobody takes, or everybody, would prove nothing.
    expect(accepted.pure).toBeGreaterThan(40);
    if (loaded.ok) expect(bothRefuse).toBeGreaterThan(40);
  },
);

it('a chain that nothing is special about is accepted by each', async () => {
  for (const between of [-1, 0, 1, 3]) {
    const chain = buildChain({ between, features: [], shapes: [] });
    for (const [judge, ask] of Object.entries(judges))
      expect([judge, await ask(chain)]).toEqual([judge, { accepts: true }]);
  }
});

it.each(['secp224r1', 'secp256k1', 'brainpoolP256r1', 'brainpoolP384r1'])(
  'CA keys on %s are accepted by each',
  async (curve) => {
    const features = [0, 1].map((at) => ({ at, name: `key ${curve}` }));
    const chain = buildChain({ between: 1, features, shapes: [] });
    for (const [judge, ask] of Object.entries(judges))
      expect([judge, await ask(chain)]).toEqual([judge, { accepts: true }]);
  },
);

it('a leaf with a brainpool key is accepted by pure, as by OpenSSL 3.2 and later (RFC 8734)', async () => {
  const chain = buildChain({ between: 1, features: [{ at: 2, name: 'key brainpoolP256r1' }], shapes: [] });
  expect([askX509(chain), await askEngine(pure, chain)]).toEqual([{ accepts: true }, { accepts: true }]);
});

it.each([
  'basicConstraints twice',
  'basicConstraints malformed',
  'keyUsage of no bit',
  'CRL distribution points malformed',
  'an empty list of extensions',
  'UTCTime without seconds',
  'version 1 with extensions',
  'two signature algorithms',
  'subject in descriptor',
  'expired',
])('a leaf with this defect is a key for who verifies nothing: %s', async (name) => {
  const chain = buildChain({ between: 1, features: [{ at: 2, name }], shapes: [] });
  for (const engine of [pure, ...(loaded.ok ? [loaded.backend] : [])])
    expect([engine.name, await askEngine(engine, chain, undefined, { verify: 'none' })]).toEqual([
      engine.name,
      { accepts: true },
    ]);
});

it.each([
  ['cannot be read', (spki: Uint8Array) => spki.with(spki.length - 65, 5)],
  ['is on a curve that is none', (spki: Uint8Array) => spki.with(13, 4)],
  ['is of a kind that nobody knows', (spki: Uint8Array) => spki.with(10, 0x7e)],
])('a leaf whose key %s is refused by who verifies nothing, too', async (_, change) => {
  const { drafts, anchors, leafKey } = buildChain({ between: 0, features: [], shapes: [] });
  const [root, leaf] = drafts as readonly [Draft, Draft];
  leaf.key = { ...leaf.key, spki: change(leaf.key.spki) };
  const server = { sent: [encode(leaf, root)], anchors, leafKey };
  for (const engine of [pure, ...(loaded.ok ? [loaded.backend] : [])]) {
    const told = async (verify: 'peer' | 'none'): Promise<unknown> =>
      (await askEngine(engine, server, undefined, { verify })).code;
    expect([engine.name, await told('peer'), await told('none')]).toEqual([
      engine.name,
      'CERT_WEAK_KEY',
      'WRONG_CERTIFICATE_TYPE',
    ]);
  }
});

it.each([
  ['expired', 'CERT_EXPIRED'],
  ['another name', 'CERT_NAME_MISMATCH'],
  ['a wrong signature', 'CERT_SIGNATURE'],
])('of a key that signs nothing in TLS 1.3, what is wrong with its chain is told: %s', async (name, code) => {
  const features = ['key secp256k1', name].map((each) => ({ at: 2, name: each }));
  const chain = buildChain({ between: 1, features, shapes: [] });
  for (const [judge, ask] of Object.entries(judges))
    expect([judge, await ask(chain)]).toMatchObject([judge, { accepts: false, code }]);
});

it('the same seed makes the same chain', () => {
  expect(randomChain(7)).toEqual(randomChain(7));
  expect(new Set(Array.from({ length: 50 }, (_, seed) => titleOf(randomChain(seed)))).size).toBeGreaterThan(30);
});

it('a judge that is wrong is found, and what it is wrong about is all that is left of the chain', async () => {
  const wrong: Judges = {
    pure: askX509,
    native: (chain) =>
      chain.drafts[0]?.corrupt === true ? { accepts: false, code: 'CERT_SIGNATURE', verify: 7 } : askX509(chain),
  };
  const { unexplained } = await judgeChains(wrong, 4, 1000);
  expect(
    new Set(unexplained.filter(({ kind }) => kind === 'pure accepts, native refuses').map(({ title }) => title)),
  ).toEqual(new Set(['root: a wrong signature', 'leaf: a wrong signature']));
});

it('verdicts, codes and numbers are compared', () => {
  const refused = { accepts: false, code: 'CERT_INVALID', verify: 79 };
  expect(disagreements({ native: { accepts: true }, pure: refused })).toEqual(['native accepts, pure refuses']);
  expect(disagreements({ native: refused, pure: { accepts: true } })).toEqual(['pure accepts, native refuses']);
  expect(disagreements({ native: refused, pure: { ...refused, code: 'CERT_PURPOSE' } })).toEqual([
    'engines refuse with other codes',
  ]);
  expect(disagreements({ native: refused, pure: { ...refused, verify: 24 } })).toEqual([
    'engines refuse with other X509_V',
  ]);
  expect(disagreements({ x509: { accepts: true }, pure: refused })).toEqual(['x509 is not pure']);
  expect(disagreements({ pure: refused, openssl: { accepts: true }, go: { accepts: true } })).toEqual([
    'OpenSSL and Go accept, pure refuses',
  ]);
  expect(disagreements({ pure: { accepts: true }, openssl: refused, go: refused })).toEqual([
    'pure accepts, nobody else',
  ]);
  expect(disagreements({ x509: refused, pure: refused, native: refused, openssl: refused })).toEqual([]);
});

/** What ADR 0079 says that native does not ask under this profile. */
const NOT_ASKED =
  /^(GeneralizedTime|serial |ECDSA with|a unique identifier in|an unknown extension twice|key in hybrid|BOOLEAN TRUE|bytes behind|keyUsage with padding|text beyond ASCII|subject with an RDN that is empty|constraints: nothing|no policies in|no policy mapped|authorityInfoAccess malformed|extendedKeyUsage gated|constraints in a leaf|inhibitAnyPolicy not critical)/;

it.skipIf(!loaded.ok)(
  'under rfc5280 native accepts nothing that pure refuses, but for what ADR 0079 names',
  { timeout: 240_000 },
  async () => {
    if (!loaded.ok) return;
    const cases = FEATURES.flatMap(({ name, on }) =>
      on.map((place) => ({ name, at: ['root', 'ca', 'leaf'].indexOf(place) })),
    );
    const nativeAlone: string[] = [];
    let refused = 0;
    for (const feature of cases) {
      const chain = buildChain({ between: 1, features: [feature], shapes: [] });
      const options = { profile: 'rfc5280' } as const;
      const ours = await askEngine(pure, chain, undefined, options);
      if (!ours.accepts) refused++;
      if (!ours.accepts && (await askEngine(loaded.backend, chain, undefined, options)).accepts)
        if (!NOT_ASKED.test(feature.name)) nativeAlone.push(`${feature.at}: ${feature.name}`);
    }
    expect(nativeAlone).toEqual([]);
    expect(refused).toBeGreaterThan(20);
  },
);
