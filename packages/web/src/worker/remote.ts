/** @module The side of a port that calls: each call waits for its answer, or for the end of the other side. */
import { TlsError } from '@ferrule/result';
import { type ClosablePort, listen, post, type Told, told, whenGone } from './port.ts';

export interface Call {
  readonly id: number;
  readonly call: string;
  readonly args: readonly never[];
}

export interface Answered {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Told;
}

/** The call that has no answer: the connection is to be given up. */
export const DESTROY = 'destroy';

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Remote {
  readonly #port: ClosablePort;
  readonly #waiting = new Map<number, Waiter>();
  #last = 0;
  #failure: Error | undefined;

  constructor(port: ClosablePort) {
    this.#port = port;
    listen(port, (message) => {
      const { id, value, error } = message as unknown as Answered;
      const waiter = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiter?.resolve(value);
      else waiter?.reject(told(error));
    });
    whenGone(port, () =>
      this.destroy(new TlsError('TRANSPORT_ERROR', 'the worker has ended, and the connection with it')),
    );
  }

  call<T>(call: string, args: readonly unknown[] = [], transfer: readonly unknown[] = []): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#last;
      post(this.#port, call, { id, call, args }, transfer);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Nothing is answered any more; the other side gives the connection up, if it still is one. */
  destroy(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    // The port's own end would do, where every browser told of it
    post(this.#port, DESTROY, { id: 0, call: DESTROY, args: [] });
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    this.#port.close();
  }
}
