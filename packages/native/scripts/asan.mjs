/**
 * The native suite under AddressSanitizer and UndefinedBehaviorSanitizer: builds the addon with both, preloads their
 * run times into Node, and runs every test of this package. Red zones stand around JavaScript's ArrayBuffers too.
 *
 *     npm run asan -w @ferrule/native [-- arguments for vitest]
 *
 * Leaks are looked for in a second step, in a process that ends by itself (the test runner's workers are killed).
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const compiler = process.env.CXX ?? 'c++';

if (process.platform !== 'linux') {
  console.log('native:asan: the sanitizers are preloaded as Linux does it; skipped here');
  process.exit(0);
}
const runtimes = ['libasan.so', 'libubsan.so'].map(
  (name) => spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout?.trim() ?? '',
);
if (!runtimes.every((file) => existsSync(file))) {
  console.log(`native:asan: ${compiler} comes without libasan and libubsan; skipped`);
  process.exit(0);
}

step('build', [join(here, 'build.mjs'), '--sanitize'], {});
const sanitized = {
  FERRULE_NATIVE_ADDON: join(here, 'build/sanitize/ferrule.node'),
  LD_PRELOAD: runtimes.join(':'),
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};
const options = 'abort_on_error=0:exitcode=99:strict_string_checks=1:detect_stack_use_after_return=0';
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
step('suite', [vitest, 'run', '--testTimeout=300000', ...process.argv.slice(2)], {
  ...sanitized,
  ASAN_OPTIONS: `${options}:detect_leaks=0`,
});
step('leaks', ['--conditions=@ferrule/source', '--import', 'tsx', join(here, 'scripts/leaks.ts')], {
  ...sanitized,
  ASAN_OPTIONS: `${options}:detect_leaks=1`,
  LSAN_OPTIONS: `suppressions=${join(here, 'scripts/lsan.supp')}:print_suppressions=0`,
});
console.log('native:asan: clean');

function step(name, args, env) {
  console.log(`native:asan: ${name}`);
  const { status, signal } = spawnSync(process.execPath, args, {
    cwd: here,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    console.error(`native:asan: ${name} failed (${signal ?? `exit code ${status}`})`);
    process.exit(1);
  }
}
