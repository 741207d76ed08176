/**
 * @module Runs in each runtime of the matrix that has TCP, from the packed packages: does what it is ordered, a line
 * for each row.
 */
import { connect as connectTcp } from 'node:net';
import { connect, connectOver, type ConnectOptions, type TlsConnection } from 'ferrule';
import type { Order } from './rows.ts';
import { perform } from './tasks.ts';

function over({ host, port, servername, ...options }: ConnectOptions): Promise<TlsConnection> {
  const socket = connectTcp(port as number, host as string);
  const chunks = (socket as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const pipe = {
    read: async (): Promise<Uint8Array | null> => {
      const next: IteratorResult<Uint8Array, unknown> = await chunks.next();
      return next.done === true ? null : new Uint8Array(next.value);
    },
    write: (bytes: Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    close: () => void socket.destroy(),
  };
  return connectOver(pipe, { ...options, host: servername as string });
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
await perform(order, { open: connect, over }, (answer) => console.log(JSON.stringify(answer)));
process.exit(0);
