/**
 * @module A QUIC connection as the rest of the shim knows one: `Ssl` over BoGo's own transport for QUIC, which is
 * nothing like QUIC. Its records are in the clear: content type, level, cipher suite, length in four bytes, and then
 * the secret of the level and the content, so that the runner sees whether both have the same secrets.
 */
import type { Bio } from '@ferrule/bio';
import type { ContextOptions, QuicConnection, QuicContext, QuicEvent, QuicLevel, Ssl } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { concat, EMPTY } from '@ferrule/result/bytes';

const LEVELS: readonly QuicLevel[] = ['initial', '0-rtt', 'handshake', '1-rtt'];
const HEADER = 8;
const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;

interface Keys {
  readonly cipherSuite: number;
  readonly secret: Uint8Array;
}
const NO_KEYS: Keys = { cipherSuite: 0, secret: EMPTY };

export function quicSsl(context: QuicContext, transportParameters: Uint8Array, earlyData: boolean): Ssl {
  const quic = context.newConnection({ transportParameters, earlyData });
  const mock = new Mock(quic);
  const ssl = new Proxy(quic.tls as Ssl, {
    get(tls, name) {
      const owner = name in mock ? mock : tls;
      const value: unknown = Reflect.get(owner, name, owner);
      return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
    },
  });
  CONNECTIONS.set(ssl, quic);
  return ssl;
}

const CONNECTIONS = new WeakMap<Ssl, QuicConnection>();

export const peerTransportParameters = (ssl: Ssl): Uint8Array | undefined =>
  CONNECTIONS.get(ssl)?.peerTransportParameters;

/** The operations of `Ssl` that go through the transport. */
class Mock implements Pick<
  Ssl,
  'setBio' | 'connect' | 'doHandshake' | 'read' | 'write' | 'writeEarlyData' | 'shutdown' | 'getError'
