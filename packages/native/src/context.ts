/** @module SslContext: SSL_CTX. */
import { createHash } from 'node:crypto';
import type { Backend, ContextOptions, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { bindingDigest, type Offering } from '@ferrule/ssl/session-binding';
import type { Abilities } from './backend.ts';
import type { Binding, Handle, Library } from './binding.ts';
import { SslShell } from '@ferrule/ssl';
import { verifiesName } from '@ferrule/ssl/context-options';
import { Connection } from './connection.ts';
import { type ParsedCredential, parseCredential } from './credential.ts';
import { forget, whenForgotten } from './forgotten.ts';
import { type Config, parseOptions } from './options.ts';
import { sessionFromBytes } from './session.ts';

/** Shared by connections. */
export interface Shared {
  readonly library: Library;
  readonly config: Config;
  readonly credentials: readonly ParsedCredential[];
  /** What sessions are compared with; created on first use. */
  offering(): Omit<Offering, 'host'>;
}

// Created outside the owner, so as not to reference it.
const closing = (binding: Binding, handle: Handle) => (): void => binding.close(handle);
const freeing = (binding: Binding, handle: Handle) => (): void => binding.freeContext(handle);

/** @throws TypeError that names the option that is unknown, malformed or not supported by this OpenSSL. */
export function makeContext(
  library: Library,
  backend: Backend,
  abilities: Abilities,
  options: ContextOptions | undefined,
): SslContext {
  const { binding } = library;
  const config = parseOptions(abilities, options);
  const credentials = config.credentials.map((credential, i) =>
    parseCredential(binding, credential, `credentials[${i}]`),
  );
  const handle = binding.createContext(config.native);
  let made: Omit<Offering, 'host'> | undefined;
  const offering = (): Omit<Offering, 'host'> =>
    (made ??= { ...config.offering, binding: bindingDigest(config.bound, sha256) });
  const shared: Shared = { library, config, credentials, offering };
  let disposed = false;
  const context: SslContext = Object.freeze({
    backend,
    newConnection: (): Ssl => {
      if (disposed) throw new TypeError('newConnection: the context was disposed');
      const connection = binding.open(handle);
      const ssl = new SslShell(config, (outlet) => new Connection(shared, connection, outlet));
      whenForgotten(ssl, closing(binding, connection));
      return ssl;
    },
    get sessionIdContext(): string {
      return Buffer.from(offering().binding).toString('hex');
    },
    verifiesName: verifiesName(config.bound),
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

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
