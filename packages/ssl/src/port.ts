/**
 * @module The engine below the shell. {@link SslShell} is the `Ssl` that callers hold and handles arguments, phases,
 * failures and callbacks. A `Port` moves bytes and knows facts, and is called only in legal phases.
 *
 * Its operations return numbers: above 0, done (1, or a count of bytes); below 0, a negated SSL_get_error(3) code: -2
 * WANT_READ, -3 WANT_WRITE, -4 WANT_X509_LOOKUP, -6 ZERO_RETURN, -9 WANT_ASYNC, -12 WANT_RETRY_VERIFY. An exception
 * ends the connection: a TlsError is the failure itself, anything else an INTERNAL_ERROR.
 */
import type { Bio } from '@ferrule/bio';
import type { Ssl, TlsSession, TraceMessage } from '@ferrule/contract';
import type { TlsError } from '@ferrule/result';
import type { Host } from '@ferrule/result/host';

/** The facts about a connection among `Ssl`'s properties, as defined in the contract. */
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

/** The parameters of a handshake. */
export interface Start {
  /** These throw only a TlsError: the failure of the transport. */
  readonly rbio: Bio;
  readonly wbio: Bio;
  readonly host: Host | undefined;
  readonly session: TlsSession | undefined;
  /** Begun by writeEarlyData(): the ClientHello offers early data. */
  readonly earlyData: boolean;
}

export interface Port {
  /** The host of the session if it belongs to this engine; `undefined` for anything else. */
  ownSession(session: unknown): { readonly host: string | undefined } | undefined;

  /** Once, before any of the operations below. */
  begin(start: Start): void;
  handshake(): number;
  read(into: Uint8Array): number;
  write(from: Uint8Array): number;
  /** 0: the session cannot be used on this connection, so no early data can be sent. */
  writeEarlyData(from: Uint8Array): number;
  /** Sends close_notify: 0 when it has been sent but not received, 1 when both. */
  shutdown(): number;
  /** TLS 1.3 only. -3 or -9 until the message has been sent; a repeated call continues the pending one. */
  keyUpdate(requestPeer: boolean): number;

  /** Bytes with which a write() that returned WANT_WRITE or WANT_ASYNC must be repeated; 0 if none is pending. */
  readonly committed: number;
  /** Decrypted bytes that read() would return without new input. */
  readonly pending: number;
  readonly asyncReady: Promise<void> | undefined;
  readonly state: string;
  readonly shutdownState: 0 | 1 | 2 | 3;
  /** A fact, or `undefined` until known. Known facts survive dispose(). */
  fact<K extends keyof Facts>(name: K): Facts[K] | undefined;

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /**
   * Absent in an engine without the feature `early-exporter`. @throws TypeError where no early data was offered, or it
   * was rejected.
   */
  exportEarlyKeyingMaterial?(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /** RFC 5929 section 4.1; `undefined` where the RFC defines none. */
  serverEndPoint(): Uint8Array | undefined;

  /** The connection fails: queues the alert, if any. True if {@link flush} must send it. */
  queueAlert(error: TlsError): boolean;
  /** Pushes the alert towards the write BIO: 0 when it has been sent, else the negated wait. */
  flush(): number;
  /** Nothing more is sent or read: wipes secrets. Facts remain. May be called repeatedly, also by {@link dispose}. */
  end(): void;
  /** Releases everything; afterwards only facts are read. */
  dispose(): void;
}

/** The shell's services for the engine. None of them calls the caller immediately. */
export interface Outlet {
  /** The connection as the caller's object. */
  readonly ssl: Ssl;
  /** False once the connection has failed or was disposed, which a callback may do during a step. */
  readonly open: boolean;
  /** For onMessage, after the operation. Takes ownership of `bytes`. */
  message(direction: TraceMessage['direction'], contentType: number, bytes: Uint8Array): void;
  /** For onKeylog. */
  keylog(line: string): void;
  /** For onSession; `make` is called after the operation, and an exception fails the connection. */
  session(make: () => TlsSession): void;
}

/** The observers of a context. */
export interface Observers {
  readonly onKeylog: ((line: string, connection: Ssl) => void) | undefined;
  readonly onSession: ((session: TlsSession, connection: Ssl) => void) | undefined;
  readonly onMessage: ((message: TraceMessage, connection: Ssl) => void) | undefined;
}
