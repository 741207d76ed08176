/**
 * @module `npm run matrix`: the packed packages in other runtimes, each with each provider of the pure engine, before
 * servers of this Node.
 *
 *     npm run matrix                                  this Node, and bun and deno where they are on PATH
 *     npm run matrix -- --runtime "Node 24=/opt/node24/bin/node"    others, as often as wanted
 *     npm run matrix -- --write                       puts the table into docs/platforms.md
 *
 * FERRULE_BUN, FERRULE_DENO and FERRULE_WORKERD name the programs where they are not on PATH. Chromium is run where it
 * is installed, over pipes that lead through this script. The packages must be built.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { findBrowser } from '@ferrule/conformance/browser';
import { pki } from '@ferrule/conformance/pki';
import { Command } from 'commander';
import { transformSync } from 'esbuild';
import { type Ask, inPage, inWorkerd, versionOf } from './places.ts';
import { type Answer, DOWNLOAD, LATE, type Order, type Provider, PROVIDERS, type Row, ROWS, UPLOAD } from './rows.ts';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const PAGE = join(REPOSITORY, 'docs/platforms.md');
const PACKAGES = ['result', 'bio', 'contract', 'ssl', 'x509', 'starttls', 'pure', 'ferrule'];
/** Of one runtime with one provider, milliseconds. */
const PATIENCE = 120_000;

interface Runtime {
  readonly name: string;
  /** Runs a program of Node's kind. */
  readonly command?: readonly string[];
  /** Another way to ask it; it has no node:crypto. */
  readonly ask?: Ask;
}
interface Cell {
  readonly runtime: Runtime;
  readonly provider: Provider;
  readonly answers: readonly Answer[];
}

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];
const {
  runtime: named,
  provider: providers,
  write,
  only,
} = new Command('matrix')
  .description('The packed packages in other runtimes, with each provider, before servers of this Node.')
  .option('--runtime <name=path>', 'a runtime beside those that are found (repeatable)', collect, [])
  .option('--only <name...>', 'runtimes whose names begin so')
  .option('--provider <name...>', 'these providers alone', [...PROVIDERS])
  .option('--write', 'puts the table into docs/platforms.md')
  .parse()
  .opts<{
    readonly runtime: readonly string[];
    readonly provider: readonly Provider[];
    readonly write?: true;
    readonly only?: readonly string[];
  }>();

const application = pack();
const servers = await Promise.all(ROWS.map(serve));
const cells: Cell[] = [];
try {
  const root = (await pki('root')).certificatePem;
  for (const runtime of runtimes()) {
    if (only?.some((name) => runtime.name.startsWith(name)) === false) continue;
    for (const provider of providers) {
      if (runtime.ask !== undefined && provider === 'node') continue;
      const order: Order = { provider, root, rows: ROWS.map((row, i) => ({ ...row, port: portOf(i) })) };
      const answers = await (runtime.ask === undefined ? ask(runtime, order) : askThere(runtime.ask, order));
      const failed = answers.filter((answer) => answer.failed !== undefined);
      console.log(`${runtime.name}, ${provider}: ${answers.length - failed.length} of ${ROWS.length} rows`);
      for (const answer of failed) console.log(`  ${answer.row}: ${answer.failed}`);
      cells.push({ runtime, provider, answers });
    }
  }
} finally {
  for (const server of servers) server.close();
  rmSync(application, { recursive: true });
}
const table = tableOf(cells);
console.log(`\n${table}`);
if (write === true) {
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(/(<!-- matrix -->\n)[^]*(\n<!-- \/matrix -->)/, (_all, from, to) => `${from}${table}${to}`),
  );
}
if (cells.some(({ answers }) => answers.some(({ failed }) => failed !== undefined))) process.exitCode = 1;
process.exit();

function portOf(i: number): number {
  return ((servers[i] as (typeof servers)[number]).address() as AddressInfo).port;
}

