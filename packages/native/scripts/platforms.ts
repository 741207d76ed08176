/**
 * The packages of the platforms: builds each addon, reads back what was built, and writes a package around it.
 *
 *     npm run platforms -w @ferrule/native -- --zig PATH [NAME…]   builds, checks and writes npm/NAME, by default all
 *     npm run platforms -w @ferrule/native -- [NAME…]              checks and writes what is in npm/ already
 *
 * With --published nothing is written: it fails unless every platform's file is right and package.json asks for all of
 * them. npm runs it before it publishes @ferrule/native.
 *
 * With --release, and when all of them are right, package.json of @ferrule/native then asks for them: for publishing,
 * not for a commit.
 *
 * Zig brings its own C libraries, so that one Linux machine builds for all of targets.json (`pip install ziglang`).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { binaryProblems, type Target } from './binary.ts';
import { missingPlatforms, withPlatforms, writePackage } from './platform-package.ts';

const native = join(dirname(fileURLToPath(import.meta.url)), '..');
const targets = JSON.parse(readFileSync(join(native, 'targets.json'), 'utf8')) as Target[];
const { values, positionals } = parseArgs({
  options: {
    zig: { type: 'string' },
    release: { type: 'boolean', default: false },
    published: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
for (const name of positionals)
  if (!targets.some((target) => target.name === name)) throw new Error(`${name} is not in targets.json`);

const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
let failed = false;
for (const target of chosen) {
  const file = join(native, 'npm', target.name, 'ferrule.node');
  const built =
    values.zig === undefined
      ? 0
      : spawnSync(process.execPath, [join(native, 'build.mjs'), '--target', target.name, '--zig', values.zig], {
          stdio: 'inherit',
        }).status;
  const problems =
    built !== 0
      ? ['it was not built']
      : existsSync(file)
        ? binaryProblems(readFileSync(file), target)
        : ['there is no file'];
  if (problems.length === 0 && !values.published) writePackage(native, target);
  failed ||= problems.length > 0;
  console.log(
    `${target.name}: ${problems.length > 0 ? problems.join('; ') : `${readFileSync(file).length} bytes, sha256 ${createHash('sha256').update(readFileSync(file)).digest('hex')}`}`,
  );
}
const manifest = join(native, 'package.json');
if (values.release && !failed) {
  writeFileSync(
    manifest,
    `${JSON.stringify(withPlatforms(JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }, chosen), null, 2)}\n`,
  );
}
if (values.published) {
  const missing = missingPlatforms(JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }, targets);
  failed ||= missing.length > 0;
  if (failed)
    console.error(
      `@ferrule/native is not published without the packages of all platforms${missing.length === 0 ? '' : `; package.json does not ask for ${missing.join(', ')}`}: npm run platforms -w @ferrule/native -- --release --zig PATH`,
    );
}
process.exitCode = failed ? 1 : 0;
