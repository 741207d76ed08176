/** @module `node:tls`: with a context for each connection, with one for all, and over a Duplex. */
import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { type Client, duplexClient, HOST, type Load, NAME, type Need, type Peer, SUITE_NAME } from '../client.ts';

export const nodeFresh: Load = async (peer, need) => nodeClient(peer, need, 'fresh');
export const nodeShared: Load = async (peer, need) => nodeClient(peer, need, 'shared');
export const nodeOverDuplex: Load = async (peer, need) => nodeClient(peer, need, 'duplex');

async function nodeClient(peer: Peer, need: Need | undefined, kind: 'fresh' | 'shared' | 'duplex'): Promise<Client> {
  const tls = await import('node:tls');
  const context = {
    ca: peer.root,
    ciphers: SUITE_NAME,
    ...(need === 'clientCertificate' && { cert: peer.own.chainPem, key: peer.own.keyPem }),
  };
  const shared = kind === 'fresh' ? context : { secureContext: tls.createSecureContext(context) };
  const transport = kind === 'duplex' ? await overDuplex() : (port: number) => ({ host: HOST, port });
  let session: Buffer | undefined;
  return duplexClient(
    (port): TLSSocket => {
      const options: ConnectionOptions = {
        ...shared,
        ...transport(port),
        servername: NAME,
        ...(session && { session }),
      };
      const socket = tls.connect(options);
      if (need === 'resumption') socket.on('session', (made) => (session = made));
      return socket;
    },
    (socket) => socket.isSessionReused(),
  );
}

/** A TCP socket behind a Duplex that is none: what whoever tunnels gives to `tls.connect({ socket })`. */
async function overDuplex(): Promise<(port: number) => { readonly socket: Duplex }> {
  const { connect } = await import('node:net');
  const { Duplex } = await import('node:stream');
  return (port) => {
    const socket = connect({ host: HOST, port, noDelay: true });
    const duplex = new Duplex({
      read: () => socket.resume(),
      write: (chunk: Uint8Array, _encoding, done) => void socket.write(chunk, done),
      final: (done) => void socket.end(done),
      destroy: (error, done) => {
        socket.destroy();
        done(error);
      },
    });
    socket.on('data', (chunk) => duplex.push(chunk) || socket.pause());
    socket.on('end', () => duplex.push(null));
    socket.on('error', (error) => duplex.destroy(error));
    return { socket: duplex };
  };
}
