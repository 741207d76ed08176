/** @module One connection. */
import type { Bio } from '@ferrule/bio';
import type { ErrorSource, ReturnValue, SslErrorCode } from '@ferrule/result';
import type { Credential } from './credential.ts';
import type { TlsVersion } from './options.ts';
import type { TlsSession } from './session.ts';

/**
 * `SSL`. Every operation is synchronous and never throws for anything that a peer can cause; a `TypeError` means that
 * the caller broke the contract.
 *
 * Returns, as SSL_connect(3): `1` done; `0` refused or closed by the protocol's own rules; `<0` not done. After any
 * value `<= 0` ask {@link getError} with that value. `read` and `write` return a byte count when `> 0`. `shutdown`
 * returns `0` for "sent, the peer's close_notify not seen yet", which is not an error (SSL_shutdown(3)).
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
 * After ssl or syscall every operation returns the same failure; the alert, if there is one, is in the write BIO: drain
 * it.
 *
 * A call at the wrong time changes nothing: it is a `TypeError`, or, where OpenSSL answers with an error that is not
 * fatal, -1 / ssl with a `failure` that is there until the next operation: `HANDSHAKE_NOT_DONE`,
 * `PROTOCOL_IS_SHUTDOWN`,
 * `CONNECTION_TYPE_NOT_SET`, `BIO_MISSING`. The table of calls and phases is `CALLS` of @ferrule/ssl.
 *
 * Callbacks that are asked (verify, credential choice, signers, `now`) are called inside an operation, where the
 * connection may be disposed of and asked for facts, and calls that move bytes are a `TypeError`. Observers are called
 * when it is over, and may call.
 */
export interface Ssl extends ErrorSource {
  /** SSL_set_bio(3). @throws TypeError when a handshake has begun. */
  setBio(rbio: Bio, wbio: Bio): void;
  /** SSL_set_connect_state(3); connect() does it by itself, doHandshake() needs it. */
  setConnectState(): void;
  /**
   * SNI, and the name or IP address that the certificate must match. @throws TypeError for what is neither, or too
   * late.
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
  /** SSL_write(3) with partial writes: the count of bytes taken, 1 or more. An empty array is a TypeError. */
  write(from: Uint8Array): number;
  /**
   * SSL_write_early_data(3): only before connect(), read() and write() are called; idempotent data only. @throws
   * TypeError without a session that allows it.
   */
  writeEarlyData(from: Uint8Array): number;
  /**
   * SSL_shutdown(3): sends close_notify; 0 = sent, 1 = sent and received. Nothing is written after it, and reading goes
   * on. Before the handshake is done it is refused.
   */
  shutdown(): number;
  /**
   * SSL_key_update(3); `true` asks the peer to update too: 1 when the message is in the write BIO. TLS 1.3,
   * established: otherwise a TypeError.
   */
  keyUpdate(requestPeer: boolean): ReturnValue;

  getError(ret: number): SslErrorCode;
  /**
   * Settles (never rejects) when a WANT_ASYNC, WANT_RETRY_VERIFY or WANT_X509_LOOKUP can make progress. While a promise
   * of an observer is pending (onSession, onKeylog, onMessage) there is one beside every other wait, too: it settles
   * with that, and the connection has failed where it was rejected. `undefined` when none of these is pending.
   */
  readonly asyncReady: Promise<void> | undefined;
  /** Decrypted bytes that a read() would return without new input. */
  readonly pending: number;
  /** SSL_state_string_long(3), e.g. `TLSv1.3 read EncryptedExtensions`. For people, not for programs. */
  readonly state: string;
  /**
   * SSL_get_shutdown(3): bit 1, close_notify was sent, so shutdown() has returned 0 or 1; bit 2, close_notify or a
   * fatal alert was received.
   */
  readonly shutdownState: 0 | 1 | 2 | 3;
  /** True once connect() has returned 1. */
  readonly established: boolean;

  // Facts, `undefined` until known. Numbers and names stay after dispose(); byte strings do where they were read
  // before.
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
  /** DER, leaf to root, as it was verified; `undefined` when the path was not built by the engine. */
  readonly verifiedChain: readonly Uint8Array[] | undefined;
  /** X509_V_* code; 0 = X509_V_OK. */
  readonly verifyResult: number;
  readonly ocspResponse: Uint8Array | undefined;
  /** RFC 6962 SignedCertificateTimestampList from the TLS extension. */
  readonly signedCertificateTimestamps: Uint8Array | undefined;
  /**
   * The credential that was sent to the server, as the object that the caller gave; `undefined` before that, or when
   * none was.
   */
  readonly clientCredential: Credential | undefined;
  readonly sessionReused: boolean;
  readonly earlyData: 'not-sent' | 'rejected' | 'accepted';
  readonly ech: 'not-offered' | 'grease' | 'accepted' | 'rejected';
  /** The ECHConfigList to try next, after ECH was rejected. */
  readonly echRetryConfigs: Uint8Array | undefined;
  /**
   * RFC 5705, RFC 9846 section 7.5: `length` bytes. @throws TypeError before the handshake is done or for a length
   * outside 1 to 65535 (and 255 hashes in TLS 1.3). @throws TlsError {@link failure}'s once the connection has failed
   * or was disposed: its secrets are gone.
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /**
   * RFC 9846 section 7.5, from `early_exporter_secret`: bound to the ClientHello alone, so whatever is derived may be
   * replayed with it. Feature `early-exporter`; absent otherwise. @throws TypeError, TlsError as {@link
   * exportKeyingMaterial}, and TypeError where no early data was offered or it was rejected.
   */
  exportEarlyKeyingMaterial?(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /**
   * RFC 9266 `tls-exporter` (32 bytes) and RFC 5929 `tls-server-end-point`; `undefined` where it is not defined.
   * @throws TlsError as {@link exportKeyingMaterial}.
   */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined;
  /** Wipe keys. Idempotent; each later operation returns -1 / SSL_ERROR_SSL, `DISPOSED`. */
  dispose(): void;
}
