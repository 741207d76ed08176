/** @module A pipe as a socket of WinterTC: two streams, and what has become of them. */
import { TlsError } from '@ferrule/result';
import { knownOptions, memoryOf } from '@ferrule/result/arguments';
import { hostOption } from '@ferrule/result/host';
import type { Pipe } from 'ferrule';
import { aborted } from 'ferrule/pump';
import { bytesIn, FAILED, type TellingPipe } from './pipe-of.ts';
import { Queue } from './queue.ts';

export interface SocketInfo {
  readonly remoteAddress?: string | undefined;
  readonly alpn?: string | undefined;
}

export interface Socket {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  /** Rejects with the `TlsError` that prevents it. */
  readonly opened: Promise<SocketInfo>;
  /** Resolves when it was closed, rejects when it has failed. */
  readonly closed: Promise<void>;
  /** `startTls()` was called: this one is of no use any more. */
  readonly upgraded: boolean;
  readonly secureTransport: 'off' | 'on' | 'starttls';
  /** Ends the attempt to connect, the handshake or the connection, and every read and write. Settles as `closed`. */
  close(): Promise<void>;
  /**
   * TLS from the next byte on, over the same pipe. Bytes that came before it in plain text and were not read are taken
   * for TLS, and fail. @throws TypeError unless `secureTransport` was `starttls`, and the second time.
   */
  startTls(options?: StartTlsOptions): Socket;
}

/**
 * The name to verify: the first of these that is given, default the host of the socket. Libraries for node:tls give
 * `servername`, or `host` where that is an IP address, and their `socket`, which is this one. What decides about trust
 * is given to `createSockets()`.
 */
export interface StartTlsOptions {
  readonly expectedServerHostname?: string | undefined;
  readonly servername?: string | undefined;
  readonly host?: string | undefined;
  readonly socket?: unknown;
}

const NAMES = ['expectedServerHostname', 'servername', 'host'] as const satisfies (keyof StartTlsOptions)[];

export interface Opened {
  readonly pipe: TellingPipe;
  readonly info: SocketInfo;
}

type Upgrade = (pipe: Promise<Pipe>, host?: string) => Socket;

interface Parts {
  readonly opened: Promise<Opened>;
  readonly secureTransport: Socket['secureTransport'];
  readonly allowHalfOpen: boolean;
  /** Ends what `opened` waits for. */
  readonly attempt: AbortController;
  readonly upgrade?: Upgrade | undefined;
}

export class PipeSocket implements Socket {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<SocketInfo>;
  readonly closed: Promise<void>;
  readonly secureTransport: 'off' | 'on' | 'starttls';
  upgraded = false;
  readonly #pipe: Promise<Pipe>;
  readonly #attempt: AbortController;
  readonly #upgrade: Upgrade | undefined;
  /** What the plain socket had asked for when startTls() was called, and what came before TLS asked. */
  #before: Uint8Array | null | undefined;
  /** TLS waits for the chunk that the plain socket asked for. */
  #isShared = false;
  #isOpen = false;
  #isHalfEnded = false;
  /** A chunk that is asked for: at startTls() nobody has it yet. */
  #reading: Promise<Uint8Array | null> | undefined;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  #isClosing = false;
  #closing: Promise<void> | undefined;
  /** Reads and writes under way, for {@link close} to end. */
  readonly #underWay = new Set<() => void>();
  /** What was given to write() and is not written yet. */
  readonly #copies = new Queue<Uint8Array | undefined>();

