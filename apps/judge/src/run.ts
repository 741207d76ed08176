/** @module All rows, one after the other, behind what shows that they would say anything. */
import { pki } from '@ferrule/conformance/pki';
import { HOST } from './certificates.ts';
import type { Client } from './command.ts';
import { judge, type Judgement, type Outcome, type Row, type Version } from './row.ts';
import { alerting, ANSWER, healthy, POISON, resuming, silent } from './rows.ts';
import { serve } from './serve.ts';

export interface Result extends Judgement {
  readonly row: Row;
  /** Milliseconds. */
  readonly took: number;
}

export interface RunOptions {
  readonly rows: readonly Row[];
  readonly client: Client;
  /** Paths of PEM files, as {@link Client} is told. */
  readonly files: { readonly ca: string; readonly crl?: string };
  /** Milliseconds that a client has for a row; half of that, the server closes. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly onResult?: (result: Result, done: number) => void;
}

/** The client cannot be judged, and what to try. */
export class Unhealthy extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * @throws Unhealthy before any row, when a good server is refused, or success and failure cannot be told apart
 * @throws what `client` throws, and the reason of `signal`
 */
export async function run(options: RunOptions): Promise<readonly Result[]> {
  const apart = await controls(options);
  const results: Result[] = [];
  for (const row of options.rows) {
    options.signal.throwIfAborted();
    const began = performance.now();
    const missing = apart(row);
    const judgement: Judgement =
      missing === undefined
        ? judge(row, await play(row, options))
        : { verdict: 'not applicable', fault: false, said: missing };
    options.signal.throwIfAborted();
    const result = { row, took: Math.round(performance.now() - began), ...judgement };
    results.push(result);
    options.onResult?.(result, results.length);
  }
  return results;
}

async function play(
  row: Row,
  { client, files, timeout, signal }: RunOptions,
  answer: string = POISON,
): Promise<Outcome & { output: string }> {
  const identity = await (row.identity ?? good)();
  const serving = await serve(row, { identity, answer, goodAnswer: ANSWER, patience: timeout / 2 });
  try {
    const ended = await client({ host: row.host ?? HOST, port: serving.port, ...files }, signal);
    return { ...ended, printed: ended.output.includes(MARK), seen: await serving.seen() };
  } finally {
    serving.close();
  }
}

const good = () => pki('p256');
/** Of {@link POISON}, what no client makes up by itself. */
const MARK = POISON.slice(POISON.indexOf('POISON'), -1);

/** Why a row would say nothing about this client; `undefined` where it would. */
type Apart = (row: Row) => string | undefined;

const CONNECT =
  'Give it the host {host}, the port {port} and the authority in {ca}, and make it end with 0 when it has read the answer of a web server.';

async function controls(options: RunOptions): Promise<Apart> {
  const absent = new Map<Version, string>();
  const blind = new Set<Version>();
  const lost = new Map<string, string>();
  const unresumed = new Map<Version, string>();
  const versions = [...new Set(options.rows.map(({ version }) => version))];
  for (const version of versions) {
    options.signal.throwIfAborted();
    const { exit, hung, output, seen } = await play(healthy(version), options, ANSWER);
    if (seen.connections === 0)
      throw new Unhealthy('the command does not connect to the server', told(output, CONNECT));
    if (seen.notApplicable !== undefined) {
      absent.set(version, seen.notApplicable);
      continue;
    }
    if (hung)
      throw new Unhealthy(
        `the command does not end within the time, with a good server of ${version}`,
        told(output, CONNECT),
      );
    if (exit !== 0)
      throw new Unhealthy(
        `the command ends with ${exit ?? 'a signal'} although a good server of ${version} answered`,
        told(output, CONNECT),
      );
    if ((await play(silent(version), options)).exit === 0)
      throw new Unhealthy(
        'the command ends with 0 although the server closed the connection without an answer',
        'Make it end with another code when it fails: the judge goes by that.',
      );
    if ((await play(alerting(version), options, ANSWER)).exit === 0) blind.add(version);
    for (const host of new Set(options.rows.flatMap((row) => (row.version === version ? (row.host ?? []) : [])))) {
      const byHost = await play(healthy(version, host), options, ANSWER);
      if (byHost.exit !== 0) lost.set(`${version} ${host}`, `the command refuses a good server by the name ${host}`);
    }
  }
  for (const version of versions.filter((each) => !absent.has(each)))
    if (options.rows.some((row) => row.version === version && row.before)) {
      const { exit, seen } = await play(resuming(version), options, ANSWER);
      const reason =
        seen.notApplicable ?? (exit === 0 ? undefined : 'the command refuses a good server that takes its session up');
      if (reason !== undefined) unresumed.set(version, reason);
    }
  if (absent.size === versions.length)
    throw new Unhealthy([...absent.values()][0] ?? 'no rows', 'See --list for what there is.');
  return ({ version, late, host, before }) =>
    absent.get(version) ??
    (before && unresumed.get(version)) ??
    (late && blind.has(version) ? 'the command does not read what comes after the handshake' : undefined) ??
    lost.get(`${version} ${host ?? HOST}`);
}

/** The last lines of what it printed, and what to try. */
function told(output: string, hint: string): string {
  const lines = output.trim().split('\n').slice(-5).join('\n');
  return lines === '' ? hint : `It says:\n${lines}\n${hint}`;
}
