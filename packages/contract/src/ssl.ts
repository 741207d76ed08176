/** @module One connection. */
import type { Bio } from '@ferrule/bio';
import type { ErrorSource, ReturnValue, SslErrorCode } from '@ferrule/result';
import type { Credential } from './credential.ts';
import type { TlsVersion } from './options.ts';
import type { TlsSession } from './session.ts';

/**
 * `SSL`. Every operation is synchronous and never throws for anything a peer can cause; a `TypeError` means that the
 * caller broke the contract.
 *
 * Returns, as SSL_connect(3): `1` done; `0` rejected or closed according to the protocol; `<0` not done. After any
 * value `<= 0`, pass it to {@link getError}. `read` and `write` return a byte count when `> 0`. `shutdown` returns `0`
 * for "sent, the peer's close_notify not seen yet", which is not an error (SSL_shutdown(3)).
 *
 * | what happened | ret | getError |
 * |---|---|---|
 * | established; n bytes | 1; n | none |
 * | during the handshake the peer sent close_notify or a fatal alert | 0 | ssl, `PEER_ALERT` |
 * | after it the peer sent close_notify | 0 | zeroReturn |
 * | after it the peer sent a fatal alert | -1 | ssl, `PEER_ALERT` |
 * | we refused (alert sent), the peer broke the protocol, EOF without close_notify | -1 | ssl |
 * | the transport under the BIO failed | -1 | syscall |
 * | the read BIO is empty; the write BIO is full | -1 | wantRead; wantWrite |
 * | credential choice; external signer or crypto; verification pending | -1 | wantX509Lookup; wantAsync; wantRetryVerify |
 *
 * After ssl or syscall every operation returns the same failure; the alert, if any, is in the write BIO: drain it.
 *
 * A call at the wrong time changes nothing: it is a `TypeError` or, where OpenSSL returns a non-fatal error, -1 / ssl
 * with a `failure` that lasts until the next operation: `HANDSHAKE_NOT_DONE`, `PROTOCOL_IS_SHUTDOWN`,
 * `CONNECTION_TYPE_NOT_SET`, `BIO_MISSING`. The table of calls and phases is `CALLS` of @ferrule/ssl.
 *
 * Deciding callbacks (verify, credential choice, signers, `now`) run during an operation: they may dispose of the
 * connection or query it, but calls that move bytes are a `TypeError`. Observers run after it and may make any call.
 */
export interface Ssl extends ErrorSource {
  /** SSL_set_bio(3). @throws TypeError once a handshake has begun. */
  setBio(rbio: Bio, wbio: Bio): void;
  /** SSL_set_connect_state(3); connect() does it implicitly, doHandshake() requires it. */
  setConnectState(): void;
  /**
   * SNI, and the name or IP address that the certificate must match. @throws TypeError if it is neither, or too late.
   */
  setHost(name: string): void;
  /** SSL_set_session(3). @throws TypeError for a session of another host or backend, or too late. */
  setSession(session: TlsSession): void;

  /** SSL_connect(3). */
  connect(): ReturnValue;
  /** SSL_do_handshake(3). */
  doHandshake(): ReturnValue;
  /** SSL_read(3): the count of bytes copied, 1 or more. An empty array is a TypeError. */
  read(into: Uint8Array): number;
  /** SSL_write(3) with partial writes: the count of bytes accepted, 1 or more. An empty array is a TypeError. */
  write(from: Uint8Array): number;
  /**
   * SSL_write_early_data(3): only before connect(), read() and write() are called; idempotent data only. @throws
   * TypeError without a session that allows it.
   */
  writeEarlyData(from: Uint8Array): number;
  /**
   * SSL_shutdown(3): sends close_notify; 0 = sent, 1 = sent and received. Nothing is written after it; reading
   * continues. It is rejected before the handshake is done.
   */
  shutdown(): number;
  /**
   * SSL_key_update(3); `true` asks the peer to update too: 1 when the message is in the write BIO. TLS 1.3,
   * established: otherwise a TypeError.
   */
  keyUpdate(requestPeer: boolean): ReturnValue;

