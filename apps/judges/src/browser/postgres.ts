/** @module Runs in a page: pg over a pipe, with SCRAM-SHA-256-PLUS, so that the login is bound to our TLS connection. */
import { connectOver, type Dial, type TlsConnection } from 'ferrule';
import { EventEmitter } from 'events';
import pg from 'pg';
import type { Database } from './task.ts';

/** The socket that pg wants, over a connection that has TLS already. */
class Socket extends EventEmitter {
  writable = true;
  readonly #connection: TlsConnection;
  readonly #certificate: Uint8Array;

  constructor(connection: TlsConnection, certificate: Uint8Array) {
    super();
    this.#connection = connection;
    this.#certificate = certificate;
  }

  connect(): this {
    queueMicrotask(() => this.emit('connect'));
    this.#read().catch((error: unknown) => this.writable && this.emit('error', error));
    return this;
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    void this.#connection.write(bytes).then(done, (error: unknown) => this.emit('error', error));
    return true;
  }

  end(): this {
    this.writable = false;
    void this.#connection.close().finally(() => this.emit('close'));
    return this;
  }

  /** What pg binds its proof of the password to (RFC 5929 section 4). */
  getPeerCertificate(): { readonly raw: Uint8Array } {
    return { raw: this.#certificate };
  }

  setNoDelay(): this {
    return this;
  }

  async #read(): Promise<void> {
    const into = new Uint8Array(65_536);
    for (let n = await this.#connection.read(into); n > 0; n = await this.#connection.read(into))
      this.emit('data', Buffer.from(into.slice(0, n)));
  }
}

/**
 * What the database answers to a query.
 * @param lie bind to another certificate than that of the connection, as whoever passes the login on would.
 */
export async function query(dial: Dial, to: Database, ca: string, lie: boolean): Promise<unknown> {
  const { port, user, password } = to;
  const pipe = await dial({ host: 'localhost', port });
  const connection = await connectOver(pipe, { host: 'localhost', ca, preamble: 'postgres' });
  const [leaf = new Uint8Array(0), issuer = leaf] = connection.info.peerCertificates;
  const stream = new Socket(connection, lie ? issuer : leaf);
  const client = new pg.Client({
    user,
    password,
    database: 'postgres',
    // Its types know Node's streams alone
    stream: stream as unknown as NonNullable<pg.ClientConfig['stream']>,
    ssl: false,
    enableChannelBinding: true,
  });
  await client.connect();
  const { rows } = await client.query("SELECT repeat('x', 1000000) AS x");
  await client.end();
  return rows;
}
