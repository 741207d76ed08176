/**
 * @module What an engine is below its shell. {@link SslShell} is the `Ssl` that callers hold: arguments, phases,
 * failures and callbacks are its business. A `Port` moves bytes and knows facts, and is called in legal phases only.
 *
 * The numbers that its operations return: above 0, done (1, or a count of bytes); below 0, a negated SSL_get_error(3)
 * code:
 * -2 WANT_READ, -3 WANT_WRITE, -4 WANT_X509_LOOKUP, -6 ZERO_RETURN, -9 WANT_ASYNC, -12 WANT_RETRY_VERIFY. What it
 * throws is the end of the connection: a TlsError is the failure itself, anything else an INTERNAL_ERROR.
 */
import type { Bio } from '@ferrule/bio';
import type { Ssl, TlsSession, TraceMessage } from '@ferrule/contract';
import type { TlsError } from '@ferrule/result';
import type { Host } from '@ferrule/result/host';

/** What is known of a connection: the facts among `Ssl`'s properties, which have their meaning in the contract. */
export type FactName =
  | 'version'
  | 'cipherSuite'
  | 'group'
  | 'peerSignatureAlgorithm'
  | 'alpn'
  | 'helloRetryRequested'
  | 'extendedMasterSecret'
  | 'peerCertificates'
  | 'peerRawPublicKey'
  | 'verifiedChain'
  | 'verifyResult'
  | 'ocspResponse'
  | 'signedCertificateTimestamps'
  | 'sessionReused'
  | 'earlyData'
  | 'ech'
  | 'echRetryConfigs'
  | 'clientCredential';

export type Facts = { readonly [Name in FactName]: Ssl[Name] };

/** What a handshake begins with. */
export interface Start {
  /** What these throw is a TlsError: the failure of the transport. */
  readonly rbio: Bio;
  readonly wbio: Bio;
  readonly host: Host | undefined;
  readonly session: TlsSession | undefined;
  /** writeEarlyData() begins it: the ClientHello offers early data. */
  readonly earlyData: boolean;
}

export interface Port {
  /** The host of a session of this engine; `undefined` for anything else. */
  ownSession(session: unknown): { readonly host: string | undefined } | undefined;

  /** Once, before any of the operations below. */
  begin(start: Start): void;
  handshake(): number;
  read(into: Uint8Array): number;
  write(from: Uint8Array): number;
  /** 0: the session does not fit this connection, and none of it can be sent. */
  writeEarlyData(from: Uint8Array): number;
  /** Sends close_notify: 0 when it has left and the peer's has not come, 1 when it has. */
  shutdown(): number;
  /** TLS 1.3 only. -3 or -9 until the message has left; repeated, it goes on with the one that is under way. */
  keyUpdate(requestPeer: boolean): number;

  /** Bytes that a write() which returned WANT_WRITE or WANT_ASYNC must be repeated with; 0 when none is under way. */
  readonly committed: number;
  /** Decrypted bytes that read() would return without new input. */
  readonly pending: number;
  readonly asyncReady: Promise<void> | undefined;
  readonly state: string;
  readonly shutdownState: 0 | 1 | 2 | 3;
  /** A fact, or `undefined` while it is not known. Also after dispose(), where it was known. */
  fact<K extends keyof Facts>(name: K): Facts[K] | undefined;

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /**
   * Absent in an engine without the feature `early-exporter`. @throws TypeError where no early data was offered, or it
   * was rejected.
   */
  exportEarlyKeyingMaterial?(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /** RFC 5929 section 4.1; `undefined` where it is not defined. */
  serverEndPoint(): Uint8Array | undefined;

  /**
   * The connection ends in this failure: queues its alert, if it has one. True when {@link flush} must see it off.
   */
  queueAlert(error: TlsError): boolean;
  /** Pushes the alert towards the write BIO: 0 when it has left, else the negated wait. */
  flush(): number;
  /** No more is sent or read: wipes secrets. Facts stay. Called again by {@link dispose}, or by itself. */
  end(): void;
  /** Releases everything; afterwards only facts are asked for. */
  dispose(): void;
}

/** What an engine may ask of its shell. Nothing of it calls the caller at once. */
export interface Outlet {
  /** The connection as the caller knows it. */
  readonly ssl: Ssl;
  /** False once the connection has failed or was disposed, which a callback may do in the middle of a step. */
  readonly open: boolean;
  /** For onMessage, when the operation is over. `bytes` are handed over. */
  message(direction: TraceMessage['direction'], contentType: number, bytes: Uint8Array): void;
  /** For onKeylog. */
  keylog(line: string): void;
  /** For onSession; `make` is called when the operation is over, and what it throws is the connection's failure. */
  session(make: () => TlsSession): void;
}

/** The observers of a context. */
export interface Observers {
  readonly onKeylog: ((line: string, connection: Ssl) => void) | undefined;
  readonly onSession: ((session: TlsSession, connection: Ssl) => void) | undefined;
  readonly onMessage: ((message: TraceMessage, connection: Ssl) => void) | undefined;
}
