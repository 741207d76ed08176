/** @module What is tried over QUIC: each cell is a connection to aioquic, with what both sides must say of it. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions, TlsSession } from '@ferrule/contract';
import type { CryptoProvider } from '@ferrule/pure';
import { createQuic } from '@ferrule/pure/quic';
import { Alert } from '@ferrule/result';
import { GROUPS } from '../interop/matrix.ts';
import { output, start, type Started } from '../interop/process.ts';
import { ClosedByServer, HandshakeFailed, QuicClient } from './client.ts';
import { get, NO_ERROR, sendSettings } from './http3.ts';

/** Kinds of keys that aioquic signs with. */
export const KINDS = ['rsa', 'p256', 'p384', 'ed25519'] as const;
export type Kind = (typeof KINDS)[number];

/** Of the groups that it has; it never asks for another one by HelloRetryRequest. */
const GROUP_NAMES = ['X25519', 'P-256', 'P-384'] as const;
const SUITES = [0x1301, 0x1302, 0x1303] as const;

/**
 * `two datagrams`: key shares that make the ClientHello longer than one datagram. The last four fail: a root that is not
 * trusted, a name that the certificate has not, a protocol that the server has not, a group that it has not.
 */
const WAYS = [
  'full',
  'resumed',
  'early data',
  'key update',
  'client certificate',
  'two datagrams',
  'untrusted',
  'misnamed',
  'other protocol',
  'other group',
] as const;
type Way = (typeof WAYS)[number];

export interface Cell {
  readonly way: Way;
  readonly kind: Kind;
  readonly group: (typeof GROUP_NAMES)[number];
  readonly suite: number;
}

/** `quick`: one suite and one group, in each way. */
export function cellsOf(kind: Kind, quick: boolean): Cell[] {
  const every = SUITES.flatMap((suite) => GROUP_NAMES.map((group) => ({ kind, group, suite })));
  return every.flatMap((setting, index) =>
    WAYS.filter((way) => index === 0 || (!quick && ['full', 'resumed', 'early data'].includes(way))).map((way) => ({
      ...setting,
      way,
    })),
  );
}

/** The Python that has aioquic. */
const PYTHON = process.env['FERRULE_PYTHON'] ?? 'python3';
/** What to say where it has not. */
export const ABSENT: string = `skipped: ${PYTHON} has no aioquic; FERRULE_PYTHON names a Python that has (pip install aioquic)`;

/** The version of aioquic, or `undefined` where it is not installed. */
export async function aioquicVersion(): Promise<string | undefined> {
  return (await output(PYTHON, ['-c', 'import aioquic; print(aioquic.__version__)']))?.trim();
}

/** Two servers for one kind of certificate: one asks for a certificate of the client. `directory` as `writeFiles()` has it. */
export async function startServers(kind: Kind, directory: string): Promise<Servers> {
  const script = fileURLToPath(new URL('server.py', import.meta.url));
  const files = [script, `${directory}/${kind}.pem`, `${directory}/${kind}.key`];
  const plain = await start(PYTHON, [...files, 'no'], /listening on (\d+)/);
  const asking = await start(PYTHON, [...files, 'ask'], /listening on (\d+)/);
  return { plain, asking };
}

export interface Servers {
  readonly plain: Started;
  readonly asking: Started;
}

export async function stopServers({ plain, asking }: Servers): Promise<void> {
  await plain.stop();
  await asking.stop();
}

/** @throws what is wrong */
export async function tryCell(crypto: CryptoProvider, cell: Cell, servers: Servers): Promise<void> {
  switch (cell.way) {
    case 'untrusted':
    case 'misnamed':
      return refuses(crypto, cell, servers.plain.port);
    case 'other protocol':
    case 'other group':
      return isRefused(crypto, cell, servers.plain.port);
    default: {
      const { port } = cell.way === 'client certificate' ? servers.asking : servers.plain;
      const again = cell.way === 'resumed' || cell.way === 'early data';
      const session = again ? await speaks(crypto, { ...cell, way: 'full' }, port) : undefined;
      await speaks(crypto, cell, port, session);
    }
  }
}

const HOST = 'server.test';
const BYTES = 200_000;
/** CRYPTO_ERROR, RFC 9001 section 4.8. */
const CRYPTO_ERROR = 0x0100;

