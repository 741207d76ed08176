/** @module SslContext: SSL_CTX. */
import { createHash } from 'node:crypto';
import type { Backend, ContextOptions, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import type { Abilities } from './backend.ts';
import type { Binding, Handle, Library } from './binding.ts';
import { Connection } from './connection.ts';
import { type ParsedCredential, parseCredential } from './credential.ts';
import { forget, whenForgotten } from './forgotten.ts';
import { type Config, parseOptions } from './options.ts';
import { sessionFromBytes } from './session.ts';

/** What connections share. */
export interface Shared {
  readonly library: Library;
  readonly config: Config;
  readonly credentials: readonly ParsedCredential[];
  /** SHA-256 of the rules by which peers are verified. */
  policy(): Uint8Array;
}

// Made apart from their owners, whom they must not hold.
const closing = (binding: Binding, handle: Handle) => (): void => binding.close(handle);
const freeing = (binding: Binding, handle: Handle) => (): void => binding.freeContext(handle);

/** @throws TypeError naming the option that is unknown, malformed or beyond this OpenSSL. */
export function makeContext(library: Library, backend: Backend, abilities: Abilities, options: ContextOptions | undefined): SslContext {
  const { binding } = library;
  const config = parseOptions(abilities, options);
  const credentials = config.credentials.map((credential, i) => parseCredential(binding, credential, `credentials[${i}]`));
  const handle = binding.createContext(config.native);
  let policy: Uint8Array | undefined;
  const shared: Shared = { library, config, credentials, policy: () => (policy ??= policyOf(config)) };
  let disposed = false;
  const context: SslContext = Object.freeze({
    backend,
    newConnection: (): Ssl => {
      if (disposed) throw new TypeError('newConnection: the context was disposed');
      const connection = binding.open(handle);
      const ssl = new Connection(shared, connection);
      whenForgotten(ssl, closing(binding, connection));
      return ssl;
    },
    sessionFromBytes: (bytes: Uint8Array): TlsSession | undefined => sessionFromBytes(bytes),
    dispose: () => {
      if (disposed) return;
      disposed = true;
      forget(context);
      binding.freeContext(handle);
    },
  });
  whenForgotten(context, freeing(binding, handle));
  return context;
}

/** A session verified under other rules than these must not be resumed under these. */
function policyOf({ native, verify }: Config): Uint8Array {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([typeof verify === 'string' ? verify : 'function', native.ocsp, native.securityLevel, native.requireExtendedMasterSecret]));
  for (const part of [native.anchors, native.crls, native.pins, [native.pskIdentity, native.pskKey]]) {
    hash.update(`${part.length};`);
    for (const bytes of part) hash.update(`${bytes.length};`).update(bytes);
  }
  return new Uint8Array(hash.digest());
}
