/** @module @ferrule/node/adapters/ws: WebSockets of the package ws. */
import type { ClientOptions } from 'ws';
import type { TlsConnector } from '../duplex/connector.ts';
import { TlsAgent } from './https.ts';
import { forAnyScheme, noOtherWay, optionsFor, refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

/**
 * `new WebSocket('wss://…', wsOptions(connector, { headers }))`; `options` are those of ws. TLS is done by the agent,
 * which every version of ws supports.
 * @throws TypeError for options that bypass the connector. A redirect to `ws:` fails with `TLS_REQUIRED`.
 */
export function wsOptions(connector: TlsConnector, options: ClientOptions = {}): ClientOptions {
  const given = optionsFor('wsOptions', connector, options);
  refuseNodeOptions('wsOptions', given);
  refuseDetours('wsOptions', given, {
    agent: USE_DIAL,
    createConnection: USE_DIAL,
    socketPath: "give the TlsConnector a dial, as in dial: dialer('unix:/path'), and ws a wss: URL",
  });
  return { ...given, ...(noOtherWay('wsOptions') as object), agent: forAnyScheme(new TlsAgent(connector)) };
}
