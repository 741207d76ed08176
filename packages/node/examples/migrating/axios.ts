/** axios; `proxy: false`, or it would take the proxy of the environment past the agent, and fail. */
import axios, { type AxiosInstance } from 'axios';
import { TlsAgent } from '@ferrule/node/adapters/https';
import { TlsConnector } from '@ferrule/node/duplex';

export const client = (baseURL: string, ca: string): AxiosInstance =>
  axios.create({ baseURL, httpsAgent: new TlsAgent(new TlsConnector({ ca })), proxy: false, timeout: 5_000 });
