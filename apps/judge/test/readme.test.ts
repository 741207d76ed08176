/** Each command line of the README runs as it stands, where its tool is installed. */
import { execFileSync, execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { scratch } from './support.ts';

const fileAt = scratch();

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const lines = [...readme.matchAll(/^```sh\n(npx @ferrule\/judge .*)\n```/gm)].map(([, line = '']) => line);
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = fileAt('readme');

const TOOLS = ['curl', 'python3', 'node', 'go'] as const;
function installed(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const toolOf = (line: string): string =>
  line.includes('./client') ? 'go' : (TOOLS.find((tool) => new RegExp(`\\b${tool} -`).test(line)) ?? 'none');

beforeAll(() => {
  mkdirSync(folder);
  const [, program = ''] = /^```go\n([^]*?)^```/m.exec(readme) ?? [];
  writeFileSync(`${folder}/main.go`, program);
  if (installed('go')) execFileSync('go', ['build', '-o', 'client', 'main.go'], { cwd: folder, stdio: 'pipe' });
}, 240_000);

it('there is a line for each of them', () => {
  expect(new Set(lines.map(toolOf))).toEqual(new Set(TOOLS));
});

it.each(lines)('%s', { timeout: 120_000 }, async (line) => {
  const tool = toolOf(line);
  if (!installed(tool)) return console.warn(`${tool} is not installed: its line was not run`);
  const source = `"${process.execPath}" --conditions=@ferrule/source --import "${import.meta.resolve('tsx')}" "${main}"`;
  // Two of the rows that the line adds, otherwise one kind of certificate
  const only = line.includes('{crl}')
    ? 'revoked, by the list'
    : line.includes('resumption')
      ? 'taken up, and a Certificate'
      : 'certificate: another name';
  const run = line.replace('npx @ferrule/judge', `${source} --only '${only}'`);
  const { stdout } = await promisify(execFile)('sh', ['-c', run], { cwd: folder });
  expect(stdout).toMatch(/^2 servers: \d right, 0 faults, \d advice, 0 not applicable\n$/);
});
