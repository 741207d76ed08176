/**
 * @module The way to the server and STARTTLS: what comes before the first byte of TLS, with the time that each step
 * took.
 */
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { dial as dialRoute, nameOfRoute } from '@ferrule/node/transports';
import { starttls, type StarttlsProtocol } from '@ferrule/starttls';
import { TlsError, type Transport, type TransportSink } from 'ferrule';
import { transportError } from 'ferrule/tcp';
import { routeTo, type ViaOption } from './route.ts';
import { nameOfTarget, type Target } from './target.ts';
import type { Timeline } from './timeline.ts';
import { UsageError } from './usage.ts';

export interface DialOptions {
  readonly via: ViaOption | undefined;
  readonly starttls: StarttlsProtocol | undefined;
  /** The name that the dialogue before TLS uses. */
  readonly servername: string;
  /** Milliseconds for everything here. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly timeline: Timeline;
  /** Addresses of one family alone. */
  readonly family: 4 | 6 | undefined;
}

/**
 * @throws TlsError TRANSPORT_ERROR, PROXY_*, TIMEOUT, ABORTED, STARTTLS_*; TypeError for a proxy that cannot be used.
 */
export async function dial(
  target: Target,
  { via, starttls: protocol, servername, timeout, signal, timeline, family }: DialOptions,
): Promise<Transport> {
  const name = nameOfTarget(target);
  const route = routeTo(target, via, protocol);
  if (family !== undefined && route !== undefined && route.scheme !== 'tcp')
    throw new UsageError(`-${family}: ${nameOfRoute(route)} chooses the address of the server, not this command`);
  const literal = isIP(route === undefined ? target.host : route.scheme === 'tcp' ? route.host : '');
  if (family !== undefined && literal !== 0 && literal !== family)
    throw new UsageError(
      `-${family}: ${nameOfRoute(route ?? { scheme: 'tcp', ...target })} has an IPv${literal} address`,
    );
  timeline.via = route;
  timeline.begin();
  const limit = new AbortController();
  let awaited = 'the transport (DNS, TCP)';
  const timer = setTimeout(
    () => limit.abort(new TlsError('TIMEOUT', `${name}: no answer within ${timeout} ms, waiting for ${awaited}`)),
    timeout,
  );
  const abort = (): void => limit.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  try {
    const stream = await dialRoute(route, target, {
      signal: limit.signal,
      onStep: (step) => timeline.mark(step),
      ...(family && { family }),
    });
    const transport = new StreamTransport(stream, name, timeline, route === undefined || route.scheme === 'tcp');
    if (protocol === undefined) return transport;
    awaited = `the ${protocol} dialogue`;
    await talk(stream, transport, starttls(protocol, { host: servername }), limit.signal);
    timeline.mark(`STARTTLS (${protocol})`);
    return transport;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** The dialogue in plain text. Nothing that follows the go-ahead gets through: the dialogue refuses it. */
function talk(
  stream: Duplex,
  transport: StreamTransport,
  dialogue: ReturnType<typeof starttls>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const advance = (received?: Uint8Array): void => {
      try {
        const { send, done } = dialogue.feed(received);
        if (send.length > 0) stream.write(send);
        if (!done) return;
        stream.pause().off('data', advance);
        settle(resolve);
      } catch (error) {
        fail(error as Error);
      }
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const ended = (): void => {
      if (transport.failure !== undefined) return fail(transport.failure);
      try {
        dialogue.end();
      } catch (error) {
        fail(error as Error);
      }
    };
    const abort = (): void =>
      fail(
        TlsError.is(signal.reason)
          ? signal.reason
          : new TlsError('ABORTED', 'the caller aborted the connection', { cause: signal.reason }),
      );
    const settle = (go: () => void): void => {
      stream.off('end', ended).off('close', ended);
      signal.removeEventListener('abort', abort);
      go();
    };
    stream.on('data', advance).on('end', ended).on('close', ended);
    signal.addEventListener('abort', abort);
    stream.resume();
    advance();
  }).catch((error: unknown) => {
    stream.destroy();
    throw error;
  });
}

/** Any Duplex as what carries the connection. */
class StreamTransport implements Transport {
  readonly name: string;
  readonly remote: string | undefined;
  failure: TlsError | undefined;
  readonly #stream: Duplex;
  readonly #timeline: Timeline;
  #sink: TransportSink | undefined;
  #ended = false;

  /** @param straight the other end of the socket is the server. */
  constructor(stream: Duplex, name: string, timeline: Timeline, straight: boolean) {
    this.#stream = stream;
    this.name = name;
    this.#timeline = timeline;
    const { remoteAddress, remoteFamily, remotePort } =
      straight && stream instanceof Socket ? stream : ({} as Partial<Socket>);
    this.remote = remoteAddress && `${remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
    // All of them may come before anybody listens
    stream.on('error', (error) => {
      this.failure ??= TlsError.is(error) ? error : transportError(error, name);
      this.#sink?.failed(this.failure);
    });
    const ended = (): void => {
      if (this.#ended || this.failure !== undefined) return;
      this.#ended = true;
      this.#sink?.end();
    };
    stream.on('end', ended).on('close', ended);
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    if (this.failure !== undefined) return sink.failed(this.failure);
    if (this.#ended) return sink.end();
    const stream = this.#stream;
    stream.once('data', (chunk: Uint8Array) => (this.#timeline.firstBytes = chunk.slice(0, 128)));
    stream.on('data', (chunk: Uint8Array) => {
      if (!sink.data(chunk)) stream.pause();
    });
    stream.resume();
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    if (this.#stream.destroyed || this.#stream.writableEnded)
      return done(this.failure ?? transportError(new Error('the stream was closed'), this.name));
    // A stream that is no socket may hand on what it was given after it has said that it is done
    this.#stream.write(this.#stream instanceof Socket ? bytes : bytes.slice(), (error) =>
      done(error && transportError(error, this.name)),
    );
  }

  resume(): void {
    this.#stream.resume();
  }

  get queued(): number {
    const { writableLength, _handle } = this.#stream as Duplex & {
      readonly _handle?: { readonly writeQueueSize?: number } | null;
    };
    return writableLength + (_handle?.writeQueueSize ?? 0);
  }

  end(done: (error?: Error | null) => void): void {
    // A failure comes as an event
    this.#stream.end(() => done(this.failure));
  }

  unref(): void {
    (this.#stream as Partial<Socket>).unref?.();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
