/** HTTPS through node:https, and through all that take an agent. */
import https from 'node:https';
import { TlsAgent } from '@ferrule/node/adapters/https';
import type { TlsConnector } from '@ferrule/node/duplex';

export function get(connector: TlsConnector, host: string, port: number, path: string): Promise<string> {
  const agent = new TlsAgent(connector);
  return new Promise<string>((resolve, reject) => {
    https
      .get({ host, port, path, agent }, (response) => {
        let body = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => (body += chunk))
          .on('end', () => resolve(body));
      })
      .on('error', reject);
  }).finally(() => agent.destroy());
}
