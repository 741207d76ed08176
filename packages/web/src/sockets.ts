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
import { asciiHost, authority, type Destination } from '@ferrule/result/host';
import { connect, connectOver, type ConnectOverOptions, type Dial, type Pipe, type TlsConnection } from 'ferrule';
import { DEFAULT_TIMEOUT, dialled, dialOption, Limit } from 'ferrule/pump';
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
  /** @throws TypeError for wrong options, and for what is not an address. */
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
      const secured = (made: Promise<TlsConnection>): Socket =>
        new PipeSocket({ opened: made.then(ofTls), secureTransport: 'on', allowHalfOpen, attempt });
      const upgrade = (pipe: Promise<Pipe>, host = to.host): Socket =>
        secured(pipe.then((plain) => connectOver(plain, { ...tls, host, signal })));
      if (secureTransport === 'on') return secured(connect({ ...tls, ...to, dial, signal }));
      return new PipeSocket({
        opened: opened(dial, to, signal, tls.timeout).then((pipe) => ({ pipe, info: {} })),
        secureTransport,
        allowHalfOpen,
        attempt,
        upgrade: secureTransport === 'starttls' ? upgrade : undefined,
      });
    },
  };
}

/** The pipe, within the time that there is for it. */
async function opened(
  dial: Dial,
  to: Destination,
  signal: AbortSignal,
  timeout: number = DEFAULT_TIMEOUT,
): Promise<TellingPipe> {
  const limit = new Limit(authority(to), timeout, signal);
  try {
    return await dialled(dial, to, limit, pipeOf, (late) => late.close());
  } finally {
    limit.clear();
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
      [FAILED]: failureOf(connection),
    },
  };
}

/** A connection that is over fails writes with the reason, unless both directions have ended as they should. */
const failureOf = (connection: TlsConnection): Promise<Error> =>
  new Promise((resolve) => {
    void connection.closed
      .then(() => connection.write(Uint8Array.of(0)))
      .catch((error: unknown) => {
        if (!(TlsError.is(error) && ORDERLY.includes(error.code))) resolve(error as Error);
      });
  });

const ORDERLY: readonly string[] = ['DISPOSED', 'PROTOCOL_IS_SHUTDOWN'];

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
