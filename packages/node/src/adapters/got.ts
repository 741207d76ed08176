/** @module @ferrule/node/adapters/got: got, whose requests go through one connector, redirects too. */
import { TlsError } from '@ferrule/result';
import { STARTTLS_CODES } from '@ferrule/starttls';
import type { TlsConnector } from '../duplex/connector.ts';
import { type TlsAgent, tlsAgents } from './https.ts';
import { optionsFor, refuseDetours, refuseNodeOptions } from './tls-required.ts';

/** The options of a request, as got has them for its hooks. */
export interface GotRequest {
  readonly url?: unknown;
  readonly agent?: { readonly http?: unknown; readonly https?: unknown } | undefined;
  readonly [option: string]: unknown;
}
/** One of got's hooks. */
export type BeforeRequest = (request: GotRequest) => void;

/** What is set, of got's options. */
export interface GotOverTls {
  readonly agent: { readonly http: TlsAgent; readonly https: TlsAgent };
  readonly hooks: { readonly beforeRequest: BeforeRequest[] };
}

/** Ways of got to a server that ask no agent. */
const DETOURS = {
  http2: 'use http2Connect() of @ferrule/node/adapters/http2',
  h2session: 'use http2Connect() of @ferrule/node/adapters/http2',
  request: 'requests have the agent of the connector',
  createConnection: 'requests have the agent of the connector',
} as const;

/**
 * `got.extend(gotOptions(connector, { prefixUrl }))`. Each request of the instance needs an `https:` URL, and so does
 * each redirect: another fails with `TLS_REQUIRED` before anything is sent. A request that sets `http2` or an `agent` of its
 * own fails, too.
 * @param options those of got.
 * @throws TypeError for options that would lead around the connector, and for a connector that offers `h2`.
 */
export function gotOptions<O extends object>(connector: TlsConnector, options: O = {} as O): O & GotOverTls {
  const given = optionsFor('gotOptions', connector, options);
  const { hooks } = given as { readonly hooks?: object };
  refuseDetours('gotOptions', given, { ...DETOURS, agent: 'requests have the agent of the connector' });
  refuseNodeOptions('gotOptions', given);
  const agent = tlsAgents(connector);
  const beforeRequest = (request: GotRequest): void => {
    // Hooks that come behind, of an instance made of this one or of a call, may change what this one has seen
    const { beforeRequest: all } = request['hooks'] as { readonly beforeRequest: BeforeRequest[] };
    if (all.at(-1) !== beforeRequest) all.push(beforeRequest);
    refuseDetours('gotOptions', request, DETOURS);
    if (request.agent?.http !== agent.http || request.agent.https !== agent.https)
      throw new TlsError(
        STARTTLS_CODES.TLS_REQUIRED,
        'gotOptions: agent would lead around the connector: leave it out, or use got itself for this request',
      );
  };
  const { beforeRequest: theirs = [] } = (hooks ?? {}) as { readonly beforeRequest?: readonly BeforeRequest[] };
  return {
    ...given,
    agent,
    hooks: { ...hooks, beforeRequest: [...theirs, beforeRequest] },
  };
}