/** A connection that says what it should, on both sides. @returns the last session that the server gave */
async function speaks(
  crypto: CryptoProvider,
  cell: Cell,
  port: number,
  session?: TlsSession,
): Promise<TlsSession | undefined> {
  const sessions: TlsSession[] = [];
  const context = createQuic({ crypto }, { ...(await optionsOf(cell)), onSession: (each) => sessions.push(each) });
  const early = cell.way === 'early data';
  const client = await QuicClient.start(context, { port, host: HOST, session, earlyData: early });
  try {
    await client[early ? 'writable' : 'established']();
    assert.equal(client.tls.established, !early, 'a request before the handshake is done is early data alone');
    sendSettings(client);
    const about = await get(client, HOST, '/about');
    await client.established();
    assert.equal(about.status, 200);
    assert.deepEqual(JSON.parse(Buffer.from(about.body).toString()), {
      authority: HOST,
      alpn: 'h3',
      cipherSuite: cell.suite,
      resumed: session !== undefined,
      earlyData: early,
      client: cell.way === 'client certificate' ? 'CN=client' : null,
    });
    const { tls } = client;
    assert.equal(tls.alpn, 'h3');
    assert.equal(tls.cipherSuite, cell.suite);
    assert.equal(tls.group, GROUPS[cell.group]);
    assert.equal(tls.sessionReused, session !== undefined, 'sessionReused');
    assert.equal(tls.earlyData, early ? 'accepted' : 'not-sent');
    if (cell.way === 'key update') assert.equal((await get(client, HOST, '/update')).status, 200);
    const { body } = await get(client, HOST, `/bytes/${BYTES}`);
    assert.equal(body.length, BYTES);
    assert.ok(
      body.every((byte, i) => byte === (i * 7) % 256),
      'the bytes are those that were sent',
    );
    assert.equal(client.keyUpdates, cell.way === 'key update' ? 1 : 0, 'key updates');
    assert.equal((await get(client, HOST, '/nowhere')).status, 404);
    return sessions.at(-1);
  } finally {
    client.close(NO_ERROR);
  }
}

/** We refuse the server, which is told why. */
async function refuses(crypto: CryptoProvider, cell: Cell, port: number): Promise<void> {
  const context = createQuic({ crypto }, await optionsOf(cell));
  const client = await QuicClient.start(context, { port, host: cell.way === 'misnamed' ? 'other.test' : HOST });
  const untrusted = cell.way === 'untrusted';
  const errorCode = CRYPTO_ERROR + (untrusted ? Alert.unknown_ca : Alert.bad_certificate);
  try {
    await assert.rejects(client.established(), (error) => {
      assert.ok(error instanceof HandshakeFailed, String(error));
      assert.equal(error.code, untrusted ? 'CERT_UNTRUSTED_ROOT' : 'CERT_NAME_MISMATCH');
      assert.equal(error.errorCode, errorCode);
      return true;
    });
  } finally {
    client.close(NO_ERROR);
  }
  const witness = await QuicClient.start(createQuic({ crypto }, await optionsOf({ ...cell, way: 'full' })), {
    port,
    host: HOST,
  });
  try {
    await witness.established();
    sendSettings(witness);
    // The server tells it when it has done with the connection, three probe timeouts later
    let told = 'null';
    for (let tries = 0; told === 'null' && tries < 40; tries++) {
      if (tries > 0) await setTimeout(250);
      told = Buffer.from((await get(witness, HOST, `/closed/${client.localPort}`)).body).toString();
    }
    assert.equal(told, String(errorCode), 'what the server was told');
  } finally {
    witness.close(NO_ERROR);
  }
}

/** The server refuses us, by an alert. */
async function isRefused(crypto: CryptoProvider, cell: Cell, port: number): Promise<void> {
  const client = await QuicClient.start(createQuic({ crypto }, await optionsOf(cell)), { port, host: HOST });
  const alert = cell.way === 'other protocol' ? Alert.no_application_protocol : Alert.handshake_failure;
  try {
    await assert.rejects(client.established(), (error) => {
      assert.ok(error instanceof ClosedByServer, String(error));
      assert.equal(error.errorCode, CRYPTO_ERROR + alert);
      return true;
    });
  } finally {
    client.close(NO_ERROR);
  }
}

async function optionsOf({ way, group, suite }: Cell): Promise<ContextOptions> {
  const own = GROUPS[group];
  const { X25519MLKEM768 } = GROUPS;
  const groups = way === 'other group' ? [GROUPS['P-521']] : way === 'two datagrams' ? [X25519MLKEM768, own] : [own];
  const { chain, key } = await pki('client');
  return {
    trustAnchors: [(await pki(way === 'untrusted' ? 'otherRoot' : 'root')).certificate],
    cipherSuites: [suite],
    alpn: [way === 'other protocol' ? 'imaginary' : 'h3'],
    groups,
    keyShares: groups,
    ...(way === 'client certificate' && { credentials: [{ chain, key }] }),
  };
}
