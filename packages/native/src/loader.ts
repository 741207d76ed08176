/**
 * @module Checks whether this process has a usable OpenSSL, before anything is loaded into it.
 *
 * The order matters: Bun, Deno and Electron all claim an OpenSSL in `process.versions` but have none that an addon
 * could call, so they are detected first. Each refusal has a reason, and takes a fraction of a millisecond.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { comparableText } from '@ferrule/result/directory-string';
import targets from '../targets.json' with { type: 'json' };
import type { Binding, Library } from './binding.ts';
import { Control } from './binding.ts';

/** Why the engine cannot run here; stable. */
export type LoadCode =
  | 'HOST_IS_ELECTRON'
  | 'HOST_IS_BUN'
  | 'HOST_IS_DENO'
  | 'HOST_IS_NOT_NODE'
  | 'NODE_API_TOO_OLD'
  | 'NO_OPENSSL'
  | 'OPENSSL_VERSION'
  | 'ADDON_NOT_BUILT'
  | 'ADDON_NOT_LOADABLE';

/** Why the engine cannot run. */
export interface Refusal {
  readonly ok: false;
  readonly code: LoadCode;
  /** One sentence for users: what is missing, and the remedy if there is one. */
  readonly reason: string;
}

/** The parts of `process` that identify the host. */
export interface Host {
  readonly versions: { readonly [name: string]: string | undefined };
  readonly release: { readonly name?: string };
}

const NODE_API = 8;

const refuse = (code: LoadCode, reason: string): Refusal => Object.freeze({ ok: false, code, reason });

/** `undefined` if the host is supported. Checks names and versions only. */
export function hostProblem({ versions, release }: Host): Refusal | undefined {
  if (versions['electron'] !== undefined) {
    return refuse('HOST_IS_ELECTRON', 'Electron has BoringSSL, and exports none of it to addons');
  }
  if (versions['bun'] !== undefined)
    return refuse('HOST_IS_BUN', 'Bun has BoringSSL, and exports none of it to addons');
  if (versions['deno'] !== undefined)
    return refuse('HOST_IS_DENO', 'Deno has no OpenSSL; the version it reports is a placeholder');
  if (release.name !== 'node') return refuse('HOST_IS_NOT_NODE', `${release.name ?? 'this runtime'} is not Node.js`);
  if (!(Number(versions['napi']) >= NODE_API)) {
    return refuse('NODE_API_TOO_OLD', `Node-API ${NODE_API} is needed, this Node has ${versions['napi'] ?? 'none'}`);
  }
  const openssl = versions['openssl'];
  if (openssl === undefined) return refuse('NO_OPENSSL', 'this Node was built without OpenSSL');
  if (!openssl.startsWith('3.')) return refuse('OPENSSL_VERSION', `OpenSSL 3 is needed, this Node has ${openssl}`);
  return undefined;
}

let loaded: Library | Refusal | undefined;

/** The addon, loaded once per thread, or why not. Never throws. */
export function loadLibrary(): Library | Refusal {
  loaded ??= hostProblem(process) ?? open(thisMachine());
  return loaded;
}

/** The facts that decide which file is loaded. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** The C library that this Node runs on; `undefined` if unknown, and outside Linux. */
  readonly libc: 'glibc' | 'musl' | undefined;
  /** Resolves a module's name to a file, from this package; `undefined` if not installed. */
  readonly resolve: (name: string) => string | undefined;
}

/**
 * Candidate files in the order tried: a local build, then the platform's package. FERRULE_NATIVE_ADDON names a
 * different file, for development (a build with sanitizers).
 */
export function addonFiles({ platform, arch, env, libc, resolve }: Machine): string[] {
  const chosen = env['FERRULE_NATIVE_ADDON'];
  if (chosen !== undefined && chosen !== '') return [chosen];
  const home = resolve('@ferrule/native/package.json');
  const kinds =
    platform === 'linux' ? { glibc: [''], musl: ['-musl'], unknown: ['', '-musl'] }[libc ?? 'unknown'] : [''];
  const built =
    home === undefined
      ? []
      : kinds.map((kind) => join(dirname(home), `prebuilds/${platform}-${arch}${kind}/ferrule.node`));
  const packaged = targetsOf(platform, arch, libc).map((name) => resolve(platformPackage(name)));
  return [...built, ...packaged.filter((file) => file !== undefined)];
}

