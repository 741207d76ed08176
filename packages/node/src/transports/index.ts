/**
 * @module @ferrule/node/transports: routes to a server as URLs. A failed route is a `TlsError`: `PROXY_*` if the proxy,
 * relay or command failed, `TRANSPORT_ERROR` if, according to the proxy, the server did.
 */
export { dial, dialer, type DialOptions, streamTransport, via } from './dial.ts';
export { authority, type Destination } from '@ferrule/result/host';
export { nameOfRoute, parseRoute, type Proxy, type Route } from './route.ts';
