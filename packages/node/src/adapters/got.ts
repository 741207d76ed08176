/** @module @ferrule/node/adapters/got: got with all requests and redirects through one connector. */
import http, { type ClientRequest } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { TlsError } from '@ferrule/result';
import { STARTTLS_CODES } from '@ferrule/starttls';
import type { TlsConnector } from '../duplex/connector.ts';
import { type TlsAgent, tlsAgents } from './https.ts';
import { optionsFor, refuseDetours, refuseNodeOptions } from './tls-required.ts';

/** A request's options, as got passes them to hooks. */
export interface GotRequest {
  readonly url?: unknown;
  readonly agent?: { readonly http?: unknown; readonly https?: unknown } | undefined;
  readonly [option: string]: unknown;
}
/** One of got's hooks. */
export type BeforeRequest = (request: GotRequest) => void;

/** got's `request`, which sends every request and redirect. */
export type GotRequestFunction = (
  url: URL,
  options: RequestOptions,
  callback?: (response: never) => void,
) => ClientRequest;

type Heard = () => void;

/** The options of got that are set here. */
export interface GotOverTls {
  readonly request: GotRequestFunction;
  readonly agent: { readonly http: TlsAgent; readonly https: TlsAgent };
  readonly hooks: { readonly beforeRequest: BeforeRequest[] };
}

const ANOTHER = 'requests have the agent of the connector';

/** Options with which got would not call our `request`. */
const DETOURS = {
  http2: 'use http2Connect() of @ferrule/node/adapters/http2',
  h2session: 'use http2Connect() of @ferrule/node/adapters/http2',
  request: ANOTHER,
  createConnection: ANOTHER,
} as const;

/**
 * `got.extend(gotOptions(connector, { prefixUrl }))`. Every request and redirect needs an `https:` URL: others fail
 * with `TLS_REQUIRED` before anything is sent. A request with its own `http2`, `agent` or `request` fails too. The
 * check is in our `request`, the last function got calls; a hook that returns its own request or response is not
 * covered.
 * @param options those of got.
 * @throws TypeError for options that bypass the connector, and for a connector that offers `h2`.
 */
export function gotOptions<O extends object>(connector: TlsConnector, options: O = {} as O): O & GotOverTls {
  const given = optionsFor('gotOptions', connector, options);
  const { hooks } = given as { readonly hooks?: object };
  refuseDetours('gotOptions', given, { ...DETOURS, agent: ANOTHER });
  refuseNodeOptions('gotOptions', given);
  const agent = tlsAgents(connector);
  const judged = (protocol: unknown, options: RequestOptions): typeof http | typeof https => {
    const { h2session, createConnection } = options as { readonly h2session?: unknown; createConnection?: unknown };
    refuseDetours('gotOptions', { h2session, createConnection }, DETOURS);
    const [client, own] = protocol === 'https:' ? [https, agent.https] : [http, agent.http];
    if (options.agent !== own)
      throw new TlsError(
        STARTTLS_CODES.TLS_REQUIRED,
        'gotOptions: agent would lead around the connector: leave it out, or use got itself for this request',
      );
    return client;
  };
  const request: GotRequestFunction = (...[url, options, callback]) => {
    // With a `cache`, got passes options that contain the URL
    if (typeof options !== 'function') return judged(url.protocol, options).request(url, options, callback as Heard);
    const whole: RequestOptions = url;
    return judged(whole.protocol, whole).request(whole, options);
  };
  const beforeRequest = (given: GotRequest): void => {
    // Later hooks, of a derived instance or of a call, may change what this one has checked
    const { beforeRequest: all } = given['hooks'] as { readonly beforeRequest: BeforeRequest[] };
    if (all.at(-1) !== beforeRequest) all.push(beforeRequest);
    const { http2, request: other } = given;
    refuseDetours('gotOptions', { http2, request: other === request ? undefined : (other ?? true) }, DETOURS);
  };
  const { beforeRequest: theirs = [] } = (hooks ?? {}) as { readonly beforeRequest?: readonly BeforeRequest[] };
  return {
    ...given,
    agent,
    request,
    hooks: { ...hooks, beforeRequest: [...theirs, beforeRequest] },
  };
}
