/**
 * @module `npm run bundlers`: a program of the packed packages, bundled for Node and for browsers by each bundler, and
 * run before a server of this Node.
 *
 *     npm run bundlers                       all of them, with the default engine and with pure
 *     npm run bundlers -- --only vite        one
 *     npm run bundlers -- --write            puts the table into docs/bundlers.md
 *
 * The packages must be built. The bundlers come from the registry of the user's npm, in fixed versions, into a folder
 * of their own, which --keep leaves.
 */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { Command } from 'commander';
import { BUNDLERS, type Bundler, PROGRAMS, type Target, VERSIONS } from './bundlers.ts';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const PAGE = join(REPOSITORY, 'docs/bundlers.md');
const PACKAGES = ['result', 'bio', 'contract', 'ssl', 'x509', 'pure', 'native', 'ferrule'];
/** Of one build or one run, milliseconds. */
const PATIENCE = 300_000;

interface Cell {
  readonly bundler: Bundler;
  readonly target: Target;
  /** What the program said, or why there is none. */
  readonly said: string;
  readonly ok: boolean;
}

const { only, write, keep } = new Command('bundlers')
  .description('The packed packages in bundles of each bundler, before a server of this Node.')
  .option('--only <name...>', 'these bundlers alone')
  .option('--write', 'puts the table into docs/bundlers.md')
  .option('--keep', 'leaves the folder')
  .parse()
  .opts<{ readonly only?: readonly string[]; readonly write?: true; readonly keep?: true }>();

const folder = mkdtempSync(join(tmpdir(), 'ferrule-bundlers-'));
const { keyPem, chainPem } = await pki('p256');
const server = createServer({ key: keyPem, cert: chainPem }, (socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (data: Buffer) => socket.end(data));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const cells: Cell[] = [];
try {
  install();
  for (const bundler of BUNDLERS.filter(({ name }) => only?.includes(name) ?? true))
    for (const target of ['node', 'browser'] as const) {
      const cell = { bundler, target, ...(await tried(bundler, target)) };
      console.log(`${bundler.name}, ${target}: ${cell.ok ? 'ok' : 'FAILED'}: ${cell.said}`);
      cells.push(cell);
    }
} finally {
  server.close();
  if (keep === true) console.log(`left in ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
const table = tableOf();
console.log(`\n${table}`);
if (write === true) {
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(/(<!-- bundlers -->\n)[^]*(\n<!-- \/bundlers -->)/, (_all, from, to) => `${from}${table}${to}`),
  );
}
if (cells.some(({ ok }) => !ok)) process.exitCode = 1;
process.exit();

/** The tarballs and the bundlers, as npm installs them; the addon is the one that this machine has built. */
function install(): void {
  const npm = (...args: string[]): string => execFileSync('npm', args, { cwd: folder, encoding: 'utf8' });
  const tarballs = PACKAGES.map((name) => {
    const file = npm('pack', '--silent', join(REPOSITORY, 'packages', name)).trim();
    return [name === 'ferrule' ? name : `@ferrule/${name}`, `file:${file}`] as const;
  });
  const dependencies = { ...Object.fromEntries(tarballs), ...VERSIONS };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent');
  const prebuilds = join(REPOSITORY, 'packages/native/prebuilds');
  cpSync(prebuilds, join(folder, 'node_modules/@ferrule/native/prebuilds'), { recursive: true });
  mkdirSync(join(folder, 'src'));
  for (const [target, program] of Object.entries(PROGRAMS)) writeFileSync(join(folder, 'src', `${target}.js`), program);
}

async function tried(bundler: Bundler, target: Target): Promise<Pick<Cell, 'said' | 'ok'>> {
  const out = join(folder, 'out', `${bundler.name}-${target}`);
  const { command, files = {}, manifest = {} } = bundler.build(target, join('out', `${bundler.name}-${target}`));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const project = join(folder, 'package.json');
  const before = JSON.parse(readFileSync(project, 'utf8')) as object;
  writeFileSync(project, JSON.stringify({ ...before, ...manifest }));
  const built = await run(join('node_modules/.bin', command[0] ?? ''), command.slice(1));
  if (!built.ok) return { ok: false, said: `not built: ${built.said}` };
  const main = ['main.js', 'main.mjs', `${target}.js`].map((name) => join(out, name)).find((name) => existsSync(name));
  if (main === undefined) return { ok: false, said: `built no program: ${readdirSync(out).join(', ')}` };
  const texts = readdirSync(out)
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => readFileSync(join(out, name), 'utf8'));
  if (
    target === 'browser' &&
    texts.some((text) => /(from|import\(|require\()\s*["'](node:|fs|net|crypto\b)/.test(text))
  )
    return { ok: false, said: 'it imports a module of Node' };
  const order = { port: (server.address() as AddressInfo).port, root: (await pki('root')).certificatePem };
  const runner = target === 'node' ? main : join(folder, 'src/runner.js');
  const ran = await run(process.execPath, [runner, JSON.stringify(order), main]);
  const wanted = target === 'node' ? ['native', 'pure'] : ['pure'];
  return { ok: ran.ok && wanted.every((name) => ran.said.includes(`${name}: there`)), said: ran.said };
}

async function run(program: string, args: readonly string[]): Promise<Pick<Cell, 'said' | 'ok'>> {
  const env = { ...process.env, NODE_ENV: 'production' };
  return await new Promise((resolve) => {
    execFile(program, args, { cwd: folder, timeout: PATIENCE, killSignal: 'SIGKILL', env }, (error, stdout, stderr) => {
      const text = `${stdout}\n${stderr}`.trim().split('\n').filter(Boolean);
      resolve({ ok: error === null, said: (error === null ? text.slice(-3) : text.slice(0, 12)).join('; ') });
    });
  });
}

function tableOf(): string {
  const of = (bundler: Bundler, target: Target): string => {
    const cell = cells.find((each) => each.bundler === bundler && each.target === target);
    const result = cell?.ok === true ? (target === 'node' ? 'both engines connect' : 'connects') : 'FAILED';
    return `${bundler[target]}: ${result}`;
  };
  const rows = [...new Set(cells.map(({ bundler }) => bundler))].map(
    (bundler) => `| ${bundler.name} ${bundler.version} | ${of(bundler, 'node')} | ${of(bundler, 'browser')} |`,
  );
  return ['| bundler | for Node | for browsers |', '|---|---|---|', ...rows].join('\n');
}
