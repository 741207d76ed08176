/**
 * @module Wisp, many connections in one WebSocket: the client. Versions 1 and 2.
 *
 * Only what goes to the relay is under flow control: a stream may send as many packets as the relay has granted, and
 * waits for the next CONTINUE then. Streams take turns, a packet each, and wait together while the WebSocket is full.
 */
import { TlsError } from '@ferrule/result';
import { choiceOption, knownOptions, memoryOf } from '@ferrule/result/arguments';
import { authority, type Destination, destinationOption } from '@ferrule/result/host';
import type { Dial, Transport } from 'ferrule';
import { abortable } from 'ferrule/pump';
import { checkLimits, type PipeLimits } from './inbox.ts';
import { Outbox } from './outbox.ts';
import {
  checkWebSocket,
  closeText,
  newWebSocket,
  urlOf,
  type WebSocketLike,
  type WebSocketOptions,
} from './web-socket.ts';
import {
  decodeWisp,
  encodeWisp,
  WispClose,
  WispExtension,
  wispHint,
  type WispPacket,
  wispReason,
} from './wisp-packets.ts';
import { type Carrier, WispStream } from './wisp-stream.ts';

export interface WispOptions extends Omit<WebSocketOptions, 'protocols'> {
  /** The URL of the relay, `ws:` or `wss:`, with a `/` at its end, as Wisp has it. */
  readonly relay: string;
  /**
   * 2 has passwords, and tells whether a connection was made. Default 1, or 2 with `credentials`. A relay that speaks 1
   * alone may refuse what asks for 2.
   */
  readonly version?: 1 | 2 | undefined;
  /** For relays that want them. They are sent to the relay: over `wss:` only, if at all. */
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

/**
 * Pipes through a Wisp relay, over one WebSocket that is opened when it is first needed and again when it was lost.
 * `close()` ends it, and every pipe in it. @throws TypeError for wrong options.
 */
export function wispDial(options: WispOptions): Dial & { close(): void } {
  const own = checked(options);
  let current: Attempt | undefined;
  const attempt = (): Attempt => {
    if (current !== undefined) return current;
    const control = new AbortController();
    const made = openWisp(own, control.signal);
    const fresh = (current = { made, waiting: 0, giveUp: () => (forget(), control.abort()) });
    const forget = (): void => {
      if (current === fresh) current = undefined;
    };
    made.then(({ closed }) => void closed.then(forget), forget);
    return fresh;
  };
  const dial: Dial = async (given, signal) => {
    const to = destinationOption(given);
    const shared = attempt();
    shared.waiting++;
    const wisp = await abortable(shared.made, signal, () => {}).catch((error: unknown) => {
      if (--shared.waiting === 0) shared.giveUp();
      throw error;
    });
    return wisp.open(to, signal);
  };
  const close = (): void => {
    const last = current;
    last?.giveUp();
    last?.made.then((wisp) => wisp.close()).catch(() => {});
  };
  return Object.assign(dial, { close });
}

/** To open the one WebSocket: given up with the last who waits for it, so that a relay that never answers holds nobody. */
interface Attempt {
  readonly made: Promise<WispConnection>;
  waiting: number;
  readonly giveUp: () => void;
}

/** Connects to a Wisp relay. @throws TlsError PROXY_*, ABORTED; TypeError. */
export async function openWisp(options: WispOptions, signal?: AbortSignal): Promise<WispConnection> {
  const own = checked(options);
  const version = own.version ?? (own.credentials === undefined ? 1 : 2);
  // The subprotocol tells a server of version 2 to begin with INFO; a v1 client sends none
  const socket = newWebSocket(own.relay, {
    WebSocket: own.WebSocket,
    protocols: version === 2 ? ['wisp-v2'] : undefined,
  });
  const connection = new WispConnection(socket, own, checkLimits(own));
  await abortable(connection.ready, signal, () => connection.close());
  return connection;
}

/** One WebSocket to a relay, and the streams in it. */
export class WispConnection {
  /** The relay's message of the day, of version 2, for people to read; it is not authenticated. */
  motd: string | undefined;
  /** The protocol that is spoken. */
  version: 1 | 2 = 1;
  readonly closed: Promise<void>;
  /** @internal */
  readonly ready: Promise<void>;
  readonly #socket: WebSocketLike;
  readonly #options: WispOptions;
  readonly #limit: number;
  readonly #streams = new Map<number, WispStream>();
  readonly #outbox: Outbox;
  readonly #carrier: Carrier;
  #confirms = false;
  #credit: number | undefined;
  #failure: TlsError | undefined;
  #opened: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #signalClosed: () => void = () => {};
  /** Streams with something to send, in the order of their turns. */
  readonly #turns = new Set<WispStream>();
  #held = false;

