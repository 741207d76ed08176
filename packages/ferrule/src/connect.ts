/** @module connect(): from a host name to a verified connection. */
import type { Backend, ContextOptions, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { booleanOption, choiceOption, knownOptions, portOption, textOption } from '@ferrule/result/arguments';
import { asciiHost, authority, type Destination, hostOption } from '@ferrule/result/host';
import { notes } from '@ferrule/result/notes';
import { Channel } from './channel.ts';
import { newConnection, type TlsConnection } from './connection.ts';
import { chooseBackend, type ChosenBackend, type BackendChoice } from './backend.ts';
import { infoOf } from './info.ts';
import { DEFAULT_TIMEOUT, dialled, Limit } from './limit.ts';
import {
  type CaOption,
  checkConnection,
  contextOptionNames,
  type OwnOptions,
  ownOptions,
  withAnchors,
  verifiesName,
} from './options.ts';
import { type SessionCache, SessionKeeper, sessionPatience, sessionsOption, type SessionStore } from './sessions.ts';
import type { Starttls, StarttlsProtocol } from '@ferrule/starttls';
import type * as Tcp from './tcp.ts';
import { awaitsCaller } from './steps.ts';
import { type Dial, dialOption, type Pipe, type StreamPipe, type Transport, transportOf } from './transport.ts';

/** Options of a context and of one connection. An unknown or invalid option is a `TypeError` that names it. */
export interface ConnectOverOptions extends ContextOptions {
  /** The name or IP address that the certificate must match; a name is sent as SNI. */
  readonly host?: string;
  /** Default: native where it loads, else pure. */
  readonly backend?: BackendChoice;
  /** An existing context, instead of context options; it determines the engine. */
  readonly context?: SslContext;
  /** Trust anchors as PEM or DER, added to `trustAnchors`. Without either, the platform's are trusted. */
  readonly ca?: CaOption;
  /**
   * The plain-text dialogue before TLS: a protocol by name, or a dialogue made with `starttls()` of
   * @ferrule/starttls; a used one is restarted.
   */
  readonly preamble?: StarttlsProtocol | Starttls;
  /** Time limit for establishing the connection, milliseconds; 0 = no limit. Default 30000. */
  readonly timeout?: number;
  /** Aborts the attempt or the connection: with its reason if that is a `TlsError`, else with `ABORTED`. */
  readonly signal?: AbortSignal;
  /** How long `close()` waits while the peer accepts none of the written data, milliseconds. Default 10000. */
  readonly closeTimeout?: number;
  /** Where sessions are taken from and stored: a {@link SessionCache} or a `Map`. Default `false`: no resumption. */
  readonly sessions?: SessionCache | SessionStore | false;
}

export interface ConnectOptions extends ConnectOverOptions {
  /** The host to connect to, unless `path` is given. */
  readonly host?: string;
  /** 1 to 65535. Default 443; required with `preamble`. */
  readonly port?: number;
  /** A unix socket or named pipe instead of host and port; requires `servername` or `verify`. */
  readonly path?: string;
  /** The name to verify and to send as SNI, if not `host`. */
  readonly servername?: string;
  /**
   * How to reach host and port other than by TCP: a proxy (`via()` of @ferrule/node/transports) or a relay
   * (`wispDial()` of @ferrule/web). Resolving the name is left to it.
   */
  readonly dial?: Dial;
  /** Only IPv4 or only IPv6. Default: both, raced. */
  readonly family?: 4 | 6;
  /** The local address to connect from. Default: the system's choice. */
  readonly localAddress?: string;
  /**
   * TCP_NODELAY after the handshake; it is always on during it. Default true; false lets Nagle's algorithm coalesce
   * small writes.
   */
  readonly noDelay?: boolean;
}

const OVER_OPTIONS: ReadonlySet<keyof ConnectOverOptions> = new Set([
  ...contextOptionNames,
  ...(['host', 'backend', 'context', 'ca', 'preamble', 'timeout', 'signal', 'closeTimeout', 'sessions'] as const),
]);
const OPTIONS: ReadonlySet<keyof ConnectOptions> = new Set([
  ...OVER_OPTIONS,
  ...(['port', 'path', 'servername', 'dial', 'family', 'localAddress', 'noDelay'] as const),
]);

/** The socket module, loaded on demand. */
let tcp: Promise<typeof Tcp> | undefined;

/**
 * Connects over TCP and makes a verified TLS connection: `await connect({ host: 'example.org' })`.
 * @throws TlsError for every network or peer failure: `TRANSPORT_ERROR` (including DNS and TCP), `TIMEOUT`,
 *   `ABORTED`, and every code of a failed handshake.
 * @throws TypeError for wrong options.
 */
export async function connect(options: ConnectOptions): Promise<TlsConnection> {
  const given = knownOptions(options, OPTIONS);
  const { host: where, port = 443, path, servername, dial, family, localAddress, noDelay = true, ...rest } = given;
  const OF_TCP = ['family', 'localAddress', 'noDelay'] as const;
  if (path !== undefined) refuseBeside(given, ['port', 'dial', ...OF_TCP], '`path`, which does not use TCP');
  if (dial !== undefined) refuseBeside(given, OF_TCP, '`dial`, which is in place of TCP');
  portOption(port);
  if (path === undefined && given.port === undefined && given.preamble !== undefined)
    throw new TypeError('port: required beside `preamble`: at 443, the default, TLS begins at once');
  if (path !== undefined) textOption(path, 'path');
  if (path === undefined || where !== undefined) textOption(where, 'host');
  if (dial !== undefined) dialOption(dial);
  if (family !== undefined) choiceOption(family, 'family', [4, 6]);
  if (localAddress !== undefined) textOption(localAddress, 'localAddress');
  booleanOption(noDelay, 'noDelay');
  const host = asciiHost(where ?? '');
  const peer = servername !== undefined ? hostOption(servername, 'servername') : where && hostOption(where);
  const name = path ?? authority({ host, port });
  return establish({ ...rest, ...(peer !== undefined && { host: peer }) }, name, async (limit) => {
    if (dial !== undefined) return transportBy(dial, { host, port }, name, limit);
    const { openTcp } = await (tcp ??= import('./tcp.ts'));
    return openTcp({ host, port, path, family, localAddress, noDelay }, (abort) => limit.onEnd(abort));
  });
}

async function transportBy(dial: Dial, to: Destination, name: string, limit: Limit): Promise<Transport> {
  try {
    return await dialled(
      dial,
      to,
      limit,
      (pipe) => transportOf(pipe, name),
      (late) => late.destroy(),
    );
  } catch (cause) {
    if (TlsError.is(cause) || cause instanceof TypeError) throw cause;
    throw new TlsError('TRANSPORT_ERROR', `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/**
 * Makes a verified TLS connection over any byte pipe: Web Streams, three functions, or a {@link Transport}. Without
 * `host`, a `verify` other than `peer` is required. The call takes ownership of the pipe: it is closed if this rejects
 * for any reason.
 * @throws as {@link connect}.
 */
export async function connectOver(
  pipe: Pipe | StreamPipe | Transport,
  options: ConnectOverOptions = {},
): Promise<TlsConnection> {
  const name = (options as Partial<ConnectOverOptions> | null)?.host ?? 'pipe';
  const transport = transportOf(pipe, name);
  let opened = false;
  try {
    const given = knownOptions(options, OVER_OPTIONS);
    const own = given.host === undefined ? given : { ...given, host: hostOption(given.host) };
    return await establish(own, name, (limit) => {
      opened = true;
      limit.onEnd(() => transport.destroy());
      return Promise.resolve(transport);
    });
  } catch (error) {
    // Later the channel destroys it, once its alert has been sent
    if (!opened) transport.destroy();
    throw error;
  }
}

/** Certificates of rejected servers. */
const shown = notes<TlsError, readonly Uint8Array[]>('peerCertificates');

/**
 * The chain the server sent before `connect()` failed with this error: DER, leaf first, untrusted. Empty if it sent
 * none, and for an error shared by several connections, such as the reason of a signal. For diagnostics.
 */
export const peerCertificatesOf = (error: TlsError): readonly Uint8Array[] => shown.get(error) ?? [];

type Open = (limit: Limit) => Promise<Transport>;

async function establish(options: ConnectOverOptions, name: string, open: Open): Promise<TlsConnection> {
  const {
    host,
    backend,
    context: given,
    ca,
    timeout = DEFAULT_TIMEOUT,
    signal,
    closeTimeout,
    sessions: store,
    preamble,
    ...contextOptions
  } = options;
  checkConnection({ ...options });
  const sessions = sessionsOption(store);
  if (given !== undefined) {
    const all = { ...contextOptions, backend, ca, sessions };
    refuseBeside(all, Object.keys(all), '`context`, which was made with options of its own');
  }
  const own = ownOptions(contextOptions, ca);
  const isNameVerified = given?.verifiesName ?? verifiesName(own);
  if (host === undefined && isNameVerified)
    throw new TypeError('host: required, since it is the name that is verified');

  const speak = preamble === undefined ? undefined : await speaking(preamble, host);
  const chosen: ChosenBackend = given ? { backend: given.backend, fellBackBecause: [] } : await chooseBackend(backend);
  let keeper: SessionKeeper | undefined;
  const context = given ?? contextFor(chosen, own, sessions && ((session) => keeper?.keep(session)));
  const ssl = context.newConnection();
  const limit = new Limit(name, timeout, signal);
  let transport: Transport | undefined;
  let channel: Channel | undefined;
  try {
    limit.check();
    if (host !== undefined) ssl.setHost(host);
    keeper = sessions && new SessionKeeper(sessions, context, host, name);

    const started = performance.now();
    transport = await open(limit);
    if (speak !== undefined) transport = await speak(transport, limit);
    const opened = performance.now();
    const made = (channel = new Channel(ssl, transport, { stall: closeTimeout }));
    limit.waitingFor = () => `${flightAwaited(ssl)} (${ssl.state})`;
    limit.onEnd((reason) => made.destroy(reason));
    if (keeper !== undefined)
      await Promise.race([keeper.offer(ssl, sessionPatience(timeout), () => ssl.failure !== undefined), made.closed]);
    await made.connect();
    keeper?.established(ssl);
    transport.established?.();
    limit.established(made.closed);
    const timings = { transport: opened - started, handshake: performance.now() - opened };
    return newConnection(made, infoOf(ssl, chosen, host, transport.remote, timings));
  } catch (error) {
    limit.clear();
    if (TlsError.is(error) && ssl.peerCertificates.length > 0)
      shown.set(error, shown.get(error) === undefined ? ssl.peerCertificates : []);
    // A failed channel still sends its alert, then disposes of the connection
    if (channel === undefined) {
      ssl.dispose();
      transport?.destroy();
    } else channel.abandon(error as Error);
    throw error;
  }
}

/** Runs the dialogue before TLS once there is a transport. @throws TypeError */
async function speaking(
  preamble: StarttlsProtocol | Starttls,
  host: string | undefined,
): Promise<(transport: Transport, limit: Limit) => Promise<Transport>> {
  const { preambleOption, speakBefore, unused } = await import('./before-tls.ts');
  const dialogue = preambleOption(preamble, host);
  return (transport, limit) => {
    limit.waitingFor = () => `the ${dialogue.protocol} dialogue`;
    return speakBefore(transport, unused(dialogue), (stop) => limit.onEnd(stop));
  };
}

/** What the handshake is waiting for, derived from known facts, the same for every engine. */
function flightAwaited(ssl: Ssl): string {
  const { version, peerCertificates } = ssl;
  if (awaitsCaller(ssl)) return 'a callback of the caller';
  if (version === undefined) return 'the ServerHello';
  return peerCertificates.length === 0 ? "the server's certificate" : "the server's Finished";
}

/** Contexts with default options, one per engine. */
const plain = new WeakMap<Backend, SslContext>();

function contextFor(
  { backend }: ChosenBackend,
  own: OwnOptions,
  onSession: ((session: TlsSession) => void) | undefined,
): SslContext {
  const isPlain = onSession === undefined && Object.keys(own).length === 0;
  const known = isPlain ? plain.get(backend) : undefined;
  if (known !== undefined) return known;
  const context = backend.createContext({
    ...withAnchors(own),
    ...(onSession && { onSession: both(onSession, own.onSession) }),
  });
  if (isPlain) plain.set(backend, context);
  return context;
}

/** @throws TypeError for options that would be silently ignored. */
function refuseBeside(given: object, names: readonly string[], beside: string): void {
  for (const name of names)
    if ((given as Readonly<Record<string, unknown>>)[name] !== undefined)
      throw new TypeError(`${name}: has no effect beside ${beside}; leave one of them out`);
}

const both =
  (
    ours: (session: TlsSession) => void,
    theirs: ContextOptions['onSession'],
  ): NonNullable<ContextOptions['onSession']> =>
  (session, ssl) => {
    ours(session);
    // May return a promise; the engine handles its rejection
    return theirs?.(session, ssl);
  };
