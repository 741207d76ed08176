/** A WebSocket through ws. */
import { once } from 'node:events';
import { wsOptions } from '@ferrule/node/adapters/ws';
import type { TlsConnector } from '@ferrule/node/duplex';
import { WebSocket } from 'ws';

export async function ask(connector: TlsConnector, host: string, port: number, question: string): Promise<string> {
  const socket = new WebSocket(`wss://${host}:${port}`, wsOptions(connector));
  await once(socket, 'open');
  socket.send(question);
  const [data] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return data.toString();
}
