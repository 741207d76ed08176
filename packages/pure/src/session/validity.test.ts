import { issue, LEAF_NAMES, makeOcspResponse, pki, type Identity, type OcspOptions } from '@ferrule/conformance/pki';
import { CLOCK_SKEW } from '@ferrule/x509';
import { expect, it } from 'vitest';
import type { Config } from '../context.ts';
import { verifiedUntil } from './validity.ts';

const DAY = 86_400_000;
const config = { verify: () => true } as unknown as Config;

/** What a staple of the test server's certificate leaves of a day, days. */
async function left(options: OcspOptions, subject?: Identity): Promise<number> {
  const now = Date.now();
  const leaf = await pki('p256');
  const issuer = await pki('intermediate');
  const ocspResponse = makeOcspResponse(subject ?? leaf, issuer, options);
  const facts = { verifiedChain: [leaf.certificate], ocspResponse };
  return (verifiedUntil(config, facts, now) - now) / DAY;
}

it('a staple ends a session with its nextUpdate, or a week after its thisUpdate', async () => {
  expect(await left({ until: 0.01 })).toBeCloseTo(0.01, 3);
  expect(await left({ from: -6.99, until: null })).toBeCloseTo(0.01, 3);
});

it('a staple that has ended and counts for the clocks’ sake ends a session when it no longer does', async () => {
  const minute = 1 / 1440;
  expect(await left({ until: -minute })).toBeCloseTo(CLOCK_SKEW / DAY - minute, 3);
  expect(await left({ from: -7 - minute, until: null })).toBeCloseTo(CLOCK_SKEW / DAY - minute, 3);
});

it('a staple about another certificate ends nothing', async () => {
  expect(await left({ until: 0.01 }, await pki('rsa'))).toBeGreaterThan(0.5);
});

it('the certificate of a staple’s responder ends a session', async () => {
  const issuer = await pki('intermediate');
  const responder = await issue(issuer, { subject: 'CN=responder', names: LEAF_NAMES, until: 0.01 });
  expect(await left({ signer: responder, certificates: [responder] })).toBeCloseTo(0.01, 3);
});
