/** ferrule-relay as it is run. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const COMMAND = [
  '--conditions=@ferrule/source',
  '--import',
  'tsx',
  fileURLToPath(new URL('../src/main.ts', import.meta.url)),
];
const run = (...args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [...COMMAND, ...args], { encoding: 'utf8' });

it('--help has every option and examples, --version a number', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  for (const option of [
    '--allow HOST',
    '--allow-private',
    '--listen',
    '--origin',
    '--password',
    '--idle',
    '--grace',
    '--json',
    'Examples:',
  ])
    expect(stdout).toContain(option);
  expect(run('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it.each([
  [[], /--allow: name at least one/],
  [['--allow', 'db.example.org'], /: --allow: "db\.example\.org" is not host:port/],
  [['--allow', 'a:1', '--listen', 'here'], /--listen: here is not HOST:PORT/],
  [['--allow', 'a:1', '--idle', 'long'], /--idle: long is not a whole number/],
  [['--allow', 'a:1', '--password', 'secret'], /--password: not USER:PASS/],
  [['--allow', 'a:1', '--frob'], /--frob/],
] as const)('%j is a usage error', (args, said) => {
  const { status, stdout, stderr } = run(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(said);
  expect(stderr).not.toMatch(/secret|\n +at /);
});

it('exits with 1 where the port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { readonly port: number };
  const { status, stderr } = run('--allow', 'a:1', '--listen', `127.0.0.1:${port}`);
  taken.close();
  expect(status).toBe(1);
  expect(stderr).toMatch(/EADDRINUSE/);
});

it('says where it listens, how it is, and ends at SIGTERM with 0', async () => {
  const relay = spawn(process.execPath, [...COMMAND, '--allow', 'a:1', '--listen', '127.0.0.1:0', '--json']);
  const ended = once(relay, 'close');
  const lines = createInterface({ input: relay.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<{ readonly event: string; readonly url: string }> =>
    JSON.parse(String((await lines.next()).value)) as { readonly event: string; readonly url: string };
  const { event, url } = await next();
  expect(event).toBe('listening');
  const health = await fetch(`${url.replace(/^ws/, 'http')}health`);
  expect(health.status).toBe(200);
  relay.kill('SIGTERM');
  expect((await next()).event).toBe('ending');
  expect((await next()).event).toBe('ended');
  expect(await ended).toEqual([0, null]);
});
