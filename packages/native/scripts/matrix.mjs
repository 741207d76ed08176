/**
 * The same addon file under other Nodes: runs this package's tests with each.
 *
 *     npm run matrix -w @ferrule/native                     Node 22, 24 and 26, installed from npm if they are not yet
 *     npm run matrix -w @ferrule/native -- 24 path/to/node  these
 *
 * Nodes from npm are kept outside the repository, in the system's directory for temporary files.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const wanted = process.argv.slice(2);
const results = (wanted.length > 0 ? wanted : ['22', '24', '26']).map((which) => {
  const node = /^\d+$/.test(which) ? fromNpm(which) : resolve(which);
  const { stdout: versions } = spawnSync(
    node,
    ['-p', '`Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`'],
    { encoding: 'utf8' },
  );
  console.log(`\nmatrix: ${versions.trim()}`);
  const { status } = spawnSync(node, [vitest, 'run'], { cwd: here, stdio: 'inherit' });
  return { versions: versions.trim(), passed: status === 0 };
});
console.log('');
for (const { versions, passed } of results) console.log(`matrix: ${versions}: ${passed ? 'passed' : 'FAILED'}`);
if (results.some(({ passed }) => !passed)) process.exit(1);

function fromNpm(major) {
  const directory = join(tmpdir(), `ferrule-node-${major}`);
  const node = join(directory, 'node_modules/.bin/node');
  if (!existsSync(node) || statSync(node).size === 0) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
    const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${major}`], {
      cwd: directory,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`npm could not install node@${major}`);
  }
  return node;
}
