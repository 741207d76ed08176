#!/usr/bin/env node
/**
 * Builds the addon of the @ferrule/native that the project in this folder uses, with a C++17 compiler of this machine.
 * The sources and the way to build them are in @ferrule/native; Node-API's headers come with this package.
 *
 *     npx ferrule-native-build [--zig PATH]
 */
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = findNative(join(process.cwd(), 'package.json'));
if (native === undefined) {
  console.error(
    `ferrule-native-build: @ferrule/native is not installed in ${process.cwd()}: run this in the folder of the project that uses it`,
  );
  process.exit(1);
}
const script = join(native, 'build.mjs');
const { status } = spawnSync(
  process.execPath,
  [script, '--strict', '--headers', fileURLToPath(import.meta.url), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);
console.log(`ferrule-native-build: built in ${join(native, 'prebuilds')}`);

/**
 * pnpm lets a package see what it asks for itself and nothing else, hence the way through `ferrule` and
 * `@ferrule/node`.
 */
function findNative(from) {
  const require = createRequire(from);
  try {
    return dirname(realpathSync(require.resolve('@ferrule/native/package.json')));
  } catch {
    for (const name of ['ferrule', '@ferrule/node', '@ferrule/cli']) {
      try {
        const found = findNative(require.resolve(`${name}/package.json`));
        if (found !== undefined) return found;
      } catch {
        // Not installed
      }
    }
    return undefined;
  }
}
