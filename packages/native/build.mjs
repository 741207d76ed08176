/**
 * Builds the addon with nothing but Node, npm and a C++ compiler: one compiler call, no node-gyp, nothing downloaded.
 * Node-API's headers come from npm (node-api-headers, node-addon-api), OpenSSL's declarations from core/openssl.h.
 *
 *     node build.mjs               prebuilds/<platform>-<arch>/ferrule.node
 *     node build.mjs --sanitize    build/sanitize/ferrule.node, with AddressSanitizer and UndefinedBehaviorSanitizer
 *     node build.mjs --rules RULES.cpp OUT.node   OUT.node, with that file in place of core/rules.cpp: for mutations
 *     node build.mjs --check       compares core/openssl.h with the OpenSSL headers of this machine; builds nothing
 *
 * Without a compiler the addon is not built, which is no error: the loader then says so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const mode = process.argv[2];

const compiler = [process.env.CXX, 'c++', 'g++', 'clang++'].find((name) => name && spawnSync(name, ['--version']).status === 0);

if (compiler === undefined || process.platform === 'win32') {
  const why = process.platform === 'win32' ? 'this script does not know how to build on Windows' : 'no C++ compiler was found (CXX, c++, g++, clang++)';
  console.log(`@ferrule/native: ${why}; the addon is not built and the engine will not load, everything else works`);
} else if (mode === '--check') {
  check();
} else {
  build(mode === '--sanitize', mode === '--rules' ? process.argv.slice(3) : []);
}

function build(sanitize, [rules, chosen]) {
  const directory = join(here, sanitize ? 'build/sanitize' : `prebuilds/${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`);
  mkdirSync(directory, { recursive: true });
  const output = chosen ?? join(directory, 'ferrule.node');
  const sources = ['core', 'addon'].flatMap((folder) => readdirSync(join(here, folder)).filter((name) => name.endsWith('.cpp') && name !== 'openssl_check.cpp').map((name) => (rules !== undefined && name === 'rules.cpp' ? resolve(rules) : join(folder, name))));
  const darwin = process.platform === 'darwin';
  const flags = [
    '-std=c++17', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti',
    ...(rules === undefined ? [] : [`-I${join(here, 'core')}`]), '-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS',
    `-I${resolve(dirname(require.resolve('node-addon-api/package.json')))}`,
    `-I${require('node-api-headers').include_dir}`,
    ...(sanitize ? ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : ['-O2']),
    // nodelete: OpenSSL keeps pointers into the addon (a BIO_METHOD) for as long as the process lives.
    ...(darwin ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-Wl,-z,now', '-Wl,-z,nodelete', ...(sanitize ? [] : ['-s'])]),
  ]; // prettier-ignore
  // Written beside and then renamed: a process that has the old one loaded goes on with it.
  const fresh = `${output}.${process.pid}`;
  run([...flags, ...sources, '-o', fresh, ...(darwin ? [] : ['-ldl'])]);
  renameSync(fresh, output);
}

/** Every set of OpenSSL 3 headers that is here: beside this Node, and the system's. */
function check() {
  const prefix = resolve(realpathSync(process.execPath), '../..');
  const places = [join(prefix, 'include/node'), '/usr/include', ...process.argv.slice(3)].filter((place) => existsSync(join(place, 'openssl/ssl.h')));
  if (places.length === 0) console.log('@ferrule/native: no OpenSSL headers on this machine; core/openssl.h is not checked');
  for (const place of places) {
    run(['-std=c++17', '-fsyntax-only', `-I${place}`, 'core/openssl_check.cpp']);
    console.log(`@ferrule/native: core/openssl.h agrees with ${place}/openssl`);
  }
}

function run(args) {
  const { status } = spawnSync(compiler, args, { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Node's report names the version of glibc it runs on, where it does. */
function isMusl() {
  return process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined;
}
