/**
 * @module After close(), a process holds nothing of its connections' secrets. The server, which is this process, knows
 * them all; the client is a child, whose memory is searched for them: as long as a connection is open, when it runs no
 * more, and with a copy planted, which shows that the search finds what is there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as dial, createServer as createProxy, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer, type Server } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import type { TlsVersion } from '@ferrule/contract';
import { searchMemory } from './search.ts';
import { piecesOf } from './secrets.ts';

/** Whose connections are searched for: the pure engine by its provider, the native one, and node:tls beside it. */
export type MemoryTarget = 'node' | 'noble' | 'tuned' | 'webcrypto' | 'native' | 'node:tls';

export interface MemoryReport {
  /** How many secrets were searched for. */
  readonly known: number;
  /** Names of those that were found, with their copies: while two connections were open, and when none was. */
  readonly whileOpen: ReadonlyMap<string, number>;
  readonly afterwards: ReadonlyMap<string, number>;
  /** Copies of the planted bytes that were found, before they were planted and then. */
  readonly planted: readonly [before: number, after: number];
}

/** Runs one child. @throws Error when it cannot be started, or ends too early. */
export async function searchClient(target: MemoryTarget): Promise<MemoryReport> {
  const [identity, root] = await Promise.all([pki('p256'), pki('root')]);
  const [server13, server12] = await Promise.all([
    watchedServer(identity, 'TLSv1.3'),
    watchedServer(identity, 'TLSv1.2'),
  ]);
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--conditions=@ferrule/source',
      '--import',
      'tsx',
      fileURLToPath(new URL('child.ts', import.meta.url)),
      target,
      String(server13.port),
      String(server12.port),
      String(0xc02b),
      Buffer.from(root.certificate).toString('base64'),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    const { pid, lines } = listenTo(child);
    const plant = randomBytes(32);
    const planted = new Map<string, Uint8Array>([['planted', plant]]);
    await expectLine(lines, 'open');
    const known = new Map([...piecesOf(server13.keylog, new Map()), ...piecesOf(server12.keylog, server12.randoms)]);
    const whileOpen = searchMemory(pid, known);
    child.stdin?.write(`${plant.toString('base64')}\n`);
    await expectLine(lines, 'closed');
    const afterwards = searchMemory(pid, new Map([...known, ...planted]));
    const before = afterwards.get('planted') ?? 0;
    afterwards.delete('planted');
    child.stdin?.write('\n');
    await expectLine(lines, 'planted');
    const after = searchMemory(pid, planted).get('planted') ?? 0;
    child.stdin?.write('\n');
    await expectLine(lines, '2');
    return { known: known.size, whileOpen, afterwards, planted: [before, after] };
  } finally {
    child.kill();
    server13.close();
    server12.close();
  }
}

interface Watched {
  readonly port: number;
  readonly keylog: string[];
  readonly randoms: ReadonlyMap<string, Uint8Array>;
  close(): void;
}

/** An echoing server, behind a relay that reads both randoms off the wire. */
async function watchedServer(
  { keyPem, chainPem }: { readonly keyPem: string; readonly chainPem: string },
  version: TlsVersion,
): Promise<Watched> {
  const keylog: string[] = [];
  const randoms = new Map<string, Uint8Array>();
  const server: Server = createServer(
    { key: keyPem, cert: chainPem, minVersion: version, maxVersion: version },
    (socket) => {
      socket.on('error', () => undefined).on('data', (data: Buffer) => socket.write(data));
    },
  );
  server.on('keylog', (line: Buffer) => keylog.push(line.toString('latin1')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay = createProxy((client) => {
    const upstream = dial((server.address() as AddressInfo).port, '127.0.0.1');
    let clientRandom = '';
    // Record header, message header and version go before it; each hello is the first that its side says.
    client.once('data', (hello: Buffer) => (clientRandom = hello.subarray(11, 43).toString('hex')));
    upstream.once('data', (hello: Buffer) => randoms.set(clientRandom, hello.subarray(11, 43)));
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    keylog,
    randoms,
    close() {
      relay.close();
      server.close();
    },
  };
}

type Lines = AsyncIterator<string>;

function listenTo(child: ChildProcess): { readonly pid: number; readonly lines: Lines } {
  const { pid, stdout } = child;
  if (pid === undefined || stdout === null) throw new Error('the child did not start');
  return { pid, lines: createInterface({ input: stdout })[Symbol.asyncIterator]() };
}

async function expectLine(lines: Lines, expected: string): Promise<void> {
  const line = await lines.next();
  if (line.done === true) throw new Error(`the child ended before it said "${expected}"`);
  if (line.value !== expected) throw new Error(`the child said "${line.value}", not "${expected}"`);
}