  getError(ret: number): SslErrorCode;
  /**
   * Settles (never rejects) when a WANT_ASYNC, WANT_RETRY_VERIFY or WANT_X509_LOOKUP can make progress. While an
   * observer's promise is pending (onSession, onKeylog, onMessage) it is also set during other waits: it settles with
   * that promise, and if that was rejected the connection has failed. `undefined` when nothing is pending.
   */
  readonly asyncReady: Promise<void> | undefined;
  /** Decrypted bytes that a read() would return without new input. */
  readonly pending: number;
  /** SSL_state_string_long(3), e.g. `TLSv1.3 read EncryptedExtensions`. For humans, not for programs. */
  readonly state: string;
  /**
   * SSL_get_shutdown(3): bit 1, close_notify was sent, so shutdown() has returned 0 or 1; bit 2, close_notify or a
   * fatal alert was received.
   */
  readonly shutdownState: 0 | 1 | 2 | 3;
  /** True once connect() has returned 1. */
  readonly established: boolean;

  // Facts, `undefined` until known. Numbers and names survive dispose(); byte strings only if they were read before.
  readonly version: TlsVersion | undefined;
  /** IANA code point. */
  readonly cipherSuite: number | undefined;
  /** IANA NamedGroup. */
  readonly group: number | undefined;
  /** IANA SignatureScheme of the server's CertificateVerify or ServerKeyExchange. */
  readonly peerSignatureAlgorithm: number | undefined;
  readonly alpn: string | undefined;
  readonly helloRetryRequested: boolean | undefined;
  readonly extendedMasterSecret: boolean | undefined;
  /** DER, leaf first, as the peer sent it; also on resumption. */
  readonly peerCertificates: readonly Uint8Array[];
  /** DER SubjectPublicKeyInfo that the server presented in place of a certificate (RFC 7250); also on resumption. */
  readonly peerRawPublicKey: Uint8Array | undefined;
  /** DER, leaf to root, as verified; `undefined` if the engine did not build the path. */
  readonly verifiedChain: readonly Uint8Array[] | undefined;
  /** X509_V_* code; 0 = X509_V_OK. */
  readonly verifyResult: number;
  readonly ocspResponse: Uint8Array | undefined;
  /** RFC 6962 SignedCertificateTimestampList from the TLS extension. */
  readonly signedCertificateTimestamps: Uint8Array | undefined;
  /**
   * The credential sent to the server, as the object that the caller supplied; `undefined` until then, or if none was
   * sent.
   */
  readonly clientCredential: Credential | undefined;
  readonly sessionReused: boolean;
  readonly earlyData: 'not-sent' | 'rejected' | 'accepted';
  readonly ech: 'not-offered' | 'grease' | 'accepted' | 'rejected';
  /** The ECHConfigList to try next, after ECH was rejected. */
  readonly echRetryConfigs: Uint8Array | undefined;
  /**
   * RFC 5705, RFC 9846 section 7.5: `length` bytes. @throws TypeError before the handshake is done or for a length
   * outside 1 to 65535 (and 255 hashes in TLS 1.3). @throws TlsError that of {@link failure} once the connection has
   * failed or was disposed: its secrets are gone.
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /**
   * RFC 9846 section 7.5, from `early_exporter_secret`: bound to the ClientHello alone, so anything derived can be
   * replayed with it. Feature `early-exporter`; absent otherwise. @throws TypeError, TlsError as
   * {@link exportKeyingMaterial}, and TypeError where no early data was offered or it was rejected.
   */
  exportEarlyKeyingMaterial?(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /**
   * RFC 9266 `tls-exporter` (32 bytes) and RFC 5929 `tls-server-end-point`; `undefined` where the RFC defines none.
   * @throws TlsError as {@link exportKeyingMaterial}.
   */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined;
  /** Wipe keys. Idempotent; every later operation returns -1 / SSL_ERROR_SSL, `DISPOSED`. */
  dispose(): void;
}
