/**
 * @module The socket shape of WinterTC, which libraries for `cloudflare:sockets` are written for: over any pipe, with
 * TLS of ours, so that a private CA, client certificates and pins are to be had.
 */
import { memoryOf } from '@ferrule/result/arguments';
import { connectOver, type ConnectOverOptions, type Pipe, type TlsConnection } from 'ferrule';
import { checkDestination, type Dial } from './dial.ts';
import { pipeOf } from './pipe-of.ts';

export interface SocketAddress {
  readonly hostname: string;
  readonly port: number;
}

export interface SocketOptions {
  /** `on`: TLS at once. `starttls`: when {@link Socket.startTls} is called. Default `off`. */
  readonly secureTransport?: 'off' | 'on' | 'starttls' | undefined;
  /** The writable stays open when the server has ended. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
}

export interface SocketInfo {
  readonly remoteAddress?: string | undefined;
  readonly alpn?: string | undefined;
}

export interface Socket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Rejects with the `TlsError` that prevents it. */
  readonly opened: Promise<SocketInfo>;
  /** Resolves when it was closed, rejects when it has failed. */
  readonly closed: Promise<void>;
  /** `startTls()` was called: this one is of no use any more. */
  readonly upgraded: boolean;
  readonly secureTransport: 'off' | 'on' | 'starttls';
  close(): Promise<void>;
  /**
   * TLS from the next byte on, over the same pipe. Bytes that came before it in plain text and were not read are taken
   * for TLS, and fail. @throws TypeError unless `secureTransport` was `starttls`, and the second time.
   */
  startTls(options?: { readonly expectedServerHostname?: string | undefined }): Socket;
}

/** The options of TLS are those of `connectOver()`; the host is that of each socket. */
export interface SocketsOptions extends Omit<ConnectOverOptions, 'host'> {
  readonly dial: Dial;
}

/** `connect()` as `cloudflare:sockets` has it. */
export interface Sockets {
  connect(address: SocketAddress | string, options?: SocketOptions): Socket;
}

export function createSockets({ dial, ...tls }: SocketsOptions): Sockets {
  return {
    connect(address, { secureTransport = 'off', allowHalfOpen = false } = {}) {
      if (secureTransport !== 'off' && secureTransport !== 'on' && secureTransport !== 'starttls')
        throw new TypeError(
          `secureTransport: ${JSON.stringify(secureTransport)} is neither 'off', 'on' nor 'starttls'`,
        );
      const to = typeof address === 'string' ? addressOf(address) : { host: address.hostname, port: address.port };
      checkDestination(to);
      const plain = dial(to).then(pipeOf);
      const secured = (pipe: Promise<Pipe>, host: string): Promise<Opened> =>
        pipe.then(async (given) => ofTls(await connectOver(given, { ...tls, host })));
      const upgrade = (pipe: Promise<Pipe>, host = to.host): Socket =>
        new PipeSocket(secured(pipe, host), 'on', allowHalfOpen, undefined);
      return secureTransport === 'on'
        ? upgrade(plain)
        : new PipeSocket(
            plain.then((pipe) => ({ pipe, info: {} })),
            secureTransport,
            allowHalfOpen,
            secureTransport === 'starttls' ? upgrade : undefined,
          );
    },
  };
}

interface Opened {
  readonly pipe: Pipe;
  readonly info: SocketInfo;
}

class PipeSocket implements Socket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<SocketInfo>;
  readonly closed: Promise<void>;
  readonly secureTransport: 'off' | 'on' | 'starttls';
  upgraded = false;
  readonly #pipe: Promise<Pipe>;
  readonly #upgrade: ((pipe: Promise<Pipe>, host?: string) => Socket) | undefined;
  /** A chunk that is asked for: at startTls() nobody has it yet. */
  #reading: Promise<Uint8Array | null> | undefined;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;

  constructor(
    opened: Promise<Opened>,
    secureTransport: Socket['secureTransport'],
    allowHalfOpen: boolean,
    upgrade: ((pipe: Promise<Pipe>, host?: string) => Socket) | undefined,
  ) {
    this.secureTransport = secureTransport;
    this.#upgrade = upgrade;
    this.#pipe = opened.then(({ pipe }) => pipe);
    this.opened = opened.then(({ info }) => info);
    this.closed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    for (const each of [this.opened, this.#pipe, this.closed]) each.catch(() => {});
    this.opened.catch((error: unknown) => this.#settle?.reject(error));
    this.readable = new ReadableStream(
      {
        pull: async (controller) => {
          const bytes = await this.#guard(this.#read());
          if (this.upgraded) return;
          if (bytes !== null) return controller.enqueue(bytes);
          controller.close();
          if (!allowHalfOpen) await this.close();
        },
        cancel: () => (this.upgraded ? undefined : this.close()),
      },
      // nothing is read that nobody asked for: after startTls() it would be lost
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream({
      write: async (chunk) => {
        const bytes = memoryOf(chunk);
        if (bytes === undefined) throw new TypeError('write: neither an ArrayBuffer nor a view of one');
        this.#refuseUpgraded();
        await this.#guard(this.#pipe.then((pipe) => pipe.write(bytes)));
      },
      close: async () => void (this.upgraded || (await (await this.#pipe).closeWrite?.())),
      abort: () => (this.upgraded ? undefined : this.close()),
    });
  }

  async close(): Promise<void> {
    this.#refuseUpgraded();
    await this.#pipe.then(
      (pipe) => pipe.close(),
      () => {},
    );
    this.#settle?.resolve();
    await this.closed;
  }

  startTls({ expectedServerHostname }: { readonly expectedServerHostname?: string | undefined } = {}): Socket {
    if (this.#upgrade === undefined) throw new TypeError("startTls: secureTransport must be 'starttls'");
    this.#refuseUpgraded();
    this.upgraded = true;
    this.#settle?.resolve();
    const handedOn = this.#pipe.then((pipe) => ({ ...pipe, read: () => this.#read() }));
    return this.#upgrade(handedOn, expectedServerHostname);
  }

  /** The next chunk: for whoever asks when it comes. */
  #read(): Promise<Uint8Array | null> {
    return (this.#reading ??= this.#pipe
      .then((pipe) => pipe.read())
      .then((chunk) => (chunk === null ? null : (memoryOf(chunk) ?? new Uint8Array(0))))
      .finally(() => (this.#reading = undefined)));
  }

  async #guard<T>(act: Promise<T>): Promise<T> {
    try {
      return await act;
    } catch (error) {
      if (!this.upgraded) this.#settle?.reject(error);
      throw error;
    }
  }

  #refuseUpgraded(): void {
    if (this.upgraded) throw new TypeError('the socket was upgraded: use the one that startTls() returned');
  }
}

/** What a read asks for at a time, bytes. */
const CHUNK = 65_536;

function ofTls(connection: TlsConnection): Opened {
  return {
    info: { remoteAddress: connection.info.remote, alpn: connection.info.alpn },
    pipe: {
      read: async () => {
        const into = new Uint8Array(CHUNK);
        const n = await connection.read(into);
        return n === 0 ? null : into.subarray(0, n);
      },
      write: (bytes) => connection.write(bytes),
      closeWrite: () => connection.closeWrite(),
      close: () => connection.close(),
    },
  };
}

/** `host:port`, `[::1]:port`. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}
