import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { colorsFor } from './report.ts';

describe('colorsFor()', () => {
  it.each<[string, boolean, NodeJS.ProcessEnv, boolean]>([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['NO_COLOR at a terminal', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR, which says nothing', true, { NO_COLOR: '' }, true],
    ['a terminal that knows none', true, { TERM: 'dumb' }, false],
    ['FORCE_COLOR in a pipe', false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', true, { FORCE_COLOR: '0', NO_COLOR: '1' }, false],
  ])('%s', (_title, isTTY, env, colored) => {
    expect(colorsFor({ isTTY }, env).red('x') !== 'x').toBe(colored);
  });

  it('is where every colour of the command comes from', () => {
    for (const file of readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    )) {
      const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
      expect(source, file).not.toMatch(/\\(u001b|x1b|e)\[[\d;]*m/);
      if (file !== 'report.ts') expect(source, file).not.toMatch(/from 'picocolors'/);
    }
  });
});
