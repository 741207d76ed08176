/** @module Connects along a route: one connected Duplex, whatever the route. */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dial, Transport } from 'ferrule';
import { choiceOption, functionOption, knownOptions, signalOption } from '@ferrule/result/arguments';
import { authority, type Destination, destinationOption } from '@ferrule/result/host';
import { reasonOf } from 'ferrule/pump';
import { run } from './exec.ts';
import { connectThrough } from './http.ts';
import { LateDuplex } from './late-duplex.ts';
import { StreamTransport } from '../duplex/stream-transport.ts';
import { checkRoute, nameOfRoute, type Route } from './route.ts';
import { type Attempt, openSocket } from './socket.ts';
import { socks5 } from './socks5.ts';
import { webSocket } from './web-socket.ts';

export interface DialOptions {
  /** Aborts the attempt, not the connection: with its reason if that is a `TlsError`, else with `ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * Called after each step: `DNS`, `TCP`, `proxy DNS`, `proxy TCP`, `SOCKS5`, `CONNECT`, `WebSocket`, `unix socket`,
   * `exec`.
   */
  readonly onStep?: (step: string) => void;
  /** Only addresses of this family, for TCP to the server (no route, or `tcp:`); a proxy chooses itself. */
  readonly family?: 4 | 6;
}

/**
 * Connects to `to` along `way`, a route or its URL; over TCP if that is `undefined`. The stream is half-open capable
 * and unread.
 * @throws TlsError `TRANSPORT_ERROR`, `PROXY_*`, `ABORTED`.
 * @throws TypeError if `way` is not a route, `family` does not match the address or is given for a route other than
 * TCP, or the route's package (`socks`, `ws`) is not installed.
 */
export async function dial(
  way: string | Route | undefined,
  to: Destination,
  options: DialOptions = {},
): Promise<Duplex> {
  const {
    signal = never,
    onStep = () => {},
    family,
  } = knownOptions(options, ['signal', 'onStep', 'family'] satisfies (keyof DialOptions)[]);
  const route = way === undefined ? undefined : checkRoute(way);
  const where =
    route === undefined || route.scheme === 'socks5' || route.scheme === 'http' ? destinationOption(to) : to;
  signalOption(signal);
  functionOption(onStep, 'onStep');
  if (signal.aborted) throw reasonOf(signal);
  if (family !== undefined) choiceOption(family, 'family', [4, 6]);
  if (family !== undefined && route !== undefined && route.scheme !== 'tcp')
    throw new TypeError(`family: has no effect beside ${route.scheme}, which chooses the address by itself`);
  const literal = isIP(route === undefined ? where.host : route.scheme === 'tcp' ? route.host : '');
  if (family !== undefined && literal !== 0 && literal !== family)
    throw new TypeError(`family: is ${family}, and the host is an IPv${literal} address`);
  return go(route, where, { signal, onStep, onSocket: () => {} }, family);
}

async function go(route: Route | undefined, to: Destination, attempt: Attempt, family?: 4 | 6): Promise<Duplex> {
  switch (route?.scheme) {
    case undefined:
      return openSocket(to, { ...attempt, name: authority(to), family });
    case 'tcp':
      return openSocket(route, { ...attempt, name: nameOfRoute(route), family });
    case 'unix':
      return openSocket({ path: route.path }, { ...attempt, name: nameOfRoute(route) });
    case 'http':
      return connectThrough(route, to, attempt);
    case 'socks5':
      return socks5(route, to, attempt);
    case 'ws':
      return webSocket(route.url, to, attempt);
    case 'exec':
      return run(route.command, to, attempt);
  }
}

/**
 * Connections along a route, returned at once: writes wait, and a failure destroys the stream. For callers that need a
 * Duplex synchronously, as `new TlsConnector({ dial: dialer('socks5://proxy.example:1080') })` does for the adapters.
 * @throws TypeError as {@link checkRoute}, also for `undefined`.
 */
export function dialer(way: string | Route): (to: Destination) => Duplex {
  const route = checkRoute(way);
  return (given) => {
    const to = destinationOption(given);
    const duplex = new LateDuplex();
    const attempt = new AbortController();
    duplex.once('close', () => attempt.abort());
    go(route, to, { signal: attempt.signal, onStep: () => {}, onSocket: (socket) => duplex.comesBy(socket) })
      .then((stream) => duplex.attach({ readable: stream, writable: stream, close: () => stream.destroy() }))
      .catch((error: Error) => duplex.destroy(error));
    return duplex;
  };
}

/**
 * The same for `connect()`: `connect({ host, dial: via('socks5://proxy.example:1080') })`.
 * @throws TypeError as {@link checkRoute}, also for `undefined`.
 */
export function via(way: string | Route): Dial {
  const route = checkRoute(way);
  return async (to, signal) => streamTransport(await dial(route, to, signal && { signal }), authority(to));
}

/**
 * Makes a connected stream a transport for `connectOver()`, which takes ownership. @param name for messages.
 * @param remote the address of the server, if known.
 */
export const streamTransport = (stream: Duplex, name: string, remote?: string): Transport =>
  new StreamTransport({ stream }, name, undefined, remote);

const never: AbortSignal = new AbortController().signal;
