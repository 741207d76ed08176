/** @module @ferrule/conformance/server: peers for tests, in memory and on loopback sockets. */
export { OpensslServer, PeerMissing } from './openssl-server.ts';
export { patience, type Peer, ScriptedPeer, SocketPeer, Wire } from './peer.ts';
export { httpProxy, type Lead, socksProxy, type TestProxy } from './proxies.ts';
export { echo, resetSocket, TestServer, type TestServerOptions } from './tls-server.ts';
