/**
 * @module A QUIC client (RFC 9000, version 1) with the engine's handshake in it, for one server on loopback: packets of
 * three levels, their keys from the secrets that the engine hands over, ACK, streams, key updates that the server begins.
 * It repeats nothing that was lost and keeps no clock but one for the whole connection; loopback loses nothing.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { QuicConnection, QuicContext, QuicEvent, QuicLevel, TlsSession } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { bytesEqual, concat, toHex } from '@ferrule/result/bytes';
import { closeFrame, cryptoFrame, type Frame, framesOf, Ordered, Received, streamFrame } from './frames.ts';
import { DATAGRAM, headerOf, initialKeys, PacketKeys, packetsOf, type Protected, Reader, varint } from './packets.ts';

const ID_LENGTH = 8;
/** Of CRYPTO and STREAM data in one packet, bytes. */
const PIECE = 1000;
const TAG_LENGTH = 16;
const PATIENCE_MS = 30_000;

/** Each has its own packet numbers (RFC 9000 section 12.3); 0-RTT has those of 1-RTT. */
type Space = 'initial' | 'handshake' | '1-rtt';
const SPACES: readonly Space[] = ['initial', 'handshake', '1-rtt'];
const spaceOf = (level: QuicLevel): Space => (level === '0-rtt' ? '1-rtt' : level);

interface SpaceState {
  next: number;
  readonly received: Received;
  ackDue: boolean;
  readonly crypto: Ordered;
  sent: number;
}

/** The server's CONNECTION_CLOSE. */
export class ClosedByServer extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, reason: string) {
    super(`the server closed the connection: 0x${errorCode.toString(16)} ${reason}`);
    this.errorCode = errorCode;
  }
}

/** The engine's failure, told to the server as `errorCode`. */
export class HandshakeFailed extends Error {
  readonly code: string;
  readonly errorCode: number | undefined;

  constructor(code: string, message: string, errorCode: number | undefined) {
    super(message);
    this.code = code;
    this.errorCode = errorCode;
  }
}

export interface QuicClientOptions {
  readonly port: number;
  readonly host: string;
  readonly session?: TlsSession | undefined;
  readonly earlyData?: boolean;
}

export class QuicClient {
  /** Of its UDP socket: what the server knows it by. */
  readonly localPort: number;
  readonly #quic: QuicConnection;
  readonly #socket: Socket;
  readonly #source = randomBytes(ID_LENGTH);
  readonly #first = randomBytes(ID_LENGTH);
  #destination: Uint8Array = this.#first;
  readonly #spaces: Readonly<Record<Space, SpaceState>>;
  readonly #read = new Map<QuicLevel, PacketKeys>();
  readonly #write = new Map<QuicLevel, PacketKeys>();
  /** Packets that came before their keys. */
  #early: Protected[] = [];
  #phase = false;
  #updates = 0;
  #serverId: Uint8Array | undefined;
  #driving = false;
  /** Whether the engine was given bytes since it was last called. */
  #fed = false;
  #streams = 0;
  readonly #listeners = new Map<number, (data: Uint8Array, fin: boolean) => void>();
  readonly #incoming = new Map<number, { readonly data: Ordered; end: number | undefined }>();
  #sentClose: number | undefined;
  readonly #failed: Promise<never>;
  #fail!: (error: Error) => void;
  readonly #established: Promise<void>;
  #establish!: () => void;
  readonly #writable: Promise<void>;
  #mayWrite!: () => void;
  readonly #timer: NodeJS.Timeout;

  private constructor(context: QuicContext, socket: Socket, options: QuicClientOptions) {
    this.#socket = socket;
    this.localPort = socket.address().port;
    const state = (): SpaceState => ({
      next: 0,
      received: new Received(),
      ackDue: false,
      crypto: new Ordered(),
      sent: 0,
    });
    this.#spaces = { initial: state(), handshake: state(), '1-rtt': state() };
    this.#quic = context.newConnection({
      transportParameters: parametersOf(this.#source),
      earlyData: options.earlyData ?? false,
    });
    this.#quic.tls.setHost(options.host);
    if (options.session !== undefined) this.#quic.tls.setSession(options.session);
    const { client, server } = initialKeys(this.#first);
    this.#read.set('initial', server);
    this.#write.set('initial', client);
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined);
    this.#established = new Promise((resolve) => (this.#establish = resolve));
    this.#writable = new Promise((resolve) => (this.#mayWrite = resolve));
    this.#timer = setTimeout(() => this.#fail(new Error(`nothing came of it in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    socket.on('message', (datagram) => this.#guard(() => this.#receive(datagram)));
    socket.on('error', this.#fail);
  }

