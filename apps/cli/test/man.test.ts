import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { manPage, PAGE } from '../scripts/man-page.ts';

it('man/ferrule.1 is what the commands say', () => {
  expect(readFileSync(PAGE, 'utf8'), 'run `npm run docs:man`').toBe(manPage());
});

it.skipIf(spawnSync('which', ['man']).status !== 0)('man(1) renders it without a complaint', () => {
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', fileURLToPath(PAGE)], {
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
  });
  expect([status, stderr]).toEqual([0, '']);
  for (const word of ['--each-address', 'ferrule inspect <target>', 'EXIT STATUS']) expect(stdout).toContain(word);
});
