/** No run of six lines stands in the sources of two packages: what both need is in a package that both may import. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const RUN = 6;

/** Runs that do not mean the same thing, by the files that they are in, with the reason. */
const EXCUSED = new Map([
  ...['packages/pure/src/session/session.ts', 'packages/ssl/src/port.ts'].map((other) => [
    `packages/contract/src/quic.ts and ${other}`,
    'lists of the names of facts, each picked for its own purpose',
  ]),
  [
    'packages/conformance/src/checks/limits.ts and packages/ssl/src/context-options.ts',
    'the suite says by itself what the defaults are',
  ],
  [
    'apps/judges/src/orders/steps.ts and packages/conformance/src/checks/negotiation.ts',
    'each list of facts is for another question, and has others, too',
  ],
  [
    'apps/judges/src/browser/suite/peers.ts and packages/conformance/src/server/peer.ts',
    'the end of a connection that a page has, which can load no stream of Node',
  ],
]);

it('no package repeats six lines of another one', () => {
  const files = execFileSync('git', ['ls-files', 'packages', 'apps'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /^\w+\/[\w-]+\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|\.d\.ts$/.test(file))
    .filter((file) => existsSync(join(root, file)));
  expect(files.length).toBeGreaterThan(300);
  const seen = new Map();
  const found = new Map();
  for (const file of files) {
    const lines = codeOf(readFileSync(join(root, file), 'utf8'));
    for (let at = 0; at + RUN <= lines.length; at++) {
      const run = lines.slice(at, at + RUN);
      const text = run.map(({ code }) => code).join('\n');
      const first = seen.get(text);
      if (first === undefined) seen.set(text, { file, line: run[0].line });
      else if (packageOf(first.file) !== packageOf(file)) {
        const pair = `${first.file} and ${file}`;
        if (!found.has(pair)) found.set(pair, `${first.file}:${first.line} and ${file}:${run[0].line}`);
      }
    }
  }
  const pairs = [...found.keys()];
  expect(pairs.filter((pair) => !EXCUSED.has(pair)).map((pair) => found.get(pair))).toEqual([]);
  expect([...EXCUSED.keys()].filter((pair) => !found.has(pair))).toEqual([]);
});

const packageOf = (file) => file.split('/', 2).join('/');

/** Lines that say something: neither blank, nor comment, nor import, nor brackets alone. */
function codeOf(text) {
  return text
    .replaceAll(/\/\*[^]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/^(?:import|export) [^;]*? from '[^']+';$/gm, (statement) => statement.replaceAll(/[^\n]/g, ''))
    .split('\n')
    .map((code, index) => ({ code: code.replace(/(^|\s)\/\/.*/, '').trim(), line: index + 1 }))
    .filter(({ code }) => /\w/.test(code));
}
