/** @module The API of `tls.TLSSocket` and `net.Socket` that client libraries use, as one base class. */
import type { X509Certificate } from 'node:crypto';
import net from 'node:net';
import { Duplex } from 'node:stream';
import type { DetailedPeerCertificate, EphemeralKeyInfo, PeerCertificate } from 'node:tls';
import type { Ssl, TlsSession } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { MAX_TIMER } from '@ferrule/result/arguments';
import { argumentType, outOfRange } from './argument-errors.ts';
import { asBuffer, guarded } from './plaintext.ts';
import { type StreamBase, streamBaseOver } from './stream-base.ts';
import type { StreamTransport } from './stream-transport.ts';
import { cipherOf, ephemeralKeyOf, ownX509, peerCertificateOf, peerX509, type CipherInfo } from './surface.ts';

export interface SocketSurfaceParts {
  readonly host: string | undefined;
  /** The context verifies its peers. */
  readonly verified: boolean;
  readonly allowHalfOpen: boolean;
  /** Whether TCP_NODELAY stays on after the handshake. */
  readonly noDelay: boolean;
  /** Buffer limit in each direction, bytes; default as in node:stream. */
  readonly highWaterMark?: number | undefined;
}

export abstract class SocketSurface extends Duplex {
  readonly encrypted = true as const;
  authorizationError: string | null = null;
  alpnProtocol: string | false | null = null;
  servername: string | false | null | undefined;
  readonly #verified: boolean;
  #noDelay: boolean;
  #referenced = true;
  #lastSession: TlsSession | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Absent until setTimeout() was called. */
  #idleMs: number | undefined;
  #carrier: StreamTransport | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #settings: ((socket: net.Socket) => void)[] = [];
  #bytesRead = 0;
  #bytesWritten = 0;
  #streamBase: StreamBase | undefined;
  #carriesHttp2 = false;

  /** @internal */
  constructor({ host, verified, allowHalfOpen, noDelay, highWaterMark }: SocketSurfaceParts) {
    super({ allowHalfOpen, highWaterMark, emitClose: false, autoDestroy: true });
    this.servername = host !== undefined && net.isIP(host) === 0 ? host : undefined;
    this.#verified = verified;
    this.#noDelay = noDelay;
  }

  /** The connection, only to read its facts; `undefined` while the engine loads. The Duplex does the operations. */
  abstract get ssl(): Ssl | undefined;
  abstract get connecting(): boolean;

  // ── For the connection ──