  /** The ClientHello is under way. */
  static async start(context: QuicContext, options: QuicClientOptions): Promise<QuicClient> {
    const socket = createSocket('udp4');
    // Connected, it sends at once: what is sent last goes out before close()
    socket.connect(options.port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new QuicClient(context, socket, options);
    client.#drive();
    return client;
  }

  get tls(): QuicConnection['tls'] {
    return this.#quic.tls;
  }

  /** How often the server has changed the keys (RFC 9001 section 6). */
  get keyUpdates(): number {
    return this.#updates;
  }

  /** @throws HandshakeFailed, ClosedByServer */
  async established(): Promise<void> {
    await this.#orFail(this.#established);
    this.#checkParameters();
  }

  /** When there are keys for the application's data, those of early data among them. @throws as `established()` */
  async writable(): Promise<void> {
    await this.#orFail(this.#writable);
  }

  /** The next stream of ours: both directions, or one. */
  openStream(bidirectional: boolean): number {
    return 4 * this.#streams++ + (bidirectional ? 0 : 2);
  }

  /** A stream's whole data, up to 1000 bytes. */
  send(id: number, data: Uint8Array, fin: boolean): void {
    if (data.length > PIECE) throw new RangeError(`no more than ${PIECE} bytes go onto a stream here`);
    this.#packet(this.#write.has('1-rtt') ? '1-rtt' : '0-rtt', streamFrame(id, data, fin));
  }

  /** All that comes on a stream. @throws as `established()` */
  receive(id: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    return this.#orFail(
      new Promise((resolve) => {
        this.#listeners.set(id, (data, fin) => {
          parts.push(data);
          if (fin) resolve(concat(parts));
        });
      }),
    );
  }

  /** Ends the connection, if it has not ended, and wipes what TLS has. `errorCode`: of the application. */
  close(errorCode: number): void {
    clearTimeout(this.#timer);
    if (this.#write.has('1-rtt') && this.#sentClose === undefined) this.#packet('1-rtt', closeFrame(errorCode, false));
    this.#quic.tls.dispose();
    this.#socket.close();
  }

  #orFail<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed]);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Lets the engine do what it can, as often as it asks for it. */
  #drive(): void {
    if (this.#driving) return;
    this.#driving = true;
    void this.#advance()
      .catch(this.#fail)
      .finally(() => (this.#driving = false));
  }

  async #advance(): Promise<void> {
    const { tls } = this.#quic;
    for (;;) {
      this.#fed = false;
      const ret = this.#quic.advance();
      this.#guard(() => this.#take(this.#quic.events()));
      if (tls.failure !== undefined) {
        const { code, message } = tls.failure.error;
        return this.#fail(new HandshakeFailed(code, message, this.#sentClose));
      }
      if (ret === 1) this.#establish();
      const why = tls.getError(ret);
      if (ret === 1 || why === SslErrorCode.wantRead) {
        // Packets that had waited for the keys of just now
        if (this.#fed) continue;
        return;
      }
      // WANT_WRITE: the keys of early data are there (RFC 9001 section 4.6)
      if (why !== SslErrorCode.wantWrite) await tls.asyncReady;
    }
  }

  #take(events: readonly QuicEvent[]): void {
    for (const event of events) {
      if (event.kind === 'close') this.#tellFailure(event.errorCode);
      else if (event.kind === 'crypto') this.#sendCrypto(event.level, event.data);
      else {
        const { level, direction, cipherSuite, secret } = event;
        (direction === 'read' ? this.#read : this.#write).set(level, new PacketKeys(cipherSuite, secret));
        secret.fill(0);
        if (direction === 'write' && spaceOf(level) === '1-rtt') this.#mayWrite();
      }
    }
    const waiting = this.#early;
    this.#early = [];
    for (const packet of waiting) this.#open(packet);
    this.#acknowledge();
  }

  #sendCrypto(level: Space, data: Uint8Array): void {
    const space = this.#spaces[level];
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      this.#packet(level, cryptoFrame(space.sent, piece));
      space.sent += piece.length;
    }
    // RFC 9001 section 4.9.1
    if (level === 'handshake') this.#discard('initial');
  }

  /** In every space whose keys the server may have (RFC 9000 section 10.2.3). */
  #tellFailure(errorCode: number): void {
    this.#sentClose = errorCode;
    for (const space of SPACES) if (this.#write.has(space)) this.#packet(space, closeFrame(errorCode, true));
  }

  #discard(level: Space): void {
    this.#read.delete(level);
    this.#write.delete(level);
  }

  #receive(datagram: Uint8Array): void {
    for (const packet of packetsOf(datagram, ID_LENGTH)) this.#open(packet);
    this.#acknowledge();
    this.#drive();
  }

  #open(packet: Protected): void {
    const { level, numberAt, source } = packet;
    const keys = this.#read.get(level);
    if (keys === undefined) {
      const over = level === 'initial' || (level === 'handshake' && this.#read.has('1-rtt'));
      if (!over) this.#early.push(packet);
      return;
    }
    const space = this.#spaces[spaceOf(level)];
    const plain = packet.packet.slice();
    const { number, length } = keys.unmask(plain, numberAt, space.received.largest);
    const header = plain.subarray(0, numberAt + length);
    const payload = this.#unseal(keys, level, header, number, plain.subarray(numberAt + length));
    // RFC 9000 section 12.2: a packet that cannot be opened is dropped
    if (payload === undefined) return;
    if (source !== undefined) {
      this.#serverId ??= source.slice();
      this.#destination = this.#serverId;
    }
    const { frames, eliciting } = framesOf(payload);
    space.ackDue ||= eliciting;
    if (space.received.add(number)) for (const frame of frames) this.#handle(spaceOf(level), frame);
  }

  #unseal(
    keys: PacketKeys,
    level: QuicLevel,
    header: Uint8Array,
    number: number,
    sealed: Uint8Array,
  ): Uint8Array | undefined {
    const phase = ((header[0] as number) & 4) !== 0;
    if (level !== '1-rtt' || phase === this.#phase) return keys.open(header, number, sealed);
    // RFC 9001 section 6.2: the server has updated its keys, and ours follow
    const next = keys.next();
    const payload = next.open(header, number, sealed);
    if (payload === undefined) return undefined;
    this.#phase = phase;
    this.#updates++;
    this.#read.set(level, next);
    const ours = this.#write.get(level);
    if (ours !== undefined) this.#write.set(level, ours.next());
    return payload;
  }

  #handle(space: Space, frame: Frame): void {
    switch (frame.kind) {
      case 'crypto': {
        const ready = this.#spaces[space].crypto.add(frame.offset, frame.data);
        if (ready.length === 0) return;
        this.#quic.receive(space, ready);
        this.#fed = true;
        return;
      }
      case 'stream': {
        const { id, offset, data, fin } = frame;
        const stream = this.#incoming.get(id) ?? { data: new Ordered(), end: undefined };
        this.#incoming.set(id, stream);
        if (fin) stream.end = offset + data.length;
        const ready = stream.data.add(offset, data);
        this.#listeners.get(id)?.(ready, stream.data.length === stream.end);
        return;
      }
      case 'close':
        return this.#fail(new ClosedByServer(frame.errorCode, frame.reason));
      case 'handshake-done':
        // RFC 9001 section 4.9.2
        return this.#discard('handshake');
      case 'other':
    }
  }

  #acknowledge(): void {
    for (const space of SPACES) {
      const state = this.#spaces[space];
      if (!state.ackDue || !this.#write.has(space)) continue;
      state.ackDue = false;
      this.#packet(space, state.received.ack());
    }
  }

  #packet(level: QuicLevel, frame: Uint8Array): void {
    const keys = this.#write.get(level);
    if (keys === undefined) throw new Error(`no keys to send at level ${level}`);
    const space = this.#spaces[spaceOf(level)];
    const ids = { destination: this.#destination, source: this.#source };
    const number = space.next++;
    const room = DATAGRAM - TAG_LENGTH - headerOf(level, ids, number, 0, false).length;
    const payload = level === 'initial' ? concat([frame, new Uint8Array(room - frame.length)]) : frame;
    const packet = keys.seal(headerOf(level, ids, number, payload.length, this.#phase), number, payload);
    this.#socket.send(packet);
  }

  /** RFC 9000 section 7.3: connection IDs, which TLS has authenticated now. */
  #checkParameters(): void {
    const parameters = readParameters(this.#quic.peerTransportParameters);
    for (const [id, expected] of [
      [ORIGINAL_DESTINATION, this.#first],
      [INITIAL_SOURCE, this.#serverId],
    ] as const) {
      const told = parameters.get(id);
      if (told === undefined || expected === undefined || !bytesEqual(told, expected))
        throw new Error(`transport parameter ${id} is ${told && toHex(told)}, not ${expected && toHex(expected)}`);
    }
  }
}

/** Transport parameters, RFC 9000 section 18.2. */
const ORIGINAL_DESTINATION = 0x00;
const INITIAL_SOURCE = 0x0f;

/** Ours: more room than anything here needs, so that MAX_DATA is never due. */
function parametersOf(source: Uint8Array): Uint8Array {
  const room = varint(2 ** 24);
  const streams = varint(128);
  const parameters: readonly (readonly [number, Uint8Array])[] = [
    [0x01, varint(PATIENCE_MS)], // max_idle_timeout
    [0x04, room], // initial_max_data
    [0x05, room], // initial_max_stream_data, of the three kinds
    [0x06, room],
    [0x07, room],
    [0x08, streams], // initial_max_streams, of both kinds
    [0x09, streams],
    [INITIAL_SOURCE, source],
  ];
  return concat(parameters.flatMap(([id, value]) => [varint(id), varint(value.length), value]));
}

function readParameters(bytes: Uint8Array | undefined): Map<number, Uint8Array> {
  if (bytes === undefined) throw new Error('there are no transport parameters of the server');
  const reader = new Reader(bytes);
  const found = new Map<number, Uint8Array>();
  while (reader.left > 0) found.set(reader.varint(), reader.take(reader.varint()));
  return found;
}
