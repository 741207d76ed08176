/**
 * @module The way to the server and STARTTLS: what comes before the first byte of TLS, with the time that each step
 * took.
 */
import { isIP, Socket } from 'node:net';
import { dial as dialRoute, nameOfRoute, streamTransport } from '@ferrule/node/transports';
import { starttls, type StarttlsProtocol } from '@ferrule/starttls';
import { TlsError, type Transport } from 'ferrule';
import { speakBefore } from 'ferrule/before-tls';
import { reasonOf } from 'ferrule/pump';
import { remoteOf } from 'ferrule/tcp';
import { routeTo, type ViaOption } from './route.ts';
import { nameOfTarget, type Target } from './target.ts';
import type { Timeline } from './timeline.ts';
import { TargetError } from './usage.ts';

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
    throw new TargetError(`-${family}: ${nameOfRoute(route)} chooses the address of the server, not this command`);
  const literal = isIP(route === undefined ? target.host : route.scheme === 'tcp' ? route.host : '');
  if (family !== undefined && literal !== 0 && literal !== family)
    throw new TargetError(
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
    // A proxy's address is not the server's
    const isStraight = (route === undefined || route.scheme === 'tcp') && stream instanceof Socket;
    let transport = streamTransport(stream, name, isStraight ? remoteOf(stream) : undefined);
    if (protocol !== undefined) {
      awaited = `the ${protocol} dialogue`;
      timeline.dialogue = protocol;
      const stop = (end: (reason: TlsError) => void): void =>
        limit.signal.addEventListener('abort', () => end(reasonOf(limit.signal)));
      transport = await speakBefore(transport, starttls(protocol, { host: servername }), stop);
      timeline.dialogue = undefined;
      timeline.mark(`STARTTLS (${protocol})`);
    }
    // Not read before somebody wants the bytes of TLS
    stream.pause().once('data', (chunk: Uint8Array) => (timeline.firstBytes = chunk.slice(0, 128)));
    return transport;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
