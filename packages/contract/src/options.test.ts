import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { README, withOptions } from '../scripts/options-list.ts';

const readme = readFileSync(README, 'utf8');

it('README.md lists the options as their comments describe them: `npm run docs:options` writes it', () => {
  expect(readme).toBe(withOptions(readme));
});

it('each option in the list has a description', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` \| `(.*?[^\\])` \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  expect(rows.length).toBeGreaterThan(60);
  for (const [name, type, about] of rows) expect([name, type === '', about === ''], name).toEqual([name, false, false]);
  expect(rows.map(([name]) => name)).toContain('signatureAlgorithms');
});
