/** @module A request over a connection of ours, by Node's HTTP client, and its answer. */
import { request, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TlsConnection, TlsError } from 'ferrule';
import { printable } from './printable.ts';
import type { GetCommandOptions } from './get.ts';
import type { Observer } from './observe.ts';
import { noteCircumstances } from './observing.ts';
import { circumstancesOf, open } from './open.ts';
import type { OutputFile } from './output.ts';
import type { Asked } from './redirect.ts';
import { screenOf } from './screen.ts';
import { parseTarget } from './target.ts';
import { Timeline } from './timeline.ts';

/** TLS is fine, and the page is not. */
export class HttpError extends Error {
  override readonly name: string = 'HttpError';
  readonly code: 'HTTP_STATUS' | 'HTTP_REDIRECTION' | 'HTTP_MALFORMED';
  /** For the document of `--json`. */
  readonly response: object | undefined;

  constructor(code: HttpError['code'], message: string, response?: IncomingMessage) {
    super(message);
    this.code = code;
    this.response = response && { status: response.statusCode, headers: response.headers, body: '' };
  }

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message, hint: HINTS[code] };
  }
}

const HINTS: Readonly<Record<HttpError['code'], string>> = {
  HTTP_STATUS: 'The server answered; leave out --fail to see its page.',
  HTTP_REDIRECTION: 'Name the URL that you want.',
  HTTP_MALFORMED: 'TLS succeeded, but the reply is not HTTP/1.1.',
};

/** An answer whose body has not been read. */
export class Page {
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
    const target = parseTarget(url.href);
    const connection = await open(target, offer, signal, timeline);
    const tell = async (): Promise<void> => {
      if (options.verbose !== true) return;
      const { colorsFor, connectionReport } = await import('./report.ts');
      process.stderr.write(
        connectionReport(connection.info, timeline, colorsFor(process.stderr), screenOf(process.stderr)),
      );
    };
    const response = await askOver(connection, asked, options, url.host)
      .catch((error: unknown) => {
        noteCircumstances(error, circumstancesOf(target, offer, timeline, true));
        throw error;
      })
      .finally(() => {
        timeline.mark('first byte');
        return tell();
      });
    const page = new Page(response, connection, url, options, timeline);
    if (options.verbose === true) process.stderr.write(`\n${page.head}\n\n`);
    return page;
  }

  /** The status line and the headers. */
  get head(): string {
    const { httpVersion, statusCode, statusMessage, rawHeaders } = this.response;
    const lines = [`HTTP/${httpVersion} ${statusCode ?? ''} ${statusMessage ?? ''}`];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i] ?? ''}: ${rawHeaders[i + 1] ?? ''}`);
    return lines.map(printable).join('\n');
  }

  /** Without its body. */
  leave(): Promise<void> {
    this.response.destroy();
    return this.#connection.close();
  }

  /**
   * All of it. @throws TlsError for a page that is cut off; HttpError for another status than 200, and for more than
   * `most` bytes.
   */
  async body(most: number): Promise<Uint8Array> {
    const { response } = this;
    const { statusCode = 0, statusMessage = '' } = response;
    const refused = async (code: HttpError['code'], message: string): Promise<never> => {
      await this.leave();
      throw new HttpError(code, `${this.#url.href}: ${message}`, response);
    };
    if (statusCode !== 200) return refused('HTTP_STATUS', `HTTP status ${statusCode} ${statusMessage}`);
    const parts: Buffer[] = [];
    let size = 0;
    await this.#whole(async () => {
      for await (const chunk of response) {
        parts.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > most) return;
      }
    });
    if (size > most) return refused('HTTP_MALFORMED', `has more than the ${most} bytes that it should have`);
    await this.#connection.close();
    return new Uint8Array(Buffer.concat(parts));
  }

  /** To stdout, or to the file when it is whole. @throws TlsError for a page that is cut off; HttpError under `--fail`. */
  async write(out: OutputFile | undefined): Promise<void> {
    const { response } = this;
    const { statusCode = 0, statusMessage = '' } = response;
    if (this.#options.fail === true && statusCode >= 400) {
      await this.leave();
      throw new HttpError('HTTP_STATUS', `HTTP status ${statusCode} ${statusMessage}`, response);
    }
    await this.#whole(async () => {
      if (this.#options.json === true) await this.#json();
      else {
        if (this.#options.head === true) (out ?? process.stdout).write(`${this.head}\n`);
        if (out === undefined) await pipeline(response, process.stdout, { end: false });
        else for await (const chunk of response) out.write(chunk as Buffer);
      }
    });
    out?.close();
    await this.#connection.close();
  }

  /** @throws TlsError where the page that is read is cut off. */
  async #whole(read: () => Promise<void>): Promise<void> {
    const { response } = this;
    try {
      await read();
    } catch (error) {
      throw interruption(response, error as Error);
    }
    // A page without a length ends with the connection, and is whole only after close_notify (RFC 9112 section 8);
    // Node's client takes any end.
    if (endsWithConnection(response) && response.socket.errored !== null)
      throw interruption(response, response.socket.errored);
  }

  async #json(): Promise<void> {
    const { statusCode, headers } = this.response;
    const body = Buffer.concat((await this.response.toArray()) as Buffer[]);
    const { connectionJson } = await import('./json.ts');
    process.stdout.write(
      connectionJson(this.#url.href, this.#connection.info, this.#timeline, {
        ...this.#timeline.observer?.document,
        response: { status: statusCode, headers, body: body.toString() },
      }),
    );
  }
}

