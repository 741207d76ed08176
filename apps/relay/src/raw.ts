/** @module One WebSocket, one TCP connection. */
import { wispReason, WispClose } from '@ferrule/web';
import type { Client } from './client.ts';
import type { Target } from './targets.ts';

export function serveRaw(client: Client, to: Target): void {
  const { socket } = client;
  const upstream = client.connect(to, {
    connected: () => {},
    data: (bytes) => client.send(bytes),
    closed: (reason) =>
      reason === WispClose.voluntary ? socket.close(1000) : socket.close(1011, wispReason(reason).slice(0, 120)),
  });
  client.onMessage((bytes, isBinary) => {
    if (isBinary) client.write(upstream, bytes);
    else socket.close(1003, 'binary messages only');
  });
}
