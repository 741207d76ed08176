/**
 * Builds the addon with nothing but Node, npm and a C++ compiler: one compiler call, no node-gyp, nothing downloaded.
 * Node-API's headers come from npm (node-api-headers, node-addon-api), OpenSSL's declarations from core/openssl.h.
 *
 *     node build.mjs               prebuilds/<platform>-<arch>[-musl]/ferrule.node, for this machine
 *     node build.mjs --zig PATH    the same with zig's compiler in place of CXX, c++, g++ or clang++
 *     node build.mjs --target NAME --zig PATH   npm/NAME/ferrule.node, for a platform of targets.json, on any machine
 *     node build.mjs --sanitize    build/sanitize/ferrule.node, with AddressSanitizer and UndefinedBehaviorSanitizer
 *     node build.mjs --core FOLDER OUT.node   OUT.node, with the sources of that folder in place of core's: for mutations
 *     node build.mjs --check       compares core/openssl.h with the OpenSSL headers of this machine; builds nothing
 *
 * `--headers FILE` looks for Node-API's headers from that file on: `npx ferrule-native-build` brings them along.
 * Without a compiler the addon is not built, which is not an error: the loader then says so. `--strict` makes it one.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    zig: { type: 'string' },
    target: { type: 'string' },
    headers: { type: 'string' },
    sanitize: { type: 'boolean', default: false },
    core: { type: 'string' },
    check: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const require = createRequire(values.headers ?? import.meta.url);
const targets = JSON.parse(readFileSync(join(here, 'targets.json'), 'utf8'));
const host = targets.find(
  ({ os, cpu, libc }) => os === process.platform && cpu === process.arch && libc === hostLibc(),
);
const target = values.target === undefined ? host : targets.find(({ name }) => name === values.target);
if (values.target !== undefined && target === undefined)
  throw new Error(`--target ${values.target} is not one of ${targets.map(({ name }) => name).join(', ')}`);

const compiler = chooseCompiler();
if (compiler === undefined) {
  const remedy =
    process.platform === 'win32'
      ? 'on Windows that is zig: pip install ziglang, then --zig with the path of zig.exe'
      : 'CXX, c++, g++ and clang++ were tried';
  console.log(
    `@ferrule/native: no C++ compiler was found (${remedy}); the addon is not built and the engine will not load, everything else works`,
  );
  if (values.strict) process.exit(1);
} else if (values.check) {
  check();
} else {
  build();
}

/** The command that compiles for the target, with its first arguments. */
function chooseCompiler() {
  if (values.zig !== undefined) {
    if (target === undefined)
      throw new Error(
        `targets.json has no row for ${process.platform}-${process.arch}, and zig needs its name: use another compiler (CXX)`,
      );
    return [values.zig, 'c++', '-target', target.zig];
  }
  if (values.target !== undefined)
    throw new Error('--target needs --zig PATH: the compilers of this machine build for this machine');
  if (process.platform === 'win32') return undefined;
  const name = [process.env.CXX, 'c++', 'g++', 'clang++'].find(
    (name) => name && spawnSync(name, ['--version']).status === 0,
  );
  return name === undefined ? undefined : [name];
}

