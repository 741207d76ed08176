/** axios: each request of the instance has TLS by the connector, and so has each redirect. */
import axios, { type AxiosInstance } from 'axios';
import { axiosOverTls } from '@ferrule/node/adapters/axios';
import { TlsConnector } from '@ferrule/node/duplex';

export const client = (baseURL: string, ca: string): AxiosInstance =>
  axiosOverTls(axios.create({ baseURL, timeout: 5_000 }), new TlsConnector({ ca }));
