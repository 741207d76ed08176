#!/usr/bin/env node
/**
 * `npx ferrule`: the command is a package of its own, @ferrule/cli, so that this library does not bring it along. Where
 * it is installed, it runs; under npx it is fetched, in exactly this version.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const installed = [import.meta.url, join(process.cwd(), 'package.json')].map(commandSeenFrom).find(Boolean);
const npm = process.env.npm_execpath ?? '';
if (installed !== undefined) await import(pathToFileURL(installed).href);
else if (/\bnp[mx]-cli\.js$/.test(npm)) process.exitCode = fetched();
else {
  console.error('ferrule: the command is in @ferrule/cli, which is not installed: npm install @ferrule/cli');
  process.exitCode = 1;
}

/** @param {string} from */
function commandSeenFrom(from) {
  try {
    const manifest = createRequire(from).resolve('@ferrule/cli/package.json');
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.ferrule);
  } catch {
    return undefined;
  }
}

function fetched() {
  const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const exec = [join(dirname(npm), 'npm-cli.js'), 'exec', '--yes', `--package=@ferrule/cli@${version}`];
  const { status } = spawnSync(process.execPath, [...exec, '--', 'ferrule', ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  return status ?? 1;
}