/** The matching names in targets.json: two on Linux if its C library is unknown, since the wrong one does not load. */
function targetsOf(platform: string, arch: string, libc: Machine['libc']): string[] {
  const fits = (target: (typeof targets)[number]): boolean =>
    target.libc === undefined || libc === undefined || target.libc === libc;
  return targets
    .filter((target) => target.os === platform && target.cpu === arch && fits(target))
    .map(({ name }) => name);
}

const platformPackage = (target: string): string => `@ferrule/native-${target}`;

/** Why there is no file at all, and the remedy. */
export function notBuilt({ platform, arch, libc, env }: Omit<Machine, 'resolve'>): string {
  const chosen = env['FERRULE_NATIVE_ADDON'];
  if (chosen)
    return `FERRULE_NATIVE_ADDON names ${chosen}, where there is no file: correct the path, or unset the variable for the addon of this platform`;
  const [name] = targetsOf(platform, arch, libc);
  const remedy = 'npx ferrule-native-build builds the addon, with a C++17 compiler';
  if (name === undefined) return `there is no package of the addon for ${platform}-${arch}; ${remedy}`;
  return `${platformPackage(name)} is not installed (optional dependencies were left out, the lock file was made for another platform, or a bundle runs without node_modules: then keep @ferrule/native external, or name the addon's file in FERRULE_NATIVE_ADDON): install it, or ${remedy}`;
}

function thisMachine(): Machine {
  // Resolved from this file, then from the program: `import.meta` is empty in a CommonJS bundle, and webpack's names
  // the build machine's file. Bundlers also rewrite a createRequire() that they recognise.
  const { createRequire } = process.getBuiltinModule('node:module');
  const from = [import.meta.url as string | undefined, pathToFileURL(process.argv[1] ?? process.execPath).href];
  const resolve = resolveFrom(from.filter((place) => place !== undefined).map((place) => createRequire(place)));
  // A bundle moves this file, but under pnpm only @ferrule/native can resolve the platform's package
  const home = resolve('@ferrule/native/package.json');
  const resolveAtHome = home === undefined ? resolve : resolveFrom([createRequire(home)]);
  const { platform, arch, env } = process;
  return {
    platform,
    arch,
    env,
    libc: platform === 'linux' ? libcOf('/proc/self/exe') : undefined,
    resolve: (name) => resolve(name) ?? resolveAtHome(name),
  };
}

/** Resolves a name from the first place that can. */
function resolveFrom(requires: readonly NodeJS.Require[]): Machine['resolve'] {
  return (name) => {
    for (const require of requires) {
      try {
        return require.resolve(name);
      } catch {
        // Try the next place
      }
    }
    return undefined;
  };
}

/** Detects the C library by the program's loader (PT_INTERP), near the start of the file. */
function libcOf(program: string): Machine['libc'] {
  try {
    const file = openSync(program, 'r');
    const head = Buffer.alloc(4096);
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
    return head.includes('/ld-musl-') ? 'musl' : head.includes('/ld-linux') ? 'glibc' : undefined;
  } catch {
    return undefined;
  }
}

function open(machine: Machine): Library | Refusal {
  const chosen = machine.env['FERRULE_NATIVE_ADDON'] ? 'FERRULE_NATIVE_ADDON: ' : '';
  let problem: Refusal | undefined;
  for (const file of addonFiles(machine)) {
    if (!existsSync(file)) continue;
    const module: { exports: unknown } = { exports: {} };
    try {
      process.dlopen(module, file);
      const binding = module.exports as Binding;
      // Shared memory cannot be detached, so the addon may keep its address.
      const control = new Int32Array(new SharedArrayBuffer(Control.words * 4));
      binding.useControl(control);
      binding.useTexts(comparableText);
      return Object.freeze({ binding, control });
    } catch (error) {
      problem ??= refuse('ADDON_NOT_LOADABLE', `${chosen}${file} does not load: ${(error as Error).message}`);
    }
  }
  return problem ?? refuse('ADDON_NOT_BUILT', notBuilt(machine));
}
