/** HTTPS through got. */
import { gotOptions } from '@ferrule/node/adapters/got';
import type { TlsConnector } from '@ferrule/node/duplex';
import got from 'got';

export function post(connector: TlsConnector, host: string, port: number, body: string): Promise<string> {
  const client = got.extend(gotOptions(connector, { timeout: { request: 5_000 } }));
  return client.post(`https://${host}:${port}/`, { body }).text();
}
