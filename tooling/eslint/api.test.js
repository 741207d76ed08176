/** What the published packages export is what docs/api says, and names nothing that is not exported itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, reports } from './api.js';

const fresh = reports();

describe('docs/api', () => {
  it('has one report for each published package', () =>
    expect(readdirSync(folder).toSorted()).toEqual([...fresh.keys()].toSorted()));

  it.each([...fresh.keys()])('%s is what is exported; after a change of the surface run `npm run docs:api`', (file) =>
    expect(readFileSync(join(folder, file), 'utf8')).toBe(fresh.get(file)?.text),
  );

  it.each([...fresh])('%s names no type of its package that no entry point exports', (file, { leaks }) =>
    expect(leaks).toEqual([]),
  );
});
