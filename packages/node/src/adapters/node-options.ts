/**
 * @module What the options of Node's clients (https, tls, net) are to an adapter, one row each: whoever asks for
 * something that does not happen is told so. The compiler refuses this table where Node's types have an option that it
 * lacks, and a test where the table of our node:tls has one.
 */
import type { RequestOptions, AgentOptions } from 'node:https';
import type { IpcNetConnectOpts, TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import { contextOptionNames } from 'ferrule/options';

/**
 * `connector`: whom to trust, who we are, and how TLS is spoken. `way`: how to get to the host. `place`: which host, or
 * who opens the socket; the library says that in options of its own. `library`: neither.
 */
export type Part = 'connector' | 'way' | 'place' | 'library';

type NodeOption = keyof (ConnectionOptions &
  TLSSocketOptions &
  TcpNetConnectOpts &
  IpcNetConnectOpts &
  AgentOptions &
  RequestOptions);

/** By the types of Node 20. */
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
  // Of servers
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

/** Newer than those types, or not in them. */
const OTHERS = {
  blockList: 'way',
  proxyEnv: 'way',
  highWaterMark: 'library',
  agentKeepAliveTimeoutBuffer: 'library',
  handshakeTimeout: 'library',
  pskIdentityHint: 'library',
} as const;

/** Of a TlsConnector, for whoever gives them to the adapter in place of it. */
const OURS = [...contextOptionNames, 'dial', 'sessions', 'backend'].map((name) => [name, 'connector'] as const);

export const NODE_OPTIONS: Readonly<Record<string, Part>> = { ...Object.fromEntries(OURS), ...TYPED, ...OTHERS };
