/** @module Connections that share a context: options, engine and sessions. */
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type { ContextOptions, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import {
  booleanOption,
  bytesOf,
  choiceOption,
  functionOption,
  knownOptions,
  millisecondsOption,
  portOption,
  refuseOption,
  signalOption,
  textOption,
} from '@ferrule/result/arguments';
import { asciiHost, authority, hostOption } from '@ferrule/result/host';
import type { Starttls, StarttlsProtocol } from '@ferrule/starttls';
import { chooseBackend, type BackendChoice } from 'ferrule';
import { preambleOption, unused } from 'ferrule/before-tls';
import { type CaOption, contextOptionNames, ownOptions, verifiesName, withAnchors } from 'ferrule/options';
import { DEFAULT_TIMEOUT } from 'ferrule/pump';
import {
  memorySessionCache,
  type SessionCache,
  SessionKeeper,
  sessionPatience,
  sessionsOption,
  type SessionStore,
} from 'ferrule/sessions';
import { nodeError } from './node-error.ts';
import type { Truncation } from './duplex-parts.ts';
import { TlsDuplex } from './tls-duplex.ts';
import type { Target } from './stream-transport.ts';

/** Shared by all connections of a connector: the options of a context, and these. */
export interface ConnectorOptions extends ContextOptions {
  /** Default: native where it loads, else pure. */
  readonly backend?: BackendChoice;
  /** Trust anchors as PEM or DER, added to `trustAnchors`. Without either, the platform's are trusted. */
  readonly ca?: CaOption;
  /** Where sessions are kept; default: in memory, for this connector only. `false` turns resumption off. */
  readonly sessions?: SessionCache | SessionStore | false;
  /**
   * How to reach host and port; default: over TCP. `dialer()` of `@ferrule/node/transports` goes through proxies and
   * relays. If the stream's `connecting` is true, its `connect` event is awaited.
   */
  readonly dial?: (to: { readonly host: string; readonly port: number }) => Duplex;
  /**
   * Milliseconds for transport, preamble and handshake together, unless a connection sets its own; 0 = no limit.
   * Default 30000.
   */
  readonly handshakeTimeout?: number;
  /** Emit `keylog` events on each Duplex, as `tls.TLSSocket` does; lines hold secrets. Default: false. */
  readonly keylog?: boolean;
}

/** Options of one connection. Exactly one of `port`, `path`, `stream` and `lazy` is required. */
export interface DuplexOptions {
  /** The host to connect to; default `localhost`. */
  readonly host?: string;
  /** 1 to 65535. */
  readonly port?: number;
  /** A unix socket or named pipe; requires `servername`, unless the connector verifies no name. */
  readonly path?: string;
  /** A stream, connected or connecting; the Duplex takes ownership. `servername` as with `path`. */
  readonly stream?: Duplex;
  /** Do not connect until `connect(port, host)` is called, as some libraries do with their stream. */
  readonly lazy?: true;
  /** SNI, and the name or IP address that the certificate must match; default `host`. */
  readonly servername?: string;
  /**
   * The plain-text dialogue before TLS: a protocol by name, or a dialogue made with `starttls()`; a used one is
   * restarted.
   */
  readonly preamble?: StarttlsProtocol | Starttls;
  /**
   * Begin the plaintext with a greeting of our own (`220 ready`), for a library that expects one: the server's was in
   * plain text, and none of it may reach the reader (RFC 3207 section 4.2). With the preambles smtp, lmtp, ftp, pop3,
   * imap, nntp. Default: false.
   */
  readonly standInGreeting?: boolean;
  /**
   * As in net.Socket: with `false` (default) our side ends when the peer's does, and `end()` before the handshake with
   * nothing written ends the connection at once.
   */
  readonly allowHalfOpen?: boolean;
  /** TCP_NODELAY after the handshake; it is always on during it. Default: true. */
  readonly noDelay?: boolean;
  /** Milliseconds for transport, preamble and handshake together, 0 = no limit. Default: the connector's. */
  readonly handshakeTimeout?: number;
  /**
   * How to treat EOF without close_notify on an open connection. `error` (default) destroys the Duplex: an attacker
   * could truncate the plaintext at will (RFC 9846 section 6.1). `end` treats it as an orderly end, for servers that
   * never send close_notify and protocols that delimit their messages.
   */
  readonly truncation?: Truncation;
  /** Aborts the attempt with an AbortError, `ABORT_ERR`; no effect once the connection is open. */
  readonly signal?: AbortSignal;
  /** Read into the caller's buffer, as `net.connect({onread})`. Return false to pause, `resume()` to continue. */
  readonly onread?: {
    readonly buffer: Uint8Array | (() => Uint8Array);
    callback(count: number, buffer: Uint8Array): unknown;
  };
}

const LOCALHOST = 'localhost';

const CONNECTOR_KEYS: ReadonlySet<string> = new Set<keyof ConnectorOptions>([
  ...contextOptionNames,
  'backend',
  'ca',
  'sessions',
  'dial',
  'handshakeTimeout',
  'keylog',
]);

const CONNECTION_KEYS: ReadonlySet<string> = new Set<keyof DuplexOptions>([
  'host',
  'port',
  'path',
  'stream',
  'lazy',
  'servername',
  'preamble',
  'standInGreeting',
  'allowHalfOpen',
  'noDelay',
  'handshakeTimeout',
  'truncation',
  'signal',
  'onread',
]);

/** Makes Duplexes on one context. */
export class TlsConnector {
  readonly #context: Promise<SslContext>;
  readonly #verified: boolean;
  /** If so, each connection needs a name. */
  readonly #verifiesName: boolean;
  readonly #alpn: readonly string[];
  readonly #sessions: SessionCache | SessionStore | undefined;
  readonly #dial: ConnectorOptions['dial'];
  readonly #handshakeTimeout: number;
  /** Callbacks for each connection's sessions and key log. */
  readonly #listeners = new WeakMap<Ssl, { session(session: TlsSession): void; keylog(line: string): void }>();

  /**
   * @throws TypeError for every option that is invalid for any engine; what only the engine can refuse (a certificate
   * that
   *   cannot be read, a group that it does not have) destroys the first Duplex.
   */
  constructor(options: ConnectorOptions = {}) {
    const {
      backend,
      ca,
      sessions,
      dial,
      handshakeTimeout = DEFAULT_TIMEOUT,
      keylog,
      ...rest
    } = knownOptions(options, CONNECTOR_KEYS);
    if (keylog !== undefined) booleanOption(keylog, 'keylog');
    if (dial !== undefined) functionOption(dial, 'dial');
    this.#sessions = sessionsOption(sessions ?? memorySessionCache());
    millisecondsOption(handshakeTimeout, 'handshakeTimeout');
    this.#dial = dial;
    this.#handshakeTimeout = handshakeTimeout;
    const own = ownOptions(rest, ca);
    const { onSession, onKeylog } = own;
    this.#verified = own.verify !== 'none';
    this.#verifiesName = verifiesName(own);
    this.#alpn = [...(own.alpn ?? [])];
    this.#context = chooseBackend(backend).then(({ backend: chosen }) =>
      chosen.createContext({
        ...withAnchors(own),
        onSession: (session, ssl) => {
          this.#listeners.get(ssl)?.session(session);
          return onSession?.(session, ssl);
        },
        ...((keylog === true || onKeylog !== undefined) && {
          onKeylog: (line: string, ssl: Ssl): void => {
            if (keylog === true) this.#listeners.get(ssl)?.keylog(line);
            return onKeylog?.(line, ssl);
          },
        }),
      }),
    );
    // Reported by connections; an unused connector must not crash the process.
    this.#context.catch(() => undefined);
  }

  /** @internal Whether it has a `dial`, which a library that opens its own sockets would not use. */
  get dials(): boolean {
    return this.#dial !== undefined;
  }

  /** The default for connections, milliseconds, 0 = no limit. */
  get handshakeTimeout(): number {
    return this.#handshakeTimeout;
  }

  /** The protocols that it offers (RFC 7301), none by default. */
  get alpn(): readonly string[] {
    return this.#alpn;
  }

  /**
   * Returns a connection at once: writes wait for the handshake, whose end is `secureConnect`; an error destroys it.
   * Data is sent and received only after the peer has been verified.
   * @throws TypeError for an unknown option, or one of the wrong kind.
   */
  duplex(given: DuplexOptions): TlsDuplex {
    return this.socket(given, 'tls');
  }

  /** @internal {@link duplex} whose `connect` and `connecting` refer to the transport or to TLS. */
  socket(given: DuplexOptions, connects: 'transport' | 'tls'): TlsDuplex {
    const options = connectionOptions(given);
    const { target, host, preamble: first } = this.#parse(options);
    const preamble = first && unused(first);
    const sessions = this.#sessions;
    const { handshakeTimeout = this.#handshakeTimeout } = options;
    const address =
      options.path ??
      (options.port === undefined ? 'pipe' : authority({ host: options.host ?? LOCALHOST, port: options.port }));
    let keeper: SessionKeeper | undefined;
    const duplex: TlsDuplex = new TlsDuplex({
      ssl: this.#context.then((context) => {
        const ssl = context.newConnection();
        if (host !== undefined) ssl.setHost(host);
        keeper = sessions && new SessionKeeper(sessions, context, host, address);
        this.#listeners.set(ssl, {
          session: (session) => {
            keeper?.keep(session);
            duplex.gotSession(session);
          },
          keylog: (line) => duplex.gotKeylog(line),
        });
        return ssl;
      }),
      host,
      verified: this.#verified,
      target,
      dial: this.#dial,
      preamble,
      greeting: options.standInGreeting === true ? preamble?.standInGreeting : undefined,
      allowHalfOpen: options.allowHalfOpen ?? false,
      noDelay: options.noDelay ?? true,
      handshakeTimeout,
      signal: options.signal,
      onread: options.onread,
      session: (ssl) => keeper?.offer(ssl, sessionPatience(handshakeTimeout), () => duplex.destroyed),
      opened: (ssl) => void keeper?.established(ssl),
      told: nodeError,
      endWaits: false,
      connects,
      truncation: options.truncation ?? 'error',
    });
    return duplex;
  }

  /** @internal Only checks. @throws TypeError as {@link duplex} would. */
  check(options: DuplexOptions): void {
    this.#parse(connectionOptions(options));
  }

  #parse(options: DuplexOptions): Parsed {
    const parsed = parse(options, this.#dial);
    if (parsed.host === undefined && this.#verifiesName)
      throw new TypeError(
        'servername: needed, the name that the certificate must have, where there is no host; or give the TlsConnector a `verify` other than `peer`, which says whom to accept',
      );
    return parsed;
  }

  /** Release the context; existing connections continue. */
  async dispose(): Promise<void> {
    (await this.#context).dispose();
  }
}

/** One connection with its own context. For many connections share a {@link TlsConnector}. */
export function tlsDuplex(options: ConnectorOptions & DuplexOptions): TlsDuplex {
  const own: Record<string, unknown> = {};
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(knownOptions(options, [...CONNECTOR_KEYS, ...CONNECTION_KEYS])))
    (CONNECTION_KEYS.has(key) ? own : shared)[key] = value;
  const connector = new TlsConnector(shared);
  const duplex = connector.duplex(own);
  duplex.once('close', () => void connector.dispose().catch(() => undefined));
  return duplex;
}

