/** ARCHITECTURE.md leads to the right place: what it names exists. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const quoted = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
const rows = [...text.matchAll(/^\| ([^|]+\?) \| ([^|]+) \| ([^|]*) \|$/gm)].map(([, question, files, symbols]) => ({
  question,
  files: quoted(files),
  symbols: quoted(symbols),
}));

describe('ARCHITECTURE.md', () => {
  it('answers at least thirty questions', () => expect(rows.length).toBeGreaterThanOrEqual(30));

  it.each(rows)('$question', ({ files, symbols }) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
    expect(symbols.filter((symbol) => !declares(sources, symbol))).toEqual([]);
  });

  it('names no other file that is gone', () => {
    const paths = quoted(text).filter((name) => /^(?:apps|packages|tooling|docs)\/[\w./-]+$/.test(name));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

it('no source file has more than 500 lines', () => {
  const files = execFileSync('git', ['ls-files', 'packages', 'apps'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /^\w+\/[\w-]+\/(?:src\/.*\.ts|(?:addon|core)\/.*\.(?:cpp|h))$/.test(file))
    .filter((file) => !file.endsWith('.test.ts') && existsSync(join(root, file)));
  expect(files.length).toBeGreaterThan(300);
  const isLong = (file) => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length > 500;
  expect(files.filter(isLong)).toEqual([]);
});

it.each(['native/src/connection', 'pure/src/connection', 'node/src/duplex/tls-duplex'])(
  '%s.ts has less than 300 lines',
  (file) => {
    const text = readFileSync(join(root, `packages/${file}.ts`), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(300);
  },
);

/** A declaration of TypeScript, or the definition of a function or type of C++. */
function declares(sources, symbol) {
  const word = symbol.replaceAll(/[$.]/g, '\\$&');
  return (
    new RegExp(`(?:function\\*?|const|class|interface|type|struct)\\s+${word}\\b`).test(sources) ||
    new RegExp(`^[\\w:*&<> ]+[ :]${word}\\(.*\\{`, 'm').test(sources)
  );
}
