/** A server of another process that refuses the client after the handshake, as TLS 1.3 has it, and closes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { expect, it } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';

const SERVER = `
  const { KEY: key, CERT: cert, CA: ca } = process.env;
  const server = require('node:tls').createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true });
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

it.each(['native', 'pure'] as const)('its alert is told to who ends at once: %s', async (backend) => {
  if ((await chooseBackend(backend).catch(() => undefined)) === undefined) return;
  const [{ keyPem, chainPem }, { certificatePem }] = [await pki('p256'), await pki('root')];
  const env = { ...process.env, KEY: keyPem, CERT: chainPem, CA: certificatePem };
  const server = spawn(process.execPath, ['-e', SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = Number(String(((await once(server.stdout, 'data')) as [Buffer])[0]));
    const connector = new TlsConnector({ backend, ca: certificatePem });
    for (let i = 0; i < 5; i++) {
      const duplex = connector.duplex({ host: '127.0.0.1', port, servername: 'server.test' });
      duplex.once('secureConnect', () => duplex.end('GET / HTTP/1.0\r\n\r\n')).resume();
      const [error] = (await once(duplex, 'error')) as [unknown];
      expect(error).toMatchObject({ code: 'PEER_ALERT', alert: { name: 'certificate_required' } });
    }
  } finally {
    server.kill();
  }
});
