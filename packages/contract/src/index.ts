/**
 * @module @ferrule/contract: the types of SSL_connect(3) that every engine implements. Types only, no run-time code.
 */
export type { Backend, Feature, SslContext } from './backend.ts';
export type { CertificateRequest, Credential, CredentialCallback, Signer } from './credential.ts';
export type {
  CertificateCompression,
  CertificateDecompressor,
  CertificateProfile,
  CertificateType,
  ContextOptions,
  ExternalPsk,
  ImportedPsk,
  Limits,
  PeerIdentity,
  RevocationFilter,
  RevocationOptions,
  RevocationQuestion,
  RevocationStatus,
  TlsVersion,
  TraceMessage,
  TrustAnchor,
  VerifyCallback,
} from './options.ts';
export type { QuicConnection, QuicConnectionOptions, QuicContext, QuicEvent, QuicLevel, QuicTls } from './quic.ts';
export type { TlsSession } from './session.ts';
export type { Ssl } from './ssl.ts';
