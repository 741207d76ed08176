/** @module The client under test: one `Ssl` on a BIO pair whose other end a {@link Peer} serves. */
import assert from 'node:assert/strict';
import { type Bio, bioPair } from '@ferrule/bio';
import type { Backend, ContextOptions, Ssl, SslContext } from '@ferrule/contract';
import { type Failed, SslErrorCode, sslErrorName } from '@ferrule/result';
import { pki } from './pki/index.ts';
import type { Peer } from './server/peer.ts';

export interface ClientOptions {
  /** Over {@link trusting}'s; ignored when `context` is given. */
  readonly options?: ContextOptions;
  readonly context?: SslContext;
  /** Default `server.test`; `null` sets none. */
  readonly host?: string | null;
  /** Bytes in each direction of the BIO pair. */
  readonly bioSize?: number;
}

/** Options that trust the test root, unless a verify function decides. */
export const trusting = async (options: ContextOptions = {}): Promise<ContextOptions> => ({
  ...(typeof options.verify !== 'function' && { trustAnchors: [(await pki('root')).certificate] }),
  ...options,
});

/** A ClientHello and a Finished are more than this many bytes. */
const MINIMAL_HANDSHAKE = 100;

export class Client {
  readonly ssl: Ssl;
  /** The engine's end, and the network's. */
  readonly bio: Bio;
  readonly net: Bio;
  readonly peer: Peer;
  /** Each answer of getError() so far that was not the one before it again. */
  readonly answers: SslErrorCode[] = [];
  #sent = 0;

  constructor(ssl: Ssl, peer: Peer, bioSize?: number) {
    this.ssl = ssl;
    this.peer = peer;
    [this.bio, this.net] = bioPair(bioSize);
    ssl.setBio(this.bio, this.bio);
  }

  static async make(
    backend: Backend,
    peer: Peer,
    { options, context, host = 'server.test', bioSize }: ClientOptions = {},
  ): Promise<Client> {
    const ssl = (context ?? backend.createContext(await trusting(options))).newConnection();
    if (host !== null) ssl.setHost(host);
    return new this(ssl, peer, bioSize);
  }

  /** One operation until it neither waits for bytes nor for a promise; its last return value. */
  async run(operation: () => number): Promise<number> {
    for (let calls = 0; calls < 1_000_000; calls++) {
      const ret = operation();
      const why = ret > 0 ? SslErrorCode.none : this.ssl.getError(ret);
      // Before any await: the promise may settle, and be gone, during one
      const { asyncReady } = this.ssl;
      if (this.answers.at(-1) !== why) this.answers.push(why);
      await this.flush();
      switch (why) {
        case SslErrorCode.wantWrite:
          break;
        case SslErrorCode.wantRead:
          await this.peer.fill(this.net);
          break;
        case SslErrorCode.wantAsync:
        case SslErrorCode.wantX509Lookup:
        case SslErrorCode.wantRetryVerify:
          assert.ok(asyncReady, `${sslErrorName(why)} without a promise in asyncReady`);
          await asyncReady;
          break;
        default:
          return ret;
      }
    }
    throw new Error(`no end after a million calls in state ${this.ssl.state}`);
  }

  connect(): Promise<number> {
    return this.run(() => this.ssl.connect());
  }

  /** One shutdown(), as far as it goes by itself: 0 or 1 (or a failure). */
  async shutdown(): Promise<number> {
    for (;;) {
      const ret = this.ssl.shutdown();
      // 0 is "sent", and no error that getError() could be asked about
      const why = ret >= 0 ? SslErrorCode.none : this.ssl.getError(ret);
      const { asyncReady } = this.ssl;
      await this.flush();
      if (why === SslErrorCode.wantRead) await this.peer.fill(this.net);
      else if (why === SslErrorCode.wantAsync) await asyncReady;
      else if (why !== SslErrorCode.wantWrite) return ret;
    }
  }

  /** One call, repeated while it waits for cryptography: what a synchronous engine would have answered at once. */
  async call(operation: () => number): Promise<number> {
    for (;;) {
      const ret = operation();
      if (ret > 0 || this.ssl.getError(ret) !== SslErrorCode.wantAsync) return ret;
      await this.ssl.asyncReady;
    }
  }

  /** connect() that must succeed. */
  async established(): Promise<this> {
    const ret = await this.connect();
    assert.equal(ret, 1, `connect() = ${ret}: ${this.why}`);
    assert.ok(this.#sent > MINIMAL_HANDSHAKE, 'no handshake can have taken place');
    return this;
  }

  /** connect() that must fail; the failure. */
  async refused(): Promise<Failed> {
    const ret = await this.connect();
    assert.ok(ret <= 0, 'connect() must not succeed');
    return this.failure();
  }

  /** The failure that must be there. */
  failure(): Failed {
    assert.ok(this.ssl.failure, 'failure must be set');
    return this.ssl.failure;
  }

  async send(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    for (let at = 0; at < bytes.length;) {
      const n = await this.run(() => this.ssl.write(bytes.subarray(at)));
      assert.ok(n > 0, `write() = ${n}: ${this.why}`);
      at += n;
    }
  }

  /** Exactly `length` bytes. */
  async receive(length: number, chunk = 16_384): Promise<Uint8Array> {
    const into = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const n = await this.run(() => this.ssl.read(into.subarray(at, Math.min(length, at + chunk))));
      assert.ok(n > 0, `read() = ${n}: ${this.why}`);
      at += n;
    }
    return into;
  }

  async receiveText(length: number): Promise<string> {
    return new TextDecoder().decode(await this.receive(length));
  }

  /** A read() that must not bring data; its return value. */
  async readEnd(): Promise<number> {
    const ret = await this.run(() => this.ssl.read(new Uint8Array(1)));
    assert.ok(ret <= 0, 'no data must come');
    return ret;
  }

  /** There and back through an echoing server. */
  async echo(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    const [back] = await Promise.all([this.receive(bytes.length), this.send(bytes)]);
    assert.deepEqual(Buffer.from(back), Buffer.from(bytes));
  }

  /** What the engine has written goes to the peer. */
  async flush(): Promise<void> {
    this.#sent += this.net.pending;
    await this.peer.flush(this.net);
  }

  get why(): string {
    const error = this.ssl.failure?.error;
    return error
      ? `${error.code}: ${error.message}`
      : `no failure; ${this.answers.map(sslErrorName).join(', ')}; state ${this.ssl.state}`;
  }
}

/** Asserts a return value together with what getError() says of it. */
export function expectReturn(ssl: Ssl, ret: number, expected: number, why: SslErrorCode): void {
  const actual = `${ret} / ${sslErrorName(ssl.getError(ret))}`;
  const wanted = `${expected} / ${sslErrorName(why)}`;
  const { error } = ssl.failure ?? {};
  assert.equal(
    actual,
    wanted,
    `${actual}, but it should be ${wanted}; ${error ? `${error.code}: ${error.message}; cause: ${String(error.cause)}` : 'no failure'}`,
  );
}
