/** Through a proxy, `http://…` (CONNECT) or `socks5://…`, whatever library is on top. */
import type https from 'node:https';
import { TlsAgent } from '@ferrule/node/adapters/https';
import { TlsConnector } from '@ferrule/node/duplex';
import { dialer } from '@ferrule/node/transports';

export const agentThrough = (proxy: string, ca: string): https.Agent =>
  new TlsAgent(new TlsConnector({ ca, dial: dialer(proxy) }));
