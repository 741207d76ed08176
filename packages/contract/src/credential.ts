/** @module Client authentication. */
import type { Ssl } from './ssl.ts';

/** A client's certificate and key. */
export interface Credential {
  /** DER, leaf first; empty for a raw public key. */
  readonly chain: readonly Uint8Array[];
  /** DER SubjectPublicKeyInfo, in place of a chain (RFC 7250). Feature `raw-public-key`. */
  readonly rawPublicKey?: Uint8Array;
  /** DER PKCS#8 (also PKCS#1 and SEC 1 where the backend takes them), or a signer. */
  readonly key: Uint8Array | Signer;
  /**
   * SignatureSchemes to use with this key, most preferred first; restricts what the key and the backend support.
   * Default: all of those. For a credential from `onCertificateRequest`, native cannot follow the order, and fails if
   * it would sign with a scheme outside the list (ADR 0130).
   */
  readonly signatureAlgorithms?: readonly number[];
  /** Use it only if the server lists an issuer of this chain in its `certificate_authorities`. Default: false. */
  readonly mustMatchIssuer?: boolean;
}

/** A key that lives elsewhere: an HSM, an agent, another process. Feature `external-signer`. */
export interface Signer {
  /** Supported SignatureSchemes, most preferred first. */
  readonly schemes: readonly number[];
  /**
   * Signs the whole message; the signer does the hashing. A promise makes the handshake return -1 / WANT_ASYNC until it
   * settles.
   */
  sign(scheme: number, message: Uint8Array, connection?: Ssl): Uint8Array | Promise<Uint8Array>;
}

/** RFC 9846 section 4.4.2, RFC 5246 section 7.4.4. */
export interface CertificateRequest {
  /** DER `Name`s of acceptable CAs. */
  readonly authorities: readonly Uint8Array[];
  /** SignatureSchemes that the server accepts, most preferred first. */
  readonly signatureAlgorithms: readonly number[];
  /** TLS 1.2's ClientCertificateTypes; empty in TLS 1.3. */
  readonly certificateTypes: readonly number[];
}
export type CredentialCallback = (
  request: CertificateRequest,
  connection: Ssl,
) => Credential | undefined | Promise<Credential | undefined>;
