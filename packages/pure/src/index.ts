/** @module @ferrule/pure: TLS 1.3 and 1.2 in TypeScript, over whichever cryptography it is given. */
import { clientCertificates } from '@ferrule/pure/parts/client-certificates';
import { ech } from '@ferrule/pure/parts/ech';
import { revocation } from '@ferrule/pure/parts/revocation';
import { tls12 } from '@ferrule/pure/parts/tls12';
import type { Backend, ContextOptions, Feature, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { knownOptions } from '@ferrule/result/arguments';
import { toHex } from '@ferrule/result/bytes';
import { verifiesName } from '@ferrule/ssl/context-options';
import { trustOf } from './auth/chain.ts';
import { newConnection } from './connection.ts';
import { parseOptions, PROFILES } from './context.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { offeringOf } from './session/resume.ts';
import { sessionFromBytes } from './session/session.ts';

export type {
  Aead,
  AeadAlgorithm,
  AsyncAead,
  CipherSuite,
  CryptoProvider,
  Decompressor,
  Group,
  Hash,
  HashName,
  HashState,
  KeyShare,
  Maybe,
  SigningKey,
  SyncAead,
} from './crypto/provider.ts';

/** What every provider can do. */
const FEATURES: readonly Feature[] = [
  'tls1.2',
  'early-data',
  'early-exporter',
  'async-verify',
  'external-signer',
  'async-credential',
  'seeded-random',
  'ech',
  'grease',
  'key-share-choice',
  'record-size-limit',
  'padding',
  'extended-master-secret-policy',
  'post-handshake-auth',
  'crl',
  'ocsp',
  'revocation-filter',
  'external-psk',
  'psk-importer',
  'raw-public-key',
  'reverify',
  'renegotiation-ignored',
  'secure-renegotiation-policy',
  'session-ticket-policy',
];

/** What leaves with a part that a bundle has left out. */
const OF_PARTS: readonly (readonly [part: object | undefined, features: readonly Feature[]])[] = [
  [tls12, ['tls1.2', 'extended-master-secret-policy', 'renegotiation-ignored', 'secure-renegotiation-policy']],
  [ech, ['ech']],
  [revocation, ['crl', 'ocsp', 'revocation-filter']],
  [clientCertificates, ['external-signer', 'async-credential', 'post-handshake-auth']],
];

/**
 * The TypeScript engine on a crypto provider: `createPure({ crypto: nodeCrypto })`. Providers are at
 * `@ferrule/pure/crypto/node`, `/noble`, `/tuned` and `/webcrypto`; which one runs is told by `backend.engine`.
 *
 * Without one, a promise of the engine on the cryptography of this host (`@ferrule/pure/crypto/host`): the fastest that
 * is sound, primitive by primitive.
 * @throws TypeError for a provider that is none, and (as a rejection) where the host has no randomness.
 */
export function createPure(options: { readonly crypto: CryptoProvider }): Backend;
export function createPure(): Promise<Backend>;
export function createPure(options?: { readonly crypto: CryptoProvider }): Backend | Promise<Backend> {
  // By its public name, so that a bundler can leave it out where a provider is given.
  if (options === undefined)
    return import('@ferrule/pure/crypto/host').then(async ({ hostCrypto }) => engineOn(await hostCrypto()));
  return engineOn(knownOptions(options, ['crypto']).crypto);
}

function engineOn(crypto: CryptoProvider): Backend {
  if (typeof (crypto as Partial<CryptoProvider> | undefined)?.synchronous !== 'boolean')
    throw new TypeError(
      'crypto: not a crypto provider. In a bundle for browsers @ferrule/pure/crypto/node is empty: leave `crypto` out, or take @ferrule/pure/crypto/webcrypto',
    );
  const features = new Set<Feature>(FEATURES);
  for (const [part, needing] of OF_PARTS) if (part === undefined) for (const each of needing) features.delete(each);
  if (crypto.synchronous) features.add('synchronous');
  if (crypto.groups.some(({ kem }) => kem)) features.add('mlkem');
  if (crypto.decompressors.length > 0) features.add('certificate-compression');
  const backend: Backend = Object.freeze({
    name: 'pure',
    engine: `TypeScript, ${crypto.name}`,
    features,
    supported: Object.freeze({
      cipherSuites: Object.freeze(
        crypto.suites.filter(({ version }) => tls12 !== undefined || version === 'TLSv1.3').map(({ id }) => id),
      ),
      groups: Object.freeze(crypto.groups.map(({ id }) => id)),
      signatureAlgorithms: crypto.schemes,
      profiles: PROFILES,
    }),
    createContext: (options?: ContextOptions): SslContext => {
      const config = parseOptions(crypto, options);
      // What is too costly to be read twice is read here, so that a bad one is a TypeError now.
      trustOf(config);
      clientCertificates?.checkCredentials(config);
      let disposed = false;
      let idContext: string | undefined;
      return Object.freeze({
        backend,
        newConnection(): Ssl {
          if (disposed) throw new TypeError('newConnection: the context was disposed');
          return newConnection(config);
        },
        get sessionIdContext(): string {
          return (idContext ??= toHex(offeringOf(config).binding));
        },
        verifiesName: verifiesName(config),
        sessionFromBytes: (bytes: Uint8Array): TlsSession | undefined => sessionFromBytes(bytes, crypto.hashes.sha256),
        dispose: () => void (disposed = true),
      });
    },
  } satisfies Backend);
  return backend;
}
