import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'tsup';
import { afterAll, beforeAll, expect, it } from 'vitest';

const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const echo = createServer((socket) => socket.pipe(socket));
let outDir: string;

beforeAll(async () => {
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  outDir = await mkdtemp(join(tmpdir(), 'ferrule-node-'));
  // As tsup.config.ts does, but with the other packages bundled, so that it runs from anywhere
  await build({
    entry: { index: source('blocking-connect.ts'), 'socket-worker': source('socket-worker.ts') },
    format: ['esm', 'cjs'],
    platform: 'node',
    shims: true,
    splitting: true,
    outDir,
    noExternal: [/^@ferrule\//],
    esbuildOptions: (options) => {
      options.conditions = ['@ferrule/source'];
    },
    config: false,
    silent: true,
  });
  await writeFile(join(outDir, 'package.json'), '{ "type": "module" }');
});
afterAll(async () => {
  echo.close();
  await rm(outDir, { recursive: true });
});

const program = (load: string): string => `${load}
const socket = blockingConnect({ host: '127.0.0.1', port: ${(echo.address() as AddressInfo).port}, timeout: 20000 });
socket.write(Buffer.from('built'));
const into = Buffer.alloc(5);
for (let at = 0; at < 5; ) at += socket.read(into.subarray(at));
socket.close();
console.log(into.toString());`;

it.each([
  ['an ES module', 'program.mjs', "import { blockingConnect } from './index.js';"],
  ['a CommonJS module', 'program.cjs', "const { blockingConnect } = require('./index.cjs');"],
])('the built package finds its worker from %s, and the process ends by itself', async (_what, name, load) => {
  await writeFile(join(outDir, name), program(load));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(outDir, name)], {
    env: {},
    timeout: 25_000,
  });
  expect([stdout, stderr]).toEqual(['built\n', '']);
});

it('a process ends although a blocking socket was never closed', async () => {
  const name = join(outDir, 'forgotten.mjs');
  await writeFile(name, program("import { blockingConnect } from './index.js';").replace('socket.close();', ''));
  const { stdout } = await promisify(execFile)(process.execPath, [name], { env: {}, timeout: 25_000 });
  expect(stdout).toBe('built\n');
});
