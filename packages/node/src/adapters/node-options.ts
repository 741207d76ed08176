/**
 * @module How an adapter treats each option of Node's clients (https, tls, net): an option that would have no effect is
 * an error. The compiler rejects this table if it lacks an option of Node's types, and a test if it lacks one of our
 * node:tls's table.
 */
import type { RequestOptions, AgentOptions } from 'node:https';
import type { IpcNetConnectOpts, TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import { contextOptionNames } from 'ferrule/options';

/**
 * `connector`: trust, credentials and TLS parameters. `way`: how to reach the host. `place`: which host, or what opens
 * the socket; the library has its own options for that. `library`: none of these.
 */
export type Part = 'connector' | 'way' | 'place' | 'library';

type NodeOption = keyof (ConnectionOptions &
  TLSSocketOptions &
  TcpNetConnectOpts &
  IpcNetConnectOpts &
  AgentOptions &
  RequestOptions);

/** From the types of Node 20. */
const TYPED = {
  ca: 'connector',
  cert: 'connector',
  key: 'connector',
  pfx: 'connector',
  passphrase: 'connector',
  crl: 'connector',
  ciphers: 'connector',
  sigalgs: 'connector',
  ecdhCurve: 'connector',
  dhparam: 'connector',
  minVersion: 'connector',
  maxVersion: 'connector',
  secureProtocol: 'connector',
  secureOptions: 'connector',
  clientCertEngine: 'connector',
  privateKeyEngine: 'connector',
  privateKeyIdentifier: 'connector',
  minDHSize: 'connector',
  secureContext: 'connector',
  ALPNProtocols: 'connector',
  rejectUnauthorized: 'connector',
  checkServerIdentity: 'connector',
  session: 'connector',
  requestOCSP: 'connector',
  allowPartialTrustChain: 'connector',
  pskCallback: 'connector',
  enableTrace: 'connector',
  lookup: 'way',
  family: 'way',
  hints: 'way',
  localAddress: 'way',
  localPort: 'way',
  autoSelectFamily: 'way',
  autoSelectFamilyAttemptTimeout: 'way',
  host: 'place',
  hostname: 'place',
  port: 'place',
  path: 'place',
  socketPath: 'place',
  socket: 'place',
  createConnection: 'place',
  agent: 'place',
  defaultPort: 'place',
  protocol: 'place',
  servername: 'library',
  timeout: 'library',
  signal: 'library',
  onread: 'library',
  allowHalfOpen: 'library',
  readable: 'library',
  writable: 'library',
  fd: 'library',
  keepAlive: 'library',
  keepAliveInitialDelay: 'library',
  keepAliveMsecs: 'library',
  noDelay: 'library',
  maxSockets: 'library',
  maxTotalSockets: 'library',
  maxFreeSockets: 'library',
  scheduling: 'library',
  maxCachedSessions: 'library',
  auth: 'library',
  headers: 'library',
  method: 'library',
  insecureHTTPParser: 'library',
  joinDuplicateHeaders: 'library',
  maxHeaderSize: 'library',
  setHost: 'library',
  uniqueHeaders: 'library',
  _defaultAgent: 'library',
  // Server options
  honorCipherOrder: 'library',
  sessionIdContext: 'library',
  sessionTimeout: 'library',
  ticketKeys: 'library',
  SNICallback: 'library',
  requestCert: 'library',
  isServer: 'library',
  server: 'library',
  ALPNCallback: 'library',
} as const satisfies Readonly<Record<NodeOption, Part>>;

/** Newer than those types, or missing from them. */
const OTHERS = {
  blockList: 'way',
  proxyEnv: 'way',
  highWaterMark: 'library',
  agentKeepAliveTimeoutBuffer: 'library',
  handshakeTimeout: 'library',
  pskIdentityHint: 'library',
} as const;

/** Options of a TlsConnector, given to the adapter by mistake. */
const OURS = [...contextOptionNames, 'dial', 'sessions', 'backend'].map((name) => [name, 'connector'] as const);

export const NODE_OPTIONS: Readonly<Record<string, Part>> = { ...Object.fromEntries(OURS), ...TYPED, ...OTHERS };
