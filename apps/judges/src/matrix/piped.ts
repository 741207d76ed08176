/** @module The same where there are pipes in place of TCP: a page, whose pipes lead through the script, and workerd. */
import { connectOver, type ConnectOptions, type TlsConnection } from 'ferrule';
import type { Answer, Order } from './rows.ts';
import { perform } from './tasks.ts';

interface Pipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Does what is ordered over these pipes. */
export async function answers(order: Order, dial: (port: number) => Promise<Pipe>): Promise<Answer[]> {
  const all: Answer[] = [];
  const open = async ({ host: _, port, servername, ...rest }: ConnectOptions): Promise<TlsConnection> =>
    connectOver(await dial(port as number), { ...rest, host: servername as string });
  await perform(order, { open, over: open }, (answer) => all.push(answer));
  return all;
}
