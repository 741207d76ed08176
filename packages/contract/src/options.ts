/** @module `SSL_CTX` inputs: the options of a context. */
import type { RevocationFilter, RevocationQuestion, RevocationStatus } from '@ferrule/result/revocation';
import type { Credential, CredentialCallback } from './credential.ts';
import type { TlsSession } from './session.ts';
import type { Ssl } from './ssl.ts';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/**
 * A trust anchor: a whole certificate (DER), or only the fields that path validation needs (RFC 5280 section 6.1.1 d).
 */
export type TrustAnchor =
  | Uint8Array
  | {
      /** DER `Name`. */
      readonly subject: Uint8Array;
      /** DER `SubjectPublicKeyInfo`. */
      readonly spki: Uint8Array;
      /** DER `NameConstraints`. */
      readonly nameConstraints?: Uint8Array;
    };

/**
 * Read once and copied when the context is created, including inherited properties and getters; later changes to the
 * objects have no effect. An unknown key, an empty list, or a value that is out of range, not supported by this backend
 * or without effect because of another option is a `TypeError` that names the option.
 */
export interface ContextOptions {
  /**
   * Trusted roots. Engines have no store of their own: if omitted or empty, nothing is trusted and a verified handshake
   * fails.
   */
  readonly trustAnchors?: readonly TrustAnchor[];
  /** DER CertificateLists. If given, one must cover the server's certificate and none may list it. */
  readonly crls?: readonly Uint8Array[];
  /**
   * `request` checks a stapled OCSP response if there is one; `require` fails without a good one. Default `off`. With a
   * verify function, `request` asks for the response and passes it on; checking it is up to the function, so `require`
   * is rejected. With `verify: 'none'`, `verifyResult` reports a missing or bad response.
   */
  readonly ocsp?: 'off' | 'request' | 'require';
  /**
   * Checks the server's own certificate against a filter of revoked certificates, once the path is valid. Nothing is
   * fetched. Feature `revocation-filter`. Default: no check.
   */
  readonly revocation?: RevocationOptions;
  /** SHA-256 (32 bytes each) of acceptable SubjectPublicKeyInfos; at least one must be in the verified chain. */
  readonly pins?: readonly Uint8Array[];
  /**
   * The rules that the certificates of the path must follow. Default `compatible`. `backend.supported.profiles` lists
   * those of an engine; any other is a TypeError.
   */
  readonly profile?: CertificateProfile;
  /**
   * `peer` (default) builds and checks the path. `none` must be explicit: the path is checked, but faults are only
   * reported by `verifyResult`. A function replaces the path and name checks, so their options are rejected beside it:
   * `trustAnchors`, `crls`, `revocation`, `verifyHost`, a `profile`, a `securityLevel` above the default,
   * `ocsp: 'require'`, `rawPublicKeys`. `pins` still apply, and CertificateVerify is always checked.
   */
  readonly verify?: 'peer' | 'none' | VerifyCallback;
  /**
   * Whether the certificate must match the name given to `setHost()`. With `false` the name is sent and sessions are
   * bound to it, as SSL_set_tlsext_host_name(3) without SSL_set1_host(3), but the caller must compare it: a valid path
   * alone does not prove the server's identity. Default: true.
   */
  readonly verifyHost?: boolean;

  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion;
  /**
   * Default `TLSv1.3`. With `TLSv1.2`, or only `cipherSuites` of TLS 1.2, options that only TLS 1.3 has are rejected:
   * `keyShares`, `certificateCompression`, `ech`, `postHandshakeAuth`, `externalPsks`, `recordPadding`.
   */
  readonly maxVersion?: TlsVersion;
  /** IANA code points of both versions' suites, most preferred first. */
  readonly cipherSuites?: readonly number[];
  /** IANA code points of NamedGroup, most preferred first. */
  readonly groups?: readonly number[];
  /**
   * The groups for which the first ClientHello carries a key share, a subset of `groups` in the same order; an empty
   * list provokes a HelloRetryRequest (RFC 9846 section 4.3.8). Feature `key-share-choice`. Default: the first. An
   * engine whose own default groups begin with a hybrid may also send its classical part, which avoids a
   * HelloRetryRequest with most servers.
   */
  readonly keyShares?: readonly number[];
  /** IANA code points of SignatureScheme, most preferred first. */
  readonly signatureAlgorithms?: readonly number[];
  /** RFC 7301 protocol names, 1 to 255 bytes of UTF-8 each, 16,384 in all. */
  readonly alpn?: readonly string[];
  /** RFC 8449: the largest plaintext that the peer may put in one record, 64 to 16384. Feature `record-size-limit`. */
  readonly recordSizeLimit?: number;
  /** RFC 8879, most preferred first. Feature `certificate-compression`. */
  readonly certificateCompression?: readonly (CertificateCompression | CertificateDecompressor)[];
  /** Encrypted ClientHello (RFC 9849): an ECHConfigList from DNS, or GREASE. Feature `ech`. */
  readonly ech?: Uint8Array | 'grease';
  /**
   * What to do when no entry of the ECHConfigList is usable: `refuse` (default) fails with `ECH_REQUIRED`; `grease` and
   * `omit` continue with the name in the clear, as a client without a configuration would. Only with such a list.
   */
  readonly echUnusable?: 'refuse' | 'grease' | 'omit';
  /** RFC 8701. Feature `grease`. Default: false. */
  readonly grease?: boolean;
  /**
   * RFC 7627. `require` (default) rejects a TLS 1.2 server without it. Feature `extended-master-secret-policy` for
   * `allow`.
   */
  readonly extendedMasterSecret?: 'require' | 'allow';
  /**
   * RFC 5746. `require` (default) rejects a TLS 1.2 server without renegotiation_info: an attacker could splice our
   * connection onto their own. Feature `secure-renegotiation-policy` for `allow`.
   */
  readonly secureRenegotiation?: 'require' | 'allow';
  /**
   * What to do with a TLS 1.2 HelloRequest: `refuse` (default) ends the connection with `NO_RENEGOTIATION`, `ignore`
   * skips it, as RFC 5246 section 7.4.1.1 allows (feature `renegotiation-ignored`). Renegotiation itself never happens.
   */
  readonly renegotiation?: 'refuse' | 'ignore';
  /** RFC 5077: request and use TLS 1.2 tickets. Feature `session-ticket-policy` for `false`. Default: true. */
  readonly sessionTickets?: boolean;
  /** RFC 6962 section 3.3.1: request signed certificate timestamps. Default: false. */
  readonly signedCertificateTimestamps?: boolean;
  /**
   * Verify the certificates of a session again before offering it, as if the server had sent them; if they no longer
   * pass, the handshake is a full one. With `revocation` this is always done: the filter is checked each time. Feature
   * `reverify`. Default: false.
   */
  readonly reverifyOnResumption?: boolean;
  /**
   * RFC 9846 section 4.7.2: offer to authenticate after the handshake. Feature `post-handshake-auth`. Default: false.
   */
  readonly postHandshakeAuth?: boolean;
  /**
   * RFC 7250: DER SubjectPublicKeyInfos that the server may present in place of a certificate. `securityLevel` and
   * `pins` apply to them; checks of certificates (`crls`, `ocsp`, names, dates) do not. Feature `raw-public-key`.
   */
  readonly rawPublicKeys?: readonly Uint8Array[];
  /**
   * RFC 7250: what the server may present, most preferred first; a raw key must be one of `rawPublicKeys` or be
   * accepted by a verify function. Feature `raw-public-key`. Default: `x509`, preceded by `raw-public-key` if
   * `rawPublicKeys` is given.
   */
  readonly serverCertificateTypes?: readonly CertificateType[];
  /**
   * RFC 7250: what the client may present, most preferred first. Feature `raw-public-key`. Default: the types of
   * `credentials`, in their order.
   */
  readonly clientCertificateTypes?: readonly CertificateType[];
  /**
   * RFC 9846 section 4.3.11: pre-shared keys agreed out of band; OpenSSL offers only one. All identities must fit into
   * one ClientHello with its other extensions. Feature `external-psk`.
   */
  readonly externalPsks?: readonly ExternalPsk[];
  /**
   * RFC 9846 section 5.4: pad application records to a multiple of this many bytes, 0 to 16384. Default 0. Feature
   * `padding`.
   */
  readonly recordPadding?: number;
  /**
   * SSL_CTX_set_security_level(3), 1 to 5: the minimum strength of keys and hashes in the chain. Default 2 (112 bits).
   * OpenSSL also applies it, up to level 2, to the client's own keys.
   */
  readonly securityLevel?: number;

