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

/** Connections of one adapter's options on which TLS is established. */
export class Established {
  readonly #adapter: string;
  readonly #duplexes = new Set<TlsDuplex>();

  constructor(adapter: string) {
    this.#adapter = adapter;
  }

  add(duplex: TlsDuplex): TlsDuplex {
    return duplex.once('ready', () => this.#duplexes.add(duplex)).once('close', () => this.#duplexes.delete(duplex));
  }

  /**
   * The password, as a function that a library asks for each login: what was copied of the options without the
   * connector logs in nowhere.
   * @param fail what is answered, or thrown, where there is no connection.
   */
  password(given: unknown, fail: (error: TypeError) => string): Password {
    return (...parameters) => {
      if (this.#duplexes.size === 0)
        return fail(
          new TypeError(
            `${this.#adapter}: the connector was not asked, since not all of its options were used: nobody is told the password`,
          ),
        );
      return typeof given === 'function' ? (given as Password)(...parameters) : (given as string);
    };
  }
}

/** For libraries that are typed for the one implementation they knew: it has the part of TLSSocket that they use. */
export const asTlsSocket = (duplex: TlsDuplex): TLSSocket => duplex as unknown as TLSSocket;
