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
import { type Asked, forAnother, redirected } from './redirect.ts';
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
  /** Follow redirections. */
  readonly location?: boolean;
}

/** As many as fetch() follows. */
const MOST_REDIRECTIONS = 20;

export async function getCommand(url: URL, options: GetCommandOptions, signal: AbortSignal): Promise<void> {
  const { data, output, head: headersOnly, request: method, location } = options;
  const body = data?.startsWith('@') === true ? readInput('--data', data.slice(1)) : data;
  const out = output === undefined ? undefined : new OutputFile('--output', output);
  const observer = Observer.of(options);
  const defaultMethod = headersOnly === true ? 'HEAD' : body === undefined ? 'GET' : 'POST';
  let asked: Asked = { url, method: method ?? defaultMethod, body };
  let using = options;
  for (let left = MOST_REDIRECTIONS; ; left--) {
    const page = await Page.of(asked, using, signal, observer);
    const next = location === true ? redirected(asked, page.response, method !== undefined) : undefined;
    if (next === undefined) return page.write(out);
    await page.leave();
    if (typeof next === 'string' || left === 0) {
      const why = typeof next === 'string' ? next : `more than ${MOST_REDIRECTIONS} redirections`;
      process.stderr.write(`${printable(asked.url.host)}: ${why}\n`);
      process.exitCode = Exit.http;
      return;
    }
    using = forAnother(using, asked.url, next.url);
    asked = next;
  }
}

/** An answer whose body has not been read. */
class Page {
  readonly response: IncomingMessage;
  readonly #connection: TlsConnection;
  readonly #url: URL;
  readonly #options: GetCommandOptions;
  readonly #timeline: Timeline;

  private constructor(
    response: IncomingMessage,
    connection: TlsConnection,
    url: URL,
    options: GetCommandOptions,
    timeline: Timeline,
  ) {
    this.response = response;
    this.#connection = connection;
    this.#url = url;
    this.#options = options;
    this.#timeline = timeline;
  }

  /** Asks, and tells about the connection and the headers where that is wanted. */
  static async of(
    asked: Asked,
    options: GetCommandOptions,
    signal: AbortSignal,
    observer: Observer | undefined,
  ): Promise<Page> {
    const { url } = asked;
    const offer = { alpn: ['http/1.1'], ...options, starttls: 'none' } as const;
    const timeline = new Timeline(observer);
    const connection = await open(parseTarget(url.href), offer, signal, timeline);
    const tell = (): void => {
      if (options.verbose === true)
        process.stderr.write(
          connectionReport(connection.info, timeline, colorsFor(process.stderr), screenOf(process.stderr)),
        );
    };
    const response = await ask(connection, asked, options).finally(() => {
      timeline.mark('first byte');
      tell();
    });
    if (options.verbose === true) process.stderr.write(`\n${head(response)}\n\n`);
    return new Page(response, connection, url, options, timeline);
  }

  /** Without its body. */
  leave(): Promise<void> {
    this.response.destroy();
    return this.#connection.close();
  }

  /** To stdout, or to the file when it is whole. @throws TlsError for a page that is cut off. */
  async write(out: OutputFile | undefined): Promise<void> {
    const { response } = this;
    const { statusCode = 0, statusMessage = '' } = response;
    if (this.#options.fail === true && statusCode >= 400) {
      process.stderr.write(`${this.#url.host}: HTTP status ${statusCode} ${printable(statusMessage)}\n`);
      process.exitCode = Exit.http;
      return this.leave();
    }
    try {
      if (this.#options.json === true) await this.#json();
      else {
        if (this.#options.head === true) (out ?? process.stdout).write(`${head(response)}\n`);
        if (out === undefined) await pipeline(response, process.stdout, { end: false });
        else for await (const chunk of response) out.write(chunk as Buffer);
      }
    } catch (error) {
      out?.discard();
      throw interruption(response, error as Error);
    }
    // A page without a length ends with the connection, and is whole only after close_notify (RFC 9112 section 8);
    // Node's client takes any end.
    if (endsWithConnection(response) && response.socket.errored !== null) {
      out?.discard();
      throw interruption(response, response.socket.errored);
    }
    out?.close();
    await this.#connection.close();
  }

  async #json(): Promise<void> {
    const { statusCode, headers } = this.response;
    const body = Buffer.concat((await this.response.toArray()) as Buffer[]);
    process.stdout.write(
      connectionJson(this.#url.href, this.#connection.info, this.#timeline, {
        ...this.#timeline.observer?.document,
        response: { status: statusCode, headers, body: body.toString() },
      }),
    );
  }
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

function ask(
  connection: TlsConnection,
  { url, method, body }: Asked,
  { header = [] }: GetCommandOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const socket = Duplex.fromWeb(connection as unknown as Parameters<typeof Duplex.fromWeb>[0]);
    const asked = request({
      // no `agent`: with one set to false Node would make the connection itself
      createConnection: () => socket,
      method,
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
