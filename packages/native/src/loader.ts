/**
 * @module Finding out whether this process has an OpenSSL that we can drive, before anything is loaded into it.
 *
 * The order matters: Bun, Deno and Electron all claim an OpenSSL in `process.versions` and have none that an addon could
 * call, so they are told apart first. What is refused is refused with a reason, in a fraction of a millisecond.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

/** Where the engine cannot run, and why. */
export interface Refusal {
  readonly ok: false;
  readonly code: LoadCode;
  /** One sentence for people: what is missing, and what to do where something can be done. */
  readonly reason: string;
}

/** The parts of `process` that tell hosts apart. */
export interface Host {
  readonly versions: { readonly [name: string]: string | undefined };
  readonly release: { readonly name?: string };
}

const NODE_API = 8;

const refuse = (code: LoadCode, reason: string): Refusal => Object.freeze({ ok: false, code, reason });

/** `undefined` when the host can be driven. Looks at names and versions only. */
export function hostProblem({ versions, release }: Host): Refusal | undefined {
  if (versions['electron'] !== undefined) {
    return refuse('HOST_IS_ELECTRON', 'Electron has BoringSSL, and exports none of it to addons');
  }
  if (versions['bun'] !== undefined) return refuse('HOST_IS_BUN', 'Bun has BoringSSL, and exports none of it to addons');
  if (versions['deno'] !== undefined) return refuse('HOST_IS_DENO', 'Deno has no OpenSSL; the version it reports is a placeholder');
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
  loaded ??= hostProblem(process) ?? open(addonFiles(process));
  return loaded;
}

/**
 * Where a built addon may be, beside `src` and `dist` alike. Linux: for glibc, then for musl; the wrong one does not load.
 * FERRULE_NATIVE_ADDON names another one, for those who work on it (a build with sanitizers).
 */
function addonFiles({ platform, arch, env }: typeof process): string[] {
  const chosen = env['FERRULE_NATIVE_ADDON'];
  if (chosen !== undefined && chosen !== '') return [chosen];
  const directory = new URL('../prebuilds/', import.meta.url);
  const kinds = platform === 'linux' ? ['', '-musl'] : [''];
  return kinds.map((kind) => fileURLToPath(new URL(`${platform}-${arch}${kind}/ferrule.node`, directory)));
}

function open(files: readonly string[]): Library | Refusal {
  let problem: Refusal | undefined;
  for (const file of files) {
    if (!existsSync(file)) continue;
    const module: { exports: unknown } = { exports: {} };
    try {
      process.dlopen(module, file);
      const binding = module.exports as Binding;
      // Shared memory cannot be detached, so the addon may keep its address.
      const control = new Int32Array(new SharedArrayBuffer(Control.words * 4));
      binding.useControl(control);
      return Object.freeze({ binding, control });
    } catch (error) {
      problem ??= refuse('ADDON_NOT_LOADABLE', `${file} does not load: ${(error as Error).message}`);
    }
  }
  return (
    problem ??
    refuse(
      'ADDON_NOT_BUILT',
      `there is no addon for ${process.platform}-${process.arch}: with a C++ compiler at hand, run \`npm run build\` in @ferrule/native`,
    )
  );
}
