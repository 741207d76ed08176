/**
 * @module TLSSocket of a client: a {@link TlsDuplex} with the options, the order of events and the errors of node:tls.
 */
import { X509Certificate } from 'node:crypto';
import net from 'node:net';
import { addAbortSignal, type Duplex } from 'node:stream';
import nodeTls, { type ConnectionOptions, type PeerCertificate, type SecureContext } from 'node:tls';
import type { ExternalPsk, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { X509V } from '@ferrule/result';
import { chooseBackend, type BackendChoice } from 'ferrule';
import { asBuffer, guarded, type OnRead } from '../duplex/plaintext.ts';
import type { Truncation } from '../duplex/duplex-parts.ts';
import { TlsDuplex } from '../duplex/tls-duplex.ts';
import { argumentType, outOfRange } from '../duplex/argument-errors.ts';
import { defaults } from './defaults.ts';
import { CUT_OFF, nodeTlsError, renegotiationError, verifyFailure, writeFailed } from './errors.ts';
import { appendKeylog, keylogFile } from './keylog-file.ts';
import { type Given, ownCopy, refusal, refuseByTable } from './options.ts';
import { type ClientContext, clientContextOf, contextFor } from './secure-context.ts';
import { traceLine } from './trace.ts';

/** The options of `tls.connect()`, and ferrule's own. */
export interface TlsConnectOptions extends ConnectionOptions {
  /** Default: native where it loads, else pure. */
  readonly backend?: BackendChoice | undefined;
  /**
   * How to treat EOF without close_notify. `error` (default): `ECONNRESET`, since an attacker could truncate the
   * plaintext at will (RFC 9846 section 6.1). `end`: an orderly end, as in node:tls.
   */
  readonly truncation?: Truncation | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly allowPartialTrustChain?: boolean | undefined;
  readonly requestOCSP?: boolean | undefined;
  readonly allowHalfOpen?: boolean | undefined;
  readonly isServer?: boolean | undefined;
}

/** Node's own, even after this one has replaced it. */
const NodeTLSSocket = nodeTls.TLSSocket;
const { convertALPNProtocols } = nodeTls as unknown as {
  readonly convertALPNProtocols: (protocols: unknown, out: { ALPNProtocols?: Buffer }) => void;
};

/** State that changes until the handshake begins, and results of it. */
interface State {
  readonly options: TlsConnectOptions;
  readonly identity: string;
  readonly context: ClientContext;
  readonly alpn: readonly string[];
  servername: string | undefined;
  session: Buffer | undefined;
  made: SslContext | undefined;
  /** The session that was offered. */
  offered: TlsSession | undefined;
  authorized: boolean;
  /** The transport. */
  connected: boolean;
  secure: boolean;
  /** Sessions received before `secureConnect`. */
  readonly early: TlsSession[];
  /** The converted error of each error. */
  readonly told: Map<Error, Error>;
}

export class TLSSocket extends TlsDuplex {
  // Not set if the constructor returns another object
  readonly #state!: State;

  /**
   * As `new tls.TLSSocket(socket, options)`; with `isServer` it is node:tls's. The handshake begins as soon as
   * `socket`, or `connect()`, is connected.
   * @throws TypeError for refused options: see the table in docs/migrating-from-node-tls.md.
   */
  constructor(socket?: Duplex | null, options: TlsConnectOptions = {}) {
    // An object returned by a constructor replaces the new one
    if (options.isServer === true)
      return new NodeTLSSocket(socket as net.Socket, options as nodeTls.TLSSocketOptions) as unknown as TLSSocket;
    if (socket && typeof (socket as Partial<Duplex>).write !== 'function')
      throw argumentType('options.socket', 'an instance of Duplex', socket);
    const state = stateOf(options, socket || undefined);
    const own: { socket?: TLSSocket } = {};
    super({
      ssl: () => sslOf(state, own.socket as TLSSocket),
      host: undefined,
      verified: true,
      target: socket ? { stream: socket } : undefined,
      dial: undefined,
      preamble: undefined,
      greeting: undefined,
      allowHalfOpen: socket
        ? (socket as { allowHalfOpen?: boolean }).allowHalfOpen === true
        : options.allowHalfOpen === true,
      noDelay: (options as Given)['noDelay'] !== false,
      highWaterMark: (options as { highWaterMark?: number }).highWaterMark,
      handshakeTimeout: 0,
      signal: undefined,
      onread: socket ? undefined : (options as { onread?: OnRead }).onread,
      session: (ssl) => void offer(state, ssl),
      opened: (ssl) => (own.socket as TLSSocket).#verdict(ssl),
      told: (error) => toldWith(state, error, own.socket),
      endWaits: true,
      connects: 'transport',
      truncation: options.truncation ?? defaults.truncation,
    });
    own.socket = this;
    this.#state = state;
    this.servername = null;
    const keylog = keylogFile();
    if (keylog !== undefined) this.on('keylog', (line: Buffer) => appendKeylog(keylog, line));
    if (options.signal) addAbortSignal(options.signal, this);
  }

  /** True until the transport is connected; {@link secureConnecting} until TLS is. */
  override get connecting(): boolean {
    return !this.#state.connected && !this.destroyed;
  }
  get secureConnecting(): boolean {
    return !this.#state.secure;
  }
  override get pending(): boolean {
    return this.connecting || this.destroyed;
  }
  override get authorized(): boolean {
    return this.#state.authorized;
  }

  /** @internal */
  protected override transportConnected(): void {
    for (const event of ['lookup', 'connectionAttempt']) this.carrier?.removeAllListeners(event);
    if (this.#state.connected) return;
    this.#state.connected = true;
    // node:http2 waits for `secureConnect` only on node:tls's TLSSocket, and would begin its session before TLS
    if (!this.carriesHttp2) this.#tellConnected();
  }

  #tellConnected(): void {
    for (const event of ['connect', 'ready']) this.#tell(event);
  }

  #tell(event: string): void {
    if (!this.destroyed) guarded(() => this.emit(event), true);
  }

  override connect(...args: Parameters<TlsDuplex['connect']>): this {
    // An aborted socket is destroyed before it has an `error` listener
    if (this.destroyed) return this;
    super.connect(...args);
    const { carrier } = this;
    for (const event of ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout'])
      carrier?.on(event, (...told: readonly unknown[]) => this.emit(event, ...told));
    return this;
  }

  /** @internal */
  protected override tellOpen(): void {
    const state = this.#state;
    state.secure = true;
    if (this.carriesHttp2) this.#tellConnected();
    // As in node:tls, which emits the others from its own first listener of the last
    this.#tell('secureConnect');
    for (const session of state.early.splice(0)) this.gotSession(session);
    this.#tell('secure');
  }

  /** @internal */
  override gotSession(session: TlsSession): void {
    if (this.#state.secure) super.gotSession(session);
    else this.#state.early.push(session);
  }

  /**
   * The newest session of this connection, or the one that it resumed. As in node:tls, before the server has issued one
   * in TLS 1.3 it cannot be resumed: here it is empty.
   */
  override getSession(): Buffer | undefined {
    const { offered, early, secure } = this.#state;
    const newest = early.at(-1) ?? (offered !== undefined && this.isSessionReused() ? offered : undefined);
    return super.getSession() ?? (newest ? asBuffer(newest.toBytes()) : secure ? Buffer.alloc(0) : undefined);
  }

  /** Before the handshake only. @throws TypeError if it is not a session, or too late. */
  setSession(session: Buffer | string): void {
    if (this.ssl !== undefined) throw refusal('setSession', 'the handshake has begun: give `session` to connect()');
    this.#state.session = sessionBytes(session);
  }

  /** SNI; before the handshake only. */
  override setServername(name: string): void {
    if (typeof name !== 'string') throw argumentType('name', 'of type string', name);
    if (this.ssl !== undefined)
      throw refusal('setServername', 'the handshake has begun: give `servername` to connect()');
    this.#state.servername = sniOf(name);
  }

  /**
   * Always false: renegotiation never happens. `callback` gets the error, with Node's code in TLS 1.3, which has none.
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, as node:tls.
   */
  override renegotiate(options: object, callback?: (error: Error) => void): false {
    if (typeof options !== 'object' || (options as object | null) === null || Array.isArray(options))
      throw argumentType('options', 'of type object', options);
    if (callback !== undefined && typeof callback !== 'function')
      throw argumentType('callback', 'of type function', callback);
    if (this.destroyed || callback === undefined) return false;
    return super.renegotiate(options, (error) => callback(renegotiationError(error, this.getProtocol())));
  }

  /** Always false: no engine sends shorter records. @throws TypeError and RangeError, as node:tls. */
  override setMaxSendFragment(size?: number): false {
    if (typeof size !== 'number') throw argumentType('size', 'of type number', size);
    if (!Number.isInteger(size)) throw outOfRange('size', 'an integer', size);
    if (Math.abs(size) >= 2 ** 31) throw outOfRange('size', '>= -2147483648 && <= 2147483647', size);
    return super.setMaxSendFragment();
  }

  override exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    if (typeof length !== 'number') throw argumentType('length', 'of type number', length);
    if (!Number.isInteger(length)) throw outOfRange('length', 'an integer', length);
    if (length < 1 || length > 0xffff_ffff) throw outOfRange('length', '>= 1 && <= 4294967295', length);
    if (typeof label !== 'string') throw argumentType('label', 'of type string', label);
    if (context !== undefined && !ArrayBuffer.isView(context))
      throw argumentType('context', 'an instance of Buffer, TypedArray, or DataView', context);
    if (!this.#state.secure || this.destroyed)
      throw Object.assign(new Error('TLS socket connection must be securely established'), {
        code: 'ERR_TLS_INVALID_STATE',
      });
    return super.exportKeyingMaterial(length, label, context);
  }

  #verdict(ssl: Ssl): Error | undefined {
    const state = this.#state;
    this.servername = state.servername ?? false;
    const { requestOCSP, rejectUnauthorized } = state.options;
    if (requestOCSP === true) {
      guarded(() => this.emit('OCSPResponse', ssl.ocspResponse ? asBuffer(ssl.ocspResponse) : null), true);
      if (this.destroyed) return undefined;
    }
    const error = judged(state, ssl, this);
    this.authorizationError = null;
    if (error === undefined) {
      state.authorized = true;
      return undefined;
    }
    const { code, message } = nodeTlsError(error) as Error & { code?: string };
    this.authorizationError = code ?? message;
    return rejects(rejectUnauthorized) ? error : undefined;
  }
}

/** As tls.connect(): only `false` lets an unverified server through. */
const rejects = (rejectUnauthorized: boolean | undefined): boolean => rejectUnauthorized !== false;

function stateOf(given: TlsConnectOptions, socket: Duplex | undefined): State {
  const options = ownCopy(given);
  refuseByTable(options as Given);
  const { servername, host, session, secureContext, ALPNProtocols, enableTrace } = options;
  if (enableTrace !== undefined && enableTrace !== null && typeof enableTrace !== 'boolean')
    throw argumentType('options.enableTrace', 'of type boolean', enableTrace);
  if (options.pskCallback && typeof options.pskCallback !== 'function')
    throw argumentType('pskCallback', 'of type function', options.pskCallback);
  if (options.truncation !== undefined && options.truncation !== 'error' && options.truncation !== 'end')
    throw refusal('truncation', `${String(options.truncation)} is neither 'error' nor 'end'`);
  if (servername && typeof servername !== 'string')
    throw argumentType('options.servername', 'of type string', servername);
  return {
    options,
    identity: servername || host || (socket as { _host?: string } | undefined)?._host || 'localhost',
    context: clientContextOf(secureContext || contextFor(options)),
    alpn: protocolsOf(ALPNProtocols),
    servername: sniOf(servername),
    // As in node:tls, by truthiness
    session: (session as unknown) ? sessionOption(session) : undefined,
    made: undefined,
    offered: undefined,
    authorized: false,
    connected: socket !== undefined && isConnected(socket),
    secure: false,
    early: [],
    told: new Map(),
  };
}

/** Unlike setSession(), the option must not be a string. @throws TypeError as {@link sessionBytes}. */
function sessionOption(session: unknown): Buffer | undefined {
  if (typeof session === 'string') throw argumentType('options.session', 'an instance of Buffer', session);
  return sessionBytes(session);
}

/** A copy. @throws TypeError `ERR_INVALID_ARG_TYPE`, as node:tls. */
function sessionBytes(session: unknown): Buffer | undefined {
  if (session === undefined || session === null || session === '') return undefined;
  if (typeof session === 'string') return Buffer.from(session, 'latin1');
  if (!ArrayBuffer.isView(session)) throw argumentType('session', 'of type string or an instance of Buffer', session);
  return Buffer.from(new Uint8Array(session.buffer, session.byteOffset, session.byteLength));
}

/** The SNI to send: no IP address, none for an empty name (RFC 6066 section 3). */
const sniOf = (name: string | undefined): string | undefined =>
  typeof name === 'string' && name !== '' && net.isIP(name) === 0 ? name : undefined;

/** RFC 7301 section 3.1: each name is preceded by its length. */
function protocolsOf(given: unknown): readonly string[] {
  if (given === undefined || given === null) return [];
  const out: { ALPNProtocols?: Buffer } = {};
  convertALPNProtocols(given, out);
  // As in node:tls, falsy means absent
  if (out.ALPNProtocols === undefined && Boolean(given))
    throw argumentType('options.ALPNProtocols', 'an array of strings or an instance of Buffer', given);
  const wire = out.ALPNProtocols ?? Buffer.alloc(0);
  const names: string[] = [];
  for (let at = 0; at < wire.length; at += 1 + (wire[at] as number))
    names.push(wire.toString('utf8', at + 1, at + 1 + (wire[at] as number)));
  return names;
}

async function sslOf(state: State, socket: TLSSocket): Promise<Ssl> {
  const { options, servername, context } = state;
  const { backend } = await chooseBackend(options.backend ?? defaults.backend).catch((error: unknown) => {
    throw withCode(error);
  });
  const variant = {
    // The engine verifies the chain, checkServerIdentity() the name
    verify: rejects(options.rejectUnauthorized) ? 'peer' : 'none',
    alpn: state.alpn,
    ocsp: options.requestOCSP === true,
    psk: pskOf(options.pskCallback),
    trace: options.enableTrace === true ? traceLine : undefined,
  } as const;
  const made = withOwnName(() => context.for(backend, variant));
  state.made = made;
  const ssl = made.newConnection();
  if (servername !== undefined) setName(ssl, servername);
  context.listen(ssl, {
    session: (session) => socket.gotSession(session),
    keylog: (line) => socket.gotKeylog(line),
  });
  return ssl;
}

/** @throws TypeError if it is not a DNS name: the engine's error with this face's option name. */
function setName(ssl: Ssl, servername: string): void {
  try {
    ssl.setHost(servername);
  } catch (error) {
    throw refusal('servername', (error as Error).message.replace(/^host: /, ''));
  }
}

/** A session that does not match is not offered: full handshake. */
function offer(state: State, ssl: Ssl): void {
  const { session, made } = state;
  const known = session && made?.sessionFromBytes(session);
  if (known === undefined) return;
  try {
    ssl.setSession(known);
    state.offered = known;
  } catch {
    // Of another server
  }
}

function pskOf(callback: ConnectionOptions['pskCallback']): ExternalPsk | undefined {
  if (typeof callback !== 'function') return undefined;
  const given = callback(null) as { psk?: unknown; identity?: unknown } | null | undefined;
  if (given === null || given === undefined) return undefined;
  const { psk, identity } = given;
  if (!ArrayBuffer.isView(psk)) throw argumentType('ret.psk', 'an instance of Buffer, TypedArray, or DataView', psk);
  if (typeof identity !== 'string') throw argumentType('ret.identity', 'of type string', identity);
  return {
    identity: Buffer.from(identity),
    key: Buffer.from(psk.buffer, psk.byteOffset, psk.byteLength),
    hash: 'sha256',
  };
}

const OF_PSK = /^externalPsks(?:\[0\]\.(?:key|identity))?: /;

/** @throws TypeError for an invalid PSK: the engine's error with this face's option name. */
function withOwnName<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const { message } = error as Error;
    throw OF_PSK.test(message) ? refusal('pskCallback', message.replace(OF_PSK, '')) : withCode(error);
  }
}

