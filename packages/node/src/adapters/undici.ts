/** @module @ferrule/node/adapters/undici: undici's Agent, Client and Pool, and global fetch through setGlobalDispatcher. */
import type { buildConnector } from 'undici';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, ready } from './ready.ts';

/** `new Agent({ connect: undiciConnect(connector) })`. For HTTP/2 the connector offers `alpn: ['h2', 'http/1.1']` and the Agent `allowH2`. */
export const undiciConnect =
  (connector: TlsConnector): buildConnector.connector =>
  ({ hostname, port, servername }, callback) => {
    const options = { host: hostname, port: Number(port || 443), ...(servername ? { servername } : {}) };
    ready(connector.duplex(options)).then(
      (duplex) => callback(null, asTlsSocket(duplex)),
      (error: Error) => callback(error, null),
    );
  };
