/** @module A promise for an abortable operation. */
import { reasonOf } from 'ferrule/pump';

type Settle<T> = (resolve: (value: T) => void, reject: (error: Error) => void) => () => void;

/** As `new Promise`; the function that `start` returns is called to clean up on abort or failure. */
export function abortable<T>(signal: AbortSignal, start: Settle<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => fail(reasonOf(signal));
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      giveUp();
      reject(error);
    };
    const giveUp = start((value) => {
      signal.removeEventListener('abort', abort);
      resolve(value);
    }, fail);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}