/** Adds Node's error code to option errors of the engine. */
const withCode = (error: unknown): unknown =>
  error instanceof TypeError && !('code' in error) ? Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' }) : error;

/** The verification error, chain first, then name. */
function judged(state: State, ssl: Ssl, socket: TLSSocket): Error | undefined {
  const { context, identity, options } = state;
  const { verifyResult, peerCertificates, verifiedChain } = ssl;
  if (verifyResult !== X509V.OK) return verifyFailure(verifyResult, depthOf(peerCertificates));
  // An external PSK has authenticated the server
  if (peerCertificates.length === 0 && !options.pskCallback) return verifyFailure(X509V.UNSPECIFIED);
  if (!context.allowPartialTrustChain && verifiedChain !== undefined && !endsInRoot(verifiedChain, context.ca ?? []))
    return verifyFailure(X509V.UNABLE_TO_GET_ISSUER_CERT, verifiedChain.length - 1);
  const check = options.checkServerIdentity ?? nodeTls.checkServerIdentity;
  // As in node:tls, falsy means no error
  return check(identity, socket.getPeerCertificate(true) as PeerCertificate) || undefined;
}

/** Depth at which an incomplete path ends: the leaf, or above it if its issuer was sent. */
function depthOf([leaf, ...others]: readonly Uint8Array[]): number {
  if (leaf === undefined || others.length === 0) return 0;
  const issued = (der: Uint8Array): boolean => {
    try {
      return new X509Certificate(leaf).checkIssued(new X509Certificate(der));
    } catch {
      // Not a certificate
      return false;
    }
  };
  return others.some(issued) ? 1 : 0;
}

