/** @module `SSL_CTX` inputs: what a context is made of. */
import type { RevocationFilter, RevocationQuestion, RevocationStatus } from '@ferrule/result/revocation';
import type { Credential, CredentialCallback } from './credential.ts';
import type { TlsSession } from './session.ts';
import type { Ssl } from './ssl.ts';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A root of trust: a whole certificate (DER), or only what path validation needs of it (RFC 5280 section 6.1.1 d). */
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
 * Read once and copied when the context is made, wherever the object has them, inherited ones and getters included;
 * objects that are changed afterwards change nothing. An unknown key, an empty list, a value out of range, one that
 * this backend cannot honour or that has no effect beside another option is a `TypeError` that names it.
 */
export interface ContextOptions {
  /**
   * Whom to trust. Engines have no store of their own: omitted or empty trusts nobody, and a verified handshake fails.
   */
  readonly trustAnchors?: readonly TrustAnchor[];
  /** DER CertificateLists. When given, the server's certificate must be covered by one and not be listed. */
  readonly crls?: readonly Uint8Array[];
  /**
   * `request` checks a stapled OCSP response when there is one; `require` fails without a good one. Default `off`.
   * With a verify function `request` asks for the response and hands it over; judging it is the function's task, so
   * `require` is refused beside one. With `verify: 'none'` a missing or bad response is told by `verifyResult`.
   */
  readonly ocsp?: 'off' | 'request' | 'require';
  /**
   * Asks a filter of revoked certificates about the server's own: on a good path it decides. Nothing is fetched.
   * Feature `revocation-filter`. Default: nobody is asked.
   */
  readonly revocation?: RevocationOptions;
  /** SHA-256 (32 bytes each) of acceptable SubjectPublicKeyInfos, any of which must be in the verified chain. */
  readonly pins?: readonly Uint8Array[];
  /**
   * Which rules the certificates of the path must keep. Default `compatible`. An engine has those of
   * `backend.supported.profiles`; another one is a TypeError.
   */
  readonly profile?: CertificateProfile;
  /**
   * `peer` (default) builds and checks the path. `none` must be spelled out: the path is checked, and what is wrong
   * with it is told by `verifyResult` alone. A function takes the place of the path and the name check. What they go by
   * is refused beside it: `trustAnchors`, `crls`, `revocation`, `verifyHost`, a `profile`, a `securityLevel` above the default,
   * `ocsp: 'require'`, `rawPublicKeys`. `pins` hold, and CertificateVerify is always checked.
   */
  readonly verify?: 'peer' | 'none' | VerifyCallback;
  /**
   * Whether the certificate must be for the name of `setHost()`. With `false` the name is sent and binds sessions, as
   * SSL_set_tlsext_host_name(3) without SSL_set1_host(3), and comparing it is the caller's task: the path alone is no
   * proof of who the server is. Default: true.
   */
  readonly verifyHost?: boolean;

  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion;
  /**
   * Default `TLSv1.3`. Beside `TLSv1.2`, or `cipherSuites` of TLS 1.2 alone, what only TLS 1.3 has is refused:
   * `keyShares`, `certificateCompression`, `ech`, `postHandshakeAuth`, `externalPsks`, `recordPadding`.
   */
  readonly maxVersion?: TlsVersion;
  /** IANA code points of both versions' suites, most preferred first. */
  readonly cipherSuites?: readonly number[];
  /** IANA code points of NamedGroup, most preferred first. */
  readonly groups?: readonly number[];
  /**
   * The groups for which a key share goes into the first ClientHello, a subset of `groups` in its order; empty asks for
   * a HelloRetryRequest (RFC 9846 section 4.3.8). Feature `key-share-choice`. Default: the first. An engine whose own
   * default groups begin with a hybrid may send its classical part too, which spares a HelloRetryRequest with most
   * servers.
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
   * What to do when nothing of the ECHConfigList can be used: `refuse` (default) fails with `ECH_REQUIRED`; `grease`
   * and
   * `omit` go on with the name in the clear, as a client without a configuration would. Only beside such a list.
   */
  readonly echUnusable?: 'refuse' | 'grease' | 'omit';
  /** RFC 8701. Feature `grease`. Default: false. */
  readonly grease?: boolean;
  /**
   * RFC 7627. `require` (default) refuses a TLS 1.2 server without it. Feature `extended-master-secret-policy` for
   * `allow`.
   */
  readonly extendedMasterSecret?: 'require' | 'allow';
  /**
   * RFC 5746. `require` (default) refuses a TLS 1.2 server that does not know renegotiation_info: it may be made to
   * continue another's connection with ours. Feature `secure-renegotiation-policy` for `allow`.
   */
  readonly secureRenegotiation?: 'require' | 'allow';
  /**
   * What to do with a TLS 1.2 HelloRequest: `refuse` (default) ends the connection with `NO_RENEGOTIATION`, `ignore`
   * reads on, as RFC 5246 section 7.4.1.1 allows (feature `renegotiation-ignored`). Renegotiation itself never happens.
   */
  readonly renegotiation?: 'refuse' | 'ignore';
  /** RFC 5077: ask for TLS 1.2 tickets, and use them. Feature `session-ticket-policy` for `false`. Default: true. */
  readonly sessionTickets?: boolean;
  /** RFC 6962 section 3.3.1: ask for signed certificate timestamps. Default: false. */
  readonly signedCertificateTimestamps?: boolean;
  /**
   * Verify the certificates of a session anew before it is offered, as if the server had sent them; one that no longer
   * passes is not offered, and the handshake is full. With `revocation` it is so in any case: the filter is asked each
   * time. Feature `reverify`. Default: false.
   */
  readonly reverifyOnResumption?: boolean;
  /**
   * RFC 9846 section 4.7.2: offer to authenticate after the handshake. Feature `post-handshake-auth`. Default: false.
   */
  readonly postHandshakeAuth?: boolean;
  /**
   * RFC 7250: DER SubjectPublicKeyInfos that the server may present in place of a certificate. They are held to
   * `securityLevel` and `pins`; what is said of certificates alone (`crls`, `ocsp`, names, dates) does not touch them.
   * Feature `raw-public-key`.
   */
  readonly rawPublicKeys?: readonly Uint8Array[];
  /**
   * RFC 7250: what the server may present, most preferred first; a raw key must be one of `rawPublicKeys`, or a verify
   * function judges it. Feature `raw-public-key`. Default: `x509`, and before it `raw-public-key` where `rawPublicKeys`
   * is given.
   */
  readonly serverCertificateTypes?: readonly CertificateType[];
  /**
   * RFC 7250: what we may present, most preferred first. Feature `raw-public-key`. Default: the types of `credentials`,
   * in their order.
   */
  readonly clientCertificateTypes?: readonly CertificateType[];
  /**
   * RFC 9846 section 4.3.11: pre-shared keys agreed out of band; OpenSSL offers one. All identities must fit into one
   * ClientHello beside its other extensions. Feature `external-psk`.
   */
  readonly externalPsks?: readonly ExternalPsk[];
  /**
   * RFC 9846 section 5.4: pad application records to a multiple of this many bytes, 0 to 16384. Default 0. Feature
   * `padding`.
   */
  readonly recordPadding?: number;
  /**
   * SSL_CTX_set_security_level(3), 1 to 5: the least strength of keys and hashes in the chain. Default 2 (112 bits).
   * OpenSSL holds keys of our own to it, too, up to level 2.
   */
  readonly securityLevel?: number;

