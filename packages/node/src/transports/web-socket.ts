/**
 * @module TLS in the binary frames of a WebSocket, RFC 6455, with the package `ws`: relays such as websockify and
 * wsproxy.
 */
import type { Agent, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket as WebSocketType } from 'ws';
import { TlsError } from '@ferrule/result';
import type { Destination } from '@ferrule/result/host';
import { abortable } from './abortable.ts';
import { load } from './load.ts';
import { credentialsRefused } from './refusals.ts';
import { nameOfRoute } from './route.ts';
import { type Attempt, openProxySocket } from './socket.ts';

/** @throws TlsError PROXY_*, ABORTED. */
export async function webSocket(template: string, to: Destination, attempt: Attempt): Promise<Duplex> {
  const { signal, onStep } = attempt;
  const { WebSocket, createWebSocketStream } = await load('ws', 'ws', () => import('ws'));
  // No other route needs Node's HTTP, which is slow to load
  const { Agent: HttpAgent } = await import('node:http');
  const url = new URL(template.replaceAll('{host}', encodeURIComponent(to.host)).replaceAll('{port}', String(to.port)));
  const name = `the relay ${nameOfRoute({ scheme: 'ws', url: url.href })}`;
  const socket = await openProxySocket(
    { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) },
    attempt,
  );
  let ws: WebSocketType;
  try {
    ws = new WebSocket(url, {
      agent: agentFor(new HttpAgent(), socket),
      perMessageDeflate: false,
      followRedirects: false,
    });
  } catch (cause) {
    socket.destroy();
    throw new TypeError(`ws: the package ws does not take ${name}: ${(cause as Error).message}`, { cause });
  }
  return abortable<Duplex>(signal, (resolve, reject) => {
    // Created now: a server that sends first may do so with the answer
    const stream = Object.assign(createWebSocketStream(ws, { allowHalfOpen: true }), {
      ref: () => socket.ref(),
      unref: () => socket.unref(),
    });
    ws.once('unexpected-response', (_request: unknown, { statusCode = 0, statusMessage = '' }: IncomingMessage) =>
      reject(
        statusCode === 401 || statusCode === 407
          ? credentialsRefused(name, url.username !== '', `${statusCode} ${statusMessage}`)
          : new TlsError('PROXY_REFUSED', `${name} does not open a WebSocket: ${statusCode} ${statusMessage}`),
      ),
    );
    const failed = (cause: NodeJS.ErrnoException): void =>
      reject(
        cause.code?.startsWith('HPE_') === true || /Sec-WebSocket|upgrade/i.test(cause.message)
          ? new TlsError('PROXY_MALFORMED', `${name} does not answer as a WebSocket server`, { cause })
          : new TlsError('PROXY_CLOSED', `${name} hung up before the WebSocket was open`, { cause }),
      );
    stream.on('error', failed);
    ws.once('open', () => {
      // Data after the answer may not be a frame, and between two owners there is no listener
      stream.on('error', () => {}).off('error', failed);
      onStep('WebSocket');
      resolve(stream);
    });
    return () => {
      // An abandoned stream may still emit errors
      stream.on('error', () => {});
      ws.terminate();
    };
  });
}

/** Every version of ws uses an agent; `createConnection` is honoured since 8.17. */
const agentFor = (agent: Agent, socket: Duplex): Agent => Object.assign(agent, { createConnection: () => socket });
