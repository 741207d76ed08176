/** @module One connection of HTTP/1.1: a request, its answer, and the next one. */
import { TlsError } from '@ferrule/result';
import type { TlsConnection } from 'ferrule';
import { Queue } from '../queue.ts';
import { FetchError, fetchError } from './error.ts';
import { HttpParser, type ParserEvent } from './parser.js';
import { framed, headOf, type HttpRequest } from './request.ts';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  /** `null` where there is none by RFC 9112 section 6.3. */
  readonly body: ReadableStream<Uint8Array> | null;
  readonly isEmpty: boolean;
  /** What `body` has failed with. */
  readonly failure: () => unknown;
}

type Head = ParserEvent & { readonly type: 2 };

const { RESPONSE, DATA, END } = HttpParser.constants;

/** Bytes asked for at a time. */
const CHUNK = 65_536;
/** Interim answers, such as 103, before the answer. */
const MAX_INTERIM = 16;

export class HttpConnection {
  /** It has answered a request before: its server may close it at any time. */
  isReused = false;
  readonly #tls: TlsConnection;
  readonly #name: string;
  readonly #free: () => void;
  readonly #gone: () => void;
  readonly #parser: HttpParser;
  readonly #into: Uint8Array = new Uint8Array(CHUNK);
  readonly #events = new Queue<ParserEvent>();
  #reading: Promise<number> | undefined;
  #failure: unknown;
  /** A request, from its first byte to the end of its answer. */
  #exchange: Exchange | undefined;
  #isOver = false;

  /** @param free it can take another request. @param gone it never will; called once. */
  constructor(tls: TlsConnection, name: string, free: () => void, gone: () => void) {
    this.#tls = tls;
    this.#name = name;
    this.#free = free;
    this.#gone = gone;
    this.#parser = new HttpParser({ maxHeaderSize: 65_536, maxHeadersCount: 1000 });
  }

  /**
   * Settles at the head of the answer; the body follows in its stream, and the request's body may still be on its way.
   * @throws FetchError; the reason of the signal; what the request's body throws.
   */
  async send(request: HttpRequest, signal: AbortSignal | undefined): Promise<Answer> {
    const exchange = (this.#exchange = new Exchange(request));
    if (request.method === 'HEAD') this.#parser.skipBody();
    const abort = (): void => this.#fail(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    exchange.over = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    else exchange.sending = this.#write(exchange);
    try {
      return this.#answerOf(await this.#head(), exchange);
    } catch (error) {
      this.#fail(error);
      throw this.#failure;
    }
  }

  /** No byte of an answer has come, so that the server may never have seen the request. */
  get isUnanswered(): boolean {
    return this.#exchange?.isAnswered !== true;
  }

  /** In an orderly way, when nothing is under way. */
  close(): void {
    this.#end();
    void this.#tls.close();
  }

  /** Watches what nobody has asked for: the server's end, or bytes without a request. */
  watch(): void {
    const over = (): void => {
      if (this.#exchange === undefined) this.close();
    };
    this.#more().then(over, over);
  }

  async #write(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    try {
      await this.#tls.write(headOf(request));
      if (request.body !== undefined)
        for await (const bytes of framed(request.body, exchange.stop.signal)) await this.#tls.write(bytes);
      exchange.isSent = true;
    } catch (error) {
      // A connection that fails is told by its reading side, which may have an answer still
      if (!TlsError.is(error)) this.#fail(error);
    }
  }

  async #head(): Promise<Head> {
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      const event = await this.#next();
      if (event.type !== RESPONSE) break;
      if (event.code >= 200) return event;
      // 101 (Switching Protocols) was not asked for
      if (event.code === 101 || (await this.#next()).type !== END) break;
    }
    throw this.#malformed('no answer to a request of HTTP/1.1');
  }

