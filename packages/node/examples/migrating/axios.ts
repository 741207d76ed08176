/** axios: each request of the instance has TLS by the connector, and so has each redirect. */
import axios, { type AxiosInstance } from 'axios';
import { axiosOptions } from '@ferrule/node/adapters/axios';
import { TlsConnector } from '@ferrule/node/duplex';

export const client = (baseURL: string, ca: string): AxiosInstance =>
  axios.create(axiosOptions(new TlsConnector({ ca }), { baseURL, timeout: 5_000 }));
