/**
 * @module The process that is searched: connections of one engine to the ports that it is given. It keeps no key log
 * and learns no secret but those of its own connections. On each line of stdin it goes one step on, and says on stdout
 * where it is.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as dialTls } from 'node:tls';
import { bioPair, type Bio } from '@ferrule/bio';
import type { Backend, Ssl, TlsVersion } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { createPure } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { tunedCrypto } from '@ferrule/pure/crypto/tuned';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';

const [name = '', port13 = '', port12 = '', suite = '', root = ''] = process.argv.slice(2);
const trustAnchors = [Buffer.from(root, 'base64')];
const PORTS: Record<TlsVersion, number> = { 'TLSv1.3': Number(port13), 'TLSv1.2': Number(port12) };
const CONNECTIONS = 3;

/** One connection of some client: it has been used, and is to be closed. */
interface Used {
  close(): void;
}

async function backendOf(): Promise<Backend> {
  switch (name) {
    case 'node':
      return createPure({ crypto: nodeCrypto });
    case 'noble':
      return createPure({ crypto: nobleCrypto });
    case 'tuned':
      return createPure({ crypto: tunedCrypto });
    case 'webcrypto':
      return createPure({ crypto: await createWebCrypto() });
    default: {
      const { loadNative } = await import('@ferrule/native');
      const loaded = loadNative();
      if (!loaded.ok) throw new Error(loaded.reason);
      return loaded.backend;
    }
  }
}

/** The last step: everything unreachable is collected, and what collection gives back is collected too. */
async function collect(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const steps = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const told = async (): Promise<string> => String((await steps.next()).value ?? '');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const open = name === 'node:tls' ? openNodeTls : await opening();
const kept: Used[] = [];
for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
  for (let i = 0; i < CONNECTIONS; i++) {
    const used = await open(version);
    // The last one of each version stays open: what a connection needs must be found as long as it is.
    if (i === CONNECTIONS - 1) kept.push(used);
    else used.close();
  }
}
say('open');
const planted = await told();
for (const used of kept.splice(0)) used.close();
await collect();
say('closed');
await told();
// A copy where V8 keeps small arrays, and one where it keeps ArrayBuffers: the search must find both.
const copies = [Uint8Array.from(Buffer.from(planted, 'base64')), new Uint8Array(new ArrayBuffer(32))];
copies[1]?.set(copies[0] ?? []);
await collect();
say('planted');
await told();
say(String(copies.length));
process.exit(0);

async function opening(): Promise<(version: TlsVersion) => Promise<Used>> {
  const backend = await backendOf();
  return (version) => openSsl(backend, version);
}

async function openSsl(backend: Backend, version: TlsVersion): Promise<Used> {
  const context = backend.createContext({
    trustAnchors,
    minVersion: version,
    maxVersion: version,
    cipherSuites: [version === 'TLSv1.3' ? 0x1301 : Number(suite)],
    onSession: () => undefined,
  });
  const ssl = context.newConnection();
  const socket = dial(PORTS[version], '127.0.0.1');
  await once(socket, 'connect');
  const [bio, net] = bioPair();
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  await done(ssl, socket, net, () => ssl.connect());
  const message = new Uint8Array(1000).fill(120);
  await done(ssl, socket, net, () => ssl.write(message));
  await done(ssl, socket, net, () => ssl.read(new Uint8Array(1000)));
  if (version === 'TLSv1.3') {
    await done(ssl, socket, net, () => ssl.keyUpdate(true));
    await done(ssl, socket, net, () => ssl.write(message));
    await done(ssl, socket, net, () => ssl.read(new Uint8Array(1000)));
  }
  ssl.exportKeyingMaterial('EXPERIMENTAL label', undefined, 32);
  return {
    close() {
      ssl.shutdown();
      ssl.dispose();
      context.dispose();
      socket.destroy();
    },
  };
}

/** The same with node:tls, but for KeyUpdate, which it cannot be told to send. */
async function openNodeTls(version: TlsVersion): Promise<Used> {
  const socket = dialTls({
    host: '127.0.0.1',
    port: PORTS[version],
    servername: 'server.test',
    ca: new X509Certificate(trustAnchors[0] ?? '').toString(),
    minVersion: version,
    maxVersion: version,
    ciphers: version === 'TLSv1.3' ? 'TLS_AES_128_GCM_SHA256' : 'ECDHE-ECDSA-AES128-GCM-SHA256',
  });
  await once(socket, 'secureConnect');
  socket.write(new Uint8Array(1000).fill(120));
  await once(socket, 'data');
  socket.exportKeyingMaterial(32, 'EXPERIMENTAL label', Buffer.alloc(0));
  return { close: () => void socket.destroy() };
}

/** An operation to its end, over the socket. */
async function done(ssl: Ssl, socket: Socket, net: Bio, operation: () => number): Promise<void> {
  for (;;) {
    const ret = operation();
    // What V8 keeps on its heap it copies now.
    globalThis.gc?.({ type: 'minor' } as unknown as boolean);
    while (net.pending > 0) {
      const view = net.nread0();
      socket.write(view.slice());
      net.nread(view.length);
    }
    if (ret > 0) return;
    const why = ssl.getError(ret);
    if (ssl.failure !== undefined) throw ssl.failure.error;
    if (why === SslErrorCode.wantRead) {
      let chunk: Buffer | null;
      while ((chunk = socket.read() as Buffer | null) === null) await once(socket, 'readable');
      net.write(chunk);
    } else if (why !== SslErrorCode.wantWrite) await ssl.asyncReady;
  }
}
