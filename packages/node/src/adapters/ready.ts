/** @module What adapters have in common. */
import type { TLSSocket } from 'node:tls';
import { TlsError } from '@ferrule/result';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';

/**
 * Settles when the handshake is done. A later error is kept for the library's first listener.
 * @throws TlsError the failure; `ABORTED` if the connection was ended or destroyed before.
 */
export function ready(duplex: TlsDuplex): Promise<TlsDuplex> {
  return new Promise((resolve, reject) => {
    const failed = (): void =>
      reject(duplex.errored ?? new TlsError('ABORTED', 'the connection was closed before the handshake was done'));
    // Data that came with the last flight may have failed it already: that is emitted in this turn, a promise settles
    // later.
    duplex.once('ready', () => process.nextTick(() => (duplex.destroyed ? failed() : resolve(duplex))));
    duplex.once('close', failed);
    keepErrors(duplex);
  });
}

/** Keeps an error for the first listener: without a listener it would crash the process. */
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
 * Makes one method abort the attempt until the handshake is done: `end` for libraries that write earlier, since that
 * data can no longer be sent; `write` for those that write only a farewell before it.
 */
export function givenUpBy(method: 'end' | 'write', duplex: TlsDuplex): TlsDuplex {
  const original = duplex[method].bind(duplex) as (...parameters: readonly unknown[]) => unknown;
  return Object.assign(duplex, {
    [method]: (...parameters: readonly unknown[]) => (duplex.connecting ? duplex.destroy() : original(...parameters)),
  });
}

type Password = (...parameters: readonly unknown[]) => string | Promise<string>;

/**
 * The password as a method that the library calls for each login: options copied without the connector cannot log in.
 * @param isOurs whether the calling object's connection is by the connector.
 * @param fail returns, or throws, the answer if it is not.
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

/** For libraries typed for node:tls only: the Duplex has the part of TLSSocket that they use. */
export const asTlsSocket = (duplex: TlsDuplex): TLSSocket => duplex as unknown as TLSSocket;
