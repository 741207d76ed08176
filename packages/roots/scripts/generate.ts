/**
 * `npm run roots [-- --pem FILE] [--check]`: writes src/data.ts from the roots of the Node.js that runs it, which are
 * Mozilla's for servers, or from a file of PEM certificates such as Debian's ca-certificates.crt.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { rootCertificates } from 'node:tls';
import { linesOf } from './lines.ts';

const HELP = `npm run roots [-- OPTIONS]   writes packages/roots/src/data.ts

  --pem FILE   read the roots from this file; default: those of the Node.js that runs this (take the newest)
  --check      write nothing; exit status 1 where the list would change
  --help       this

Examples
  npm run roots
  npm run roots -- --pem /etc/ssl/certs/ca-certificates.crt --check
`;
const DATA = new URL('../src/data.ts', import.meta.url);

const { values } = parseArgs({
  options: { pem: { type: 'string' }, check: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help === true) process.stdout.write(HELP);
else {
  const { pem } = values;
  const text = pem === undefined ? rootCertificates.join('\n') : readFileSync(pem, 'latin1');
  const lines = linesOf(text, Date.now());
  const data = `/** @module Made by \`npm run roots\`: change nothing here. A line is one root: subject, key and constraints, each base64 of its DER. */

export const GENERATED_AT = '${new Date().toISOString().slice(0, 10)}';
export const SOURCE = '${pem === undefined ? `Node.js ${process.versions.node}` : pem}';
export const ANCHORS: readonly string[] = [
${lines.map(({ name, line }) => `  // ${name}\n  '${line}',\n`).join('')}];
`;
  const old = readFileSync(DATA, 'utf8');
  const listOf = (file: string): string => file.slice(file.indexOf('ANCHORS'));
  const changed = listOf(old) !== listOf(data);
  process.stdout.write(`${lines.length} roots, ${changed ? 'changed' : 'as before'}\n`);
  if (values.check === true) process.exitCode = changed ? 1 : 0;
  else writeFileSync(DATA, data);
}
