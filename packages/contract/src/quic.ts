/** @module The TLS handshake for QUIC (RFC 9001): TLS 1.3 without records, by encryption level. */
import type { ReturnValue } from '@ferrule/result';
import type { TlsSession } from './session.ts';
import type { Ssl } from './ssl.ts';

/** Encryption levels, RFC 9001 section 4.1.4. */
export type QuicLevel = 'initial' | '0-rtt' | 'handshake' | '1-rtt';

/** What a connection produces for QUIC, in order. */
export type QuicEvent =
  /** Bytes for CRYPTO frames of that level, after the previous ones. */
  | { readonly kind: 'crypto'; readonly level: Exclude<QuicLevel, '0-rtt'>; readonly data: Uint8Array }
  /**
   * A traffic secret to derive packet protection from (RFC 9001 section 5.1). The caller owns it and should wipe it
   * once the keys are derived.
   */
  | {
      readonly kind: 'secret';
      readonly level: Exclude<QuicLevel, 'initial'>;
      readonly direction: 'read' | 'write';
      /** IANA code point: determines the AEAD, header protection and hash. */
      readonly cipherSuite: number;
      readonly secret: Uint8Array;
    }
  /**
   * The connection has failed: the error code for CONNECTION_CLOSE (type 0x1c). CRYPTO_ERROR, 0x0100 plus the alert, or
   * PROTOCOL_VIOLATION, 0x0a (RFC 9001 section 4.8).
   */
  | { readonly kind: 'close'; readonly errorCode: number };

/** The part of `Ssl` that QUIC leaves to TLS. */
export type QuicTls = Pick<
  Ssl,
  | 'setHost'
  | 'setSession'
  | 'getError'
  | 'failure'
  | 'asyncReady'
  | 'state'
  | 'established'
  | 'version'
  | 'cipherSuite'
  | 'group'
  | 'peerSignatureAlgorithm'
  | 'alpn'
  | 'helloRetryRequested'
  | 'peerCertificates'
  | 'peerRawPublicKey'
  | 'verifiedChain'
  | 'verifyResult'
  | 'ocspResponse'
  | 'signedCertificateTimestamps'
  | 'clientCredential'
  | 'sessionReused'
  | 'earlyData'
  | 'ech'
  | 'echRetryConfigs'
  | 'exportKeyingMaterial'
  | 'dispose'
>;

/** One handshake and the tickets after it. It calls nothing but the context's callbacks. */
export interface QuicConnection {
  readonly tls: QuicTls;
  /** The server's quic_transport_parameters (RFC 9000 section 18), not authenticated before the handshake is done. */
  readonly peerTransportParameters: Uint8Array | undefined;
  /**
   * Bytes of CRYPTO frames, in order and without gaps; copied. The connection fails on bytes of a level other than the
   * current read level, and when more than `limits.handshakeBytes` plus 128 KiB are buffered, e.g. behind a pending
   * callback (CRYPTO_BUFFER_EXCEEDED). After its end bytes are dropped.
   * @throws TypeError for any other level, or no bytes
   */
  receive(level: Exclude<QuicLevel, '0-rtt'>, data: Uint8Array): void;
  /**
   * SSL_do_handshake(3), and messages after the handshake: processes all bytes received. 1: the handshake is done and
   * everything received has been processed; otherwise as `connect()`. With early data it returns `WANT_WRITE` once,
   * when the 0-RTT keys are among the events. Take the events after each call.
   */
  advance(): ReturnValue;
  /**
   * Events since the last call; after a failure, those before it and how to close. `tls.dispose()` wipes secrets that
   * were not taken.
   */
  events(): readonly QuicEvent[];
}

export interface QuicConnectionOptions {
  /** The client's quic_transport_parameters in wire format. */
  readonly transportParameters: Uint8Array;
  /** Offer the session's early data. QUIC must check the server's remembered parameters itself. Default: false. */
  readonly earlyData?: boolean;
}

/** Shared by QUIC connections with the same options. */
export interface QuicContext {
  /** @throws TypeError naming the invalid option. */
  newConnection(options: QuicConnectionOptions): QuicConnection;
  /** `undefined` for bytes that are not an intact session of this engine. */
  sessionFromBytes(bytes: Uint8Array): TlsSession | undefined;
}
