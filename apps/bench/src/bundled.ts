/**
 * Runs a bench on the code that users get: bundled by esbuild, as the packages are when they are published. Run from
 * source by tsx, each inner function is given its name whenever it is made, which takes a tenth of a handshake.
 *
 *     node --import tsx apps/bench/src/bundled.ts pure [options of the bench]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const [bench = 'pure', ...args] = process.argv.slice(2);
const source = fileURLToPath(new URL('.', import.meta.url));
const outdir = fileURLToPath(new URL('../dist/bundled', import.meta.url));

/** Ours goes into the bundle, what npm has stays where it is. */
const others: Plugin = {
  name: 'others',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === 'entry-point' || path.startsWith('@ferrule/') ? undefined : { external: true },
    );
  },
};
const options: BuildOptions = {
  absWorkingDir: source,
  outdir,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['@ferrule/source'],
  logLevel: 'warning',
};

await build({ ...options, entryPoints: [`./${bench}.ts`], platform: 'node', plugins: [others] });
await build({ ...options, entryPoints: ['./pure-page.ts'], platform: 'browser' });
const [status] = (await once(
  spawn(process.execPath, [`${outdir}/${bench}.js`, ...args], { stdio: 'inherit' }),
  'exit',
)) as [number | null];
process.exitCode = status ?? 1;
