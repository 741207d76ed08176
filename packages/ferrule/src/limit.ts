/** @module The timeout and the abort signal of an attempt to connect, and later of the connection. */
import { TlsError } from '@ferrule/result';
import type { Destination } from '@ferrule/result/host';
import { abortable, onAbort, reasonOf } from './abort.ts';
import type { Dial } from './transport.ts';

/** The default, milliseconds. */
export const DEFAULT_TIMEOUT = 30_000;

export class Limit {
  /** What is being waited for, for the message of a timeout. */
  waitingFor: () => string = () => 'the transport (DNS, TCP)';
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (reason: TlsError) => void = () => {};
  #reason: TlsError | undefined;
  readonly #unsigned: () => void = () => {};

  /** @param milliseconds 0 = no limit. */
  constructor(name: string, milliseconds: number, signal: AbortSignal | undefined) {
    if (milliseconds > 0) {
      this.#timer = setTimeout(
        () =>
          this.#end(
            new TlsError('TIMEOUT', `${name}: no answer within ${milliseconds} ms, waiting for ${this.waitingFor()}`),
          ),
        milliseconds,
      );
    }
    if (signal?.aborted) this.#end(reasonOf(signal));
    else if (signal !== undefined) this.#unsigned = onAbort(signal, () => this.#end(reasonOf(signal)));
  }

  /** Called on timeout or abort; the last one set counts. Called at once if that has happened already. */
  onEnd(stop: (reason: TlsError) => void): void {
    this.#stop = stop;
    if (this.#reason !== undefined) stop(this.#reason);
  }

  /** @throws TlsError after timeout or abort. */
  check(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** The attempt has succeeded: the timeout no longer applies, the signal does until `closed`. */
  established(closed: Promise<void>): void {
    clearTimeout(this.#timer);
    void closed.then(() => this.clear());
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#unsigned();
  }

  #end(reason: TlsError): void {
    this.#reason ??= reason;
    this.#stop(this.#reason);
  }
}

/** Dials within the limit and converts the pipe with `as`. A pipe that arrives too late is closed. */
export function dialled<T>(
  dial: Dial,
  to: Destination,
  limit: Limit,
  as: (pipe: Awaited<ReturnType<Dial>>) => T,
  giveUp: (late: T) => unknown,
): Promise<T> {
  limit.waitingFor = () => 'what dial() opens';
  const attempt = new AbortController();
  limit.onEnd((reason) => attempt.abort(reason));
  const made = (async () => as(await dial(to, attempt.signal)))();
  return abortable(made, attempt.signal, () => void made.then(giveUp).catch(() => {}));
}
