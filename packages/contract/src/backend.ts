/** @module An engine and its contexts. */
import type { CertificateProfile, ContextOptions } from './options.ts';
import type { TlsSession } from './session.ts';
import type { Ssl } from './ssl.ts';

/**
 * Optional powers, each proved by the conformance suite on a backend that lists it and refused by one that does not.
 */
export type Feature =
  /**
   * Its cryptography answers at once: WANT_ASYNC comes from the caller's own promises only, and over a blocking BIO
   * every call returns when it is done.
   */
  | 'synchronous'
  | 'tls1.2'
  | 'early-data'
  | 'early-exporter'
  | 'async-verify'
  | 'external-signer'
  | 'async-credential'
  | 'seeded-random'
  | 'ech'
  | 'grease'
  | 'mlkem'
  | 'key-share-choice'
  | 'certificate-compression'
  | 'record-size-limit'
  | 'padding'
  | 'extended-master-secret-policy'
  | 'post-handshake-auth'
  | 'crl'
  | 'ocsp'
  | 'revocation-filter'
  | 'external-psk'
  | 'psk-importer'
  | 'raw-public-key'
  | 'reverify'
  | 'renegotiation-ignored'
  | 'secure-renegotiation-policy'
  | 'session-ticket-policy';

/** A TLS engine: one object per package, or made by its factory. */
export interface Backend {
  readonly name: 'native' | 'pure';
  /** E.g. `OpenSSL 3.0.19 (host process)`, `TypeScript, node:crypto`. */
  readonly engine: string;
  readonly features: ReadonlySet<Feature>;
  /**
   * What this backend can use: IANA code points in its order of preference, and the profiles that it can judge
   * certificates by.
   */
  readonly supported: {
    readonly cipherSuites: readonly number[];
    readonly groups: readonly number[];
    readonly signatureAlgorithms: readonly number[];
    readonly profiles: readonly CertificateProfile[];
  };
  /** @throws TypeError naming the option that is unknown, malformed or beyond this backend's features. */
  createContext(options?: ContextOptions): SslContext;
}

/** `SSL_CTX`: immutable, shared by connections. */
export interface SslContext {
  readonly backend: Backend;
  newConnection(): Ssl;
  /**
   * SSL_CTX_set_session_id_context(3): what binds the sessions of this context, as text. Sessions of a context with
   * another one are not offered by this one, so stores keep them apart by it. It changes from process to process where
   * a function of the caller decides. 64 hexadecimal digits.
   */
  readonly sessionIdContext: string;
  /**
   * Whether the server's certificate must be for the name of `setHost()`: `verify` is `peer`, and `verifyHost` is true.
   * As SSL_connect(3) without SSL_set1_host(3), a connection without a name verifies the path alone, so who makes
   * connections for others refuses those.
   */
  readonly verifiesName: boolean;
  /** `undefined` for bytes that are not a session of this backend, or not intact. */
  sessionFromBytes(bytes: Uint8Array): TlsSession | undefined;
  /** Release what it holds; connections already made go on. Idempotent. */
  dispose(): void;
}
