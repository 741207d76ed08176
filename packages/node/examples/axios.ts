/** HTTPS through axios. */
import { axiosOptions } from '@ferrule/node/adapters/axios';
import type { TlsConnector } from '@ferrule/node/duplex';
import axios from 'axios';

export async function post(connector: TlsConnector, host: string, port: number, body: string): Promise<string> {
  const client = axios.create(axiosOptions(connector, { baseURL: `https://${host}:${port}` }));
  const { data } = await client.post<string>('/', body);
  return data;
}
