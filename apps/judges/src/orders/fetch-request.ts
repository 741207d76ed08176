/** @module One request of fetch(), and what the model knows of it. */
import { FetchError } from '@ferrule/web/fetch';
import { describe, Finding } from './finding.ts';
import { baseOf, type FetchPeer, type Heard } from './fetch-peer.ts';
import { Kind, pattern, Received } from './pattern.ts';

export const BODIES = ['none', 'bytes', 'stream'] as const;
export type BodyKind = (typeof BODIES)[number];

/** Of what happens to a connection. */
const LOST: ReadonlySet<string> = new Set(['HTTP_TRUNCATED', 'UNEXPECTED_EOF', 'TRANSPORT_ERROR']);

export class FetchRequest {
  readonly id: number;
  readonly kind: BodyKind;
  readonly size: number;
  readonly aborter: AbortController = new AbortController();
  readonly got: Received = new Received(Kind.server, 'from fetch()');
  /** Where the server has read it. */
  readonly seen: { readonly peer: FetchPeer; readonly heard: Heard }[] = [];
  /** Failures that it may have. */
  readonly excuses: Set<string> = new Set();
  state: 'waiting' | 'answered' | 'whole' | 'failed' | 'cancelled' = 'waiting';
  response: Response | undefined;
  /** Of the body that is sent. */
  pushed = 0;
  bodyEnded = false;
  aborted = false;
  /** Its signal, or its body, is what has failed. */
  reason: Error | undefined;
  finding: Finding | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #reading = false;

  constructor(id: number, kind: BodyKind, size: number) {
    this.id = id;
    this.kind = kind;
    this.size = kind === 'none' ? 0 : size;
    this.got.count = baseOf(id);
  }

  /** It may be sent again, on another connection. */
  get isRepeatable(): boolean {
    return this.kind === 'none';
  }
  get isSettled(): boolean {
    return this.state !== 'waiting' && this.state !== 'answered';
  }
  get count(): number {
    return this.got.count - baseOf(this.id);
  }

  start(fetch: typeof globalThis.fetch): void {
    const { id, kind, size, aborter } = this;
    const body =
      kind === 'none'
        ? undefined
        : kind === 'bytes'
          ? pattern(Kind.main, baseOf(id), size)
          : new ReadableStream<Uint8Array>({
              start: (controller) => void (this.#controller = controller),
              cancel: () => void (this.#controller = undefined),
            });
    if (kind === 'bytes') this.bodyEnded = true;
    fetch(`https://server.test/r/${id}`, {
      signal: aborter.signal,
      ...(body !== undefined && { method: 'POST', body, duplex: 'half' }),
    } as RequestInit).then(
      (response) => {
        this.response = response;
        if (response.headers.get('x-id') !== String(id))
          this.#blame("a request has another one's answer", String(response.headers.get('x-id')));
        if (this.aborted) this.#blame('an answer is given though the request was aborted');
        this.state = 'answered';
      },
      (error: unknown) => this.#failed(error, 'fetch()'),
    );
  }

  // ── The caller ──

  push(count: number): void {
    if (this.#controller === undefined || this.bodyEnded || this.isSettled) return;
    const bytes = pattern(Kind.main, baseOf(this.id) + this.pushed, count);
    this.pushed += count;
    this.#controller.enqueue(bytes);
  }
  endBody(): void {
    if (this.bodyEnded) return;
    this.bodyEnded = true;
    this.#controller?.close();
    this.#controller = undefined;
  }
  failBody(): void {
    if (this.#controller === undefined || this.bodyEnded) return;
    this.bodyEnded = true;
    this.reason ??= new Error('the body failed');
    this.#controller.error(this.reason);
    this.#controller = undefined;
  }

  read(): void {
    const body = this.response?.body;
    if (body === undefined || body === null || this.state !== 'answered' || this.#reading) return;
    this.#reading = true;
    (this.#reader ??= body.getReader()).read().then(
      ({ done, value }: { readonly done: boolean; readonly value?: Uint8Array }) => {
        this.#reading = false;
        if (this.state !== 'answered') return;
        if (value !== undefined) this.#take(value);
        else if (done) this.#ended();
      },
      (error: unknown) => {
        this.#reading = false;
        this.#failed(error, 'the body');
      },
    );
  }

  cancel(): void {
    const body = this.response?.body;
    if (this.state !== 'answered' || body === undefined || body === null) return;
    this.state = 'cancelled';
    const ended = this.#reader?.cancel() ?? body.cancel();
    ended.catch((error: unknown) => {
      // A stream that has failed says so
      if (error !== this.reason && !(error instanceof FetchError && this.excuses.has(error.code)))
        this.#blame('cancel() fails', describe(error), error);
    });
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason ??= new Error('aborted by the caller');
    this.aborter.abort(this.reason);
  }

  // ── What becomes of it ──

  #take(bytes: Uint8Array): void {
    try {
      this.got.take(bytes);
    } catch (error) {
      this.finding ??= error as Finding;
    }
  }

  #ended(): void {
    this.state = 'whole';
    const given = this.seen.at(-1)?.heard.given;
    if (given?.whole !== true || given.size !== this.count)
      this.#blame('a part of an answer is told as all of it', `${this.count} of ${String(given?.size)}`);
  }

  #failed(error: unknown, where: string): void {
    if (this.isSettled) return;
    this.state = 'failed';
    const code = error instanceof FetchError ? error.code : '';
    if (this.reason !== undefined) {
      // What had happened before may have been told
      if (error !== this.reason && !this.excuses.has(code))
        this.#blame('a failure has not the reason that the caller gave', `${where}: ${describe(error)}`, error);
      return;
    }
    if (!this.excuses.has(code)) this.#blame(`${where} fails for no reason: ${code}`, describe(error), error);
  }

  /** Its connection was lost, by the server's doing. */
  lose(): void {
    for (const code of LOST) this.excuses.add(code);
  }

  #blame(rule: string, detail: string = '', cause?: unknown): void {
    this.finding ??= new Finding(rule, detail, { cause });
  }
}
