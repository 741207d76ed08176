/** @module The two clients of the native benchmark: `node:tls` as it is, and @ferrule/native over a plain socket. */
import { connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect, createSecureContext, type SecureContext } from 'node:tls';
import type { Bio } from '@ferrule/bio';
import type { Ssl, SslContext } from '@ferrule/contract';
import { SslError } from '@ferrule/result';

export interface Peer {
  readonly port: number;
  /** The root's certificate, PEM and DER in base64. */
  readonly root: string;
  readonly der: string;
  /** What `node:tls` may use, in OpenSSL's words; default its own list. */
  readonly ciphers?: string;
}

export interface TlsClient {
  /** TCP, handshake, close. */
  handshake(): Promise<void>;
  /** Receives `bytes`. */
  download(bytes: number): Promise<void>;
  /** Sends `bytes` and waits for the answer. */
  upload(bytes: number): Promise<void>;
}

export const HOST = '127.0.0.1';
export const NAME = 'server.test';
export const SOURCE: Buffer = Buffer.alloc(64 * 1024, 'ferrule ');
/** What a client receives into, where it may choose. */
export const BUFFER: number = 256 * 1024;

/**
 * `node:tls`; `onread` receives into a buffer of the caller's, as its documentation offers, instead of 'data' events.
 */
export function nodeClient({ port, root, ciphers }: Peer, receive: 'data' | 'onread'): TlsClient {
  const secureContext: SecureContext = createSecureContext({ ca: root, ...(ciphers && { ciphers }) });
  const open = (onData: (n: number) => void): ReturnType<typeof tlsConnect> => {
    const onread = { buffer: Buffer.alloc(BUFFER), callback: (n: number): boolean => (onData(n), true) };
    // tls.connect() passes it on to the socket; its types do not say so.
    const options: object = receive === 'onread' ? { onread } : {};
    const socket = tlsConnect({ host: HOST, port, servername: NAME, secureContext, ...options });
    if (receive === 'data') socket.on('data', (chunk: Buffer) => onData(chunk.length));
    return socket;
  };
  return {
    handshake: () =>
      new Promise((resolve, reject) => {
        const socket = tlsConnect({ host: HOST, port, servername: NAME, secureContext }, () => socket.destroy());
        socket.on('close', () => resolve()).on('error', reject);
      }),
    download: (bytes) =>
      new Promise((resolve, reject) => {
        let got = 0;
        const socket = open((n) => (got += n));
        socket.once('secureConnect', () => socket.write(`D${bytes}\n`));
        socket
          .on('close', () => (got === bytes ? resolve() : reject(new Error(`${got} of ${bytes} bytes came`))))
          .on('error', reject);
      }),
    upload: (bytes) =>
      new Promise((resolve, reject) => {
        let answered = false;
        const socket = open(() => (answered = true));
        socket.once('secureConnect', () => {
          socket.write(`U${bytes}\n`);
          let left = bytes;
          const more = (): void => {
            while (left > 0) {
              const chunk = left < SOURCE.length ? SOURCE.subarray(0, left) : SOURCE;
              left -= chunk.length;
              if (!socket.write(chunk)) return void socket.once('drain', more);
            }
          };
          more();
        });
        socket.on('close', () => (answered ? resolve() : reject(new Error('no answer')))).on('error', reject);
      }),
  };
}

/**
 * @ferrule/native: received bytes are read where the socket put them, sent ones are written where the socket takes
 * them.
 */
export function ferruleClient({ port }: Peer, context: SslContext): TlsClient {
  const into = new Uint8Array(64 * 1024);
  return {
    handshake: () => run(port, context, { established: (link) => link.socket.destroy() }),
    download: async (bytes) => {
      let got = 0;
      await run(port, context, {
        established: (link) => link.write(Buffer.from(`D${bytes}\n`)),
        readable: (link) => {
          for (let n = link.ssl.read(into); n > 0; n = link.ssl.read(into)) got += n;
          if (got === bytes) link.socket.destroy();
        },
      });
      if (got !== bytes) throw new Error(`${got} of ${bytes} bytes came`);
    },
    upload: async (bytes) => {
      let answered = false;
      let left = bytes;
      const more = (link: Link): void => {
        while (left > 0 && link.writable) {
          const chunk = left < SOURCE.length ? SOURCE.subarray(0, left) : SOURCE;
          left -= link.write(chunk);
        }
        link.flush();
      };
      await run(port, context, {
        established: (link) => {
          link.write(Buffer.from(`U${bytes}\n`));
          more(link);
        },
        drained: more,
        readable: (link) => {
          if (link.ssl.read(into) > 0) answered = true;
          if (answered) link.socket.destroy();
        },
      });
      if (!answered) throw new Error('no answer');
    },
  };
}

