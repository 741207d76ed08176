/** Policies along a path (RFC 5280 section 6.1, RFC 9618): both engines say the same of each. */
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { X509V } from '@ferrule/result';
import { expect, it } from 'vitest';
import { buildChain, type PlacedFeature, titleOf } from '../src/chains/chain.ts';
import { randomFrom } from '../src/chains/dice.ts';
import { askEngine } from '../src/chains/engines.ts';
import { POLICY_FEATURES } from '../src/chains/features.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });
const engines = [pure, ...(loaded.ok ? [loaded.backend] : [])];

const { INVALID_POLICY_EXTENSION, NO_EXPLICIT_POLICY } = X509V;
/** Two CAs, at 1 and 2, and the leaf, at 3. */
const at = (place: number, name: string): PlacedFeature => ({ at: place, name });

it.each<[string, readonly PlacedFeature[], number | undefined]>([
  // Section 6.1.4 (a): also where the certificate names no policy that could be mapped.
  [
    'a CA maps any policy, and one has policyConstraints',
    [at(1, 'any policy mapped'), at(2, 'inhibitPolicyMapping 0')],
    INVALID_POLICY_EXTENSION,
  ],
  [
    'a CA maps a policy to any, and one has policyConstraints',
    [at(1, 'a policy mapped to any'), at(2, 'inhibitPolicyMapping 0')],
    INVALID_POLICY_EXTENSION,
  ],
  // Section 6.1.4 is about all certificates but the last.
  [
    'the leaf maps any policy, and a CA has policyConstraints',
    [at(3, 'any policy mapped'), at(2, 'inhibitPolicyMapping 0')],
    undefined,
  ],
  ['a CA maps any policy, and nobody has policyConstraints', [at(1, 'any policy mapped')], undefined],
  ['a CA maps nothing', [at(1, 'no policy mapped'), at(2, 'inhibitPolicyMapping 0')], undefined],
  [
    'a policy is required after more certificates than there are',
    [at(1, 'requireExplicitPolicy of five octets')],
    undefined,
  ],
  ['a policy is required after −128 certificates', [at(1, 'requireExplicitPolicy negative')], INVALID_POLICY_EXTENSION],
  ['a policy is required, and there is none', [at(1, 'requireExplicitPolicy 0')], NO_EXPLICIT_POLICY],
  [
    'a policy is required, and all have it',
    [at(1, 'requireExplicitPolicy 0'), ...[1, 2, 3].map((place) => at(place, 'a policy'))],
    undefined,
  ],
])('%s', async (_title, features, verify) => {
  const chain = buildChain({ between: 2, features, shapes: [] });
  for (const engine of engines)
    expect([engine.name, await askEngine(engine, chain)]).toEqual([
      engine.name,
      verify === undefined ? { accepts: true } : { accepts: false, code: 'CERT_INVALID', verify },
    ]);
});

const CHAINS = 40;

it.skipIf(!loaded.ok)(`${CHAINS} random paths are judged alike`, async () => {
  if (!loaded.ok) return;
  const random = randomFrom(4);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const codes = new Set<number | undefined>();
  for (let i = 0; i < CHAINS; i++) {
    const features = Array.from({ length: 6 }, () => {
      const place = pick([1, 2, 3]);
      const { name } = pick(POLICY_FEATURES.filter(({ on }) => on.includes(place === 3 ? 'leaf' : 'ca')));
      return at(place, name);
    });
    const spec = { between: 2, features, shapes: [] };
    const chain = buildChain(spec);
    const said = await askEngine(pure, chain);
    codes.add(said.verify);
    expect([await askEngine(loaded.backend, chain), titleOf(spec)]).toEqual([said, titleOf(spec)]);
  }
  // A generator of paths of which one thing is said would prove nothing.
  expect(codes.size).toBeGreaterThan(2);
});
