/** @module An engine and its contexts. */
import type { CertificateProfile, ContextOptions } from './options.ts';
import type { TlsSession } from './session.ts';
import type { Ssl } from './ssl.ts';

/** Optional features. The conformance suite tests each on the backends that list it; the others reject it. */
export type Feature =
  /**
   * Cryptography is synchronous: WANT_ASYNC comes only from the caller's own promises, and over a blocking BIO every
   * call returns when it is done.
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
   * What this backend supports: IANA code points in order of preference, and the profiles that it can verify
   * certificates against.
   */
  readonly supported: {
    readonly cipherSuites: readonly number[];
    readonly groups: readonly number[];
    readonly signatureAlgorithms: readonly number[];
    readonly profiles: readonly CertificateProfile[];
  };
  /** @throws TypeError naming the option that is unknown, malformed or not supported by this backend. */
  createContext(options?: ContextOptions): SslContext;
}

/** `SSL_CTX`: immutable, shared by connections. */
export interface SslContext {
  readonly backend: Backend;
  newConnection(): Ssl;
  /**
   * SSL_CTX_set_session_id_context(3): identifies, as text, what sessions of this context are bound to. Sessions with
   * another value are not offered, so stores use it as part of their key. It differs from process to process when the
   * caller supplied functions that decide. 64 hexadecimal digits.
   */
  readonly sessionIdContext: string;
  /**
   * Whether the server's certificate must match the name given to `setHost()`: `verify` is `peer` and `verifyHost` is
   * true. As SSL_connect(3) without SSL_set1_host(3), a connection without a name verifies only the path, so code that
   * connects on behalf of others should reject it.
   */
  readonly verifiesName: boolean;
  /** `undefined` for bytes that are not an intact session of this backend. */
  sessionFromBytes(bytes: Uint8Array): TlsSession | undefined;
  /** Release its resources; existing connections continue. Idempotent. */
  dispose(): void;
}