interface Handlers {
  established(link: Link): void;
  readable?(link: Link): void;
  drained?(link: Link): void;
}

interface Link {
  readonly socket: Socket;
  readonly ssl: Ssl;
  /** Whether few enough blocks are on their way. */
  readonly writable: boolean;
  write(bytes: Uint8Array): number;
  flush(): void;
}

/** All sockets receive into this: it is consumed before the next read. A large one spares system calls. */
const RECEIVE = Buffer.alloc(BUFFER);
/** Sixteen full records: one system call for all of them. */
const BLOCK = 16 * (16_384 + 256 + 5);
const IN_FLIGHT = 2;
const pool: Uint8Array[] = [];

function run(port: number, context: SslContext, handlers: Handlers): Promise<void> {
  return new Promise((resolve, reject) => {
    const input = new Received();
    const output = new Blocks();
    const ssl = context.newConnection();
    ssl.setHost(NAME);
    ssl.setBio(input, output);
    let inFlight = 0;
    const flush = (): void => {
      const block = output.take();
      if (block === undefined) return;
      inFlight++;
      socket.write(block.subarray(0, output.taken), () => {
        inFlight--;
        pool.push(block);
        if (handlers.drained !== undefined && ssl.established) handlers.drained(link);
      });
    };
    const step = (): void => {
      if (!ssl.established) {
        const ret = ssl.connect();
        flush();
        if (ret !== 1) {
          if (ssl.getError(ret) !== SslError.wantRead) socket.destroy(ssl.failure?.error);
          return;
        }
        handlers.established(link);
        flush();
      }
      handlers.readable?.(link);
    };
    const socket = netConnect({
      host: HOST,
      port,
      noDelay: true,
      onread: {
        buffer: RECEIVE,
        callback: (n, buffer) => {
          input.lend(buffer.subarray(0, n));
          step();
          return true;
        },
      },
    });
    const link: Link = {
      socket,
      ssl,
      get writable() {
        return inFlight < IN_FLIGHT;
      },
      write(bytes) {
        const ret = ssl.write(bytes);
        if (ret > 0) return ret;
        flush();
        return 0;
      },
      flush,
    };
    socket.once('connect', step);
    socket.on('error', reject);
    socket.on('close', () => {
      ssl.dispose();
      resolve();
    });
  });
}

/** The memory that the socket reads into, lent to the engine. */
class Received implements Bio {
  readonly blocking = false;
  readonly error = undefined;
  readonly eof = false;
  #view: Uint8Array = new Uint8Array(0);
  lend(bytes: Uint8Array): void {
    this.#view = this.#view.length === 0 ? bytes : Buffer.concat([this.#view, bytes]);
  }
  get pending(): number {
    return this.#view.length;
  }
  nread0(): Uint8Array {
    return this.#view;
  }
  nread(n: number): void {
    this.#view = this.#view.subarray(n);
  }
  read = refuse;
  write = refuse;
  nwrite0 = refuse;
  nwrite = refuse;
  shutdownWrite = refuse;
  fail = refuse;
}

/** Blocks that are sent as they were filled, and used again. */
class Blocks implements Bio {
  readonly blocking = false;
  readonly error = undefined;
  readonly eof = false;
  readonly pending = 0;
  /** Bytes in the block taken last. */
  taken = 0;
  #block: Uint8Array | undefined;
  #used = 0;
  take(): Uint8Array | undefined {
    const block = this.#used > 0 ? this.#block : undefined;
    if (block === undefined) return undefined;
    this.taken = this.#used;
    this.#block = undefined;
    this.#used = 0;
    return block;
  }
  nwrite0(): Uint8Array {
    this.#block ??= pool.pop() ?? Buffer.alloc(BLOCK);
    return this.#block.subarray(this.#used);
  }
  nwrite(n: number): void {
    this.#used += n;
  }
  read = refuse;
  write = refuse;
  nread0 = refuse;
  nread = refuse;
  shutdownWrite = refuse;
  fail = refuse;
}

function refuse(): never {
  throw new Error('not used by the engine');
}