/** An application with the tarballs unpacked as npm would, and noble beside them. */
function pack(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-matrix-'));
  const modules = join(folder, 'node_modules');
  for (const name of PACKAGES) {
    const at = join(REPOSITORY, 'packages', name);
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: at,
      encoding: 'utf8',
    });
    const target = join(modules, name === 'ferrule' ? name : `@ferrule/${name}`);
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', target, '--strip-components=1']);
  }
  cpSync(join(REPOSITORY, 'node_modules/@noble'), join(modules, '@noble'), { recursive: true, dereference: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const name of ['rows', 'tasks', 'client', 'piped', 'page']) {
    const source = readFileSync(join(dirname(fileURLToPath(import.meta.url)), `${name}.ts`), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
    writeFileSync(join(folder, `${name}.js`), code.replace(/(\.\/\w+)\.ts"/g, '$1.js"'));
  }
  return folder;
}

function runtimes(): readonly Runtime[] {
  const others = named.map((text): Runtime => {
    const [name = '', path = ''] = text.split('=');
    return { name, command: [path] };
  });
  const found: Runtime[] = [{ name: `Node ${process.versions.node}`, command: [process.execPath] }, ...others];
  const optional: readonly (readonly [variable: string, program: string, more: readonly string[]])[] = [
    ['FERRULE_BUN', 'bun', ['run']],
    ['FERRULE_DENO', 'deno', ['run', '--allow-all', '--node-modules-dir=manual']],
  ];
  for (const [variable, program, more] of optional) {
    const path = process.env[variable] ?? program;
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const [version] = status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout) ?? []) : [];
    if (version === undefined) console.log(`skipped: ${program} is neither on PATH nor named by ${variable}`);
    else found.push({ name: `${program === 'bun' ? 'Bun' : 'Deno'} ${version}`, command: [path, ...more] });
  }
  const chromium = findBrowser('chromium');
  if (chromium === undefined) console.log('skipped: no Chromium is installed');
  else found.push({ name: `Chromium ${versionOf(chromium.program) ?? ''}`, ask: inPage(chromium, application) });
  const workerd = process.env['FERRULE_WORKERD'] ?? 'workerd';
  const version = versionOf(workerd);
  if (version === undefined) console.log('skipped: workerd is neither on PATH nor named by FERRULE_WORKERD');
  else
    for (const flags of [[], ['nodejs_compat']])
      found.push({ name: ['workerd', version, ...flags].join(' '), ask: inWorkerd(workerd, application, flags) });
  return found;
}

/** A browser that hangs is waited for as long as a program. */
async function askThere(ask: Ask, order: Order): Promise<readonly Answer[]> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no answer')), PATIENCE).unref());
  const answers = await Promise.race([ask(order), late]).catch((error: unknown): readonly Answer[] => [
    { row: 'TLS 1.3', failed: String(error) },
  ]);
  return ROWS.map(({ name }) => answers.find(({ row }) => row === name) ?? { row: name, failed: 'never reached' });
}

/** A row that the client never came to has failed. */
async function ask({ command: [program = '', ...more] = [] }: Runtime, order: Order): Promise<readonly Answer[]> {
  const { output, why } = await new Promise<{ readonly output: string; readonly why: string }>((resolve) => {
    const options = { cwd: application, timeout: PATIENCE, killSignal: 'SIGKILL' } as const;
    execFile(program, [...more, join(application, 'client.js'), JSON.stringify(order)], options, (error, out, err) =>
      resolve({
        output: out,
        why:
          error === null
            ? ''
            : (err
                .trim()
                .split('\n')
                .find((line) => /error/i.test(line)) ?? error.message),
      }),
    );
  });
  const answers = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Answer);
  return ROWS.map(
    ({ name }) => answers.find(({ row }) => row === name) ?? { row: name, failed: `never reached: ${why}` },
  );
}

/** A server that answers what the client's first bytes ask for. */
async function serve({ server: options }: Row): Promise<ReturnType<typeof createServer>> {
  const { keyPem, chainPem } = await pki('p256');
  const server = createServer({ key: keyPem, cert: chainPem, ...options }, (socket: TLSSocket) => {
    let asked = '';
    let received = 0;
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      received += data.length;
      if (asked === '') {
        asked = data.toString('latin1');
        if (asked.startsWith('echo')) socket.write('echo');
        if (asked.startsWith('late')) setTimeout(() => socket.write('late'), LATE);
        if (asked.startsWith('download')) socket.write(Buffer.alloc(DOWNLOAD));
      }
      if (asked.startsWith('upload') && received === UPLOAD + 'upload'.length) socket.write('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function tableOf(all: readonly Cell[]): string {
  const lines = all.map(({ runtime, provider, answers }) => {
    const failed = answers.filter((answer) => answer.failed !== undefined).map(({ row }) => row);
    const absent = answers.filter((answer) => answer.absent === true).map(({ row }) => row);
    const of = (row: string): Answer | undefined => answers.find((answer) => answer.row === row);
    const number = (value: number | undefined): string =>
      value === undefined ? '–' : value < 10 ? value.toFixed(1) : value.toFixed(0);
    return `| ${runtime.name} | ${provider} | ${of('TLS 1.3')?.engine?.replace('TypeScript, ', '') ?? '–'} | ${rowsText(failed, absent)} | ${number(of('TLS 1.3')?.milliseconds)} | ${number(of('resumed')?.milliseconds)} | ${number(of('download')?.mebibytesPerSecond)} |`;
  });
  return [
    '| runtime | provider | computes with | rows | handshake, ms | resumed, ms | MiB/s |',
    '|---|---|---|---|--:|--:|--:|',
    ...lines,
  ].join('\n');
}

function rowsText(failed: readonly string[], absent: readonly string[]): string {
  const parts = [
    ...(failed.length > 0 ? [`FAILED: ${failed.join(', ')}`] : []),
    ...(absent.length > 0 ? [`all but ${absent.join(', ')}, which it has not here`] : []),
  ];
  return parts.join('; ') || 'all';
}
