/** @module @ferrule/node/adapters/mysql2: MySQL and MariaDB through mysql2. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TlsError } from '@ferrule/result';
import { STARTTLS_CODES } from '@ferrule/starttls';
import type { TlsConnector } from '../duplex/connector.ts';
import { guardPlain, needsConnector, refuseNodeOptions, releasePlain } from './tls-required.ts';

/** The internals of a mysql2 connection used here; not in its types. */
interface Upgradable {
  startTLS(onSecure: (error?: Error) => void): void;
  stream: Duplex;
  readonly config: { readonly ssl?: object | false; readonly stream?: unknown };
  readonly packetParser: { readonly bufferLength: number; execute(data: Buffer): void };
  /** Of the greeting. */
  readonly connectionId?: number | null;
  readonly _closing: boolean;
  destroy(): void;
  _handleNetworkError(error: Error): void;
}

/** The internals of a mysql2 pool used here; not in its types. */
interface Pool {
  readonly config: { readonly connectionConfig: { readonly ssl?: object | false; readonly stream?: unknown } };
  readonly _allConnections: {
    readonly length: number;
    push(connection: object): unknown;
    toArray(): readonly Upgradable[];
  };
  end(ended: () => void): void;
}

/** CLIENT_SSL of the capability flags. */
const CLIENT_SSL = 0x0800;
/** Protocol::SSLRequest: a header of four bytes, then 32 bytes that begin with the capability flags. */
const SSL_REQUEST_LENGTH = 36;
/** A packet begins with the length of its payload in three bytes and a sequence number in one. */
const HEADER_LENGTH = 4;
/** Longest valid greeting, bytes. */
const GREETING_LIMIT = 65_536;

/**
 * `mysqlOverTls(createConnection({ …, ssl: {} }), connector, host)`, before anything else: mysql2 decides when TLS
 * begins, and this connector begins it. Only that request is sent in plain text: otherwise the connection fails with
 * `TLS_REQUIRED`. A pool, `mysqlOverTls(createPool({ …, ssl: {} }), connector, host)`, does this for each connection.
 * For promises: `mysqlOverTls(…).promise()`.
 * @returns the connection, or the pool.
 * @throws TypeError if it is neither a connection nor a pool of mysql2's callback interface, has no `ssl`, or has
 * options there that belong to the connector; for a pool that has already connected; and if the connector has a `dial` but the connection or pool no `stream`, since mysql2 would not use it.
 */
export function mysqlOverTls<C extends object>(connection: C, connector: TlsConnector, servername: string): C {
  needsConnector('mysqlOverTls', connector);
  if ('_allConnections' in connection) return poolOverTls(connection as C & Pool, connector, servername);
  if (!('startTLS' in connection && 'packetParser' in connection))
    throw new TypeError(
      'mysqlOverTls: neither a connection nor a pool of mysql2 (of its callback interface): for promises call .promise() of what it returns',
    );
  const upgradable = connection as C & Upgradable;
  const plain = upgradable.stream as Socket;
  try {
    connector.check({ lazy: true, servername });
    refuse(upgradable, connector);
  } catch (error) {
    // It would go on by itself, and log in
    upgradable.destroy();
    plain.destroy();
    throw error;
  }
  readGreeting(plain);
  guardPlain(
    plain,
    'mysql2',
    (bytes) => bytes.length === SSL_REQUEST_LENGTH && (((bytes[5] as number) << 8) & CLIENT_SSL) !== 0,
  );
  upgradable.startTLS = (onSecure): void => {
    const raw = upgradable.stream;
    releasePlain(raw);
    raw.removeAllListeners('data');
    const duplex = connector.duplex({ stream: raw, servername });
    let secure = false;
    duplex.once('ready', () => {
      secure = true;
      onSecure();
    });
    duplex.on('error', (error) => {
      // After COM_QUIT these servers close without close_notify, with nothing left to truncate; what we end ourselves
      // is ABORTED.
      if (
        upgradable._closing &&
        TlsError.is(error) &&
        (error.tlsCode === 'UNEXPECTED_EOF' || error.tlsCode === 'ABORTED')
      )
        return;
      if (!secure) onSecure(error);
      else upgradable._handleNetworkError(error);
    });
    duplex.on('data', (data: Buffer) => upgradable.packetParser.execute(data));
    upgradable.stream = duplex;
  };
  return connection;
}

