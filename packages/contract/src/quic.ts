/** @module The handshake that QUIC carries (RFC 9001): TLS 1.3 without records, by encryption level. */
import type { ReturnValue } from '@ferrule/result';
import type { TlsSession } from './session.ts';
import type { Ssl } from './ssl.ts';

/** Encryption levels, RFC 9001 section 4.1.4. */
export type QuicLevel = 'initial' | '0-rtt' | 'handshake' | '1-rtt';

/** What a connection has for QUIC, in the order in which it came about. */
export type QuicEvent =
  /** Bytes for CRYPTO frames of that level, behind those of before. */
  | { readonly kind: 'crypto'; readonly level: Exclude<QuicLevel, '0-rtt'>; readonly data: Uint8Array }
  /**
   * A traffic secret to derive packet protection from (RFC 9001 section 5.1). It is the caller's from here on, to be
   * wiped when the keys are made.
   */
  | {
      readonly kind: 'secret';
      readonly level: Exclude<QuicLevel, 'initial'>;
      readonly direction: 'read' | 'write';
      /** IANA code point: its AEAD, its header protection, its hash. */
      readonly cipherSuite: number;
      readonly secret: Uint8Array;
    }
  /**
   * The connection has failed: what CONNECTION_CLOSE (type 0x1c) is to say. CRYPTO_ERROR, 0x0100 and the alert, or
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

/** One handshake, and the tickets that come after it. Nothing of it calls the caller, but the context's callbacks. */
export interface QuicConnection {
  readonly tls: QuicTls;
  /** The server's quic_transport_parameters (RFC 9000 section 18), not authenticated before the handshake is done. */
  readonly peerTransportParameters: Uint8Array | undefined;
  /**
   * Bytes of CRYPTO frames, in order and without gaps; copied. Bytes of another level than the one that is read now are
   * the server's fault, and the connection fails; so it does where more than `limits.handshakeBytes` and 128 KiB wait,
   * for a callback that has not answered, say (CRYPTO_BUFFER_EXCEEDED). After its end they are dropped.
   * @throws TypeError for another level, or no bytes
   */
  receive(level: Exclude<QuicLevel, '0-rtt'>, data: Uint8Array): void;
  /**
   * SSL_do_handshake(3), and what came after the handshake: all that can be done with what was received. 1: the
   * handshake is done, and everything received was taken in; else as `connect()`. `WANT_WRITE` comes once, with early
   * data: 0-RTT keys are among the events. Take the events after each call.
   */
  advance(): ReturnValue;
  /**
   * What has come about since the last call; after a failure too, what was said before it and how to close. Secrets that
   * nobody takes are wiped by `tls.dispose()`.
   */
  events(): readonly QuicEvent[];
}

export interface QuicConnectionOptions {
  /** Our quic_transport_parameters as they are on the wire. */
  readonly transportParameters: Uint8Array;
  /** Offer the session's early data. What the server remembers of its parameters is for QUIC to check. Default: false. */
  readonly earlyData?: boolean;
}

/** What QUIC connections of the same options share. */
export interface QuicContext {
  /** @throws TypeError naming the option that is wrong. */
  newConnection(options: QuicConnectionOptions): QuicConnection;
  /** `undefined` for bytes that are not a session of this engine, or not intact. */
  sessionFromBytes(bytes: Uint8Array): TlsSession | undefined;
}
