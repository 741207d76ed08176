/** @module The parts of a Duplex, and its phases. */
import type { Duplex } from 'node:stream';
import type { Ssl } from '@ferrule/contract';
import type { Starttls } from '@ferrule/starttls';
import type { OnRead } from './plaintext.ts';
import type { SocketSurfaceParts } from './socket-surface.ts';
import type { Target } from './stream-transport.ts';

/** The parts of a Duplex, already checked. */
export interface TlsDuplexParts extends SocketSurfaceParts {
  /**
   * The connection, its host set; a promise while the engine loads, or a function called when the handshake begins.
   * Rejections destroy the Duplex.
   */
  readonly ssl: Ssl | Promise<Ssl> | (() => Promise<Ssl>);
  readonly target: Target | undefined;
  /** Instead of TCP, if `connect()` names host and port. */
  readonly dial: ((to: { readonly host: string; readonly port: number }) => Duplex) | undefined;
  /** Runs before TLS. */
  readonly preamble: Starttls | undefined;
  /** Our own greeting, delivered as the first plaintext. */
  readonly greeting: Uint8Array | undefined;
  /** Milliseconds for transport, preamble and handshake together; 0 = no limit. */
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly onread: OnRead | undefined;
  /** Sets a session to resume, if any, before the handshake begins; never rejects. */
  session(ssl: Ssl): Promise<void> | undefined;
  /** The handshake is done, and nothing has been read or written. Returning an error rejects the peer. */
  opened(ssl: Ssl): Error | undefined;
  /** Converts an error for the users of this face; the same result for the same error. */
  told(error: Error): Error;
  /** `end()` with nothing written waits for the handshake, as in tls.TLSSocket, and does not abort it. */
  readonly endWaits: boolean;
  /** What `connect` and `connecting` refer to: the transport, as in tls.TLSSocket, or TLS. */
  readonly connects: 'transport' | 'tls';
  /** How to treat EOF without close_notify on an open connection. */
  readonly truncation: Truncation;
}

/**
 * How to treat EOF without close_notify: `error`, since the plaintext may be truncated (RFC 9846 section 6.1), or
 * `end`, for a protocol that delimits its messages.
 */
export type Truncation = 'error' | 'end';

export type Phase = 'idle' | 'transport' | 'preamble' | 'session' | 'handshake' | 'open' | 'dead';

/**
 * @internal Emitted before `connect`: a listener that objects to what was negotiated destroys the Duplex, and no
 * `connect` follows. Shared by all copies of this package (ADR 0139): CommonJS adapters are separate files.
 */
export const AGREED: unique symbol = Symbol.for('ferrule.agreed');

/** For messages. */
export const PHASES: Readonly<Record<Phase, string>> = {
  idle: 'idle',
  transport: 'the attempt to connect',
  preamble: 'the plain-text dialogue before TLS',
  session: 'the look-up of a session',
  handshake: 'the handshake',
  open: 'the connection',
  dead: 'the end',
};
