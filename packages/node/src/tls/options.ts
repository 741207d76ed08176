/**
 * @module The options of `tls.connect()` and `tls.createSecureContext()`: one row each, how it is honoured or why it is
 * refused. The code checks by this table, and docs/migrating-from-node-tls.md is generated from it. Unknown options are
 * ignored, as in node:tls: `https` passes on everything that a request has.
 */
import { constants } from 'node:crypto';

/** The caller's options, by name. */
export type Given = Readonly<Record<string, unknown>>;

export interface OptionRow {
  /**
   * `context`: of createSecureContext(), and so of connect(). `connection`: of connect() and `new TLSSocket()`.
   * `socket`: passed to net.connect(). `server`: used by node:tls only on servers. `ferrule`: not in node:tls.
   */
  readonly of: 'context' | 'connection' | 'socket' | 'server' | 'ferrule';
  /** One or two sentences for the documentation. */
  readonly how: string;
  /** Why this value is refused, and what to do; `undefined` if it is honoured. */
  readonly refused?: (value: unknown) => string | undefined;
}

const ENGINES = 'OpenSSL engines (ENGINE_by_id(3)) load code into the process and are deprecated: give `key` or `pfx`';
const SERVER = 'For servers; a client of node:tls does not look at it either.';
const NET = 'Handed to net.connect().';

