/** @module One WebSocket as one pipe: relays such as websockify, wsproxy and neon's, RFC 6455 with binary messages. */
import { TlsError } from '@ferrule/result';
import { choiceOption, functionOption, knownOptions, memoryOf, refuseOption } from '@ferrule/result/arguments';
import { authority, type Destination, destinationOption } from '@ferrule/result/host';
import type { Dial, Transport, TransportSink } from 'ferrule';
import { abortable } from 'ferrule/pump';
import { checkLimits, Inbox, type PipeLimits } from './inbox.ts';
import { Outbox } from './outbox.ts';

/** As much of the platform's WebSocket as is used; the package `ws` has it, too. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
  // The parameters of a listener are compared both ways only in methods, and every library has an Event of its own.
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

export interface WebSocketOptions extends PipeLimits {
  /** `Sec-WebSocket-Protocol`; websockify of old wants `['binary']`. Default none. */
  readonly protocols?: readonly string[] | undefined;
  /** Default the platform's; on Node 20 the one of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor | undefined;
}

export interface WebSocketDialOptions extends WebSocketOptions {
  /** `wss:` or `ws:`; TLS goes inside either way. */
  readonly relay: string;
  /**
   * How the relay is told the destination. `template` (default): `{host}` and `{port}` in the URL, or a fixed
   * destination where there is neither, as websockify has. `wsproxy`: `/host:port` behind the URL. `neon`:
   * `?address=host:port`.
   */
  readonly address?: 'template' | 'wsproxy' | 'neon' | undefined;
}

/** Pipes through a relay of one WebSocket a connection. @throws TypeError for wrong options. */
export function webSocketDial(options: WebSocketDialOptions): Dial {
  const { relay, address = 'template', ...rest } = knownOptions(options, ['relay', 'address', ...OPTIONS]);
  relayUrl(relay, address, { host: 'host', port: 1 });
  const own = checked(rest);
  return (to, signal) => openWebSocket(relayUrl(relay, address, to), own, authority(to), signal);
}

/** The URL under which a relay connects to a destination. @throws TypeError */
export function relayUrl(relay: string, address: 'template' | 'wsproxy' | 'neon', destination: Destination): string {
  const to = destinationOption(destination);
  const url = urlOf(
    address === 'template' && typeof relay === 'string'
      ? relay.replaceAll('{host}', encodeURIComponent(to.host)).replaceAll('{port}', String(to.port))
      : relay,
  );
  if (address === 'wsproxy') url.pathname = `${url.pathname.replace(/\/$/, '')}/${authority(to)}`;
  else if (address === 'neon') url.searchParams.set('address', authority(to));
  else if (address !== 'template') return choiceOption(address, 'address', ['template', 'wsproxy', 'neon']);
  return url.href;
}

/** Opens a WebSocket and makes a pipe of it. @throws TlsError PROXY_CLOSED, ABORTED; TypeError. */
export async function openWebSocket(
  url: string,
  options: WebSocketOptions = {},
  name: string = url,
  signal?: AbortSignal,
): Promise<Transport> {
  const own = checked(options);
  const transport = new WebSocketTransport(newWebSocket(url, own), name, checkLimits(own));
  await abortable(transport.opened, signal, () => transport.destroy());
  return transport;
}

/** A pipe over a WebSocket that is open, or about to be. Nobody else may listen to its messages. */
export const webSocketPipe = (socket: WebSocketLike, name: string = 'WebSocket', limits: PipeLimits = {}): Transport =>
  new WebSocketTransport(socket, name, checkLimits(knownOptions(limits, ['maxQueued'])));

const OPTIONS = ['protocols', 'WebSocket', 'maxQueued'] satisfies (keyof WebSocketOptions)[];

/** A copy. @throws TypeError */
function checked(given: WebSocketOptions): WebSocketOptions {
  const options = knownOptions(given, OPTIONS);
  checkLimits(options);
  checkWebSocket(options);
  const { protocols } = options;
  if (protocols === undefined) return options;
  if (!Array.isArray(protocols) || !protocols.every((each) => typeof each === 'string'))
    return refuseOption(protocols, 'protocols', 'an array of strings');
  return { ...options, protocols: [...protocols] };
}

/** @throws TypeError */
export function checkWebSocket({ WebSocket: given }: WebSocketOptions): void {
  if (given !== undefined) functionOption(given, 'WebSocket', 'a constructor');
}