  /** Client credentials; the first that fits the server's CertificateRequest is used. */
  readonly credentials?: readonly Credential[];
  /**
   * Chosen on demand; refused beside `credentials`. A promise makes connect() return -1 / WANT_X509_LOOKUP until it
   * settles. After the handshake (`postHandshakeAuth`), read() does, and with the native engine every write, as in
   * OpenSSL; pure writes on. shutdown() waits for no answer. It may name another user each time, so a connection that
   * has asked it makes no sessions: where the identity is always the same, use `credentials`.
   */
  readonly onCertificateRequest?: CredentialCallback;

  /**
   * SSL_CTX_set_keylog_callback(3): one NSS key-log line, without newline, in the order in which keys are installed:
   * OpenSSL installs our own of the handshake behind the server's Finished, the pure engine at once. As `onSession` and `onMessage`, called when
   * an operation is over, and never inside one: it may call others. One that throws, or whose promise is rejected,
   * costs no bytes: the operation returns what it would have, and the connection has failed then with
   * `CALLBACK_FAILED`.
   */
  readonly onKeylog?: (line: string, connection: Ssl) => void;
  /** SSL_CTX_sess_set_new_cb(3): once per ticket; in TLS 1.3 after the handshake, out of read(). */
  readonly onSession?: (session: TlsSession, connection: Ssl) => void;
  /** SSL_CTX_set_msg_callback(3): each handshake message, alert and CCS, decrypted. Costs nothing when absent. */
  readonly onMessage?: (message: TraceMessage, connection: Ssl) => void;

  /** Bounds on what a peer can make us hold or do. */
  readonly limits?: Partial<Limits>;
  /**
   * Milliseconds since the epoch; for certificate validity and ticket age. A throw, or a value that is not a time in the years 0
   * to 9999, is `CALLBACK_FAILED`. Default `Date.now`.
   */
  readonly now?: () => number;
  /** Fills the array; for byte-exact tests. Feature `seeded-random`. */
  readonly random?: (into: Uint8Array) => void;
}