export const TLS_OPTIONS: Readonly<Record<string, OptionRow>> = {
  ca: { of: 'context', how: "PEM or DER, one or an array, in place of Node's roots." },
  cert: { of: 'context', how: 'PEM, one or an array, each with its chain behind it.' },
  key: { of: 'context', how: 'PEM or DER, `{pem, passphrase}` too, one for each `cert`.' },
  passphrase: { of: 'context', how: 'For `key` and `pfx`.' },
  pfx: {
    of: 'context',
    how: 'PKCS#12, one or an array, `{buf, passphrase}` too. Encrypted by PBES2 or pbeWithSHAAnd3-KeyTripleDES-CBC: others that Node reads (RC2) must be written anew.',
  },
  crl: { of: 'context', how: 'PEM or DER. The certificate of the server must be covered by one and not be listed.' },
  ciphers: {
    of: 'context',
    how: 'A list of openssl-ciphers(1), of which the suites are used that the engine has: TLS 1.3, and ECDHE with AEADs of TLS 1.2. `@SECLEVEL=0` is 1. A list that leaves nothing is refused: DHE, static RSA, CBC and PSK of TLS 1.2 have no place here.',
  },
  ecdhCurve: { of: 'context', how: 'Names of groups with colons between them, or `auto`; an unknown one is refused.' },
  sigalgs: { of: 'context', how: 'Names of signature algorithms with colons between them; an unknown one is refused.' },
  minVersion: {
    of: 'context',
    how: '`TLSv1.3` and `TLSv1.2`. Older values are accepted, but nothing below TLS 1.2 is offered: TLS 1.2 is the oldest that is offered.',
  },
  maxVersion: {
    of: 'context',
    how: '`TLSv1.3` and `TLSv1.2`; older ones are refused.',
    refused: (value) =>
      value === 'TLSv1' || value === 'TLSv1.1'
        ? `${value} is not supported: RFC 8996 forbids it, since its handshake rests on MD5 and SHA-1. Use TLSv1.2 or newer, or node:tls for this one server`
        : undefined,
  },
  secureProtocol: {
    of: 'context',
    how: '`TLS_method`, `TLSv1_2_method` and their `_client_` forms; for older versions see `maxVersion`.',
    refused: (value) =>
      typeof value === 'string' && /^(TLSv1|TLSv1_1)_(client_|server_)?method$/.test(value)
        ? `${value}: TLS 1.0 and 1.1 are not supported (RFC 8996): use minVersion and maxVersion`
        : undefined,
  },
  secureOptions: {
    of: 'context',
    how: 'SSL_OP_NO_TLSv1_2, SSL_OP_NO_TLSv1_3, SSL_OP_NO_TICKET and SSL_OP_LEGACY_SERVER_CONNECT are honoured; what forbids older versions, asks for work-arounds or is for servers changes nothing; renegotiation is refused.',
    refused: (value) =>
      typeof value === 'number' && (value & constants.SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION) !== 0
        ? 'SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION is not supported: renegotiation never happens (RFC 5746, RFC 9846 section 4.1)'
        : undefined,
  },
  allowPartialTrustChain: {
    of: 'context',
    how: 'As X509_V_FLAG_PARTIAL_CHAIN: without it (default) a path must end in a self-signed certificate.',
  },
  clientCertEngine: { of: 'context', how: `Refused: ${ENGINES}.`, refused: () => ENGINES },
  privateKeyEngine: {
    of: 'context',
    how: `Refused: ${ENGINES}.`,
    refused: (value) => (value ? ENGINES : undefined),
  },
  privateKeyIdentifier: { of: 'context', how: `Refused: ${ENGINES}.`, refused: () => ENGINES },
  dhparam: { of: 'context', how: SERVER },
  minDHSize: { of: 'connection', how: 'DHE is never offered, so there is no group that could be too small.' },
  secureContext: {
    of: 'connection',
    how: "One of this module's createSecureContext(), with the anchors that `context.addCACert()` has added; one of node:tls's own is refused, since what it was made of cannot be read.",
  },
  servername: {
    of: 'connection',
    how: "SNI, and what the certificate must match. `''`, and none, send no SNI; the certificate must match `host` then. An address is never sent (RFC 6066 section 3).",
  },
  host: { of: 'socket', how: `${NET} What the certificate must match where there is no \`servername\`.` },
  ALPNProtocols: { of: 'connection', how: 'As strings, bytes, or on the wire.' },
  rejectUnauthorized: {
    of: 'connection',
    how: 'With `false` the connection is made, and `authorized` and `authorizationError` tell. NODE_TLS_REJECT_UNAUTHORIZED=0 is its default, with a warning.',
  },
  checkServerIdentity: {
    of: 'connection',
    how: 'In place of the name check, beside the check of the chain; asked of resumed connections too.',
  },
  session: {
    of: 'connection',
    how: 'A Buffer of a `session` event or getSession() of this module and engine. One that does not fit (another server, other options) is not offered.',
  },
  requestOCSP: {
    of: 'connection',
    how: '`OCSPResponse` is emitted as there; and a response that is not good for the certificate is a failure of its own.',
  },
  pskCallback: {
    of: 'connection',
    how: 'Asked once, with `null`, before the ClientHello: external PSKs of TLS 1.3 with SHA-256 (RFC 9846 section 4.3.11), of 16 bytes or more (RFC 9257 section 6).',
  },
  enableTrace: { of: 'connection', how: 'A line for each handshake message and alert goes to stderr.' },
  onread: { of: 'connection', how: 'As net.connect(); only `false` pauses, and `buffer` may be a function.' },
  highWaterMark: { of: 'connection', how: 'Bytes, of both directions.' },
  allowHalfOpen: { of: 'connection', how: 'As there.' },
  signal: { of: 'connection', how: 'As there: an `AbortError` destroys the socket, whenever it comes.' },
  timeout: { of: 'connection', how: 'setTimeout() of the socket.' },
  socket: { of: 'connection', how: 'Any Duplex, connected or about to be.' },
  port: { of: 'socket', how: NET },
  path: { of: 'socket', how: NET },
  lookup: { of: 'socket', how: NET },
  family: { of: 'socket', how: NET },
  hints: { of: 'socket', how: NET },
  localAddress: { of: 'socket', how: NET },
  localPort: { of: 'socket', how: NET },
  autoSelectFamily: { of: 'socket', how: NET },
  autoSelectFamilyAttemptTimeout: { of: 'socket', how: NET },
  keepAlive: { of: 'socket', how: NET },
  keepAliveInitialDelay: { of: 'socket', how: NET },
  noDelay: {
    of: 'socket',
    how: "Default `true`, which is not node:tls's: small writes do not wait. `false` is honoured.",
  },
  blockList: { of: 'socket', how: NET },
  honorCipherOrder: { of: 'server', how: SERVER },
  sessionIdContext: { of: 'server', how: SERVER },
  sessionTimeout: { of: 'server', how: SERVER },
  ticketKeys: { of: 'server', how: SERVER },
  SNICallback: { of: 'server', how: SERVER },
  ALPNCallback: { of: 'server', how: SERVER },
  requestCert: { of: 'server', how: SERVER },
  handshakeTimeout: { of: 'server', how: SERVER },
  pskIdentityHint: { of: 'server', how: SERVER },
  backend: { of: 'ferrule', how: '`native`, `pure`, or an engine. Default: native where it loads, else pure.' },
  truncation: {
    of: 'ferrule',
    how: "What an end without close_notify is: `'error'` (default, `ECONNRESET`), or `'end'`, which is what node:tls makes of it.",
  },
};

/** The options passed to net.connect(). */
export const SOCKET_OPTIONS: readonly string[] = Object.entries(TLS_OPTIONS)
  .filter(([, { of }]) => of === 'socket')
  .map(([name]) => name);

/**
 * A copy of each option of the table, including inherited ones and getters: node:tls reads them by name. Each is read
 * once.
 */
export function ownCopy<T extends object>(options: T): T {
  const copy = Object.fromEntries(Object.entries(options));
  for (const name of Object.keys(TLS_OPTIONS))
    if (!Object.hasOwn(copy, name) && name in options) copy[name] = (options as Given)[name];
  return copy as T;
}

/** @throws TypeError `ERR_INVALID_ARG_VALUE` for the first option that is refused, with the reason. */
export function refuseByTable(options: Given): void {
  for (const [name, { refused }] of Object.entries(TLS_OPTIONS)) {
    const value = options[name];
    if (refused === undefined || value === undefined || value === null) continue;
    const why = refused(value);
    if (why !== undefined) throw refusal(name, why);
  }
}

/** A TypeError like Node's own for invalid arguments. */
export const refusal = (name: string, why: string): TypeError =>
  Object.assign(new TypeError(`${name}: ${why}`), { code: 'ERR_INVALID_ARG_VALUE' });
