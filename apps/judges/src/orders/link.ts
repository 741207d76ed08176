/** @module One `Ssl`, its BIO pair and its server; and what the model knows of them. */
import { bioPair, type Bio } from '@ferrule/bio';
import type { Ssl } from '@ferrule/contract';
import { type Failed, SslErrorCode, sslErrorName, TlsError } from '@ferrule/result';
import { Thrown, type Callbacks, type Who } from './callbacks.ts';
import { describe, Finding } from './finding.ts';
import { Kind, Received } from './pattern.ts';
import type { Server } from './server.ts';

/** A write that has to be repeated, with the same bytes or more (SSL_write(3)). */
export interface Owed {
  readonly kind: typeof Kind.main | typeof Kind.nested;
  readonly length: number;
}

/** What an operation is refused with for its phase; the connection is as it was (the table of calls, @ferrule/ssl). */
const REFUSALS: ReadonlySet<string> = new Set([
  'PROTOCOL_IS_SHUTDOWN',
  'HANDSHAKE_NOT_DONE',
  'CONNECTION_TYPE_NOT_SET',
]);

export class Link {
  readonly ssl: Ssl;
  readonly server: Server;
  readonly who: Who;
  readonly bio: Bio;
  readonly net: Bio;
  /** Application bytes that write() said it took. */
  readonly told: { [kind: number]: number } = { [Kind.main]: 0, [Kind.nested]: 0, [Kind.early]: 0 };
  owed: Owed | undefined;
  owedEarly = 0;
  /**
   * KeyUpdates that keyUpdate() said it sent; what the one asks for that waits to be repeated; those that were not
   * repeated.
   */
  keyUpdates = 0;
  keyUpdateOwed: boolean | undefined;
  keyUpdatesGivenUp = 0;
  readonly read: Received = new Received(Kind.server, 'from read()');
  begun = false;
  disposed = false;
  shutdownCalled = false;
  /** shutdown() has returned 0 or 1. */
  shutdownSent = false;
  earlyCalled = false;
  ended = false;
  failedTransport = false;
  failure: { readonly ret: number; readonly why: SslErrorCode; readonly error: TlsError } | undefined;
  /** What may make the connection fail, by what happened to it; a failure without an excuse is a finding. */
  readonly excuses: Set<string> = new Set();
  /** Names of the operations that are under way, the innermost last. */
  readonly within: string[] = [];
  /** A callback is being asked: it may call no operation. */
  asked = false;
  /** What reads inside a read() got, before it got its own. */
  readonly readInside: Uint8Array[] = [];
  readonly trace: string[] = [];
  readonly #callbacks: Callbacks;

  constructor(ssl: Ssl, server: Server, who: Who, bioSize: number, callbacks: Callbacks) {
    this.ssl = ssl;
    this.server = server;
    this.who = who;
    this.#callbacks = callbacks;
    [this.bio, this.net] = bioPair(bioSize);
  }

  /**
   * One operation of the connection: its return value, checked against what the model knows, or `undefined` for a
   * TypeError where one is allowed.
   * @throws Finding
   */
  call(
    name: string,
    operation: () => number,
    { misuse = false, most = 1 }: { readonly misuse?: boolean; readonly most?: number } = {},
  ): number | undefined {
    let ret: number;
    const failedBefore = this.failure !== undefined;
    this.within.push(name);
    try {
      ret = operation();
    } catch (error) {
      if (error instanceof Finding) throw error;
      if (error instanceof Thrown)
        throw new Finding(`what a callback throws comes out of ${name}()`, error.message, { cause: error });
      if (!(error instanceof TypeError) || !(misuse || this.asked))
        throw new Finding(`${name}() throws`, describe(error), { cause: error });
      this.trace.push(`${name} TypeError`);
      return undefined;
    } finally {
      this.within.pop();
    }
    if (!Number.isInteger(ret) || ret > most || ret < -1)
      throw new Finding(`${name}() returns what it cannot`, `${String(ret)}, at most ${most}`);
    const why = ret > 0 ? SslErrorCode.none : this.ssl.getError(ret);
    this.trace.push(`${name} ${ret}${ret > 0 ? '' : ` ${sslErrorName(why)}`}`);
    this.#judge(name, ret, why, failedBefore);
    return ret;
  }

