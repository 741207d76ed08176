/**
 * The rehearsal of a release: what is committed is cloned, versioned, built, published to Verdaccio on loopback, and
 * installed from there into empty projects that import, compile and connect.
 *
 *     npm run release:dry -- [--json] [--keep] [--zig PATH] [--platforms NAME,…] [--installers NAME,…] [--packages NAME,…]
 *
 * Without --zig it comes from PyPI (`pip`). --platforms names the rows of targets.json whose addons are built and
 * published, by default all; `prebuilt` takes the files of packages/native/npm as they are. Everything happens in a
 * temporary folder, which --keep leaves. Of the user's configuration of npm only the registry that third-party packages
 * come from is read, and nothing is written.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Installer, installers } from './installers.ts';
import { prepareClone, publishedPackages, publish } from './clone.ts';
import { BESIDE, compilesAll, HANDSHAKES, importsAll, type Package, type Server } from './programs.ts';
import { type Registry, startRegistry } from './registry.ts';
import { startServer } from './server.ts';
import { endOnSignals, Interrupted, need, results, run, step } from './steps.ts';
import { installTools, type Tools } from './tools.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    zig: { type: 'string' },
    platforms: { type: 'string' },
    installers: { type: 'string' },
    packages: { type: 'string' },
  },
});
const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ferrule-release-'));
const clone = join(scratch, 'clone');
endOnSignals();
try {
  await rehearse();
} catch (error) {
  process.stderr.write(`${error instanceof Interrupted ? 'interrupted' : (error as Error).message}\n`);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
} finally {
  if (values.keep) process.stderr.write(`left in ${scratch}\n`);
  else rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
const failed = results.filter(({ ok }) => !ok).length;
if (failed > 0) process.exitCode ||= 1;
if (values.json) console.log(JSON.stringify({ passed: results.length - failed, failed, steps: results }, null, 2));
else process.stderr.write(`${results.length - failed} steps passed, ${failed} failed\n`);

async function rehearse(): Promise<void> {
  await prepareClone({ root, clone, zig: values.zig, platforms: values.platforms?.split(','), scratch });
  const packages = publishedPackages(clone);
  let tools!: Tools;
  await need('the tools are installed', async () => {
    tools = await installTools(join(scratch, 'tools'));
  });
  let registry!: Registry;
  await need('Verdaccio answers on loopback', async () => {
    const ours = [...packages.map(({ name }) => name), '@ferrule/native-*'];
    registry = await startRegistry(tools.verdaccio, join(scratch, 'registry'), ours);
    return registry.url;
  });
  const server = await startServer();
  try {
    await publish(clone, registry, values.platforms !== undefined);
    const chosen = values.packages?.split(',');
    for (const installer of installers(tools, registry)) {
      if (!(values.installers?.split(',').includes(installer.name) ?? true)) continue;
      for (const given of packages)
        if (chosen?.includes(given.name) ?? true) await alone(installer, given, tools, server);
    }
    await step('npx ferrule in an empty folder runs the command', () => npxFerrule(registry, server));
    await step('npx ferrule-native-build builds the addon from the published package', () => npxBuild(registry));
  } finally {
    server.stop();
    registry.stop();
  }
}

/** One package in a project of its own. */
async function alone(installer: Installer, given: Package, tools: Tools, server: Server): Promise<void> {
  const folder = join(scratch, 'projects', installer.name, given.name.replace('/', '+'));
  const names = [given.name, ...(BESIDE[given.name] ?? [])];
  const wanted = Object.fromEntries(names.map((name) => [name, given.version]));
  const label = `${installer.name}: ${given.name}`;
  if (!(await step(`${label} is installed`, () => installer.install(folder, wanted)))) return;
  if (given.entries.length > 0)
    await step(`${label} is imported and required`, () => importsAll(installer, folder, given));
  // The declarations are the same files everywhere; in pnpm's layout a package finds what it asks for and nothing else.
  if (given.entries.length > 0 && installer.name === 'pnpm')
    await step(`${label} compiles`, () => compilesAll(tools, folder, given));
  const handshake = HANDSHAKES[given.name];
  if (handshake === undefined) return;
  await step(`${label} connects`, async () => {
    writeFileSync(join(folder, 'connects.mjs'), handshake);
    const said = await installer.node(folder, ['connects.mjs'], { PORT: String(server.port), ROOT: server.root });
    if (!said.includes('TLSv1.3')) throw new Error(`it printed ${said}`);
    return said.trim().replaceAll('\n', ', ');
  });
}

async function npxFerrule({ env }: Registry, { port, root: ca }: Server): Promise<string> {
  const cwd = mkdtempSync(join(scratch, 'npx-'));
  writeFileSync(join(cwd, 'root.pem'), ca);
  const args = ['--yes', 'ferrule', 'get', `https://localhost:${port}/`, '--ca', 'root.pem'];
  const said = await run('npx', args, { cwd, env });
  if (said.trim() !== 'hello') throw new Error(`it printed ${said}`);
  return 'a page was fetched';
}

async function npxBuild({ env }: Registry): Promise<string> {
  const cwd = join(scratch, 'build');
  await run('mkdir', ['-p', cwd], { cwd: scratch, env });
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--omit=optional', '@ferrule/native'], { cwd, env });
  await run('npx', ['--yes', 'ferrule-native-build'], { cwd, env });
  const ask = `const loaded = require('@ferrule/native').loadNative(); console.log(loaded.ok || loaded.reason)`;
  const said = await run(process.execPath, ['-e', ask], { cwd, env });
  if (said.trim() !== 'true') throw new Error(said);
  return 'it loads';
}
