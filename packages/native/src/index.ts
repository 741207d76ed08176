/** @module @ferrule/native: the host process's OpenSSL 3 behind ferrule's contract. */
import type { Backend } from '@ferrule/contract';
import { makeBackend } from './backend.ts';
import { loadLibrary, type Refusal } from './loader.ts';

export { credentialFromDer, credentialFromPem, credentialFromPkcs12, type PemCredentialOptions } from './credential.ts';
export type { LoadCode, Refusal } from './loader.ts';

/** The engine, or why this process cannot run it. */
export type Loaded = { readonly ok: true; readonly backend: Backend } | Refusal;

let made: Loaded | undefined;

/** The engine, or why not: checks the host, then loads the addon on the first call. Never throws. */
export function loadNative(): Loaded {
  if (made === undefined) {
    const library = loadLibrary();
    made = 'ok' in library ? library : Object.freeze({ ok: true, backend: makeBackend(library) });
  }
  return made;
}

/** The engine. @throws Error with `code` and the reason if it cannot run; use {@link loadNative} to check first. */
export function createNative(): Backend {
  const result = loadNative();
  if (!result.ok) throw Object.assign(new Error(`@ferrule/native: ${result.reason}`), { code: result.code });
  return result.backend;
}
