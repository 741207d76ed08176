/** @module CONNECT, RFC 9110 section 9.3.6: a tunnel through an HTTP proxy. */
import type { Socket } from 'node:net';
import { TlsError } from '@ferrule/result';
import { authority, type Destination } from '@ferrule/result/host';
import { abortable } from './abortable.ts';
import { credentialsRefused, nameOfProxy, refused, unreachable } from './refusals.ts';
import { type Proxy, proxyHost } from './route.ts';
import { type Attempt, openProxySocket } from './socket.ts';

/** Limit of all response heads together, bytes: that of Node's own client for one. */
const LIMIT = 16_384;

/**
 * @throws TlsError PROXY_*; TRANSPORT_ERROR if the proxy cannot reach the server; ABORTED. TypeError for an invalid
 * host.
 */
export async function connectThrough(proxy: Proxy, { host, port }: Destination, attempt: Attempt): Promise<Socket> {
  const { signal, onStep } = attempt;
  const target = authority({ host: proxyHost(host), port });
  const socket = await openProxySocket(proxy, attempt);
  const name = nameOfProxy(proxy);
  const closed = (cause?: Error): TlsError =>
    new TlsError('PROXY_CLOSED', `${name} hung up before it answered CONNECT`, { cause });
  await abortable<void>(signal, (resolve, reject) => {
    let received = Buffer.alloc(0);
    const ended = (): void => reject(closed());
    const failed = (cause: Error): void => reject(closed(cause));
    const readable = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
        received = Buffer.concat([received, chunk]);
      const { status, rest, wrong } = answerIn(received);
      if (wrong) return reject(new TlsError('PROXY_MALFORMED', `${name} does not answer in HTTP/1.1`));
      if (status === undefined) return;
      const error = refusal(status, proxy, target);
      if (error !== undefined) return reject(error);
      socket.off('end', ended).off('error', failed).off('close', ended).off('readable', readable);
      // As Node leaves a socket after CONNECT: not explicitly paused
      (socket as { readableFlowing: boolean | null }).readableFlowing = null;
      // The server may already have sent data
      if (rest.length > 0) socket.unshift(rest);
      resolve();
    };
    socket.on('end', ended).on('error', failed).on('close', ended).on('readable', readable);
    socket.write(request(target, proxy.credentials));
    return () => void socket.destroy();
  });
  onStep('CONNECT');
  return socket;
}

/** Its only inputs are checked: the host, and credentials in base64. */
function request(target: string, credentials: Proxy['credentials']): string {
  const authorization =
    credentials === undefined
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}\r\n`;
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: ferrule\r\n${authorization}\r\n`;
}

interface Answer {
  /** Code and reason of the final response; `undefined` until it is complete. */
  readonly status: string | undefined;
  /** Data after its head: of the tunnel, on success. */
  readonly rest: Buffer;
  readonly wrong: boolean;
}

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3}(?: [\t\x20-\x7e\x80-\xff]*)?)\r\n/;
/** The part of a status line that is checked early. */
const BEGINNING = 'HTTP/1.';

/** The first response that is final: any number of interim ones (1xx) may come before it (RFC 9110 section 15.2). */
function answerIn(received: Buffer): Answer {
  const nothing: Answer = { status: undefined, rest: Buffer.alloc(0), wrong: false };
  for (let at = 0; ;) {
    const rest = received.subarray(at);
    const beginning = rest.subarray(0, BEGINNING.length).toString('latin1');
    if (!BEGINNING.startsWith(beginning)) return { ...nothing, wrong: true };
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return received.length > LIMIT ? { ...nothing, wrong: true } : nothing;
    const status = STATUS_LINE.exec(rest.toString('latin1', 0, end + 4))?.[1];
    if (status === undefined || end > LIMIT || at > LIMIT) return { ...nothing, wrong: true };
    at += end + 4;
    // 101 answers an Upgrade, which we did not request
    if (!status.startsWith('1') || status.startsWith('101'))
      return { status, rest: received.subarray(at), wrong: false };
  }
}

function refusal(answer: string, proxy: Proxy, target: string): TlsError | undefined {
  const code = Number(answer.slice(0, 3));
  if (code >= 200 && code < 300) return undefined;
  const name = nameOfProxy(proxy);
  if (code === 407) return credentialsRefused(name, proxy.credentials !== undefined, answer);
  return (code >= 502 && code <= 504 ? unreachable : refused)(name, target, answer);
}