function build() {
  const { sanitize, core } = values;
  const folder = sanitize
    ? 'build/sanitize'
    : values.target !== undefined
      ? `npm/${values.target}`
      : `prebuilds/${process.platform}-${process.arch}${hostLibc() === 'musl' ? '-musl' : ''}`;
  const output = core === undefined ? join(here, folder, 'ferrule.node') : resolve(positionals[0]);
  mkdirSync(dirname(output), { recursive: true });
  const sources = ['core', 'addon'].flatMap((folder) =>
    readdirSync(join(here, folder))
      .filter((name) => name.endsWith('.cpp') && name !== 'openssl-check.cpp')
      .map((name) => (core !== undefined && existsSync(join(core, name)) ? resolve(core, name) : join(folder, name))),
  );
  const headers = dirname(require.resolve('node-api-headers/package.json'));
  const os = target?.os ?? process.platform;
  const scratch = mkdtempSync(join(tmpdir(), 'ferrule-native-'));
  const flags = [
    '-std=c++17',
    '-Wall',
    '-Wextra',
    '-fvisibility=hidden',
    '-fno-exceptions',
    '-fno-rtti',
    ...(core === undefined ? [] : [`-I${join(here, 'core')}`]),
    '-DNAPI_VERSION=8',
    '-DNAPI_DISABLE_CPP_EXCEPTIONS',
    `-I${dirname(require.resolve('node-addon-api/package.json'))}`,
    `-I${join(headers, 'include')}`,
    // The same bytes wherever the sources are.
    `-ffile-prefix-map=${here}=.`,
    ...(sanitize
      ? ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
      : ['-O2', '-fstack-protector-strong', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2']),
    ...(os === 'win32' ? [] : ['-fPIC']),
  ];
  // Written beside and then renamed: a process that has the old one loaded goes on with it.
  const fresh = `${output}.${process.pid}`;
  if (os === 'darwin' && values.zig !== undefined) zigForDarwin(flags, sources, fresh, scratch);
  else run([...flags, ...linking(os, sanitize), ...sources, '-o', fresh, ...libraries(os, headers, scratch)]);
  renameSync(fresh, output);
  rmSync(scratch, { recursive: true });
  // lld writes these beside a DLL; nothing is ever linked against the addon.
  for (const extension of ['lib', 'pdb']) rmSync(join(dirname(output), `ferrule.${extension}`), { force: true });
}

// nodelete: OpenSSL keeps pointers into the addon (a BIO_METHOD) for as long as the process lives.
function linking(os, sanitize) {
  if (os === 'darwin') return ['-bundle', '-undefined', 'dynamic_lookup'];
  if (os === 'win32') return ['-shared', '-s'];
  return [
    '-shared',
    '-Wl,-z,relro',
    '-Wl,-z,now',
    '-Wl,-z,nodelete',
    // zig's compiler-rt has a __stack_chk_fail and a constant canary of its own, which win over those of the C library
    // where anything else of it is needed; once unused code of libc++ is dropped, nothing is.
    ...(values.zig === undefined ? [] : ['-rtlib=none', '-Wl,--gc-sections']),
    ...(sanitize ? [] : ['-s']),
  ];
}

/** zig signs (ad hoc) what it links for arm64; for x64 only when told of entitlements, which `zig c++` cannot be. */
function zigForDarwin(flags, sources, output, scratch) {
  const entitlements = join(scratch, 'none.plist');
  writeFileSync(entitlements, '<plist version="1.0"><dict/></plist>\n');
  const args = [
    '-dynamic',
    '-fallow-shlib-undefined',
    '-O',
    'ReleaseFast',
    '-fstrip',
    '-dead_strip',
    '-lc++',
    '--entitlements',
    entitlements,
    `-femit-bin=${output}`,
    '-cflags',
    ...flags,
    '--',
    ...sources,
  ];
  run(args, [values.zig, 'build-lib', '-target', target.zig]);
}

/** Windows resolves imports by the name of the program that exports them: Node-API's are node.exe's. */
function libraries(os, headers, scratch) {
  if (os === 'darwin') return [];
  const loaderHasCanary = target?.cpu === 'arm64' && target.libc === 'glibc';
  if (os !== 'win32') return [...(values.zig !== undefined && loaderHasCanary ? [canary(scratch)] : []), '-ldl'];
  return ['js_native_api', 'node_api'].map((name) => {
    const library = join(scratch, `${name}.lib`);
    const machine = target.cpu === 'x64' ? 'i386:x86-64' : 'arm64';
    const { status } = spawnSync(
      values.zig,
      ['dlltool', '-m', machine, '-D', 'node.exe', '-d', join(headers, `def/${name}.def`), '-l', library],
      { stdio: 'inherit' },
    );
    if (status !== 0) process.exit(status ?? 1);
    return library;
  });
}

/**
 * On arm64 the stack protector's canary is a variable of glibc's loader, which zig does not know: it would link a
 * canary of its own, a constant. This library says where the variable is; nothing of it is in the addon.
 */
function canary(scratch) {
  const [source, versions, library] = ['canary.c', 'canary.map', 'canary.so'].map((name) => join(scratch, name));
  writeFileSync(source, 'unsigned long __stack_chk_guard;\n');
  writeFileSync(versions, 'GLIBC_2.17 { global: __stack_chk_guard; };\n');
  const soname = '-Wl,-soname,ld-linux-aarch64.so.1';
  const args = ['cc', '-target', target.zig, '-shared', '-nostdlib', soname, `-Wl,--version-script=${versions}`];
  const { status } = spawnSync(values.zig, [...args, source, '-o', library], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  return library;
}

/** Every set of OpenSSL 3 headers that is here: beside this Node, and the system's. */
function check() {
  const prefix = resolve(realpathSync(process.execPath), '../..');
  const places = [join(prefix, 'include/node'), '/usr/include', ...positionals].filter((place) =>
    existsSync(join(place, 'openssl/ssl.h')),
  );
  if (places.length === 0)
    console.log('@ferrule/native: no OpenSSL headers on this machine; core/openssl.h is not checked');
  for (const place of places) {
    run(['-std=c++17', '-fsyntax-only', `-I${place}`, 'core/openssl-check.cpp']);
    console.log(`@ferrule/native: core/openssl.h agrees with ${place}/openssl`);
  }
}

function run(args, [command, ...first] = compiler) {
  const { status, error } = spawnSync(command, [...first, ...args], { cwd: here, stdio: 'inherit' });
  if (error !== undefined) console.error(`@ferrule/native: ${command} cannot be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Node's report names the version of glibc that it runs on, where it does. */
function hostLibc() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}