  #judge(name: string, ret: number, why: SslErrorCode, failedBefore: boolean): void {
    // An operation that an observer's call has learnt of the failure in may itself have been done before.
    if (ret > 0 && !failedBefore) return;
    if (this.failure !== undefined) return this.#sticky(name, ret, why);
    if (ret > 0) return;
    switch (why) {
      case SslErrorCode.none:
        if (ret !== 0 || name !== 'shutdown') throw new Finding(`${name}() returns ${ret} and getError() says none`);
        return;
      case SslErrorCode.ssl:
      case SslErrorCode.syscall:
        return this.#failed(name, ret, why);
      case SslErrorCode.zeroReturn:
        if (ret !== 0 || name !== 'read') throw new Finding(`${name}() returns ${ret} and getError() says zeroReturn`);
        return;
      case SslErrorCode.wantRead:
      case SslErrorCode.wantWrite:
        if (ret !== -1) throw new Finding(`${name}() waits and returns ${ret}`);
        return;
      case SslErrorCode.wantAsync:
      case SslErrorCode.wantX509Lookup:
      case SslErrorCode.wantRetryVerify:
        if (ret !== -1) throw new Finding(`${name}() waits and returns ${ret}`);
        if (this.ssl.asyncReady === undefined)
          throw new Finding(`${sslErrorName(why)} without a promise in asyncReady`, name);
        return;
    }
  }

  /** The failure has come: it must have a reason that the model knows. */
  #failed(name: string, ret: number, why: SslErrorCode): void {
    const failure: Failed | undefined = this.ssl.failure;
    if (failure === undefined || !TlsError.is(failure.error)) throw new Finding(`${name}() fails without a failure`);
    const { error } = failure;
    if (failure.code !== why || failure.ret !== ret)
      throw new Finding(
        `${name}() returns another failure than \`failure\` has`,
        `${ret}, ${why}; ${failure.ret}, ${failure.code}, ${error.code}`,
      );
    if (!Object.isFrozen(failure)) throw new Finding('the failure is not frozen');
    if (!REFUSALS.has(error.code)) this.failure = { ret, why, error };
    if (!this.excused(error.code)) {
      throw new Finding(
        `${name}() fails for no reason: ${error.code}`,
        `${error.message}${error.cause === undefined ? '' : `, because of ${describe(error.cause)}`}`,
        { cause: error },
      );
    }
  }

  #sticky(name: string, ret: number, why: SslErrorCode): void {
    const known = this.failure;
    if (known === undefined) return;
    const error = this.ssl.failure?.error;
    // dispose() after a failure leaves the failure; whichever came first is what stays.
    if (ret === known.ret && why === known.why && error === known.error) return;
    // What was decrypted before an observer failed is still the caller's.
    if (name === 'read' && ret > 0 && (known.error.code as string) === 'CALLBACK_FAILED') return;
    throw new Finding(
      `${name}() answers differently after the failure`,
      `${known.error.code}: ${known.ret}, ${known.why}; then ${ret}, ${why}, ${error?.code ?? 'no failure'}`,
    );
  }

  excused(code: string): boolean {
    if (this.excuses.has(code) || this.#callbacks.explain(code, this.who)) return true;
    switch (code) {
      case 'DISPOSED':
        return this.disposed;
      case 'TRANSPORT_ERROR':
        return this.failedTransport;
      case 'UNEXPECTED_EOF':
        return this.ended;
      case 'PROTOCOL_IS_SHUTDOWN':
        return this.shutdownCalled;
      case 'APPLICATION_DATA_ON_SHUTDOWN':
        return this.shutdownCalled && this.read.count < this.server.sent;
      default:
        return false;
    }
  }

  /** Bytes that read() gave. @throws Finding when they are not the next that the server sent. */
  gave(bytes: Uint8Array): void {
    if (this.within.includes('read')) {
      this.readInside.push(bytes);
      return;
    }
    const inner = this.readInside.splice(0);
    const count = this.read.count;
    try {
      for (const each of [bytes, ...inner]) this.read.take(each);
    } catch (error) {
      if (inner.length === 0) throw error;
      // A read() inside may have come before what the outer one returns.
      this.read.count = count;
      for (const each of [...inner, bytes]) this.read.take(each);
    }
    if (this.read.count > this.server.sent)
      throw new Finding('read() gives more than was sent', `${this.read.count} of ${this.server.sent}`);
  }

  /** Moves up to `count` bytes from the client to the server. */
  drain(count: number): number {
    const view = this.net.nread0();
    const moved = Math.min(count, view.length);
    if (moved > 0) this.server.feed(view.slice(0, moved));
    this.net.nread(moved);
    this.server.act();
    this.#checkTold();
    return moved;
  }

  /** Moves up to `count` bytes from the server to the client. */
  feed(count: number): number {
    if (this.ended || this.failedTransport) return 0;
    const out = this.server.output.subarray(0, count);
    const moved = out.length === 0 ? 0 : Math.max(0, this.net.write(out));
    this.server.consume(moved);
    return moved;
  }

  /** Nothing arrives that no write() has offered. */
  #checkTold(): void {
    for (const [received, kind] of [
      [this.server.main, Kind.main],
      [this.server.nested, Kind.nested],
    ] as const) {
      const owed = this.owed?.kind === kind ? this.owed.length : 0;
      // The operation that is under way has not told yet.
      if (this.within.length === 0 && received.count > (this.told[kind] ?? 0) + owed) {
        throw new Finding(
          'the server has more than write() was given',
          `${received.count} of ${this.told[kind]}, ${owed} owed`,
        );
      }
    }
    if (this.within.length === 0 && this.server.early.count > (this.told[Kind.early] ?? 0) + this.owedEarly) {
      throw new Finding(
        'the server has more early data than writeEarlyData() was given',
        `${this.server.early.count} of ${this.told[Kind.early]}, ${this.owedEarly} owed`,
      );
    }
  }
}
