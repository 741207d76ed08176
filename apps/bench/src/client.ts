/** @module What every client of the benchmark does, whoever it is: the tasks know no more of it than this. */
import type { Duplex } from 'node:stream';

/** The servers, and the keys to them. */
export interface Peer {
  readonly ports: Readonly<Record<ServerName, number>>;
  /** The root's certificate: PEM, and DER in base64. */
  readonly root: string;
  readonly der: string;
  /** The client's own certificate and key for the server `client`: PEM, and DER in base64. */
  readonly own: {
    readonly chainPem: string;
    readonly keyPem: string;
    readonly chain: readonly string[];
    readonly key: string;
  };
}

/** `rsa` has a key of 2048 bits, the others one on P-256; `client` asks for a certificate; `other` is a second process. */
export type ServerName = 'ec' | 'rsa' | 'client' | 'other';

/** What a row wants of a client besides connecting. */
export type Need = 'resumption' | 'clientCertificate' | 'download';

export interface OpenOptions {
  readonly port: number;
  /** So many bytes of plaintext have come. */
  received(count: number): void;
  /** The connection is over; after {@link Client.open} has resolved. */
  closed(error?: Error): void;
}

/** An established connection. */
export interface Link {
  /** `done`: the connection takes no more interest in `bytes`. */
  send(bytes: Uint8Array, done: () => void): void;
  /** Gives everything up. `closed` follows. */
  close(): void;
  readonly resumed: boolean;
}

export interface Client {
  /** TCP and the handshake, with 127.0.0.1 as `server.test`; the chain is verified. */
  open(options: OpenOptions): Promise<Link>;
}

/** Imports the client, and makes what its connections share. */
export type Load = (peer: Peer, need: Need | undefined) => Promise<Client>;

export const HOST = '127.0.0.1';
export const NAME = 'server.test';
/** TLS_AES_128_GCM_SHA256 for everybody. */
export const SUITE = 0x1301;
export const SUITE_NAME = 'TLS_AES_128_GCM_SHA256';

/** A client whose connections are Duplexes with the events of `tls.TLSSocket`. */
export const duplexClient = <S extends Duplex>(make: (port: number) => S, resumed: (socket: S) => boolean): Client => ({
  open: ({ port, received, closed }) =>
    new Promise((resolve, reject) => {
      const socket = make(port);
      let open = false;
      let failure: Error | undefined;
      socket.on('data', (chunk: Uint8Array) => received(chunk.length));
      socket.on('error', (error: Error) => {
        failure = error;
        if (!open) reject(error);
      });
      socket.on('close', () => {
        if (open) closed(failure);
        else reject(failure ?? new Error('closed before the handshake was done'));
      });
      socket.on('secureConnect', () => {
        open = true;
        resolve({
          send: (bytes, done) => socket.write(bytes, done),
          close: () => socket.destroy(),
          resumed: resumed(socket),
        });
      });
    }),
});
