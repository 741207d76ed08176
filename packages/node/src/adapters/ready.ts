/** @module What adapters have in common. */
import type { TLSSocket } from 'node:tls';
import { TlsError } from '@ferrule/result';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';

/**
 * Settles when the handshake is done.
 * @throws TlsError the reason for which it fails; `ABORTED` where the connection was ended or destroyed before.
 */
export function ready(duplex: TlsDuplex): Promise<TlsDuplex> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new TlsError('ABORTED', 'the connection was closed before the handshake was done'));
    duplex.once('ready', () => {
      duplex.off('error', reject).off('close', closed);
      resolve(duplex);
    });
    duplex.once('error', reject).once('close', closed);
  });
}

/**
 * Makes one method mean the end of the attempt while the handshake is not done: `end` for libraries that write before, since
 * what they wrote has nobody to go to; `write` for those whose only word before it is a farewell.
 */
export function givenUpBy(method: 'end' | 'write', duplex: TlsDuplex): TlsDuplex {
  const original = duplex[method].bind(duplex) as (...parameters: readonly unknown[]) => unknown;
  return Object.assign(duplex, { [method]: (...parameters: readonly unknown[]) => (duplex.connecting ? duplex.destroy() : original(...parameters)) });
}

/** For libraries that are typed for the one implementation they knew: it has the part of TLSSocket that they use. */
export const asTlsSocket = (duplex: TlsDuplex): TLSSocket => duplex as unknown as TLSSocket;