  /** Client credentials; the first that matches the server's CertificateRequest is used. */
  readonly credentials?: readonly Credential[];
  /**
   * Chosen on demand; rejected together with `credentials`. A promise makes connect() return -1 / WANT_X509_LOOKUP
   * until it settles. After the handshake (`postHandshakeAuth`) read() does so, and with the native engine every write
   * too, as in OpenSSL; pure continues to write. shutdown() does not wait for an answer. The choice may differ each
   * time, so a connection that called it creates no sessions: if the identity is always the same, use `credentials`.
   */
  readonly onCertificateRequest?: CredentialCallback;

  /**
   * SSL_CTX_set_keylog_callback(3): one NSS key-log line, without newline, in the order in which keys are installed:
   * OpenSSL installs the client handshake key after the server's Finished, the pure engine at once. Like `onSession`
   * and `onMessage`, it is called after an operation, never during one, so it may call others. If it throws or its
   * promise is rejected, no bytes are lost: the operation returns as usual, and the connection has failed with
   * `CALLBACK_FAILED`.
   */
  readonly onKeylog?: (line: string, connection: Ssl) => void;
  /** SSL_CTX_sess_set_new_cb(3): once per ticket; in TLS 1.3 after the handshake, from read(). */
  readonly onSession?: (session: TlsSession, connection: Ssl) => void;
  /** SSL_CTX_set_msg_callback(3): each handshake message, alert and CCS, decrypted. No cost when absent. */
  readonly onMessage?: (message: TraceMessage, connection: Ssl) => void;

