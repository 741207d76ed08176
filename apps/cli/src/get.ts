/** @module `ferrule get`: one page. Node's HTTP client over our connection. */
import { request, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TlsConnection, TlsError } from 'ferrule';
import { Exit } from './exit.ts';
import { readInput } from './files.ts';
import { connectionJson } from './json.ts';
import { Observer } from './observe.ts';
import type { ObserveOptions } from './observing.ts';
import { open } from './open.ts';
import { OutputFile } from './output.ts';
import type { CommonOptions } from './options.ts';
import { colorsFor, connectionReport } from './report.ts';
import { screenOf } from './screen.ts';
import { parseTarget } from './target.ts';
import { Timeline } from './timeline.ts';
import { printable } from './certificates.ts';

export interface GetCommandOptions extends CommonOptions, ObserveOptions {
  readonly verbose?: boolean;
  /** A status of 400 and above is a failure. */
  readonly fail?: boolean;
  /** The headers alone. */
  readonly head?: boolean;
  readonly output?: string;
  /** `Name: value` */
  readonly header?: readonly string[];
  readonly request?: string;
  /** What to send, or `@` and a file of it. */
  readonly data?: string;
}

export async function getCommand(url: URL, options: GetCommandOptions, signal: AbortSignal): Promise<void> {
  const { data, output } = options;
  const body = data?.startsWith('@') === true ? readInput('--data', data.slice(1)) : data;
  const out = output === undefined ? undefined : new OutputFile('--output', output);
  const observer = Observer.of(options);
  const offer = { alpn: ['http/1.1'], ...options, starttls: 'none' } as const;
  const timeline = new Timeline(observer);
  const connection = await open(parseTarget(url.href), offer, signal, timeline);
  const tell = (): void => {
    if (options.verbose === true)
      process.stderr.write(
        connectionReport(connection.info, timeline, colorsFor(process.stderr), screenOf(process.stderr)),
      );
  };
  const response = await get(connection, url, options, body).then(
    (answer) => (timeline.mark('first byte'), answer),
    (error: unknown) => {
      tell();
      throw error;
    },
  );
  tell();
  if (options.verbose === true) process.stderr.write(`\n${head(response)}\n\n`);
  const { statusCode = 0 } = response;
  if (options.fail === true && statusCode >= 400) {
    process.stderr.write(`${url.host}: HTTP status ${statusCode} ${printable(response.statusMessage ?? '')}\n`);
    process.exitCode = Exit.http;
    response.destroy();
    return connection.close();
  }
  try {
    if (options.json === true) {
      const body = Buffer.concat((await response.toArray()) as Buffer[]);
      process.stdout.write(
        connectionJson(url.href, connection.info, timeline, {
          ...observer?.document,
          response: { status: response.statusCode, headers: response.headers, body: body.toString() },
        }),
      );
    } else {
      if (options.head === true) (out ?? process.stdout).write(`${head(response)}\n`);
      if (out === undefined) await pipeline(response, process.stdout, { end: false });
      else for await (const chunk of response) out.write(chunk as Buffer);
    }
  } catch (error) {
    out?.discard();
    throw interruption(response, error as Error);
  }
  // A page without a length ends with the connection, and is whole only after close_notify (RFC 9112 section 8); Node's
  // client takes any end.
  if (endsWithConnection(response) && response.socket.errored !== null) {
    out?.discard();
    throw interruption(response, response.socket.errored);
  }
  out?.close();
  await connection.close();
}

/** RFC 9112 section 6.3, rule 8. */
const endsWithConnection = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  headers['content-length'] === undefined &&
  headers['transfer-encoding'] === undefined &&
  statusCode !== 204 &&
  statusCode !== 304;

/** Node's client says no more than that a page was cut off; the connection knows why. */
function interruption({ socket }: IncomingMessage, cause: Error): TlsError {
  const { errored } = socket;
  return TlsError.is(errored)
    ? errored
    : new TlsError('UNEXPECTED_EOF', 'the server ended the connection in the middle of the page', {
        cause,
        hint: 'What came is not all; try again.',
      });
}

function get(
  connection: TlsConnection,
  url: URL,
  { head: headersOnly, header = [], request: method }: GetCommandOptions,
  body: string | Buffer | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const socket = Duplex.fromWeb(connection as unknown as Parameters<typeof Duplex.fromWeb>[0]);
    const asked = request({
      // no `agent`: with one set to false Node would make the connection itself
      createConnection: () => socket,
      method: method ?? (headersOnly === true ? 'HEAD' : body === undefined ? 'GET' : 'POST'),
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        'user-agent': 'ferrule',
        accept: '*/*',
        connection: 'close',
        ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...Object.fromEntries(header.map(pairOf)),
      },
    });
    asked.once('response', resolve);
    asked.once('error', (cause) =>
      reject(
        TlsError.is(cause)
          ? cause
          : new TlsError('TRANSPORT_ERROR', `HTTP: ${cause.message}`, {
              cause,
              hint: 'TLS is well; the server does not answer in HTTP/1.1 here.',
            }),
      ),
    );
    asked.end(body);
  });
}

/** The name in lower case, so that one of ours is replaced, not sent twice. */
function pairOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function head({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/${httpVersion} ${statusCode ?? ''} ${statusMessage ?? ''}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i] ?? ''}: ${rawHeaders[i + 1] ?? ''}`);
  return lines.map(printable).join('\n');
}
