/** @module The other end of a page's pipes: GET /ID/PORT is what the server says, each POST /ID is said to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export async function startRelay(): Promise<{ readonly url: string; stop(): void }> {
  const sockets = new Map<string, Socket>();
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const [, id = '', port] = (request.url ?? '').split('/');
    if (port !== undefined) {
      const socket = connect(Number(port), '127.0.0.1');
      sockets.set(id, socket);
      socket.on('error', () => response.destroy());
      response.on('close', () => socket.destroy());
      socket.once('connect', () => response.flushHeaders());
      socket.pipe(response);
      return;
    }
    request.on('data', (bytes: Buffer) => sockets.get(id)?.write(bytes));
    request.on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}
