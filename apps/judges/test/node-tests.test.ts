/** @module The judge that runs Node's own tests, over a tree of three tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNodeTests } from '../src/node-tests/run.ts';

const source = mkdtempSync(join(tmpdir(), 'ferrule-node-tests-'));
const TESTS = {
  'test-tls-same.js': "// tls.connect(\nrequire('assert')(typeof require('tls').connect === 'function');",
  // node:tls tries it, ferrule refuses the version
  'test-tls-wrong.js':
    "require('tls').connect({ port: 1, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }).on('error', () => {});",
  'test-tls-unsuited.js': '// tls.connect(\nthrow new Error();',
  'test-fs-other.js': '// tls.connect(\nthrow new Error();',
};

beforeAll(() => {
  mkdirSync(join(source, 'test', 'parallel'), { recursive: true });
  for (const [name, text] of Object.entries(TESTS)) writeFileSync(join(source, 'test', 'parallel', name), text);
});
afterAll(() => rmSync(source, { recursive: true }));

describe("the judge of Node's own tests", () => {
  it('runs each with node:tls, and what passes with ferrule', async () => {
    const told: string[] = [];
    const results = await runNodeTests({
      source,
      backend: 'pure',
      truncation: 'end',
      only: '',
      jobs: 2,
      timeout: 60_000,
      register: undefined,
      told: ({ test, outcome, said }) => told.push(`${test} ${outcome} ${said ?? ''}`),
    });
    expect(results.map(({ test, outcome }) => [test, outcome])).toEqual([
      ['test-tls-same.js', 'passed'],
      ['test-tls-unsuited.js', 'unsuited'],
      ['test-tls-wrong.js', 'failed'],
    ]);
    expect(results.at(-1)?.said).toMatch(/maxVersion/);
    expect(told).toHaveLength(3);
  });
});
