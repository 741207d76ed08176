/** `npm run mutate -- --help` says what it does. */
import { parseArgs } from 'node:util';
import { mutate, type Outcome } from './run.ts';
import { mutantsOf, TARGETS, type Engine, type Target } from './targets.ts';

const HELP = `usage: npm run mutate -- [--engine pure|x509|native] [--sample N] [--seed S] [--only TEXT] [--json]

Leaves out one refusal of a peer after the other, one operand of a condition that decides one, moves one bound by one, and
runs the tests that come by there. A mutant that no test notices is a survivor.

  --engine NAME   only this one; default: all
  --sample N      only N mutants, chosen by the seed
  --seed S        a whole number; default 1
  --only TEXT     only mutants whose name contains this, e.g. flow/client12
  --json          { engine: { mutants, killed, survivors: [{ id, kind, line, tests }] } }
`;

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const targets = TARGETS.filter(({ engine }) => values.engine === undefined || engine === values.engine);
const results: Partial<Record<Engine, Outcome>> = {};
for (const target of targets) results[target.engine] = await mutate(target, chosen(target), target.tests, (line) => console.error(line));
if (values.json) {
  console.log(JSON.stringify(Object.fromEntries(Object.entries(results).map(([engine, { mutants, killed, survivors }]) => [engine, { mutants: mutants.length, killed: killed.size, survivors }])), null, 2));
}

function chosen(target: Target): string[] | undefined {
  if (values.only === undefined) return undefined;
  return mutantsOf(target).map(({ id }) => id).filter((id) => id.includes(values.only ?? ''));
}
