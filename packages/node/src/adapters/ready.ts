/** @module What adapters have in common. */
import type { TLSSocket } from 'node:tls';
import { TlsError } from '@ferrule/result';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';

/**
 * Settles when the handshake is done. An error that comes after that, and before the library listens, is told to its
 * first listener.
 * @throws TlsError the reason for which it fails; `ABORTED` where the connection was ended or destroyed before.
 */
export function ready(duplex: TlsDuplex): Promise<TlsDuplex> {
  return new Promise((resolve, reject) => {
    const failed = (): void =>
      reject(duplex.errored ?? new TlsError('ABORTED', 'the connection was closed before the handshake was done'));
    // What came with the end of the handshake may have failed already: it is told in this turn, and a promise in the
    // next.
    duplex.once('ready', () => process.nextTick(() => (duplex.destroyed ? failed() : resolve(duplex))));
    duplex.once('close', failed);
    keepErrors(duplex);
  });
}

/** Keeps an error for whom listens first: without a listener it would end the process. */
function keepErrors(duplex: TlsDuplex): void {
  let missed: Error | undefined;
  const keep = (error: Error): void => void (missed = error);
  const heard = (event: string | symbol, listener: (error: Error) => void): void => {
    if (event !== 'error') return;
    duplex.off('error', keep).off('newListener', heard);
    if (missed !== undefined) process.nextTick(listener, missed);
  };
  duplex.on('error', keep).on('newListener', heard);
}

/**
 * Makes one method mean the end of the attempt while the handshake is not done: `end` for libraries that write before,
 * since what they wrote has nobody to go to; `write` for those whose only word before it is a farewell.
 */
export function givenUpBy(method: 'end' | 'write', duplex: TlsDuplex): TlsDuplex {
  const original = duplex[method].bind(duplex) as (...parameters: readonly unknown[]) => unknown;
  return Object.assign(duplex, {
    [method]: (...parameters: readonly unknown[]) => (duplex.connecting ? duplex.destroy() : original(...parameters)),
  });
}

type Password = (...parameters: readonly unknown[]) => string | Promise<string>;

/**
 * The password, as a method that a library calls for each login of what has its connection: what was copied of the
 * options without the connector logs in nowhere.
 * @param isOurs whether the connection of that is by the connector.
 * @param fail what is answered, or thrown, where it is not.
 */
export function passwordFor(
  adapter: string,
  given: unknown,
  isOurs: (owner: unknown) => boolean,
  fail: (error: TypeError) => string,
): Password {
  return function (this: unknown, ...parameters) {
    if (!isOurs(this))
      return fail(
        new TypeError(
          `${adapter}: the connector was not asked, since not all of its options were used: nobody is told the password`,
        ),
      );
    return typeof given === 'function' ? (given as Password)(...parameters) : (given as string);
  };
}

/** For libraries that are typed for the one implementation they knew: it has the part of TLSSocket that they use. */
export const asTlsSocket = (duplex: TlsDuplex): TLSSocket => duplex as unknown as TLSSocket;
