/** @module The judge that runs libraries' own tests, over a checkout of three files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lost, runLibraryTests } from '../src/library-tests/run.ts';
import { SUITES } from '../src/library-tests/suites.ts';

const source = mkdtempSync(join(tmpdir(), 'ferrule-library-tests-'));
const FILES = {
  'same.js': "require('node:test').test('passes with both', () => {}); // https-pem",
  // node:tls has this version, ferrule refuses it
  'version.js': `require('node:test').test('an old version', () => {
    require('tls').connect({ port: 1, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }).on('error', () => {});
  });`,
  // Its first run fails
  'late.js': `require('node:test').test('passes later', () => {
    const { existsSync, writeFileSync } = require('fs');
    const mark = __filename + (process.env.FERRULE_BACKEND ?? 'node');
    if (existsSync(mark)) return;
    writeFileSync(mark, '');
    throw new Error('https-pem');
  });`,
  'other.js': 'throw new Error();',
};

beforeAll(() => {
  mkdirSync(join(source, 'test'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(source, 'test', name), text);
});
afterAll(() => rmSync(source, { recursive: true }));

describe("the judge of libraries' own tests", () => {
  it('counts what passes with node:tls, and what of it does not with ferrule', async () => {
    const told: string[] = [];
    const results = await runLibraryTests({
      suite: SUITES.undici,
      source,
      engines: ['pure'],
      only: '',
      timeout: 60_000,
      again: 1,
      told: ({ file, tls }) => told.push(`${file} ${tls}`),
    });
    expect(results.map(({ file, tls, passed, failed, late }) => [file, tls, passed, failed, late])).toEqual([
      ['test/late.js', 'node:tls', ['passes later', 'to the end'], [], ['passes later', 'to the end']],
      ['test/late.js', 'pure', ['passes later', 'to the end'], [], ['passes later', 'to the end']],
      ['test/same.js', 'node:tls', ['passes with both', 'to the end'], [], []],
      ['test/same.js', 'pure', ['passes with both', 'to the end'], [], []],
      ['test/version.js', 'node:tls', ['an old version', 'to the end'], [], []],
      ['test/version.js', 'pure', [], ['an old version'], []],
    ]);
    expect(lost(results, 'pure')).toEqual(['test/version.js: an old version', 'test/version.js: to the end']);
    expect(told).toHaveLength(6);
  });

  it("reads node-postgres's own output", () => {
    expect(SUITES.pg.told('x-tests.js\n  connects ✔\n  is cut FAILED!\n\nError\n  not run ? - SKIPPED\n')).toEqual({
      passed: ['connects'],
      failed: ['is cut'],
    });
  });
});