  #answerOf(head: Head, exchange: Exchange): Answer {
    const { code: status, reason, version } = head;
    if (status > 599) throw this.#malformed(`status ${status}`);
    const headers = new Headers();
    for (const [name, value] of Object.entries(head.headers))
      for (const each of typeof value === 'string' ? [value] : value) headers.append(name, each);
    const coding = headers.get('transfer-encoding');
    if (coding !== null && coding.toLowerCase() !== 'chunked')
      throw this.#malformed(`transfer-encoding ${JSON.stringify(coding)}`);
    const isNull = exchange.request.method === 'HEAD' || NULL_BODY.includes(status);
    const isFramed = isNull || coding !== null || headers.has('content-length');
    exchange.mayStay = isFramed && version === 'HTTP/1.1' && !hasClose(headers) && !hasClose(exchange.request.headers);
    const isEmpty = this.#events.first?.type === END;
    if (isEmpty) {
      this.#events.shift();
      void this.#finish();
    }
    // 205 has none, and a server that sends one is not listened to
    else if (isNull) this.#fail(this.#malformed(`a body after status ${status}`));
    const body = isNull ? null : isEmpty ? empty() : this.#body(exchange);
    return { status, reason, headers, body, isEmpty, failure: () => exchange.failure };
  }

  #body(exchange: Exchange): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => void (exchange.failed = (error) => controller.error(error)),
      pull: async (controller) => {
        try {
          const event = await this.#next();
          if (event.type === DATA) {
            controller.enqueue(event.data);
            // The end is often there already: then the connection is free before the last bytes are read
            if (this.#events.first?.type !== END) return;
            this.#events.shift();
          }
          controller.close();
          void this.#finish();
        } catch (error) {
          this.#fail(error);
        }
      },
      cancel: () => {
        // Of an answer that has all come the connection may be another request's by now
        if (this.#exchange === exchange) this.#fail(new FetchError('ABORTED', `${this.#name}: the body was cancelled`));
      },
    });
  }

  /** At the end of an answer. */
  async #finish(): Promise<void> {
    const exchange = this.#exchange as Exchange;
    exchange.over();
    // What came behind it answers nothing, and a half of something would be taken for the next answer's begin
    if (!exchange.mayStay || this.#events.length > 0 || !this.#isBetween()) return this.#leave(exchange);
    // The last write may be told a little later than its answer comes
    if (exchange.request.body === undefined) await exchange.sending;
    if (!exchange.isSent || this.#failure !== undefined) return this.#leave(exchange);
    this.#exchange = undefined;
    this.isReused = true;
    this.#free();
  }

  #leave(exchange: Exchange): void {
    exchange.stop.abort();
    this.close();
  }

  #isBetween(): boolean {
    try {
      return [...this.#parser.end()].length === 0;
    } catch {
      return false;
    }
  }

  async #next(): Promise<ParserEvent> {
    for (;;) {
      // What was aborted is not told any more
      if (this.#isOver && this.#failure !== undefined) throw this.#failure;
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    let n: number;
    try {
      n = await this.#more();
    } catch (error) {
      this.#failure ??= fetchError(error, this.#name);
      return;
    }
    const { request, isAnswered } = this.#exchange ?? {};
    if (n > 0 && this.#exchange !== undefined) this.#exchange.isAnswered = true;
    try {
      for (const event of n > 0 ? this.#parser.push(this.#into.subarray(0, n)) : this.#parser.end()) {
        // An answer that is not the last one takes the parser's note with it
        if (event.type === RESPONSE && event.code < 200 && request?.method === 'HEAD') this.#parser.skipBody();
        // The array is read into again
        this.#events.push(event.type === DATA ? { type: DATA, data: event.data.slice() } : event);
      }
      if (n === 0) this.#failure ??= this.#truncated(isAnswered === true);
    } catch (cause) {
      this.#failure ??= n === 0 ? this.#truncated(true) : this.#malformed((cause as Error).message, cause);
    }
  }

  /** One read at a time, whoever waits for it. */
  #more(): Promise<number> {
    return (this.#reading ??= this.#tls.read(this.#into).finally(() => (this.#reading = undefined)));
  }

  /** The connection is of no use any more; `error` is told where nothing was yet. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      exchange.failure ??= this.#failure;
      exchange.over();
      exchange.stop.abort(this.#failure);
      exchange.failed(this.#failure);
    }
    this.#end();
    this.#tls.destroy();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#gone();
  }

  #truncated(isAnswered: boolean): FetchError {
    const what = isAnswered ? 'within its answer' : 'without an answer';
    return new FetchError('HTTP_TRUNCATED', `${this.#name}: the server closed the connection ${what}`);
  }

  #malformed(what: string, cause?: unknown): FetchError {
    return new FetchError('HTTP_MALFORMED', `${this.#name}: the server's answer is not HTTP/1.1: ${what}`, { cause });
  }
}

/** What is known of a request under way. */
class Exchange {
  readonly request: HttpRequest;
  readonly stop: AbortController = new AbortController();
  sending: Promise<void> | undefined;
  isSent = false;
  isAnswered = false;
  /** The connection can be used again. */
  mayStay = false;
  failure: unknown;
  /** Ends what concerns this request alone. */
  over: () => void = () => {};
  /** Tells the body of the answer, if it has one. */
  failed: (error: unknown) => void = () => {};

  constructor(request: HttpRequest) {
    this.request = request;
  }
}

/** The null body statuses of fetch(). */
const NULL_BODY: readonly number[] = [204, 205, 304];

/** RFC 9112 section 9.6. */
const hasClose = (headers: Headers): boolean => /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.get('connection') ?? '');

const empty = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => controller.close(),
  });
