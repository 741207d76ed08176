/** @module What node:tls says of a server, over loopback. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { toPem } from '@ferrule/conformance/pki';
import type { Server, Verdict } from './engines.ts';

export async function askNodeTls({ sent, anchors, leafKey }: Server, host: string): Promise<Verdict> {
  const pem = (ders: readonly Uint8Array[]): string => ders.map((der) => toPem('CERTIFICATE', der)).join('');
  // The server's own level: a certificate signed with SHA-1 is shown all the same.
  const server = createServer({
    cert: pem(sent),
    key: leafKey.export({ format: 'pem', type: 'pkcs8' }),
    ciphers: 'DEFAULT@SECLEVEL=0',
  }).listen(0, '127.0.0.1');
  server.on('tlsClientError', () => undefined);
  await once(server, 'listening');
  const socket = connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    servername: host,
    ca: pem(anchors),
  });
  try {
    await once(socket, 'secureConnect');
    return { accepts: true };
  } catch (error) {
    return { accepts: false, message: error instanceof Error ? error.message : String(error) };
  } finally {
    socket.destroy();
    server.close();
  }
}
