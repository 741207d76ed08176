/**
 * npm run bench: ferrule beside `node:tls` and other TLS clients in JavaScript, over loopback, in one run.
 *
 * What counts is the CPU time of a client's process, kernel, compiler and garbage collector included, and the clock
 * where the row says so; servers are processes of their own. For each row and round, subjects take turns.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundles } from './bundles.ts';
import { compare } from './report/compare.ts';
import { markdown } from './report/markdown.ts';
import { plots } from './report/svg.ts';
import { readResult, type Result, VERSION } from './result.ts';
import { BUNDLE, ROWS, rowsNamed } from './rows.ts';
import { run } from './run.ts';
import { SUBJECTS, subjectsNamed } from './subjects.ts';

const HELP = `npm run bench [-- OPTIONS]           measure; the table goes to stdout, progress to stderr
npm run bench -- --compare A.json B.json   ratios of two results, the worst first

  --out DIRECTORY    also write result.json, table.md and a plot (SVG) for each group of rows there
  --rounds N         how often each subject is measured in each row; default 5
  --rows A,B         only these: ${[...ROWS, BUNDLE].map(({ id }) => id).join(', ')}
  --subjects A,B     only these, or \`all\`; default: those without *
                     ${SUBJECTS.map(({ id, usual }) => (usual ? id : `${id}*`)).join(', ')}
  --json             the result as JSON on stdout, in place of the table
  --quick            one round of very little: proves that everything runs, its figures mean nothing
  --profiles DIR     also write a CPU profile of each measured process there
  --help             this

Exit status: 0, 1 when a subject failed, 2 for wrong options.
`;

const options = {
  out: { type: 'string' },
  rounds: { type: 'string' },
  rows: { type: 'string' },
  subjects: { type: 'string' },
  profiles: { type: 'string' },
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  compare: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** What the command line asks for. @throws TypeError for what it cannot ask. */
function parsed() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { quick, rounds: given = quick ? '1' : '5' } = values;
  const rounds = Number(given);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds: ${given} is not a positive integer`);
  const [a, b] = positionals;
  if (!values.compare && a !== undefined) throw new TypeError(`${a}: unknown argument; --help tells what there is`);
  if (values.compare && (a === undefined || b === undefined || positionals.length !== 2))
    throw new TypeError('--compare: needs two results, before and after');
  const compared = a === undefined || b === undefined ? undefined : ([readResult(a), readResult(b)] as const);
  return { ...values, rounds, compared, ...rowsNamed(values.rows), subjects: subjectsNamed(values.subjects) };
}

async function measure({
  rows,
  bundle,
  subjects,
  rounds,
  quick,
  profiles,
}: ReturnType<typeof parsed>): Promise<Result> {
  const load = loadavg()[0] ?? Number.NaN;
  const started = Date.now();
  const progress = (line: string): void =>
    void process.stderr.write(`[${((Date.now() - started) / 1000).toFixed(0)} s] ${line}\n`);
  const results = await run({ rows, subjects, rounds, quick, profiles, progress });
  if (bundle) {
    progress(BUNDLE.id);
    results.push(await bundles(subjects));
  }
  return {
    version: VERSION,
    date: new Date().toISOString(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    load,
    rounds,
    quick,
    subjects: subjects.map(({ id, title }) => ({ id, title })),
    rows: results,
  };
}

function write(directory: string, result: Result): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(directory, 'table.md'), markdown(result));
  for (const [name, svg] of plots(result)) writeFileSync(join(directory, name), svg);
}

async function main(): Promise<number> {
  let asked: ReturnType<typeof parsed>;
  try {
    asked = parsed();
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 2;
  }
  if (asked.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (asked.compared !== undefined) {
    process.stdout.write(compare(...asked.compared));
    return 0;
  }
  const result = await measure(asked);
  if (asked.out !== undefined) write(asked.out, result);
  process.stdout.write(asked.json ? `${JSON.stringify(result, undefined, 2)}\n` : markdown(result));
  return result.rows.some(({ failures }) => Object.keys(failures).length > 0) ? 1 : 0;
}

process.exitCode = await main();
