/** @module One connection of a face, its server; and what the model knows of them. */
import { TlsError } from '@ferrule/result';
import { Thrown, type Callbacks, type Who } from './callbacks.ts';
import { describe, Finding } from './finding.ts';
import type { Face, FaceKind } from './face.ts';
import { Kind, pattern, Received } from './pattern.ts';
import type { Server } from './server.ts';

/** Where a connection's own failure is told, and not that of an operation. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(['read', 'error event', 'closed']);

export class FaceLink {
  face!: Face;
  readonly server: Server;
  readonly who: Who;
  readonly kind: FaceKind;
  readonly streams: boolean;
  /** A server's end is answered by one of its own, and what is written then is refused. */
  readonly endsItself: boolean;
  readonly excuses: Set<string> = new Set();
  readonly read: Received = new Received(Kind.server, 'from the face');
  readonly trace: string[] = [];
  readonly aborter: AbortController = new AbortController();
  /** Bytes given to write(), and those that it said were written. */
  asked = 0;
  told = 0;
  writesOpen = 0;
  /** That observers were told of. */
  sessions = 0;
  open = false;
  over = false;
  /** The caller has ended its own side, or everything. */
  ended = false;
  closing = false;
  /** The caller has given up: what was on its way may be lost. */
  gaveUp = false;
  destroyed = false;
  sawEnd = false;
  /** The transport's end came; and without a close_notify before it. */
  peerEnded = false;
  serverEnded = false;
  broken = false;
  failure: TlsError | undefined;
  /** The first thing that broke a rule where nothing could be thrown. */
  finding: Finding | undefined;
  #acknowledgedBroken = 0;
  readonly #callbacks: Callbacks;
  readonly #exported: Map<string, FaceLink>;

  /** @param streams - it is read and written through Web Streams. */
  constructor(
    server: Server,
    who: Who,
    { kind, streams, endsItself }: Pick<FaceLink, 'kind' | 'streams' | 'endsItself'>,
    callbacks: Callbacks,
    exported: Map<string, FaceLink>,
  ) {
    this.kind = kind;
    this.streams = streams;
    this.endsItself = endsItself;
    this.server = server;
    this.who = who;
    this.#callbacks = callbacks;
    this.#exported = exported;
  }

  /** Remembers the first finding; it is thrown when the step is done. */
  blame(rule: string, detail = '', cause?: unknown): void {
    this.finding ??= new Finding(rule, detail, { cause });
  }

  check(): void {
    if (this.finding !== undefined) throw this.finding;
  }

  // ── What the face tells ──

  data(bytes: Uint8Array): void {
    this.trace.push(`data ${bytes.length}`);
    try {
      this.read.take(bytes);
      if (this.sawEnd) this.blame('data after the end');
      if (this.read.count > this.server.sent)
        this.blame('the face gives more than was sent', `${this.read.count} of ${this.server.sent}`);
    } catch (error) {
      this.finding ??= error as Finding;
    }
  }

  sawPeerEnd(): void {
    this.trace.push('end');
    if (this.sawEnd || this.gaveUp) return;
    this.sawEnd = true;
    if (!this.server.closed) this.blame('the face reports a close_notify that did not come');
    else if (this.read.count !== this.server.sent && !this.closing)
      this.blame('the face reports the end before all bytes', `${this.read.count} of ${this.server.sent}`);
  }

  failed(error: unknown, where: string): void {
    this.trace.push(`${where}: ${describe(error)}`);
    const code = TlsError.is(error)
      ? error.tlsCode
      : error instanceof Error && 'code' in error
        ? String(error.code)
        : '';
    // What close() ends of a socket is no failure of the connection
    if (TlsError.is(error) && !(this.kind === 'socket' && code === 'ABORTED')) this.failure ??= error;
    // node:stream destroys a stream that is written to after its end.
    if (code === 'ERR_STREAM_WRITE_AFTER_END' && where === 'error event') this.gaveUp = true;
    if (error instanceof Thrown) this.blame('what a callback throws is told as a failure', where, error);
    else if (!this.excused(code, error, where))
      this.blame(`${where}: fails for no reason: ${code === '' ? describe(error) : code}`, describe(error), error);
  }

  excused(code: string, error: unknown, where: string): boolean {
    if (this.excuses.has(code) || this.excuses.has('*') || this.#callbacks.explain(code, this.who)) return true;
    switch (code) {
      case 'ABORTED':
        // A socket of WinterTC ends what is under way
        return this.gaveUp || (this.kind === 'socket' && (this.closing || (this.endsItself && this.server.closed)));
      case 'DISPOSED':
        return this.gaveUp || this.closing || this.over;
      case 'TRANSPORT_ERROR':
        return this.broken;
      case 'UNEXPECTED_EOF':
        return this.serverEnded;
      case 'TIMEOUT':
        return this.#callbacks.unanswered || this.excuses.has('waited');
      // Of an operation alone, and never the connection's failure
      case 'PROTOCOL_IS_SHUTDOWN':
        return (this.ended || this.closing) && !OF_THE_CONNECTION.has(where);
      case 'APPLICATION_DATA_ON_SHUTDOWN':
        return this.closing;
      case 'ERR_INVALID_STATE':
      case 'ERR_STREAM_WRITE_AFTER_END':
      case 'ERR_STREAM_DESTROYED':
      case 'ERR_STREAM_ALREADY_FINISHED':
      case 'ERR_STREAM_PREMATURE_CLOSE':
        return this.ended || this.closing || this.over || this.gaveUp || this.failure !== undefined || this.sawEnd;
      // Web Streams refuse what follows an end or an error with errors of their own.
      case '':
        return (
          error instanceof TypeError &&
          (this.ended || this.closing || this.over || this.gaveUp || this.excuses.has('TypeError'))
        );
      default:
        return false;
    }
  }

  // ── The transport ──

  /** Moves up to so many bytes to the server. */
  drain(count: number): number {
    return this.#moved(() => this.face.carrier.drain(count));
  }
  /** Moves up to so many bytes to the face. */
  feed(count: number): number {
    return this.#moved(() => this.face.carrier.feed(count));
  }

  /** What the face throws at its transport would be an exception that nobody catches. */
  #moved(move: () => number): number {
    try {
      return move();
    } catch (error) {
      if (error instanceof Finding) this.finding ??= error;
      else this.blame('the face throws at its transport', describe(error), error);
      return 0;
    }
  }

  // ── What is asked of it ──

  /** @param taken - its memory is transferred right behind the call. */
  write(length: number, taken: boolean = false): void {
    if (!this.open || this.over || this.gaveUp) return;
    const from = this.asked;
    const late = this.ended || this.closing;
    // Node 20 answers a write behind a WritableStream's end with an assertion of its own.
    if (late && this.streams) return;
    // What is refused is not on its way.
    if (!late) this.asked += length;
    const broken = this.broken;
    this.writesOpen++;
    const bytes = pattern(Kind.main, from, length);
    const written = this.face.write(bytes);
    if (taken) {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      this.excuses.add('TypeError');
      written.catch((error: unknown) => {
        if (!(error instanceof TypeError) || TlsError.is(error)) return;
        // A stream whose write has failed is over, and so is a connection that had begun with it: what the engine had
        // of it may arrive, and nothing behind it.
        if (this.face.endsWithWrite) return void (this.gaveUp = true);
        const { main } = this.server;
        // Before anything behind it can arrive
        main.skip(from, length);
        this.face.write(new Uint8Array(0)).catch((why: unknown) => {
          if (TlsError.is(why)) return;
          this.gaveUp = true;
          main.expect(from);
        });
      });
    }
    this.#watch(
      'write',
      written,
      () => {
        if (late) return this.blame('a write after the end is acknowledged');
        // The first may be in the transport's hands before anybody knows.
        if (broken && ++this.#acknowledgedBroken > 1) this.blame('writes on a broken transport are acknowledged');
        this.told = Math.max(this.told, from + length);
        // Told complete only when the transport has it, and this one is the server.
        if (this.server.main.count < this.told && !this.gaveUp && !broken && !this.broken)
          this.blame(
            'a write is told complete before the transport has it',
            `${this.told} told, ${this.server.main.count} arrived`,
          );
      },
      () => this.writesOpen--,
    );
  }

  writeWrong(which: number): void {
    if (!this.open || this.over || this.ended || this.closing || this.gaveUp) return;
    const result = this.face.writeWrong(which);
    if (result === undefined) return;
    // A WritableStream whose write has failed is over (Streams Standard).
    this.gaveUp = this.streams;
    this.excuses.add('TypeError');
    result.then(
      () => this.blame('something that is not bytes is taken as written', String(which)),
      (error: unknown) => {
        this.trace.push(`writeWrong: ${describe(error)}`);
        if (!(error instanceof TypeError) && !TlsError.is(error))
          this.blame('something that is not bytes is refused without a TypeError', describe(error), error);
      },
    );
  }

  end(): void {
    if (!this.open || this.over || this.closing || this.ended) return;
    this.ended = true;
    this.#watch('end', this.face.end(), () => {
      // Told complete only when the transport has it.
      if (this.face.carrier.queued > 0 && !this.gaveUp)
        this.trace.push(`ended with ${this.face.carrier.queued} bytes in the transport's hands`);
    });
  }

  close(): void {
    if (!this.open || this.over) return;
    this.closing = true;
    this.#watch('close', this.face.close(), () => undefined);
  }

  destroy(): void {
    if (!this.open) return;
    // It has no other way to end than the orderly one
    if (this.kind === 'socket') return this.close();
    this.gaveUp = this.destroyed = true;
    this.face.destroy();
  }

  /** The signal counts until `closed`. */
  abort(): void {
    this.gaveUp ||= !this.over;
    this.aborter.abort();
  }

  keyUpdate(request: boolean): void {
    if (!this.open || this.server.plan.version !== 13 || this.over) return;
    // The end of a WritableStream waits for the writes before it; keyUpdate() is none of the stream.
    const late = (this.ended && !this.streams) || this.closing;
    const asked = this.face.keyUpdate(request);
    if (asked !== undefined)
      this.#watch('keyUpdate', asked, () => late && this.blame('keys are changed after the end'));
  }

  /** @param isOver - the connection is over, and its secrets must be gone. */
  exporter(length: number, isOver: boolean = this.destroyed): void {
    try {
      const bytes = this.face.secret(length);
      if (bytes instanceof Promise)
        bytes.then(
          (made) => this.#exportedIs(made, isOver),
          (error: unknown) => this.#refusesExport(error, isOver),
        );
      else if (bytes !== undefined) this.#exportedIs(bytes, isOver);
    } catch (error) {
      this.#refusesExport(error, isOver);
    }
  }

  #exportedIs(bytes: Uint8Array, isOver: boolean): void {
    if (isOver) this.blame('keying material is exported when the connection is over');
    if (bytes.length > 8 && bytes.every((byte) => byte === 0)) this.blame('keying material is zeros');
    if (bytes.length < 16) return;
    const key = Buffer.from(bytes.subarray(0, 16)).toString('hex');
    const owner = this.#exported.get(key) ?? this;
    if (owner !== this) this.blame('two connections export the same keying material');
    this.#exported.set(key, this);
  }

  #refusesExport(error: unknown, isOver: boolean): void {
    if (!(error instanceof TypeError) && !TlsError.is(error))
      this.blame('an exporter throws what is neither a TypeError nor a TlsError', describe(error), error);
    else if (
      !(TlsError.is(error) && this.excused(error.tlsCode, error, 'exporter')) &&
      this.open &&
      !isOver &&
      !this.over &&
      !this.gaveUp &&
      !this.closing &&
      !this.ended &&
      this.failure === undefined &&
      !this.face.carrier.destroyed &&
      !this.sawEnd
    )
      this.blame('keying material is refused', describe(error), error);
  }

  serverEnds(): void {
    this.peerEnded = true;
    if (!this.server.closed) this.serverEnded = true;
    this.#moved(() => (this.face.carrier.serverEnds(), 0));
  }

  reset(): void {
    this.broken = true;
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    this.#moved(() => (this.face.carrier.fail(error), 0));
  }

  /** A promise of the face's, which settles in its own time. */
  #watch(name: string, promise: Promise<unknown>, done: () => void, settled: () => void = () => undefined): void {
    promise.then(
      () => {
        this.trace.push(`${name} done`);
        settled();
        done();
      },
      (error: unknown) => {
        settled();
        this.failed(error, name);
      },
    );
  }
}
