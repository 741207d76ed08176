/** @module What adapters have in common. */
import type { TLSSocket } from 'node:tls';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';

/** Settles when the handshake is done; rejects with the reason when it fails. */
export function ready(duplex: TlsDuplex): Promise<TlsDuplex> {
  return new Promise((resolve, reject) => {
    duplex.once('ready', () => {
      duplex.off('error', reject);
      resolve(duplex);
    });
    duplex.once('error', reject);
  });
}

/** For libraries that are typed for the one implementation they knew: it has the part of TLSSocket that they use. */
export const asTlsSocket = (duplex: TlsDuplex): TLSSocket => duplex as unknown as TLSSocket;