  /** Limits on the memory and work that a peer can demand. */
  readonly limits?: Partial<Limits>;
  /**
   * Milliseconds since the epoch; for certificate validity and ticket age. A throw, or anything but a time in the years
   * 0 to 9999, is `CALLBACK_FAILED`. Default `Date.now`.
   */
  readonly now?: () => number;
  /** Fills the array; for byte-exact tests. Feature `seeded-random`. */
  readonly random?: (into: Uint8Array) => void;
}

/**
 * Every profile checks signatures, names, name constraints, basicConstraints, purpose, policies, validity and strength.
 * - `compatible`: what OpenSSL with its default flags, Go and node:tls accept. Requirements on CAs that do not protect
 * a client are not enforced.
 * - `rfc5280`: certificates must also meet the requirements of RFC 5280 section 4 on CAs; OpenSSL's nearest equivalent
 * is X509_V_FLAG_X509_STRICT.
 * - `webpki`: `rfc5280`, and the CA/Browser Forum's Baseline Requirements for the certificates of public web servers.
 */
export type CertificateProfile = 'compatible' | 'rfc5280' | 'webpki';

/** The revocation filter, and what to do about certificates of unknown status. */
export interface RevocationOptions {
  /** The result of `crlite()` of `@ferrule/x509/crlite` for Mozilla's filters, or another filter. */
  readonly crlite: RevocationFilter;
  /**
   * What to do when the filter reports neither good nor revoked: the certificate is not covered, its issuer is not
   * enrolled, or the filter is stale. `refuse` fails with `CERT_REVOCATION_UNKNOWN`. Default `accept`.
   */
  readonly unknown?: 'accept' | 'refuse';
}

