/**
 * @module `npm run bogo`: drives a runner binary over a tier with one engine, and compares with what is expected of it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorMap } from '../errors.ts';
import { printSummary } from './report.ts';
import { runRunner } from './runner.ts';
import { isGood, score, type Expectations } from './score.ts';
import { readTests, select, type Tier } from './tests.ts';

const HELP = `Usage: npm run bogo -- --runner PATH --engine pure|native [options]

Runs BoringSSL's TLS test runner ("BoGo") against one engine of ferrule, as a client. The runner is a built binary of
BoringSSL's ssl/test/runner; it is not part of this repository.

  --runner PATH     the runner binary
  --engine NAME     pure or native
  --tier TIER       core (default), optional, extra, or all
  --test GLOB       only tests whose name fits, alternatives between ';'
  --crypto NAME     provider of the pure engine: node (default), noble, tuned or webcrypto
  --workers N       tests at a time, default 2
  --list FILE       the list of tests; default: bogo/client-tests.json.gz under FERRULE_VECTORS or ../shared/vectors
  --details         print what the runner says about each test that did not pass
  --json            print the result as one JSON object on stdout
  --help

Exit code: 0 when every test passed but those in expectations/ENGINE.json, and all of those failed; 1 otherwise; 2 usage.

Examples:
  npm run bogo -- --runner ./runner --engine pure
  npm run bogo -- --runner ./runner --engine native --tier all --json
  npm run bogo -- --runner ./runner --engine pure --test 'CurveTest-*;TLS13-*' --details
`;

const USAGE = 2;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runner: { type: 'string' },
      engine: { type: 'string' },
      tier: { type: 'string', default: 'core' },
      test: { type: 'string' },
      crypto: { type: 'string', default: 'node' },
      workers: { type: 'string', default: '2' },
      list: { type: 'string', default: defaultList() },
      details: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { runner, engine, tier } = values;
  if (runner === undefined) return usage('--runner PATH is missing');
  if (engine !== 'pure' && engine !== 'native') return usage('--engine must be pure or native');
  if (!isTier(tier)) return usage('--tier must be core, optional, extra or all');
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1) return usage('--workers must be a positive integer');

  const tests = select(readTests(values.list), tier, values.test);
  if (tests.length === 0) return usage('no test fits');
  const directory = mkdtempSync(join(tmpdir(), 'ferrule-bogo-'));
  try {
    const config = join(directory, 'config.json');
    writeFileSync(config, JSON.stringify({ ErrorMap: errorMap(engine) }));
    const started = Date.now();
    const results = await runRunner({
      runner,
      shim: fileURLToPath(new URL('shim.js', import.meta.url)),
      shimFlags: ['--backend', engine, '--crypto', values.crypto],
      config,
      workers,
      tests: tests.map(({ name }) => name),
    });
    const result = {
      engine,
      tier,
      seconds: Math.round((Date.now() - started) / 1000),
      ...score(tests, results, expectationsOf(engine)),
    };
    if (values.json) process.stdout.write(`${JSON.stringify(result, undefined, 1)}\n`);
    else printSummary(result, values.details);
    return isGood(result) ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const isTier = (text: string): text is Tier | 'all' =>
  text === 'core' || text === 'optional' || text === 'extra' || text === 'all';

const defaultList = (): string =>
  process.env['FERRULE_VECTORS'] === undefined
    ? fileURLToPath(new URL('../../../../shared/vectors/bogo/client-tests.json.gz', import.meta.url))
    : join(process.env['FERRULE_VECTORS'], 'bogo', 'client-tests.json.gz');

const expectationsOf = (engine: string): Expectations =>
  JSON.parse(readFileSync(new URL(`../expectations/${engine}.json`, import.meta.url), 'utf8')) as Expectations;

function usage(problem: string): number {
  process.stderr.write(`${problem}; see --help\n`);
  return USAGE;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = USAGE;
}