/** RFC 9112 section 6.3, rules 4 and 8. */
const endsWithConnection = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  headers['content-length'] === undefined &&
  !/chunked\s*$/i.test(headers['transfer-encoding'] ?? '') &&
  statusCode !== 204 &&
  statusCode !== 304;

/** Node's client says no more than that a page was cut off; the connection knows why. */
function interruption({ socket }: IncomingMessage, cause: Error): TlsError {
  const { errored } = socket;
  return TlsError.is(errored) && errored.code !== 'UNEXPECTED_EOF'
    ? errored
    : new TlsError('UNEXPECTED_EOF', 'the page is incomplete: the connection ended in the middle of it', {
        cause: errored ?? cause,
        hint: 'Try again; if it stays so, the log of the server may say why.',
      });
}

/**
 * The answer over this connection, its body unread.
 * @throws HttpError, TlsError TIMEOUT
 */
export function askOver(
  connection: TlsConnection,
  { url, method, body }: Asked,
  { header = [], timeout }: Pick<GetCommandOptions, 'header' | 'timeout'>,
  host: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const socket = Duplex.fromWeb(connection as unknown as Parameters<typeof Duplex.fromWeb>[0]);
    endWhenSilent(socket, timeout, host);
    const asked = request({
      // No `agent`: with one set to false Node would make the connection itself
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
    const malformed = (what: string): void => reject(new HttpError('HTTP_MALFORMED', what));
    // Without listeners Node's client ends these without a word
    for (const event of ['upgrade', 'connect'] as const)
      asked.once(event, ({ statusCode }: IncomingMessage) => {
        socket.destroy();
        malformed(`the server went on in another protocol than HTTP: status ${statusCode}`);
      });
    asked.once('close', () => malformed('the connection was closed before there was a reply'));
    asked.once('error', (cause) =>
      TlsError.is(cause) ? reject(cause) : malformed(`the reply is not HTTP/1.1: ${cause.message}`),
    );
    asked.end(body);
  });
}

/** The name in lower case, so that one of ours is replaced, not sent twice. */
function pairOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** A server that says nothing for so long, in seconds, does not hold us; one that waits for our reader does. */
function endWhenSilent(socket: Duplex, seconds: number, host: string): void {
  const silent = (): void => {
    if (socket.isPaused()) return void timer.refresh();
    socket.destroy(
      new TlsError('TIMEOUT', `${host}: no byte within ${seconds} s, waiting for the page`, {
        hint: 'The server accepted the request and is silent; --timeout gives it more time.',
      }),
    );
  };
  const timer = setTimeout(silent, seconds * 1000);
  socket.on('data', () => timer.refresh()).on('close', () => clearTimeout(timer));
}
