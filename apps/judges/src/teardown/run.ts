/**
 * @module Bundles the worker, starts the process that terminates it again and again, and tells what came of that
 * process.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { build } from 'esbuild';
import { OPERATION_NAMES, type OperationName, type WorkerData } from './names.ts';

export interface Report {
  readonly node: string;
  readonly engine: string;
  readonly terminations: number;
  readonly operations: Readonly<Partial<Record<OperationName, number>>>;
  /** How the process died, or what a worker reported. */
  readonly faults: readonly string[];
}

/** A line of the process's standard output. */
export type Line =
  | { readonly kind: 'engine'; readonly node: string; readonly engine: string }
  | { readonly kind: 'begun'; readonly operation: OperationName; readonly seed: number }
  | { readonly kind: 'terminated'; readonly operation: OperationName }
  | { readonly kind: 'fault'; readonly operation: OperationName; readonly message: string };

const here = dirname(fileURLToPath(import.meta.url));
const addon = fileURLToPath(
  new URL(`../../../../packages/native/prebuilds/${process.platform}-${process.arch}/ferrule.node`, import.meta.url),
);

export async function teardown({
  count,
  seed,
  node = process.execPath,
}: {
  readonly count: number;
  readonly seed: number;
  readonly node?: string;
}): Promise<Report> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrule-teardown-'));
  try {
    const entryPoints = [join(here, 'worker.ts'), join(here, 'nest.ts')];
    await build({
      entryPoints,
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['@ferrule/source'],
      logLevel: 'warning',
    });
    const data = join(directory, 'data.json');
    writeFileSync(
      data,
      JSON.stringify(await materials(directory), (_key, value: unknown) =>
        value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
      ),
    );
    return await watch(node, [
      join(directory, 'nest.mjs'),
      join(directory, 'worker.mjs'),
      data,
      String(count),
      String(seed),
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function watch(node: string, parameters: readonly string[]): Promise<Report> {
  const env = { FERRULE_NATIVE_ADDON: addon, ...process.env };
  const child = spawn(node, parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const operations: Partial<Record<OperationName, number>> = {};
  const faults: string[] = [];
  let about = { node: '', engine: '' };
  const running: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.kind === 'engine') about = line;
    else if (line.kind === 'begun') running.push(`${line.operation} (seed ${line.seed})`);
    else if (line.kind === 'fault') faults.push(`${line.operation}: ${line.message}`);
    else operations[line.operation] = (operations[line.operation] ?? 0) + 1;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0)
    faults.push(
      `the process ended with ${signal ?? `exit code ${code}`}; it had last begun ${running.slice(-3).join(', ')}: ${errors}`,
    );
  const terminations = Object.values(operations).reduce((sum, each) => sum + each, 0);
  return { node: about.node, engine: about.engine, terminations, operations, faults };
}

async function materials(directory: string): Promise<Omit<WorkerData, 'operation' | 'seed'>> {
  const { chain, privateKey, chainPem, keyPem } = await pki('p256');
  const [cert, key, out] = ['chain.pem', 'key.pem', 'out.p12'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(cert, chainPem);
  writeFileSync(key, keyPem);
  const made = spawnSync('openssl', [
    'pkcs12',
    '-export',
    '-in',
    cert,
    '-inkey',
    key,
    '-out',
    out,
    '-passout',
    'pass:secret',
    '-iter',
    '1',
  ]);
  return {
    root: (await pki('root')).certificate,
    chain,
    key: new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })),
    pkcs12: made.status === 0 ? new Uint8Array(readFileSync(out)) : new Uint8Array(100),
  };
}

/** Terminations that reach every operation so many times. */
export const rounds = (times: number): number => times * OPERATION_NAMES.length;
