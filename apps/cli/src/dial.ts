/** @module TCP and STARTTLS: what comes before the first byte of TLS, with the time that each step took. */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { starttls, type StarttlsProtocol } from '@ferrule/starttls';
import { TlsError, type Transport, type TransportSink } from 'ferrule';
import type { Target } from './target.ts';
import type { Timeline } from './timeline.ts';

export interface DialOptions {
  readonly starttls: StarttlsProtocol | undefined;
  /** The name that the dialogue before TLS uses. */
  readonly servername: string;
  /** Milliseconds for everything here. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly timeline: Timeline;
}

/** @throws TlsError TRANSPORT_ERROR, TIMEOUT, ABORTED, STARTTLS_*. */
export async function dial({ host, port }: Target, { starttls: protocol, servername, timeout, signal, timeline }: DialOptions): Promise<Transport> {
  const name = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true, autoSelectFamily: true } as TcpNetConnectOpts);
  socket.once('lookup', () => timeline.mark('DNS'));
  let awaited = 'the transport (DNS, TCP)';
  let giveUp: (reason: TlsError) => void = () => {};
  const timer = setTimeout(() => giveUp(new TlsError('TIMEOUT', `${name}: no answer within ${timeout} ms, waiting for ${awaited}`)), timeout);
  const abort = (): void => giveUp(new TlsError('ABORTED', 'the caller aborted the connection', { cause: signal.reason as unknown }));
  signal.addEventListener('abort', abort);
  try {
    await new Promise<void>((resolve, reject) => {
      giveUp = reject;
      socket.on('error', (error) => reject(transportError(error, name)));
      if (signal.aborted) abort();
      socket.once('connect', () => {
        timeline.mark('TCP');
        if (protocol === undefined) return resolve();
        awaited = `the ${protocol} dialogue`;
        talk(socket, protocol, servername).then(resolve, reject);
      });
    });
    if (protocol !== undefined) timeline.mark(`STARTTLS (${protocol})`);
    return new SocketTransport(socket, name, timeline);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** The dialogue in plain text. Nothing that follows the go-ahead gets through: the dialogue refuses it. */
function talk(socket: Socket, protocol: StarttlsProtocol, host: string): Promise<void> {
  const dialogue = starttls(protocol, { host });
  return new Promise((resolve, reject) => {
    const advance = (received?: Uint8Array): void => {
      try {
        const { send, done } = dialogue.feed(received);
        if (send.length > 0) socket.write(send);
        if (!done) return;
        socket.pause().off('data', advance).off('end', ended);
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    };
    const ended = (): void => {
      try {
        dialogue.end();
      } catch (error) {
        reject(error as Error);
      }
    };
    socket.on('data', advance).on('end', ended);
    advance();
  });
}

class SocketTransport implements Transport {
  readonly name: string;
  readonly remote: string | undefined;
  readonly #socket: Socket;
  readonly #timeline: Timeline;
  #sink: TransportSink | undefined;
  #failure: TlsError | undefined;
  #ended = false;

  constructor(socket: Socket, name: string, timeline: Timeline) {
    this.#socket = socket;
    this.name = name;
    this.#timeline = timeline;
    const { remoteAddress, remoteFamily, remotePort } = socket;
    this.remote = remoteAddress && `${remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
    // both may come before anybody listens
    socket.removeAllListeners('error').on('error', (error) => {
      this.#failure = transportError(error, name);
      this.#sink?.failed(this.#failure);
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#sink?.end();
    });
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#failure !== undefined) return sink.failed(this.#failure);
    if (this.#ended) return sink.end();
    const socket = this.#socket;
    socket.once('data', (chunk: Uint8Array) => (this.#timeline.firstBytes = chunk.slice(0, 128)));
    socket.on('data', (chunk: Uint8Array) => {
      if (!sink.data(chunk)) socket.pause();
    });
    socket.resume();
  }

  send(bytes: Uint8Array, done: () => void): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return done();
    this.#socket.write(bytes, () => done());
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** What to do about an error of the system, by its code. */
const HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The name does not exist in the DNS: check its spelling, and the resolver of this machine.',
  EAI_AGAIN: 'The name could not be looked up now: check the network and the resolver of this machine.',
  ECONNREFUSED: 'Nothing listens at this port: check the port, and whether the server runs.',
  ECONNRESET: 'The other side, or a firewall between, cut the connection: it may dislike the ClientHello, or speak another protocol.',
  EPIPE: 'The other side has closed the connection already.',
  ETIMEDOUT: 'The machine does not answer: check the address, and firewalls.',
  EHOSTUNREACH: 'There is no way to this machine: check the address, routes and VPN.',
  ENETUNREACH: 'There is no way to this network: check routes and VPN; over IPv6, whether this machine has any.',
};

/** Happy Eyeballs ends in one error for all addresses. */
function transportError(error: Error & { readonly code?: string; readonly errors?: readonly Error[] }, name: string): TlsError {
  const { code, message } = (error.errors?.[0] ?? error) as NodeJS.ErrnoException;
  return new TlsError('TRANSPORT_ERROR', `${name}: ${error.message || message || 'the connection failed'}`, { cause: error, hint: HINTS[code ?? ''] });
}
