/** undici's fetch; `setGlobalDispatcher()` makes it that of the global one. */
import { undiciConnect } from '@ferrule/node/adapters/undici';
import { TlsConnector } from '@ferrule/node/duplex';
import { Agent } from 'undici';

export const dispatcher = (ca: string): Agent =>
  new Agent({
    connect: undiciConnect(new TlsConnector({ ca, alpn: ['h2', 'http/1.1'] }), { connectTimeout: 5_000 }),
    allowH2: true,
  });