export type { RevocationFilter, RevocationQuestion, RevocationStatus };

export type CertificateType = 'x509' | 'raw-public-key';

export type CertificateCompression = 'zlib' | 'brotli' | 'zstd';

/** An algorithm that the backend itself lacks, e.g. brotli in a browser. */
export interface CertificateDecompressor {
  /** CertificateCompressionAlgorithm of RFC 8879 section 7.3: 1 zlib, 2 brotli, 3 zstd. */
  readonly id: number;
  /**
   * Returns the certificate message; `null`, a throw or a rejection if the bytes are corrupt or would exceed `limit`.
   */
  decompress(data: Uint8Array, limit: number): Uint8Array | null | Promise<Uint8Array | null>;
}

/** All positive integers. */
export interface Limits {
  /** The longest handshake message, in bytes. Default 131072. */
  readonly handshakeBytes: number;
  /** The most certificates in the peer's chain. Default 16. */
  readonly chainLength: number;
  /** The most signature checks and candidate steps in path building. Default 256. */
  readonly pathBuildingSteps: number;
  /** The most tickets kept per connection. Default 8. */
  readonly tickets: number;
  /** The most KeyUpdates in a row without application data between them. Default 32. */
  readonly keyUpdatesInARow: number;
  /** The most empty records in a row. Default 32. */
  readonly emptyRecordsInARow: number;
}

/** A pre-shared key agreed out of band (RFC 9846 section 4.3.11). */
export interface ExternalPsk {
  /** 1 to 65,535 bytes; for an imported key, 8 bytes and the context less (RFC 9258). */
  readonly identity: Uint8Array;
  /**
   * 16 random bytes or more (RFC 9257 section 6), ideally as long as the hash; OpenSSL takes at most 512. Never a
   * password: one observed handshake allows an offline guess.
   */
  readonly key: Uint8Array;
  /** The hash of the suites that it is offered for; for an imported key, the hash that it was agreed for. */
  readonly hash: 'sha256' | 'sha384';
  /**
   * RFC 9258: offer not the key itself but one derived from it, bound to TLS 1.3, for each hash of the offered suites.
   * The server must import it as well. Feature `psk-importer`.
   */
  readonly import?: ImportedPsk;
}

export interface ImportedPsk {
  /** Context of the key that both sides know (RFC 9258 section 5.1), 0 to 65,535 bytes. Default: none. */
  readonly context?: Uint8Array;
}

/** The input of a verify callback. */
export interface PeerIdentity {
  /** The name given to `setHost()`. */
  readonly host: string | undefined;
  /** DER, leaf first, as the peer sent it. */
  readonly chain: readonly Uint8Array[];
  /** The stapled DER OCSPResponse, if one was requested. */
  readonly ocspResponse: Uint8Array | undefined;
  /** DER SubjectPublicKeyInfo, in place of a chain (RFC 7250). */
  readonly rawPublicKey?: Uint8Array | undefined;
}
/**
 * `false`, a throw or a rejection rejects the peer; a thrown TlsError with a `CERT_*` code becomes the failure itself,
 * with its own alert or else that of its code. A promise makes connect() return -1 / WANT_RETRY_VERIFY until it
 * settles. Called during an operation: `connection` may be disposed or queried, but calls that move bytes are a
 * TypeError.
 */
export type VerifyCallback = (peer: PeerIdentity, connection: Ssl) => boolean | Promise<boolean>;

export interface TraceMessage {
  /** Sent by the client or received from the peer. */
  readonly direction: 'sent' | 'received';
  /** 20 change_cipher_spec, 21 alert, 22 handshake. OpenSSL does not report a received change_cipher_spec. */
  readonly contentType: number;
  /** A complete message with its header; a copy that the callback may keep. */
  readonly bytes: Uint8Array;
}