  constructor({ opened, secureTransport, allowHalfOpen, attempt, upgrade }: Parts) {
    this.secureTransport = secureTransport;
    this.#attempt = attempt;
    this.#upgrade = upgrade;
    this.#pipe = opened.then(({ pipe }) => {
      this.#isOpen = true;
      return pipe;
    });
    this.opened = opened.then(({ info }) => info);
    this.closed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    for (const each of [this.opened, this.#pipe, this.closed]) each.catch(() => {});
    this.opened.catch((error: unknown) => this.#fail(error));
    // Behind what nobody has read, no read finds it
    void opened.then(
      ({ pipe }) => pipe[FAILED]?.then((error) => this.#fail(error)),
      () => {},
    );
    this.readable = new ReadableStream(
      {
        pull: async (controller) => {
          const bytes = await this.#untilClosed(this.#read());
          if (this.upgraded) {
            // Asked for before startTls(): what came since is taken for TLS, as all that is not read
            if (!this.#isShared) this.#before = bytes;
            return controller.close();
          }
          if (bytes !== null && bytes !== undefined) return controller.enqueue(unshared(bytes));
          controller.close();
          if (allowHalfOpen) await this.#ended();
          else await this.close();
        },
        cancel: () => this.#give(),
      },
      // Where startTls() may come, nothing is read that nobody asked for: it would be lost. Elsewhere a chunk is, so that
      // an end is noticed.
      { highWaterMark: upgrade === undefined ? 1 : 0 },
    );
    this.writable = new WritableStream<Uint8Array>(
      {
        write: async () => {
          const bytes = this.#copies.shift();
          if (bytes === undefined) throw new TypeError('write: neither an ArrayBuffer nor a view of one');
          this.#refuseUpgraded();
          const written = this.#pipe.then((pipe) => pipe.write(bytes)).then(() => true);
          if ((await this.#untilClosed(written)) === undefined) throw closedHere();
        },
        close: async () => {
          if (this.upgraded) return;
          await this.#untilClosed(this.#pipe.then((pipe) => pipe.closeWrite?.()));
          // Told by `closed`
          this.#ended().catch(() => {});
        },
        ...aborted(() => this.#give()),
      },
      {
        highWaterMark: 1,
        // Called within write(), while the sink may be called long after it: then the memory is the caller's again
        size: (chunk) => {
          this.#copies.push(memoryOf(chunk)?.slice());
          return 1;
        },
      },
    );
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  startTls(options: StartTlsOptions = {}): Socket {
    const given = knownOptions(options, [...NAMES, 'socket']);
    const names = NAMES.filter((name) => given[name] !== undefined).map((name) => hostOption(given[name], name));
    if (this.#upgrade === undefined) throw new TypeError("startTls: secureTransport must be 'starttls'");
    this.#refuseUpgraded();
    if (this.#isClosing) throw closedHere();
    this.upgraded = true;
    const handedOn = this.#pipe.then((pipe) => ({
      read: () => this.#readForTls(),
      write: (bytes: Uint8Array) => pipe.write(bytes),
      ...(pipe.closeWrite !== undefined && { closeWrite: async () => pipe.closeWrite?.() }),
      close: () => pipe.close(),
    }));
    const secured = this.#upgrade(handedOn, names[0]);
    // As on Cloudflare, not at once: postgres.js takes an earlier end for that of the connection
    const end = (): void => this.#settle?.resolve();
    secured.opened.then(end, end);
    return secured;
  }

  async #close(): Promise<void> {
    this.#refuseUpgraded();
    this.#isClosing = true;
    const wasOpen = this.#isOpen;
    if (!wasOpen) this.#attempt.abort(closedHere());
    for (const end of this.#underWay) end();
    try {
      await (await this.#pipe).close();
      this.#settle?.resolve();
    } catch (error) {
      // An attempt that was ended here is no failure
      if (this.#isOpen) this.#settle?.reject(error);
      else this.#settle?.resolve();
    }
    await this.closed;
  }

  /** One direction has; the second ends the socket. */
  async #ended(): Promise<void> {
    if (this.#isHalfEnded) await this.#give();
    this.#isHalfEnded = true;
  }

  /** What the streams' own ends come to. */
  async #give(): Promise<void> {
    if (!this.upgraded) await this.close();
  }

  async #readForTls(): Promise<Uint8Array | null> {
    if (this.#reading !== undefined) this.#isShared = true;
    const before = this.#before;
    this.#before = undefined;
    return before === undefined ? this.#read() : before;
  }

  /** The next chunk: for whoever asks when it comes. */
  #read(): Promise<Uint8Array | null> {
    return (this.#reading ??= this.#pipe
      .then((pipe) => pipe.read())
      .then((chunk) => (chunk === null ? null : bytesIn(chunk)))
      .finally(() => (this.#reading = undefined)));
  }

  /** As `act`, whose failure is the socket's, or `undefined` when the socket is closed here. */
  #untilClosed<T>(act: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(undefined);
      if (this.#isClosing) end();
      else this.#underWay.add(end);
      act.then(
        (value) => {
          this.#underWay.delete(end);
          resolve(value);
        },
        (error: unknown) => {
          this.#underWay.delete(end);
          this.#fail(error);
          reject(error as Error);
        },
      );
    });
  }

  /** Once it was upgraded, whatever happens is told by the socket that has TLS. */
  #fail(error: unknown): void {
    if (!this.#isClosing && !this.upgraded) this.#settle?.reject(error);
  }

  #refuseUpgraded(): void {
    if (this.upgraded) throw new TypeError('the socket was upgraded: use the one that startTls() returned');
  }
}

/** Whoever decodes text or hashes what was read takes no shared memory. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();

const closedHere = (): TlsError => new TlsError('ABORTED', 'the socket was closed here');
