/** @module One WebSocket, one TCP connection. */
import type { WebSocket } from 'ws';
import { wispReason, WispClose } from '@ferrule/web';
import type { Service } from './relay.ts';
import type { Target } from './targets.ts';
import { Upstream } from './upstream.ts';

/** Bytes that may wait for a client before its server is told to wait. */
export const HIGH: number = 1024 * 1024;

export function serveRaw(client: WebSocket, to: Target, service: Service): void {
  let waiting = 0;
  const upstream = new Upstream(to, service, {
    connected: () => {},
    data: (bytes) => {
      client.send(bytes, () => client.bufferedAmount < HIGH && upstream.resume());
      return client.bufferedAmount < HIGH;
    },
    closed: (reason) =>
      reason === WispClose.voluntary ? client.close(1000) : client.close(1011, wispReason(reason).slice(0, 120)),
  });
  client.on('message', (data, isBinary) => {
    if (!isBinary) return client.close(1003, 'binary messages only');
    const bytes = data as Buffer;
    waiting += bytes.length;
    if (waiting >= HIGH) client.pause();
    upstream.write(bytes, () => {
      waiting -= bytes.length;
      if (waiting < HIGH) client.resume();
    });
  });
  client.on('close', () => upstream.close());
}
