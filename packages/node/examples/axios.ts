/** HTTPS through axios. */
import { axiosOverTls } from '@ferrule/node/adapters/axios';
import type { TlsConnector } from '@ferrule/node/duplex';
import axios from 'axios';

export async function post(connector: TlsConnector, host: string, port: number, body: string): Promise<string> {
  const client = axiosOverTls(axios.create({ baseURL: `https://${host}:${port}` }), connector);
  const { data } = await client.post<string>('/', body);
  return data;
}