  /** @internal */
  constructor(socket: WebSocketLike, options: WispOptions, limit: number) {
    this.#socket = socket;
    this.#options = options;
    this.#limit = limit;
    this.#outbox = new Outbox(socket, () => this.#lose());
    this.closed = new Promise((resolve) => (this.#signalClosed = resolve));
    this.ready = new Promise((resolve, reject) => (this.#opened = { resolve, reject }));
    this.ready.catch(() => {});
    this.#carrier = {
      packet: (packet) => this.#send(packet),
      wantsTurn: (stream) => {
        this.#turns.add(stream);
        this.#takeTurns();
      },
      whenSent: (go) => this.#outbox.whenSent(go),
      gone: (stream) => {
        this.#streams.delete(stream.id);
        this.#turns.delete(stream);
      },
      waiting: () => socket.bufferedAmount,
    };
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => this.#onMessage(data));
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', (event: { readonly code?: number; readonly reason?: string }) =>
      this.#fail(
        this.#opened === undefined
          ? new TlsError('TRANSPORT_ERROR', `the relay closed the WebSocket (${closeText(event)})`)
          : new TlsError('PROXY_CLOSED', `the relay did not open Wisp (${closeText(event)})`, {
              hint: 'Check that the relay is running, whether it requires a password, and whether it speaks this version of Wisp.',
            }),
      ),
    );
  }

  /** How many streams there are. */
  get streams(): number {
    return this.#streams.size;
  }

  /**
   * A pipe to a server. With a relay of version 2 that confirms, it is connected; else a refusal comes as the failure
   * of the pipe. @throws TlsError PROXY_REFUSED, TRANSPORT_ERROR, ABORTED.
   */
  async open(destination: Destination, signal?: AbortSignal): Promise<Transport> {
    const to = destinationOption(destination);
    if (this.#failure !== undefined) throw this.#failure;
    let id: number;
    do id = crypto.getRandomValues(new Uint32Array(1))[0] as number;
    while (id === 0 || this.#streams.has(id));
    const stream = new WispStream(this.#carrier, id, authority(to), this.#credit ?? 0, this.#limit);
    this.#streams.set(id, stream);
    this.#send({ type: 'connect', stream: id, udp: false, port: to.port, host: to.host });
    // The WebSocket closes
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#confirms) await abortable(stream.confirmed, signal, () => stream.destroy());
    return stream;
  }

  /** Ends every stream, and the WebSocket. */
  close(): void {
    this.#fail(new TlsError('ABORTED', 'the connection to the relay was closed here'));
  }

  #onMessage(data: unknown): void {
    if (this.#failure !== undefined) return;
    try {
      const message = memoryOf(data);
      if (message === undefined) throw new TlsError('PROXY_MALFORMED', 'Wisp: the relay sent a text message');
      this.#onPacket(decodeWisp(message));
    } catch (error) {
      this.#fail(error as TlsError);
    }
  }

  #onPacket(packet: WispPacket): void {
    if (packet.stream === 0) return this.#onHandshake(packet);
    if (this.#credit === undefined) throw new TlsError('PROXY_MALFORMED', 'Wisp: a stream before the first CONTINUE');
    // One that was closed here may still be spoken of
    const stream = this.#streams.get(packet.stream);
    switch (packet.type) {
      case 'data':
        return stream?.onData(packet.bytes);
      case 'continue':
        return stream?.onContinue(packet.credit);
      case 'close':
        return stream?.onClose(packet.reason);
      default:
        throw new TlsError('PROXY_MALFORMED', `Wisp: the relay sent ${packet.type.toUpperCase()} on a stream`);
    }
  }

  #onHandshake(packet: WispPacket): void {
    switch (packet.type) {
      case 'info':
        if (this.#credit !== undefined || this.version === 2)
          throw new TlsError('PROXY_MALFORMED', 'Wisp: INFO, where none can be');
        return this.#onInfo(packet.extensions);
      case 'continue':
        if (this.#credit !== undefined || packet.credit === 0)
          throw new TlsError('PROXY_MALFORMED', 'Wisp: a CONTINUE on stream 0 that grants nothing, or a second one');
        if (this.version === 1 && this.#options.credentials !== undefined)
          throw new TlsError(
            'PROXY_AUTHENTICATION_REQUIRED',
            'Wisp: the relay speaks version 1, which has no passwords',
            { hint: 'Leave credentials out, or use a relay of version 2.' },
          );
        this.#credit = packet.credit;
        this.#opened?.resolve();
        this.#opened = undefined;
        return;
      case 'close':
        throw packet.reason >= WispClose.badPassword
          ? new TlsError(
              'PROXY_AUTHENTICATION_REQUIRED',
              `the relay closed the connection: ${wispReason(packet.reason)}`,
              {
                hint: CREDENTIALS,
              },
            )
          : new TlsError('PROXY_REFUSED', `the relay closed the connection: ${wispReason(packet.reason)}`, {
              hint: wispHint(packet.reason),
            });
      default:
        throw new TlsError('PROXY_MALFORMED', `Wisp: the relay sent ${packet.type.toUpperCase()} on stream 0`);
    }
  }

  #onInfo(theirs: ReadonlyMap<number, Uint8Array>): void {
    this.version = 2;
    const motd = theirs.get(WispExtension.motd);
    if (motd !== undefined) this.motd = new TextDecoder().decode(motd);
    const ours = new Map<number, Uint8Array>();
    if (theirs.has(WispExtension.confirmation)) {
      this.#confirms = true;
      ours.set(WispExtension.confirmation, new Uint8Array(0));
    }
    const { credentials } = this.#options;
    const wanted = theirs.get(WispExtension.password);
    if (wanted !== undefined && credentials !== undefined) ours.set(WispExtension.password, passwordOf(credentials));
    else if (wanted?.[0] === 1)
      throw new TlsError('PROXY_AUTHENTICATION_REQUIRED', 'the relay asks for a user name and a password', {
        hint: CREDENTIALS,
      });
    this.#send({ type: 'info', stream: 0, major: 2, minor: 0, extensions: ours });
  }

  #send(packet: WispPacket): void {
    if (this.#failure === undefined && this.#outbox.isClosing) this.#lose();
    if (this.#failure !== undefined) return;
    const bytes = encodeWisp(packet);
    this.#socket.send(bytes);
    this.#outbox.give(bytes.length);
  }

  /** A packet of each stream in turn, while there is room. */
  #takeTurns(): void {
    while (!this.#held && this.#turns.size > 0) {
      for (const stream of this.#turns) {
        if (this.#outbox.full) {
          this.#held = true;
          this.#outbox.whenRoom(() => {
            this.#held = false;
            this.#takeTurns();
          });
          return;
        }
        // Behind all others, if there is more
        this.#turns.delete(stream);
        if (stream.sendOne()) this.#turns.add(stream);
      }
    }
  }

  #lose(): void {
    this.#fail(new TlsError('TRANSPORT_ERROR', 'the relay closes the WebSocket'));
  }

  #fail(error: TlsError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#opened?.reject(error);
    this.#opened = undefined;
    this.#turns.clear();
    for (const stream of [...this.#streams.values()]) stream.fail(error);
    this.#streams.clear();
    this.#socket.close();
    this.#outbox.over();
    this.#signalClosed();
  }
}

const CREDENTIALS = 'Give the right ones as credentials: { username, password }; the relay must have them, too.';

const OPTIONS = ['relay', 'version', 'credentials', 'WebSocket', 'maxQueued'] satisfies (keyof WispOptions)[];

/** A copy. @throws TypeError */
function checked(given: WispOptions): WispOptions {
  const options = knownOptions(given, OPTIONS);
  const { relay, version, credentials } = options;
  urlOf(relay);
  if (version !== undefined) choiceOption(version, 'version', [1, 2]);
  checkWebSocket(options);
  checkLimits(options as PipeLimits);
  if (credentials === undefined) return options;
  if (version === 1)
    throw new TypeError('credentials: not supported by version 1 of Wisp; leave version out, or set it to 2');
  const { username, password } = knownOptions(credentials, ['username', 'password'], 'credentials');
  passwordOf({ username, password });
  return { ...options, credentials: { username, password } };
}

/** Length of the user name in a byte, user name, password. @throws TypeError */
function passwordOf({ username, password }: { readonly username: string; readonly password: string }): Uint8Array {
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new TypeError('credentials: username and password must be strings');
  const [user, secret] = [new TextEncoder().encode(username), new TextEncoder().encode(password)];
  if (user.length > 255) throw new TypeError('credentials: username is longer than 255 bytes');
  return Uint8Array.of(user.length, ...user, ...secret);
}
