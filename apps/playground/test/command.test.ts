/** `npm run playground`. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { DemonstrationFacts } from '../src/behaviours.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const node = ['--conditions=@ferrule/source', '--import', 'tsx', main];

it('prints where the page is, serves it to nobody else, and takes everything down at Ctrl-C', async () => {
  const child = spawn(process.execPath, [...node, '--allow', 'example.org:443']);
  const url = await urlOf(child);
  const page = await fetch(url);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toMatch(/<script type="module"[^>]* src="\.\/assets\//);
  const { relay, allow } = (await (await fetch(`${url}demonstration.json`)).json()) as DemonstrationFacts;
  expect(allow).toEqual(['example.org:443']);
  // By another name, as a page of somebody else's site would ask
  const { port } = new URL(url);
  const other = spawnSync('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-H',
    `Host: evil.example:${port}`,
    url,
  ]);
  if (other.status === 0) expect(String(other.stdout)).toBe('404');
  const health = relay.replace('ws:', 'http:') + 'health';
  expect((await fetch(health)).status).toBe(200);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await expect(fetch(health)).rejects.toThrow();
});

it('explains itself, and refuses what it does not know', () => {
  const run = (...options: string[]): readonly [number | null, string, string] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...options], { encoding: 'utf8' });
    return [status, stdout, stderr];
  };
  expect(run('--help')).toEqual([0, expect.stringContaining('--allow HOST:PORT'), '']);
  expect(run('--port', '70000')).toEqual([2, '', expect.stringContaining('--port: 70000 is not')]);
  expect(run('--allow', 'nonsense')).toEqual([1, '', expect.stringContaining('"nonsense" is not host:port')]);
});

/** The first line has it. */
async function urlOf({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  let said = '';
  for await (const bytes of stdout) {
    said += String(bytes);
    const [, url] = /(http:\/\/127\.0\.0\.1:\d+\/)/.exec(said) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`it ended: ${said}`);
}
