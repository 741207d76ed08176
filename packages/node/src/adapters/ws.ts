/** @module @ferrule/node/adapters/ws: WebSockets of the package ws. */
import type { ClientOptions } from 'ws';
import type { TlsConnector } from '../duplex/connector.ts';
import { TlsAgent } from './https.ts';
import { refuseDetours, refuseTrustOptions, USE_DIAL } from './tls-required.ts';

/**
 * `new WebSocket('wss://…', wsOptions(connector, { headers }))`; `options` are those of ws. TLS is by the agent, which
 * every version of ws asks.
 * @throws TypeError for options that would lead around the connector.
 */
export function wsOptions(connector: TlsConnector, options: ClientOptions = {}): ClientOptions {
  refuseTrustOptions('wsOptions', options);
  refuseDetours('wsOptions', options, {
    agent: USE_DIAL,
    createConnection: USE_DIAL,
    socketPath: 'use a ws+unix: URL',
  });
  return { ...options, agent: new TlsAgent(connector) };
}
