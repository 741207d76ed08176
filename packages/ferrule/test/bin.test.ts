/** `npx ferrule` finds the command, which is a package of its own. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const project = mkdtempSync(join(tmpdir(), 'ferrule-bin-'));
afterAll(() => rmSync(project, { recursive: true }));
const home = join(project, 'node_modules/ferrule');
function write(file: string, text: string): void {
  mkdirSync(join(project, file, '..'), { recursive: true });
  writeFileSync(join(project, file), text);
}
const run = (npm: string): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(home, 'bin.mjs'), 'get', 'a b'], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, npm_execpath: npm },
  });

describe('the bin of ferrule', () => {
  mkdirSync(home, { recursive: true });
  copyFileSync(fileURLToPath(new URL('../bin.mjs', import.meta.url)), join(home, 'bin.mjs'));
  write('node_modules/ferrule/package.json', JSON.stringify({ name: 'ferrule', version: '1.2.3' }));

  it('names the package to install where the command is not', () => {
    const { status, stderr } = run('');
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('npm install @ferrule/cli') as string,
    });
  });

  it('asks npm for the command in its own version, under npx', () => {
    write('npm/npm-cli.js', 'console.log(JSON.stringify(process.argv.slice(2)))');
    expect(JSON.parse(run(join(project, 'npm/npx-cli.js')).stdout)).toEqual([
      'exec',
      '--yes',
      '--package=@ferrule/cli@1.2.3',
      '--',
      'ferrule',
      'get',
      'a b',
    ]);
  });

  it('runs the command that is installed beside it, with its arguments', () => {
    write(
      'node_modules/@ferrule/cli/package.json',
      JSON.stringify({ name: '@ferrule/cli', type: 'module', bin: { ferrule: './dist/main.js' } }),
    );
    write(
      'node_modules/@ferrule/cli/dist/main.js',
      'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;',
    );
    const { status, stdout } = run('');
    expect({ status, args: JSON.parse(stdout) as unknown }).toEqual({ status: 7, args: ['get', 'a b'] });
  });
});
