import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/**
 * The sections of RFC 9846's chapter 4, which RFC 8446 numbers otherwise: a citation by the old number names none of
 * them, or the wrong one.
 */
const CHAPTER_4 = new Set([
  '4',
  '4.1',
  '4.2',
  '4.2.1',
  '4.2.2',
  '4.2.3',
  '4.2.4',
  '4.3',
  '4.3.1',
  '4.3.2',
  '4.3.3',
  '4.3.4',
  '4.3.5',
  '4.3.6',
  '4.3.7',
  '4.3.8',
  '4.3.8.1',
  '4.3.8.2',
  '4.3.9',
  '4.3.10',
  '4.3.11',
  '4.3.11.1',
  '4.3.11.2',
  '4.3.11.3',
  '4.4',
  '4.4.1',
  '4.4.2',
  '4.5',
  '4.5.1',
  '4.5.1.1',
  '4.5.1.2',
  '4.5.1.3',
  '4.5.2',
  '4.5.3',
  '4.6',
  '4.7',
  '4.7.1',
  '4.7.2',
  '4.7.3',
]);

/**
 * What is at a number in RFC 8446 and elsewhere in RFC 9846, in words: a line that names the thing must have the new
 * number.
 */
const MOVED = [
  [/ClientHello1? is replaced|message that holds its hash/, '4.1'],
  [/KeyUpdate, RFC 9846/, '4.7.3'],
];

const root = fileURLToPath(new URL('../../', import.meta.url));
const SKIPPED = new Set([
  'node_modules',
  'dist',
  'build',
  '.git',
  '.turbo',
  'coverage',
  'CHANGELOG.md',
  'citations.test.js',
]);

/** @param {string} folder @returns {string[]} */
function filesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesOf(path);
    return /\.(?:ts|js|mjs|md|cpp|h|json)$/.test(entry.name) ? [path] : [];
  });
}

it('cites RFC 9846 by its own section numbers', () => {
  const wrong = [];
  let cited = 0;
  for (const path of ['packages', 'apps', 'docs', 'tooling'].flatMap((folder) => filesOf(join(root, folder)))) {
    for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
      for (const [, list] of line.matchAll(/RFC 9846 (?:sections? |§)((?:\d+(?:\.\d+)*(?:, | and )?)+)/g)) {
        for (const number of list.match(/\d+(?:\.\d+)*/g)) {
          cited++;
          if (number.split('.')[0] === '4' && !CHAPTER_4.has(number))
            wrong.push(`${path.slice(root.length)}:${index + 1}: there is no section ${number}`);
        }
        for (const [words, number] of MOVED) {
          if (words.test(line) && !list.includes(number))
            wrong.push(`${path.slice(root.length)}:${index + 1}: that is section ${number}`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(cited).toBeGreaterThan(100);
});
