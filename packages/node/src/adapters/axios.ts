/** @module @ferrule/node/adapters/axios: axios, whose requests go through one connector, redirects too. */
import { TlsError } from '@ferrule/result';
import { STARTTLS_CODES } from '@ferrule/starttls';
import type { TlsConnector } from '../duplex/connector.ts';
import { TlsAgent } from './https.ts';
import { refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

/** What is set, of axios's options. */
export interface AxiosOverTls {
  readonly httpAgent: TlsAgent;
  readonly httpsAgent: TlsAgent;
  readonly proxy: false;
  readonly adapter: 'http';
  readonly http2Options: { createConnection(): never };
  readonly env: { fetch(): Promise<never> };
}

/** Other ways of axios to a server; each is set to fail, for a request that chooses it later. */
const WAYS = {
  'httpVersion: 2': 'which connects by itself, is not supported: use http2Connect() of @ferrule/node/adapters/http2',
  "adapter: 'fetch'":
    'which connects by itself, is not supported: use fetch() of undici with @ferrule/node/adapters/undici',
} as const;

/**
 * `axios.create(axiosOptions(connector, { baseURL }))`. Each request of the instance needs an `https:` URL, and so does
 * each redirect: another fails with `TLS_REQUIRED` before anything is sent, and so does a request that sets `proxy`,
 * `httpVersion: 2` or `adapter: 'fetch'`.
 * @param options those of axios.
 * @throws TypeError for options that would lead around the connector, and for a connector that offers `h2`.
 */
export function axiosOptions<O extends object>(connector: TlsConnector, options: O = {} as O): O & AxiosOverTls {
  const { httpVersion, adapter, env } = options as Readonly<Record<string, unknown>>;
  if (Number(httpVersion ?? 1) !== 1) throw new TypeError(`axiosOptions: ${refusal('httpVersion: 2')}`);
  if (adapter !== undefined && adapter !== 'http') throw new TypeError(`axiosOptions: ${refusal("adapter: 'fetch'")}`);
  refuseDetours('axiosOptions', options, {
    httpAgent: 'requests have the agent of the connector',
    httpsAgent: 'requests have the agent of the connector',
    transport: 'requests have the agent of the connector',
    proxy: USE_DIAL,
    http2Options: refusal('httpVersion: 2'),
  });
  refuseNodeOptions('axiosOptions', options);
  const agent = new TlsAgent(connector);
  return {
    ...options,
    httpAgent: agent,
    httpsAgent: agent,
    proxy: false,
    // In a page of jsdom it would be XMLHttpRequest
    adapter: 'http',
    http2Options: {
      createConnection: () => {
        throw required('httpVersion: 2');
      },
    },
    env: { ...(env as object | undefined), fetch: () => Promise.reject(required("adapter: 'fetch'")) },
  };
}

const refusal = (way: keyof typeof WAYS): string => `${way}, ${WAYS[way]}`;
const required = (way: keyof typeof WAYS): TlsError =>
  new TlsError(STARTTLS_CODES.TLS_REQUIRED, `axiosOptions: ${refusal(way)}`);
