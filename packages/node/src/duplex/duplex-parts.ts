/** @module What a Duplex is made of, and how far it is on its way. */
import type { Duplex } from 'node:stream';
import type { Ssl } from '@ferrule/contract';
import type { Starttls } from '@ferrule/starttls';
import type { OnRead } from './plaintext.ts';
import type { SocketSurfaceParts } from './socket-surface.ts';
import type { Target } from './stream-transport.ts';

/** What a Duplex is made of, all of it checked already. */
export interface TlsDuplexParts extends SocketSurfaceParts {
  /**
   * The connection, its host set; a promise while the engine loads, a function to be asked when the handshake begins.
   * Rejections end the Duplex.
   */
  readonly ssl: Ssl | Promise<Ssl> | (() => Promise<Ssl>);
  readonly target: Target | undefined;
  /** In place of TCP, where `connect()` is what names host and port. */
  readonly dial: ((to: { readonly host: string; readonly port: number }) => Duplex) | undefined;
  /** Runs before TLS. */
  readonly preamble: Starttls | undefined;
  /** The first plaintext, of our own. */
  readonly greeting: Uint8Array | undefined;
  /** Milliseconds for transport, preamble and handshake together; 0 = no limit. */
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly onread: OnRead | undefined;
  /** Sets a session to resume, where there is one, before the handshake begins; never rejects. */
  session(ssl: Ssl): Promise<void> | undefined;
  /** The handshake is done, and nothing has been read or written. An error refuses the peer. */
  opened(ssl: Ssl): Error | undefined;
  /** What an error is to the users of this face; the same for the same error. */
  told(error: Error): Error;
  /** `end()` with nothing written waits for the handshake, as tls.TLSSocket does, and does not give it up. */
  readonly endWaits: boolean;
  /** What an end of the transport without close_notify is, once the connection is open. */
  readonly truncation: Truncation;
}

/**
 * What an end without close_notify is: `error`, since the plaintext may be truncated (RFC 9846 section 6.1), or `end`,
 * for a protocol that knows by itself where its messages end.
 */
export type Truncation = 'error' | 'end';

export type Phase = 'idle' | 'transport' | 'preamble' | 'session' | 'handshake' | 'open' | 'dead';

/**
 * @internal The event before `connect`: who objects to what was agreed on destroys the Duplex, and nobody is told of it. The
 * same for every copy of this package (ADR 0139): adapters of CommonJS are files of their own.
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
