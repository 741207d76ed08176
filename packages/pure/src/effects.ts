/**
 * @module Everything that flow code sees of a connection, and can do to the world: `handshake.ts` makes it. Data comes
 * in through {@link HandshakeIo.poll}, one whole handshake message at a time; there is no Bio.
 */
import type { Ssl, TlsVersion } from '@ferrule/contract';
import type { TlsError } from '@ferrule/result';
import type { Config } from './context.ts';
import type { Established } from './flow/proof.ts';
import type { Aligned, Keys } from './records.ts';
import type { Exporter } from './keys/exporter.ts';
import type { KeylogLabel } from './keys/keylog.ts';
import type { Secrets } from './keys/secret.ts';
import type { Negotiated } from './negotiated.ts';
import type { HandshakeMessage } from './record/coalesce.ts';
import type { Session } from './session/session.ts';
import type { Steps, Wait } from './wait.ts';

/** RFC 9001: what differs where QUIC carries the handshake. */
export interface QuicHandshake {
  /** Our quic_transport_parameters. */
  readonly transportParameters: Uint8Array;
  /** Those of the server. */
  receiveParameters(parameters: Uint8Array): void;
  /** The same error, which in QUIC is PROTOCOL_VIOLATION and not its alert. */
  violation(error: TlsError): TlsError;
}

/** What a connection goes on with when its handshake is done. Made by the flow of each version. */
export interface PostHandshake {
  readonly exporter: Exporter;
  /** A handshake message that came after the handshake: handled at once, or by the steps that it returns. */
  receive(message: HandshakeMessage): Steps<void> | undefined;
  /** Application data came: whatever is counted "in a row" starts anew. */
  dataCame(): void;
  /** SSL_key_update(3); `undefined` in TLS 1.2. */
  readonly keyUpdate: ((requestPeer: boolean) => void) | undefined;
  /** Before application data is written: puts what must go first. `undefined` in TLS 1.2. */
  readonly beforeWrite: (() => void) | undefined;
}

export interface Effects {
  readonly config: Config;
  /** Owns every secret of this connection. */
  readonly secrets: Secrets;
  /** The connection, for the caller's callbacks. */
  readonly ssl: Ssl;
  readonly negotiated: Negotiated;
  readonly hs: HandshakeIo;
  /** There where QUIC carries the handshake. */
  readonly quic: QuicHandshake | undefined;
}

/** Messages, keys and waits of a handshake, and what it hands over. */
export interface HandshakeIo {
  /** Names the step for people: `ssl.state` is the version and this. */
  enter(step: string): void;
  /** The version is negotiated: records are those of this version from here on, and the fact `version` is written. */
  settleVersion(version: TlsVersion): void;
  /**
   * @throws TlsError DISPOSED when the caller disposed of the connection, which a callback may do in the middle of a
   * step.
   */
  checkOpen(): void;
  /** Tells asyncReady what is being waited for. */
  awaiting(operation: Promise<void> | undefined): void;

  /**
   * The next handshake message, or what must happen before there is one. @throws TlsError for an alert, EOF or a bad
   * record.
   */
  poll(): HandshakeMessage | Wait;
  /**
   * Proof that no handshake bytes follow the last message: keys may change here (RFC 9846 section 5.1). @throws
   * TlsError EXCESS_HANDSHAKE_DATA.
   */
  aligned(): Aligned;
  /** The next record must be a change_cipher_spec (TLS 1.2): resolves to true when it has come. */
  pollChangeCipherSpec(): true | Wait;

  /** Adds a handshake message, header included, to the flight. */
  put(message: Uint8Array): void;
  /** In front of whatever is put next, be it an alert: by itself it would only cost a segment. */
  putChangeCipherSpec(): void;
  /** Pushes the flight towards the write BIO: true when all of it is there. */
  flush(): true | Wait;

  /** Wipes keys once they are in the AEAD; a traffic secret stays its owner's. The same below. */
  installReadKeys(keys: Keys, aligned: Aligned): void;
  installWriteKeys(keys: Keys): void;
  /** RFC 8449: the most plaintext (TLS 1.3: with content type and padding) that the peer takes in one record. */
  limitRecords(peer: number): void;

  /** For one line of the NSS key log, given to the callback, if there is one, after the operation. */
  keylog(label: KeylogLabel, clientRandom: Uint8Array, secret: Uint8Array): void;
  /** A session for onSession, given to it after the operation. */
  session(session: Session): void;
  /**
   * No session is made of this connection from here on (ADR 0090): what the server knows of us, a callback has said.
   */
  makeNoSession(): void;
  /** RFC 9846 section 4.3.10: up to `limit` bytes may be written before the handshake is done. */
  openEarlyData(limit: number, exporter: Exporter): void;
  /** No more early data: what follows is written in the clear until other keys are installed. */
  closeEarlyData(): void;
  /** The handshake is done; only proofs get here. */
  done(established: Established, after: PostHandshake): void;
}
