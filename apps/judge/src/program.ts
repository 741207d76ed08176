/** @module The command line: which rows, before which command, and where the results go. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCrl, pki, toPem } from '@ferrule/conformance/pki';
import picocolors from 'picocolors';
import { commandClient, NoCommand } from './command.ts';
import { json, junit, line, markdown, standing, summary } from './report.ts';
import { EXPECTATIONS, type Expectation, type Row } from './row.ts';
import { isShort, ROWS } from './rows.ts';
import { run, Unhealthy, type Result } from './run.ts';

/** Exit codes. */
export const Exit = { right: 0, faults: 1, usage: 2, interrupted: 130 } as const;

interface Options {
  readonly all: boolean;
  readonly only: string | undefined;
  readonly list: boolean;
  readonly expect: readonly Expectation[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly json: boolean;
  readonly junit: string | undefined;
  readonly markdown: string | undefined;
  readonly verbose: boolean;
}

const HELP = `Usage: ferrule-judge [options] -- COMMAND [ARGUMENTS]

Runs a TLS client of any kind against wrong servers on loopback, and says what it let pass.

The command is run once for each server, with {host}, {port} and {ca} put into its arguments; its environment has
JUDGE_HOST, JUDGE_PORT and JUDGE_CA, too. It has to ask a web server for a page (HTTP/1.1), end with 0 when it has the
answer, and with another code when it has not.

  --short             those by which an attacker gains most, in about a minute; the default
  --all               every row
  --only TEXT         rows of all whose title has this text
  --list              print the rows, and run nothing
  --expect WHAT       what the command does by itself: revocation, by the lists in {crl} (JUDGE_CRL) or a stapled
                      response; resumption, that it asks for the page twice, and comes back with its session; both, by
                      giving it twice
  --timeout SECONDS   for each row; default 10
  --json              one JSON object on standard output
  --junit FILE        JUnit's XML into this file
  --markdown FILE     tables in Markdown into this file
  --verbose           say what is right and what does not apply, too
  --help, --version

Verdicts:
  right               refused, with an alert that fits
  other alert         refused, with another one than fits (advice)
  silent              refused without an alert (advice)
  accepted            it ended with 0, sent data, or printed what must not be read: a fault where an RFC says MUST,
                      otherwise advice
  hang                no end, although the server had closed the connection: a fault
  not applicable      the client does not offer what the row is about

Examples:
  npx @ferrule/judge -- curl --silent --cacert {ca} https://{host}:{port}/
  npx @ferrule/judge --all --junit judge.xml -- ./client --ca {ca} {host} {port}
  npx @ferrule/judge --only certificate --json -- node client.js

Exit codes: 0 no faults, 1 faults, 2 usage or a command that cannot be judged, 130 interrupted.
`;

/** Runs what the arguments say, to its end. Answers the exit code. */
export async function program(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const at = argv.indexOf('--');
  const [own, words] = at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
  try {
    const options = optionsOf(own);
    if (typeof options !== 'string') return await judged(words, options, signal);
    process.stdout.write(options);
    return Exit.right;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return complain(error.message, 'See ferrule-judge --help.');
  }
}

/** Options, or a text that was asked for in their place. */
function optionsOf(argv: readonly string[]): Options | string {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      short: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      expect: { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      junit: { type: 'string' },
      markdown: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
    },
  });
  if (values.help) return HELP;
  if (values.version) return `${version()}\n`;
  if (values.short && values.all) throw new TypeError('--short and --all: choose one');
  const expect = values.expect.map(
    (given) =>
      EXPECTATIONS.find((each) => each === given) ?? refuse(`--expect: ${given} is none of ${EXPECTATIONS.join(', ')}`),
  );
  const seconds = Number(values.timeout);
  if (!(seconds >= 1 && seconds <= 3600))
    throw new TypeError(`--timeout: ${values.timeout} is not a number from 1 to 3600`);
  return {
    all: values.all,
    only: values.only,
    list: values.list,
    expect,
    timeout: seconds * 1000,
    json: values.json,
    junit: values.junit,
    markdown: values.markdown,
    verbose: values.verbose,
  };
}

function refuse(message: string): never {
  throw new TypeError(message);
}

async function judged(words: readonly string[], options: Options, signal: AbortSignal): Promise<number> {
  const rows = ROWS.filter((row) => chosen(row, options));
  if (rows.length === 0) return complain('no row has this text', 'See --list --all.');
  if (options.list) {
    for (const { title, severity, rule, rfc } of rows)
      process.stdout.write(`${title} (${severity}, ${rule}, ${rfc})\n`);
    return Exit.right;
  }
  if (words.length === 0) return complain('which command?', 'ferrule-judge [options] -- COMMAND; see --help.');
  let folder: string | undefined;
  try {
    // What cannot be written is told before minutes of work
    for (const file of [options.junit, options.markdown]) if (file !== undefined) closeSync(openSync(file, 'a'));
    folder = mkdtempSync(join(tmpdir(), `ferrule-judge-${process.pid}-`));
    const results = await run({
      rows,
      client: commandClient(words, options.timeout),
      files: await files(folder, options.expect),
      timeout: options.timeout,
      signal,
      onResult: teller(rows.length, options),
    });
    if (options.json) process.stdout.write(json(results, words));
    else process.stdout.write(`${summary(results)}\n`);
    if (options.junit !== undefined) writeFileSync(options.junit, junit(results, words.join(' ')));
    if (options.markdown !== undefined) writeFileSync(options.markdown, markdown(results, words.join(' ')));
    return results.some(({ fault }) => fault) ? Exit.faults : Exit.right;
  } catch (error) {
    if (signal.aborted) return Exit.interrupted;
    if (error instanceof Unhealthy) return complain(error.message, error.hint);
    if (error instanceof NoCommand) return complain(error.message, 'Give it a path, or a name that PATH knows.');
    if (typeof (error as NodeJS.ErrnoException).code === 'string')
      return complain((error as Error).message, 'Choose another file or folder.');
    throw error;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

const chosen = (row: Row, { all, only, expect }: Options): boolean =>
  (row.expects === undefined || expect.includes(row.expects)) &&
  (only === undefined ? all || isShort(row) : row.title.includes(only));

/** Whom to trust, and where revocation is looked at, a list of each authority of the healthy path. */
async function files(folder: string, expect: readonly Expectation[]): Promise<{ ca: string; crl?: string }> {
  const ca = join(folder, 'ca.pem');
  const [root, intermediate] = [await pki('root'), await pki('intermediate')];
  writeFileSync(ca, root.certificatePem);
  if (!expect.includes('revocation')) return { ca };
  const crl = join(folder, 'crl.pem');
  const lists = [await makeCrl(root, []), await makeCrl(intermediate, [await pki('revoked')])];
  writeFileSync(crl, lists.map((list) => toPem('X509 CRL', list)).join(''));
  return { ca, crl };
}

/** Lines of results on standard error, so that standard output is the answer; on a terminal, what is under way, too. */
function teller(total: number, { verbose }: Options): (result: Result, done: number) => void {
  const stream = process.stderr;
  const colors = picocolors.createColors(stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
  const clear = stream.isTTY ? '\r\x1b[2K' : '';
  return (result, done) => {
    const kind = standing(result);
    if (verbose || kind === 'fault' || kind === 'advice') stream.write(`${clear}${line(result, colors)}\n`);
    if (stream.isTTY) stream.write(done === total ? clear : `${clear}${done}/${total}`);
  };
}

function complain(message: string, hint: string): number {
  process.stderr.write(`ferrule-judge: ${message}\n${hint}\n`);
  return Exit.usage;
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
