/**
 * `npm run limbo -- --cases FILE[.gz] [--profile auto|compatible|rfc5280|webpki] [--json]`: runs any file in
 * x509-limbo's format, and tells per namespace how many cases that must succeed and that must fail did, and every case
 * that is not as expected with our reason.
 */
import { parseArgs } from 'node:util';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { readLimbo, runLimboCase, tally, type LimboProfile } from '../test/limbo-format.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', multiple: true },
    profile: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
});
const { cases, profile, json } = values;
if (!cases || !['auto', 'compatible', 'rfc5280', 'webpki'].includes(profile)) {
  console.error(
    'usage: npm run limbo -- --cases FILE[.gz] [--cases FILE …] [--profile auto|compatible|rfc5280|webpki] [--json]',
  );
  process.exit(2);
}

const outcomes = cases
  .flatMap(readLimbo)
  .map((one) => runLimboCase(one, { verifier: nodeVerifier, profile: profile as LimboProfile }));
const namespaces = tally(outcomes);
const unexpected = outcomes
  .filter(({ expected, actual }) => expected !== actual)
  .map(({ id: name, expected, actual, profile: used, reason }) => ({
    id: name,
    expected,
    actual,
    profile: used,
    reason: reason ?? 'a valid path was found',
  }));
const { id, milliseconds } = outcomes.reduce((slowest, one) =>
  one.milliseconds > slowest.milliseconds ? one : slowest,
);

if (json)
  console.log(
    JSON.stringify(
      {
        profile,
        run: outcomes.length,
        passed: outcomes.length - unexpected.length,
        namespaces,
        unexpected,
        slowest: { id, milliseconds },
      },
      null,
      2,
    ),
  );
else {
  console.table(
    Object.fromEntries(
      Object.entries(namespaces).map(([name, { mustSucceed, mustFail }]) => [
        name,
        {
          'must succeed': `${mustSucceed.passed} of ${mustSucceed.run}`,
          'must fail': `${mustFail.passed} of ${mustFail.run}`,
        },
      ]),
    ),
  );
  for (const { id: name, expected, actual, reason } of unexpected)
    console.log(`${name}: expected ${expected}, was ${actual}: ${reason}`);
}
