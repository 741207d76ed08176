/** @module A mail server that speaks STARTTLS, and then TLS. */
import { createServer, type Server } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';

/** Not listening yet. `secured` gets each connection before its handshake. */
export async function mailServer(
  secured: (socket: TLSSocket) => void = () => {},
  options: TLSSocketOptions = {},
): Promise<Server> {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 mail.test ESMTP\r\n');
    socket.on('data', function talk(line: Buffer) {
      if (/^EHLO/i.test(line.toString())) return void socket.write('250-mail.test\r\n250 STARTTLS\r\n');
      socket.off('data', talk);
      socket.write('220 go\r\n');
      secured(new TLSSocket(socket, { isServer: true, key, cert, ...options }).on('error', () => {}));
    });
  });
}