/** @throws TypeError where there is no WebSocket, or for what is not a URL of one. */
export function newWebSocket(url: string, { protocols, WebSocket: given }: WebSocketOptions): WebSocketLike {
  const Constructor = given ?? (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket;
  if (Constructor === undefined)
    throw new TypeError('WebSocket: not available on this platform; pass one, such as that of the package ws');
  const { href } = urlOf(url);
  return protocols === undefined ? new Constructor(href) : new Constructor(href, [...protocols]);
}

/** How it ended, for messages: RFC 6455 section 7.4.1 has the codes. */
export const closeText = (event: { readonly code?: number; readonly reason?: string }): string =>
  `${event.code ?? 1006}${event.reason === undefined || event.reason === '' ? '' : ` ${event.reason}`}`;

/** 1000: normal. 1001: going away. 1005: no code was sent. */
const isOrderly = (code: number | undefined): boolean => code === 1000 || code === 1001 || code === 1005;

const OPEN = 1;

class WebSocketTransport implements Transport {
  readonly name: string;
  readonly opened: Promise<void>;
  readonly #socket: WebSocketLike;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  /** What was to be sent before it was open. */
  #early: (() => void)[] | undefined = [];
  #closed: TlsError | undefined;

  constructor(socket: WebSocketLike, name: string, limit: number) {
    this.name = name;
    this.#socket = socket;
    this.#inbox = new Inbox(name, limit);
    this.#outbox = new Outbox(socket, () => this.#lose());
    // A Blob would have to be waited for
    socket.binaryType = 'arraybuffer';
    this.opened = new Promise((resolve, reject) => {
      const opened = (): void => {
        const early = this.#early ?? [];
        this.#early = undefined;
        for (const send of early) send();
        resolve();
      };
      const closed = (event: { readonly code?: number; readonly reason?: string }): void => {
        const isOpen = this.#early === undefined;
        this.#onClose(event, isOpen);
        if (!isOpen)
          reject(
            new TlsError('PROXY_CLOSED', `${name}: the relay did not open the WebSocket (${closeText(event)})`, {
              hint: 'See whether the relay runs, and whether it lets this origin and destination pass.',
            }),
          );
      };
      if (socket.readyState === OPEN) opened();
      else socket.addEventListener('open', opened);
      // One that closes may say so late, one that is closed never
      if (this.#outbox.isClosing) closed({});
      else socket.addEventListener('close', closed);
    });
    this.opened.catch(() => {});
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => this.#onMessage(data));
    // A close follows, with its code
    socket.addEventListener('error', () => {});
  }

  get queued(): number {
    return this.#socket.bufferedAmount;
  }

  start(sink: TransportSink): void {
    this.#inbox.start(sink);
  }

  resume(): void {
    this.#inbox.resume();
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    if (this.#closed !== undefined) return done(this.#closed);
    if (this.#early !== undefined) {
      const copy = bytes.slice();
      this.#early.push(() => this.send(copy, done));
      return;
    }
    if (this.#outbox.isClosing) {
      this.#lose();
      return done(this.#closed);
    }
    // The platform's makes a copy, that of `ws` may not
    this.#socket.send(bytes.slice());
    this.#outbox.give(bytes.length);
    this.#outbox.whenSent(() => done(this.#closed));
  }

  /** One direction cannot be closed. */
  end(done: (error?: Error | null) => void): void {
    if (this.#early !== undefined) {
      this.#early.push(() => this.end(done));
      return;
    }
    this.#outbox.whenSent(() => done(this.#closed));
  }

  destroy(): void {
    this.#closed ??= new TlsError('ABORTED', `${this.name}: the WebSocket was closed here`);
    this.#socket.close();
    this.#outbox.over();
  }

  #lose(): void {
    this.#closed ??= new TlsError('TRANSPORT_ERROR', `${this.name}: the other end closes the WebSocket`);
    this.#outbox.over();
    this.#inbox.fail(this.#closed);
  }

  #onMessage(data: unknown): void {
    const bytes = memoryOf(data);
    if (bytes !== undefined) {
      if (!this.#inbox.push(bytes)) this.destroy();
      return;
    }
    this.#inbox.fail(
      new TlsError('PROXY_MALFORMED', `${this.name}: the relay sent a text message instead of bytes`, {
        hint: 'Where the relay has several subprotocols, ask for the binary one: protocols: ["binary"].',
      }),
    );
    this.destroy();
  }

  #onClose(event: { readonly code?: number; readonly reason?: string }, wasOpen: boolean): void {
    const error = new TlsError('TRANSPORT_ERROR', `${this.name}: the WebSocket was closed (${closeText(event)})`);
    const mine = this.#closed !== undefined;
    this.#closed ??= error;
    for (const send of this.#early ?? []) send();
    this.#early = undefined;
    this.#outbox.over();
    if (mine) return;
    if (wasOpen && isOrderly(event.code)) this.#inbox.end();
    else this.#inbox.fail(error);
  }
}

/** Messages do not repeat the URL: it may hold a secret. @throws TypeError for what is not a URL of a relay. */
export function urlOf(text: string): URL {
  if (typeof text !== 'string') throw new TypeError('relay: required, the URL of the relay with ws: or wss:');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new TypeError('relay: not a URL; it begins with ws: or wss:');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    throw new TypeError(`relay: must be a URL with ws: or wss:, not ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw new TypeError(
      'relay: a user name or password in the URL, which no WebSocket sends; wispDial() takes credentials: { username, password }',
    );
  return url;
}