/**
 * Signatures, names, name constraints, basicConstraints, purpose, policies, validity and strength count in every
 * profile.
 * - `compatible`: what OpenSSL with its default flags, Go and node:tls accept. A CA's duties that protect nobody who
 * connects are not asked for.
 * - `rfc5280`: the certificates must also keep what RFC 5280 section 4 says that a CA must do; X509_V_FLAG_X509_STRICT
 * is as near as OpenSSL has it.
 * - `webpki`: `rfc5280`, and the CA/Browser Forum's Baseline Requirements for the certificates of public web servers.
 */
export type CertificateProfile = 'compatible' | 'rfc5280' | 'webpki';

/** Whom to ask about revocation, and what about certificates that nothing is known of. */
export interface RevocationOptions {
  /** What `crlite()` of `@ferrule/x509/crlite` makes of Mozilla's filters, or another who knows. */
  readonly crlite: RevocationFilter;
  /**
   * What about a certificate that the filter neither calls good nor revoked: it is not covered, its issuer is not
   * enrolled, or the filter is stale. `refuse` fails with `CERT_REVOCATION_UNKNOWN`. Default `accept`.
   */
  readonly unknown?: 'accept' | 'refuse';
}

export type { RevocationFilter, RevocationQuestion, RevocationStatus };

export type CertificateType = 'x509' | 'raw-public-key';

export type CertificateCompression = 'zlib' | 'brotli' | 'zstd';

/** An algorithm that the backend has not got by itself: brotli in a browser, say. */
export interface CertificateDecompressor {
  /** CertificateCompressionAlgorithm of RFC 8879 section 7.3: 1 zlib, 2 brotli, 3 zstd. */
  readonly id: number;
  /**
   * The certificate message; `null`, a throw or a rejection when the bytes are not intact, or would become more than
   * `limit`.
   */
  decompress(data: Uint8Array, limit: number): Uint8Array | null | Promise<Uint8Array | null>;
}

/** All positive integers. */
export interface Limits {
  /** The longest handshake message, bytes. Default 131072. */
  readonly handshakeBytes: number;
  /** The most certificates in a chain that the peer sends. Default 16. */
  readonly chainLength: number;
  /** The most signature checks and candidate steps in path building. Default 256. */
  readonly pathBuildingSteps: number;
  /** The most tickets kept per connection. Default 8. */
  readonly tickets: number;
  /** The most KeyUpdates in a row, with nothing of the application between them. Default 32. */
  readonly keyUpdatesInARow: number;
  /** The most records in a row that are empty. Default 32. */
  readonly emptyRecordsInARow: number;
}

/** A pre-shared key agreed out of band (RFC 9846 section 4.3.11). */
export interface ExternalPsk {
  /** 1 to 65,535 bytes; of an imported key, less what RFC 9258 puts around it: 8 bytes and the context. */
  readonly identity: Uint8Array;
  /**
   * 16 random bytes or more (RFC 9257 section 6), best as many as the hash has; with OpenSSL 512 at most. A password is
   * none: whoever sees one handshake can guess it.
   */
  readonly key: Uint8Array;
  /** The hash of the suites that it is offered for; of an imported key, the one that it was agreed for. */
  readonly hash: 'sha256' | 'sha384';
  /**
   * RFC 9258: what is offered is not the key itself but one derived from it for each hash of the suites on offer, bound
   * to TLS 1.3. A server must import it as well. Feature `psk-importer`.
   */
  readonly import?: ImportedPsk;
}

export interface ImportedPsk {
  /**
   * What both sides know of where the key is used, 0 to 65,535 bytes, as RFC 9258 section 5.1 has it. Default: none.
   */
  readonly context?: Uint8Array;
}

/** What a verify callback sees. */
export interface PeerIdentity {
  /** The name of `setHost()`. */
  readonly host: string | undefined;
  /** DER, leaf first, as the peer sent it. */
  readonly chain: readonly Uint8Array[];
  /** DER OCSPResponse that was stapled, where one was asked for. */
  readonly ocspResponse: Uint8Array | undefined;
  /** DER SubjectPublicKeyInfo, in place of a chain (RFC 7250). */
  readonly rawPublicKey?: Uint8Array | undefined;
}
/**
 * `false`, a throw or a rejection refuses the peer; a thrown TlsError with a `CERT_*` code becomes the failure itself,
 * with the alert that it names or else the one that belongs to its code. A promise makes connect() return -1 /
 * WANT_RETRY_VERIFY until it settles. Called inside an operation: `connection` may be disposed of, and asked for facts,
 * but calls that move bytes are a TypeError.
 */
export type VerifyCallback = (peer: PeerIdentity, connection: Ssl) => boolean | Promise<boolean>;

export interface TraceMessage {
  /** Whether it is ours or the peer's. */
  readonly direction: 'sent' | 'received';
  /** 20 change_cipher_spec, 21 alert, 22 handshake. OpenSSL shows no change_cipher_spec that it receives. */
  readonly contentType: number;
  /** A whole message with its header; a copy that the callback may keep. */
  readonly bytes: Uint8Array;
}
