/**
 * @module @ferrule/node/transports: ways to a server as URLs. A route that fails is a `TlsError`: `PROXY_*` where the
 * proxy, relay or command is to blame, `TRANSPORT_ERROR` where the server is, by what the proxy says.
 */
export { dial, dialer, type DialOptions, streamTransport, via } from './dial.ts';
export { authority, type Destination } from '@ferrule/result/host';
export { nameOfRoute, parseRoute, type Proxy, type Route } from './route.ts';