/** A pool emits a connection only after its login; it adds each to this list as soon as it is made. */
function poolOverTls<P extends Pool>(pool: P, connector: TlsConnector, servername: string): P {
  const { _allConnections: all } = pool;
  try {
    connector.check({ lazy: true, servername });
    refusePool(pool, connector);
  } catch (error) {
    // It would go on by itself, and log in
    for (const each of all.toArray()) {
      const { stream } = each;
      each._handleNetworkError(error as Error);
      stream.destroy();
    }
    pool.end(() => {});
    throw error;
  }
  const push = all.push.bind(all);
  all.push = (connection) => push(mysqlOverTls(connection, connector, servername));
  return pool;
}

function refusePool({ config: { connectionConfig }, _allConnections: all }: Pool, connector: TlsConnector): void {
  if (!connectionConfig.ssl)
    throw new TypeError('mysqlOverTls: the pool was made without ssl: {}, and mysql2 would log in in plain text');
  refuseSsl(connectionConfig.ssl);
  refuseDial(connector, connectionConfig.stream);
  if (all.length > 0)
    throw new TypeError('mysqlOverTls: too late: the pool has connected already; call it as soon as the pool is made');
}

function refuse(connection: Upgradable, connector: TlsConnector): void {
  const { ssl, stream: own } = connection.config;
  if (!ssl)
    throw new TypeError('mysqlOverTls: the connection was made without ssl: {}, and mysql2 would log in in plain text');
  refuseDial(connector, own);
  if (hasRead(connection))
    throw new TypeError(
      'mysqlOverTls: too late: mysql2 has read from the server already; call it as soon as the connection is made',
    );
  refuseSsl(ssl);
}

function refuseDial(connector: TlsConnector, own: unknown): void {
  if (connector.dials && !own)
    throw new TypeError(
      'mysqlOverTls: mysql2 connects by itself, without the dial of the connector: give createConnection() or createPool() a stream, as in stream: () => dialer(route)({ host, port })',
    );
}

/** Not every stream counts bytes, and a TLS stream started by mysql2 restarts the count. */
const hasRead = ({ stream, packetParser, connectionId = null }: Upgradable): boolean =>
  (stream as Socket).bytesRead > 0 || packetParser.bufferLength > 0 || connectionId !== null;

/** mysql2 sets a minVersion itself. */
const refuseSsl = (ssl: object): void => refuseNodeOptions('mysqlOverTls', { ...ssl, minVersion: undefined }, 'ssl');

/**
 * Passes mysql2's listeners the greeting, one whole packet, and no other plain text: its parser would keep what follows
 * and treat it as received inside TLS. In old versions the same listener clears `connectTimeout`.
 */
function readGreeting(plain: Socket): void {
  const own = plain.listeners('data') as ((this: Socket, bytes: Buffer) => void)[];
  let received = Buffer.alloc(0);
  plain.removeAllListeners('data').on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    if (received.length < HEADER_LENGTH) return;
    const length = HEADER_LENGTH + received.readUIntLE(0, 3);
    if (length > GREETING_LIMIT)
      return void plain.destroy(
        new TlsError(STARTTLS_CODES.STARTTLS_MALFORMED, `the MySQL server announced a greeting of ${length} bytes`),
      );
    if (received.length < length) return;
    if (received.length > length)
      return void plain.destroy(
        new TlsError(STARTTLS_CODES.STARTTLS_INJECTION, 'the MySQL server sent more than its greeting before TLS'),
      );
    // If TLS does not begin now, further data is dropped
    plain.removeAllListeners('data').resume();
    for (const listener of own) listener.call(plain, received);
  });
}