/** A snapshot of all known options, own or inherited, unaffected by later changes. */
export function connectionOptions(options: DuplexOptions): DuplexOptions {
  const given = knownOptions(options, CONNECTION_KEYS);
  return typeof given.host === 'string' ? Object.assign(given, { host: asciiHost(given.host) }) : given;
}

interface Parsed {
  readonly target: Target | undefined;
  readonly host: string | undefined;
  readonly preamble: Starttls | undefined;
}

/** Parse, don't validate: the result is checked. */
function parse(options: DuplexOptions, dial: ConnectorOptions['dial']): Parsed {
  const { port, path, stream, lazy, preamble, handshakeTimeout = 0, onread } = options;
  const { host = port === undefined ? undefined : LOCALHOST } = options;
  for (const key of ['host', 'path'] as const) if (options[key] !== undefined) textOption(options[key], key);
  const servername =
    options.servername !== undefined ? hostOption(options.servername, 'servername') : host && hostOption(host);
  for (const key of ['standInGreeting', 'allowHalfOpen', 'noDelay'] as const)
    if (options[key] !== undefined) booleanOption(options[key], key);
  if (options.truncation !== undefined) choiceOption(options.truncation, 'truncation', ['error', 'end']);
  if (port !== undefined) portOption(port);
  millisecondsOption(handshakeTimeout, 'handshakeTimeout');
  if (options.signal !== undefined) signalOption(options.signal);
  if (
    onread !== undefined &&
    !(
      (typeof onread?.buffer === 'function' || (bytesOf(onread?.buffer)?.length ?? 0) > 0) &&
      typeof onread?.callback === 'function'
    )
  ) {
    refuseOption(onread, 'onread', '{ buffer, callback } with a Uint8Array of at least one byte and a function');
  }
  if (path !== undefined && options.noDelay !== undefined)
    throw new TypeError('noDelay: has no effect beside `path`, which does not use TCP; leave one of them out');
  if ([port, path, stream, lazy].filter((each) => each !== undefined).length !== 1)
    throw new TypeError('exactly one of port, path, stream and lazy says where to connect');
  const dialogue = preamble === undefined ? undefined : preambleOption(preamble, servername);
  if (options.standInGreeting === true && !dialogue?.standInGreeting.length)
    throw new TypeError(`standInGreeting: there is none for ${dialogue?.protocol ?? 'a connection without preamble'}`);
  return { target: targetOf(options, dial), host: servername, preamble: dialogue };
}

function targetOf(
  { host = LOCALHOST, port, path, stream }: DuplexOptions,
  dial: ConnectorOptions['dial'],
): Target | undefined {
  if (stream !== undefined) {
    if (typeof stream?.pipe !== 'function' || typeof stream.write !== 'function')
      refuseOption(stream, 'stream', 'a Duplex');
    return { stream };
  }
  if (path !== undefined) return { connect: { path } };
  if (port !== undefined && dial !== undefined) return { dial: () => dial({ host, port }) };
  if (port !== undefined) return { connect: { host, port, autoSelectFamily: true } as net.TcpNetConnectOpts };
  return undefined;
}