/** OpenSSL without X509_V_FLAG_PARTIAL_CHAIN: the path ends in a self-signed certificate that is trusted. */
function endsInRoot(chain: readonly Uint8Array[], anchors: readonly Uint8Array[]): boolean {
  const last = chain.at(-1);
  if (last === undefined) return true;
  const others = anchors.map((der) => new X509Certificate(der));
  let certificate = new X509Certificate(last);
  for (let steps = 0; steps <= others.length; steps++) {
    const now = certificate;
    if (isSelfSigned(now)) return true;
    const issuer = others.find((each) => now.checkIssued(each) && now.verify(each.publicKey));
    if (issuer === undefined) return false;
    certificate = issuer;
  }
  return false;
}

/** Even without keyCertSign, which OpenSSL does not require of a self-signed certificate. */
const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.checkIssued(certificate) ||
  (certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey));

/** Adds the destination to the error of an attempt, in the form node:tls uses. The same result for the same error. */
function toldWith(state: State, error: Error, socket: TLSSocket | undefined): Error {
  const known = state.told.get(error);
  if (known !== undefined) return known;
  const made = state.secure ? nodeTlsError(error) : ofAttempt(state, nodeTlsError(error), socket);
  state.told.set(error, made).set(made, made);
  return made;
}

/** net.Socket's code for writes without a connection. */
const NEVER_OPEN = 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION';

function ofAttempt({ options, connected }: State, error: Error, socket: TLSSocket | undefined): Error {
  const { path, host, port, localAddress } = options as Given;
  const { tlsCode } = error as { readonly tlsCode?: string };
  if (tlsCode === 'ABORTED' && !connected)
    return Object.assign(error, { message: 'Socket closed before the connection was established', code: NEVER_OPEN });
  if (tlsCode === 'UNEXPECTED_EOF') return Object.assign(error, { message: CUT_OFF, path, host, port, localAddress });
  return (socket?.writableLength ?? 0) > 0 ? writeFailed(error) : error;
}

function isConnected(socket: Duplex): boolean {
  const { connecting, pending } = socket as { readonly connecting?: boolean; readonly pending?: boolean };
  return connecting !== true && !(socket instanceof net.Socket && pending === true);
}

export type { SecureContext };
