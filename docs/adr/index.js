/**
 * Writes the list of decisions into README.md, from the files' titles. `npm run docs:adr`; with --check it only says
 * whether the list is up to date. A new decision gets the day of its first commit, or today's.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const readme = join(here, 'README.md');
const BEGIN = '| decision | since | |\n|---|---|---|\n';

const old = readFileSync(readme, 'utf8');
const known = new Map(
  [...old.matchAll(/\]\((\d{4}-[^)]+\.md)\) \| (\d{4}-\d\d-\d\d) \|/g)].map(([, file, date]) => [file, date]),
);
const rows = readdirSync(here)
  .filter((name) => /^\d{4}-.*\.md$/.test(name))
  .sort()
  .map((file) => {
    const text = readFileSync(join(here, file), 'utf8');
    const title = /^# (.+)$/m.exec(text)?.[1] ?? file;
    const successor = /^Superseded by (\[[^\]]+\]\([^)]+\))/m.exec(text)?.[1];
    return `| [${title}](${file}) | ${known.get(file) ?? firstCommit(file)} | ${successor === undefined ? '' : `superseded by ${successor}`} |\n`;
  });
const at = old.indexOf(BEGIN);
const fresh = `${at < 0 ? `${old.trimEnd()}\n\n` : old.slice(0, at)}${BEGIN}${rows.join('')}`;

if (process.argv[2] !== '--check') writeFileSync(readme, fresh);
else if (fresh !== old) {
  console.error('docs/adr/README.md does not list the decisions as they are: run `npm run docs:adr`');
  process.exitCode = 1;
}

function firstCommit(file) {
  const dates = execFileSync('git', ['log', '--diff-filter=A', '--format=%as', '--', file], {
    cwd: here,
    encoding: 'utf8',
  })
    .trim()
    .split('\n');
  return dates.at(-1) || new Date().toISOString().slice(0, 10);
}
