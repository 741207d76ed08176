/**
 * @module The libraries whose own tests are run: which files, how each is run, and how its output names its tests. The
 * tests stay where they are: in a checkout that the caller names, with its dependencies installed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresOfTests, startPostgresOfTests } from './postgres.ts';

/** What one run of a file said. */
export interface Told {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

export interface Suite {
  /** Test files, relative to the checkout. */
  files(source: string): readonly string[];
  /** The arguments of Node for one file. */
  args(source: string, file: string): readonly string[];
  /** The folder in which it runs. */
  readonly folder?: string;
  /** The titles of its tests, by its output. */
  told(output: string): Told;
  /** A server that the tests need, and where it is. */
  start?(source: string): Promise<PostgresOfTests>;
}

export type SuiteName = 'ws' | 'undici' | 'pg';

export const SUITES: Readonly<Record<SuiteName, Suite>> = {
  ws: {
    files: (source) => filesIn(source, 'test', /\.test\.js$/),
    args: (source, file) => [join(source, 'node_modules/mocha/bin/mocha.js'), '--reporter', 'tap', join(source, file)],
    told: (output) => tap(output),
  },
  undici: {
    files: (source) =>
      filesIn(source, 'test', /\.js$/).filter((file) => SERVES_TLS.test(readFileSync(join(source, file), 'utf8'))),
    args: (source, file) => ['--expose-gc', '--test-reporter=tap', join(source, file)],
    told: (output) => tap(output),
  },
  pg: {
    folder: 'packages/pg',
    files: (source) => filesIn(source, 'packages/pg/test/integration', /-tests\.js$/),
    args: (source, file) => [join(source, file)],
    told: checkMarks,
    start: startPostgresOfTests,
  },
};

/** A file of undici's tests that has a server with TLS, or goes to one. */
const SERVES_TLS = /createSecureServer|require\('(node:)?(https|tls)'\)|https-pem/;

const filesIn = (source: string, under: string, name: RegExp): readonly string[] =>
  readdirSync(join(source, under), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file) && !/(^|\/)(node_modules|fixtures)\//.test(file))
    .map((file) => join(under, file))
    .sort();

/** TAP of mocha and of node:test: those of the outermost level, where what is within has its verdict. */
function tap(output: string): Told {
  const of = (verdict: string): readonly string[] =>
    [...output.matchAll(new RegExp(`^${verdict} \\d+ -? ?(.*)$`, 'gm'))]
      .map(([, title = '']) => title)
      .filter((title) => !/# SKIP/i.test(title));
  return { passed: of('ok'), failed: of('not ok') };
}

/** pg's own runner: a title and a check mark behind it; the first that fails ends the file. */
function checkMarks(output: string): Told {
  const of = (mark: RegExp): readonly string[] =>
    output.split('\n').flatMap((line) => (mark.test(line) ? [line.replace(mark, '').trim()] : []));
  return { passed: of(/ ✔$/), failed: of(/ FAILED!$/) };
}