> {
  readonly #quic: QuicConnection;
  #bio: Bio | undefined;
  readonly #keys: Record<'read' | 'write', Map<QuicLevel, Keys>> = { read: new Map(), write: new Map() };
  #writeLevel: QuicLevel = 'initial';
  readonly #data: Uint8Array[] = [];
  #why: SslErrorCode | undefined;

  constructor(quic: QuicConnection) {
    this.#quic = quic;
  }

  setBio(bio: Bio): void {
    this.#bio = bio;
  }

  getError(ret: number): SslErrorCode {
    return ret > 0 ? SslErrorCode.none : (this.#why ?? this.#quic.tls.getError(ret));
  }

  connect(): 1 | 0 | -1 {
    return this.#advance(() => this.#quic.tls.established);
  }

  doHandshake(): 1 | 0 | -1 {
    return this.connect();
  }

  read(into: Uint8Array): number {
    const ret = this.#advance(() => this.#data.length > 0);
    if (ret !== 1) return ret;
    const [first = EMPTY] = this.#data;
    into.set(first.subarray(0, into.length));
    if (first.length > into.length) this.#data[0] = first.subarray(into.length);
    else this.#data.shift();
    return Math.min(first.length, into.length);
  }

  write(from: Uint8Array): number {
    this.#put(DATA, '1-rtt', from);
    return from.length;
  }

  /** @throws TypeError as that of the engine, where no early data is offered */
  writeEarlyData(from: Uint8Array): number {
    const ret = this.#step();
    if (ret !== 1 && this.getError(ret) !== SslErrorCode.wantWrite && !this.#keys.write.has('0-rtt')) {
      if (this.getError(ret) !== SslErrorCode.wantRead) return ret;
      throw new TypeError('no early data is offered');
    }
    this.#put(DATA, '0-rtt', from);
    return from.length;
  }

  /** Closing is QUIC's, of which this transport has nothing. */
  shutdown(): number {
    return 1;
  }

  /** Until it is done; waits for records of the runner. */
  #advance(done: () => boolean): 1 | 0 | -1 {
    for (;;) {
      const ret = this.#step();
      const why = this.getError(ret);
      if (ret !== 1 && why !== SslErrorCode.wantRead && why !== SslErrorCode.wantWrite) {
        // What was said before the end goes first, and the alert
        this.#flush();
        if (this.#out.length === 0) return ret;
        this.#why = SslErrorCode.wantWrite;
        return -1;
      }
      if (done()) return 1;
      const taken = this.#take();
      if (taken !== SslErrorCode.none) {
        this.#why = taken;
        return taken === SslErrorCode.zeroReturn ? 0 : -1;
      }
    }
  }

  #step(): 1 | 0 | -1 {
    this.#why = undefined;
    const ret = this.#quic.advance();
    for (const event of this.#quic.events()) this.#handle(event);
    return ret;
  }

  #handle(event: QuicEvent): void {
    switch (event.kind) {
      case 'secret':
        this.#keys[event.direction].set(event.level, event);
        if (event.direction === 'write' && event.level !== '0-rtt') this.#writeLevel = event.level;
        return;
      case 'crypto':
        return this.#put(HANDSHAKE, event.level, event.data);
      case 'close':
        // BoGo's transport has alerts: those that are none are for QUIC
        return this.#put(
          ALERT,
          this.#writeLevel,
          Uint8Array.of(2, event.errorCode >= 0x100 ? event.errorCode & 0xff : 10),
        );
    }
  }

  #put(type: number, level: QuicLevel, content: Uint8Array): void {
    const { cipherSuite, secret } = this.#keys.write.get(level) ?? NO_KEYS;
    const header = Buffer.alloc(HEADER);
    header[0] = type;
    header[1] = LEVELS.indexOf(level);
    header.writeUInt16BE(cipherSuite, 2);
    header.writeUInt32BE(secret.length + content.length, 4);
    this.#out.push(concat([header, secret, content]));
    this.#flush();
  }
  readonly #out: Uint8Array[] = [];

  /** The pair is emptied by the link between two calls. */
  #flush(): void {
    const bio = this.#bio as Bio;
    for (let [first] = this.#out; first !== undefined; [first] = this.#out) {
      const space = bio.nwrite0();
      const count = Math.min(space.length, first.length);
      space.set(first.subarray(0, count));
      bio.nwrite(count);
      if (count < first.length) {
        this.#out[0] = first.subarray(count);
        return;
      }
      this.#out.shift();
    }
  }

  /** One record of the runner; why not, where none has come. */
  #take(): SslErrorCode {
    this.#flush();
    if (this.#out.length > 0) return SslErrorCode.wantWrite;
    const bio = this.#bio as Bio;
    for (let view = bio.nread0(); view.length > 0; view = bio.nread0()) {
      this.#in = concat([this.#in, view]);
      bio.nread(view.length);
    }
    const whole = Buffer.from(this.#in);
    if (whole.length < HEADER || whole.length < HEADER + whole.readUInt32BE(4))
      return bio.eof ? SslErrorCode.zeroReturn : SslErrorCode.wantRead;
    const end = HEADER + whole.readUInt32BE(4);
    this.#in = this.#in.subarray(end);
    const level = LEVELS[whole[1] ?? 0] ?? 'initial';
    const { cipherSuite, secret } = this.#keys.read.get(level) ?? NO_KEYS;
    const content = whole.subarray(HEADER + secret.length, end);
    if (whole.readUInt16BE(2) !== cipherSuite || !whole.subarray(HEADER, HEADER + secret.length).equals(secret))
      throw new Error(`a record of level ${level} has other secrets than ours`);
    if (whole[0] === DATA) this.#data.push(new Uint8Array(content));
    else if (whole[0] === HANDSHAKE && level !== '0-rtt') this.#quic.receive(level, new Uint8Array(content));
    else throw new Error(`a record of type ${whole[0]}`);
    return SslErrorCode.none;
  }
  #in: Uint8Array = EMPTY;
}

/** For QUIC, of the options of TLS: the version is given. */
export const quicOptions = ({ minVersion: _min, maxVersion: _max, ...options }: ContextOptions): ContextOptions =>
  options;
