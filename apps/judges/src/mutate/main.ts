/** `npm run mutate -- --help` says what it does. */
import { parseArgs } from 'node:util';
import { mutantsOf, mutate, sample, type Outcome } from './run.ts';
import { TARGETS, type Target } from './targets.ts';

const HELP = `usage: npm run mutate -- [--engine pure|x509|native] [--sample N] [--seed S] [--only TEXT] [--json]

Leaves out one refusal of a peer after the other, lets one operand of a condition that decides one count for nothing, moves
one bound by one, and runs the tests that come by there. A mutant that no test notices is a survivor.

  --engine NAME   only this one; default: all
  --sample N      only N mutants of each engine, chosen by the seed
  --seed S        a whole number; default 1
  --only TEXT     only mutants whose name contains this, e.g. "flow/client12" or ": refusal"
  --json          { engine: { mutants, killed, equivalent, wrongRows, survivors: [{ id, kind, line, tests }] } }

Exits with 1 when a refusal can be left out unnoticed, or a row of equivalent.ts is wrong.
`;

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const report: Record<string, unknown> = {};
for (const target of TARGETS.filter(({ engine }) => values.engine === undefined || engine === values.engine)) {
  const outcome = await mutate(target, chosen(target), (line) => console.error(line));
  const { mutants, killed, survivors, equivalent, wrongRows } = outcome;
  report[target.engine] = { mutants: mutants.length, killed: killed.size, equivalent, wrongRows, survivors };
  if (!values.json) print(target, outcome);
  if (wrongRows.length > 0 || survivors.some(({ kind }) => kind === 'refusal')) process.exitCode = 1;
}
if (values.json) console.log(JSON.stringify(report, null, 2));

function chosen(target: Target): string[] | undefined {
  if (values.only === '' && values.sample === undefined) return undefined;
  const all = mutantsOf(target)
    .map(({ id }) => id)
    .filter((id) => id.includes(values.only));
  return values.sample === undefined ? all : sample(all, Number(values.sample), values.seed);
}

function print({ engine }: Target, { mutants, killed, survivors, equivalent, wrongRows }: Outcome): void {
  for (const kind of ['refusal', 'operand', 'edge'] as const) {
    const of = mutants.filter((mutant) => mutant.kind === kind);
    if (of.length > 0)
      console.log(
        `${engine}: ${of.filter(({ id }) => killed.has(id)).length} of ${of.length} of kind ${kind} killed, ${of.filter(({ id }) => equivalent.includes(id)).length} equivalent`,
      );
  }
  for (const { id, line, tests } of survivors)
    console.log(`survived ${tests === 0 ? 'unexercised' : `${tests} tests`}: ${id} (line ${line})`);
  for (const id of wrongRows) console.log(`equivalent.ts is wrong about: ${id}`);
}
