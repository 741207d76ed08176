/** @module The time and the signal that end an attempt to connect, and later the connection. */
import { TlsError } from '@ferrule/result';
import type { Destination } from '@ferrule/result/host';
import { abortable, onAbort, reasonOf } from './abort.ts';
import type { Dial } from './transport.ts';

/** For whoever names none, milliseconds. */
export const DEFAULT_TIMEOUT = 30_000;

export class Limit {
  /** Says what is being waited for, for the message of a timeout. */
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

  /** What to do when time or patience is over; the last one given counts. Done at once when it already is. */
  onEnd(stop: (reason: TlsError) => void): void {
    this.#stop = stop;
    if (this.#reason !== undefined) stop(this.#reason);
  }

  /** @throws TlsError when it is over already. */
  check(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** The attempt has succeeded: the time no longer counts, the signal does until `closed`. */
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

/** What `as` makes of the pipe that is dialled, within the limit. One that comes too late is given up. */
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
