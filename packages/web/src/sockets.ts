/**
 * @module The socket shape of WinterTC, which libraries for `cloudflare:sockets` are written for: over any pipe, with
 * TLS of ours, so that a private CA, client certificates and pins are to be had.
 */
import {
  booleanOption,
  choiceOption,
  knownOptions,
  portOption,
  refuseOption,
  textOption,
} from '@ferrule/result/arguments';
import { TlsError } from '@ferrule/result';
import { asciiHost, type Destination } from '@ferrule/result/host';
import { connectOver, type ConnectOverOptions, type Dial, type Pipe, type TlsConnection } from 'ferrule';
import { abortable, dialOption } from 'ferrule/pump';
import { FAILED, pipeOf, type TellingPipe } from './pipe-of.ts';
import { type Opened, PipeSocket, type Socket } from './pipe-socket.ts';
import { checkTlsOptions, TLS_OPTIONS } from './tls-options.ts';

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

/** The options of TLS are those of `connectOver()`; the host is that of each socket. */
export interface SocketsOptions extends Omit<ConnectOverOptions, 'host'> {
  /** Its `signal` is aborted when the socket is closed before it is open. */
  readonly dial: Dial;
}

/** `connect()` as `cloudflare:sockets` has it. */
export interface Sockets {
  /** @throws TypeError for wrong options, and for what is no address. */
  connect(address: SocketAddress | string, options?: SocketOptions): Socket;
}

const SOCKET_OPTIONS = ['secureTransport', 'allowHalfOpen'] satisfies (keyof SocketOptions)[];

/** @throws TypeError that names a wrong option. */
export function createSockets(options: SocketsOptions): Sockets {
  const { dial, ...tls } = knownOptions(options, ['dial', 'signal', ...TLS_OPTIONS]);
  dialOption(dial);
  checkTlsOptions(tls);
  return {
    connect(address, given = {}) {
      const { secureTransport = 'off', allowHalfOpen = false } = knownOptions(given, SOCKET_OPTIONS);
      choiceOption(secureTransport, 'secureTransport', ['off', 'on', 'starttls']);
      booleanOption(allowHalfOpen, 'allowHalfOpen');
      const to = destinationOf(address);
      const attempt = new AbortController();
      const signal = tls.signal === undefined ? attempt.signal : AbortSignal.any([tls.signal, attempt.signal]);
      const plain = dialled(dial, to, signal);
      const secured = async (pipe: Promise<Pipe>, host: string): Promise<Opened> =>
        ofTls(await connectOver(await pipe, { ...tls, host, signal }));
      const upgrade = (pipe: Promise<Pipe>, host = to.host): Socket =>
        new PipeSocket({ opened: secured(pipe, host), secureTransport: 'on', allowHalfOpen, attempt });
      if (secureTransport === 'on') return upgrade(plain);
      return new PipeSocket({
        opened: plain.then((pipe) => ({ pipe, info: {} })),
        secureTransport,
        allowHalfOpen,
        attempt,
        upgrade: secureTransport === 'starttls' ? upgrade : undefined,
      });
    },
  };
}

/** A pipe that comes after the signal is closed. */
function dialled(dial: Dial, to: Destination, signal: AbortSignal): Promise<TellingPipe> {
  const made = (async () => pipeOf(await dial(to, signal)))();
  return abortable(made, signal, () => void made.then((pipe) => pipe.close()).catch(() => {}));
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
      [FAILED]: failureOf(connection),
    },
  };
}

/** A connection that is over fails writes with the reason; DISPOSED is none. */
const failureOf = (connection: TlsConnection): Promise<Error> =>
  new Promise((resolve) => {
    void connection.closed
      .then(() => connection.write(Uint8Array.of(0)))
      .catch((error: unknown) => {
        if (!(TlsError.is(error) && error.code === 'DISPOSED')) resolve(error as Error);
      });
  });

/** `host:port`, `[::1]:port`, or the two apart. @throws TypeError */
function destinationOf(address: unknown): Destination {
  if (typeof address === 'string') {
    const [, bracketed, name, port] = /^(?:\[([^[\]\s]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address) ?? [];
    const host = bracketed ?? name;
    if (host === undefined) return refuseOption(address, 'address', 'host:port or [IPv6]:port');
    return { host: asciiHost(host), port: portOption(Number(port)) };
  }
  if (typeof address !== 'object' || address === null)
    return refuseOption(address, 'address', 'host:port or { hostname, port }');
  const { hostname, port } = address as SocketAddress;
  return { host: asciiHost(textOption(hostname, 'hostname')), port: portOption(port) };
}
