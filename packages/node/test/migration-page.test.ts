import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { migrationPage, PAGE } from '../scripts/migration-page.ts';

it('docs/migrating-from-node-tls.md is what the table of options says: npm run docs:node-tls writes it', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(migrationPage());
});