  /** @internal There is a transport; applies earlier settings to it. */
  protected carriedBy(transport: StreamTransport): void {
    this.#carrier = transport;
    transport.onActivity = () => void this.#idleTimer?.refresh();
    const { socket } = transport;
    if (socket !== undefined) for (const setting of this.#settings) setting(socket);
    this.#settings.length = 0;
    if (!this.#referenced) transport.unref();
  }

  /** The client sends the last flight of the handshake: with Nagle's algorithm it would wait for an ACK. */
  protected handshakeBegins(): void {
    this.#socket?.setNoDelay(true);
  }

  protected handshakeDone(): void {
    if (!this.#noDelay) this.#socket?.setNoDelay(false);
    this.alpnProtocol = this.ssl?.alpn ?? false;
    this.authorizationError = this.#verified ? null : 'NOT_VERIFIED';
    this.within(0);
  }

  /** @internal Calls `late` once after `ms`; keeps the process alive as the socket does. */
  protected within(ms: number, late?: () => void): void {
    clearTimeout(this.#timer);
    if (ms === 0 || late === undefined) return;
    this.#timer = setTimeout(late, ms);
    if (!this.#referenced) this.#timer.unref();
  }

  /** @internal A write or the end is pending: only then is an error with its stack created. */
  protected get writing(): boolean {
    return this.writableLength > 0 || (this.writableEnded && !this.writableFinished);
  }

  /** @internal Counts plaintext bytes read. */
  protected gotBytes(count: number): void {
    this.#bytesRead += count;
  }

  /** @internal Counts plaintext bytes handed to the transport. */
  protected wrote(count: number): void {
    this.#bytesWritten += count;
  }

  /** @internal */
  protected surfaceOver(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    // Pending output does not keep the process alive
    this.#carrier?.unref();
  }

  /** @internal The engine has received a session. */
  gotSession(session: TlsSession): void {
    this.#lastSession = session;
    if (this.listenerCount('session') > 0) guarded(() => this.emit('session', asBuffer(session.toBytes())), true);
  }

  /** @internal A line of the key log (NSS format): emitted as `keylog`, as by `tls.TLSSocket`. */
  gotKeylog(line: string): void {
    guarded(() => this.emit('keylog', asBuffer(new TextEncoder().encode(`${line}\n`))), true);
  }

  /** A session of node:http2 has taken over this socket. */
  protected get carriesHttp2(): boolean {
    return this.#carriesHttp2;
  }

  // ── The surface of tls.TLSSocket ──

  /** The handle through which node:http2 reads and writes; `undefined` if the program does not use node:http2. */
  get _handle(): object | undefined {
    if (!this.destroyed) this.#streamBase ??= streamBaseOver(this, () => (this.#carriesHttp2 = true));
    return this.#streamBase;
  }

  /** True once the peer has been verified; never before the handshake is done. */
  get authorized(): boolean {
    return this.#verified && this.ssl?.established === true;
  }
  getProtocol(): string | null {
    return this.ssl?.version ?? null;
  }
  getCipher(): CipherInfo | undefined {
    return this.ssl && cipherOf(this.ssl);
  }
  getEphemeralKeyInfo(): EphemeralKeyInfo | Record<string, never> {
    return this.ssl === undefined ? {} : ephemeralKeyOf(this.ssl);
  }
  getPeerCertificate(detailed = false): PeerCertificate | DetailedPeerCertificate | Record<string, never> {
    return this.ssl === undefined ? {} : peerCertificateOf(this.ssl, detailed);
  }
  getPeerX509Certificate(): X509Certificate | undefined {
    return this.ssl && peerX509(this.ssl);
  }
  /** The certificate that we sent, `{}` if none. */
  getCertificate(): PeerCertificate | Record<string, never> {
    return (this.getX509Certificate()?.toLegacyObject() as PeerCertificate | undefined) ?? {};
  }
  getX509Certificate(): X509Certificate | undefined {
    return this.ssl && ownX509(this.ssl);
  }
  /** The newest session of this connection, serialised; secrets included. */
  getSession(): Buffer | undefined {
    return this.#lastSession && asBuffer(this.#lastSession.toBytes());
  }
  isSessionReused(): boolean {
    return this.ssl?.sessionReused ?? false;
  }
  /** Tickets are part of {@link getSession}. */
  getTLSTicket(): undefined {
    return undefined;
  }
  /** No engine keeps Finished messages; for channel binding use {@link exportKeyingMaterial} (RFC 9266). */
  getFinished(): undefined {
    return undefined;
  }
  getPeerFinished(): undefined {
    return undefined;
  }
  /** Not exposed by the engines. */
  getSharedSigalgs(): readonly string[] {
    return [];
  }
  /** The name is fixed at creation, since the certificate must match it: a different one is a TypeError. */
  setServername(name: string): void {
    if (name !== this.servername)
      throw new TypeError(
        `setServername: this connection is for ${this.servername ?? 'no name'}; give \`servername\` to the connector`,
      );
  }
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    if (this.ssl === undefined) throw new TlsError('HANDSHAKE_NOT_DONE');
    return asBuffer(this.ssl.exportKeyingMaterial(label, context, length));
  }
  disableRenegotiation(): void {
    // Renegotiation is always refused.
  }
  renegotiate(_options: unknown, callback?: (error: Error) => void): false {
    const error = new TlsError('NO_RENEGOTIATION', 'renegotiation is not supported; TLS 1.3 has none');
    if (callback !== undefined) process.nextTick(callback, error);
    return false;
  }
  setMaxSendFragment(): false {
    return false;
  }
  enableTrace(): void {
    // Use the context's onMessage for traces.
  }

  // ── The surface of net.Socket ──

  get pending(): boolean {
    return this.connecting;
  }
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    return this.readable ? 'readOnly' : this.writable ? 'writeOnly' : 'closed';
  }
  setNoDelay(noDelay = true): this {
    this.#noDelay = noDelay;
    if (this.ssl?.established === true) this.#socket?.setNoDelay(noDelay);
    return this;
  }
  setKeepAlive(enable = false, initialDelay = 0): this {
    const setting = (socket: net.Socket): void => void socket.setKeepAlive(enable, initialDelay);
    if (this.#socket !== undefined) setting(this.#socket);
    else if (this.#carrier === undefined) this.#settings.push(setting);
    return this;
  }
  /**
   * Emits `timeout` after that many idle milliseconds; 0 turns it off. As in net.Socket.
   * @throws TypeError `ERR_INVALID_ARG_TYPE` if it is not a number; RangeError `ERR_OUT_OF_RANGE` if it is
   *   negative or not finite.
   */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.destroyed) return this;
    if (typeof milliseconds !== 'number') throw argumentType('msecs', 'of type number', milliseconds);
    if (!(milliseconds >= 0 && milliseconds < Infinity))
      throw outOfRange('msecs', 'a non-negative finite number', milliseconds);
    if (callback !== undefined && typeof callback !== 'function')
      throw argumentType('callback', 'of type function', callback);
    const ms = Math.min(milliseconds, MAX_TIMER);
    this.#idleMs = ms;
    if (callback !== undefined) {
      if (ms === 0) this.off('timeout', callback);
      else this.once('timeout', callback);
    }
    clearTimeout(this.#idleTimer);
    this.#idleTimer = ms === 0 ? undefined : setTimeout(() => this.emit('timeout'), ms).unref();
    return this;
  }
  get timeout(): number | undefined {
    return this.#idleMs;
  }
  /** Keeps the process alive for this connection, including while connecting. */
  ref(): this {
    this.#referenced = true;
    this.#timer?.ref();
    this.#carrier?.ref();
    return this;
  }
  /** Stops keeping the process alive for this connection: open, connecting, or not begun. */
  unref(): this {
    this.#referenced = false;
    this.#timer?.unref();
    this.#carrier?.unref();
    return this;
  }
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
  resetAndDestroy(): this {
    if (this.#socket !== undefined) reset(this.#socket);
    return this.destroy();
  }
  address(): net.AddressInfo | Record<string, never> {
    return (this.#socket?.address() as net.AddressInfo | undefined) ?? {};
  }
  protected get carrier(): net.Socket | undefined {
    return this.#socket;
  }
  get #socket(): net.Socket | undefined {
    return this.#carrier?.socket;
  }
  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#socket?.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.#socket?.remoteFamily;
  }
  get localAddress(): string | undefined {
    return this.#socket?.localAddress;
  }
  get localFamily(): string | undefined {
    return this.#socket?.localFamily;
  }
  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }
  /** Plaintext bytes, as in `tls.TLSSocket`. */
  get bytesRead(): number {
    return this.#bytesRead;
  }
  /** Plaintext bytes: those the transport has, and pending ones. */
  get bytesWritten(): number {
    return this.#bytesWritten + this.writableLength;
  }
  get bufferSize(): number | undefined {
    return this.destroyed ? undefined : this.writableLength;
  }
}

/**
 * Resets the socket if possible: pipes cannot be reset, and Node throws. During shutdown(2) libuv refuses it (EINVAL),
 * and Node would never close the handle nor exit: so this waits for it.
 */
export function reset(socket: net.Socket): void {
  const shutting = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  try {
    if (shutting && !socket.destroyed) socket.once('finish', () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
