/**
 * A TLS handshake in memory: both ends of a BIO pair in one file.
 *
 *     ssl.connect()  ⇄  internal ═══ network  ⇄  a TLS server of Node
 *
 * The client never waits. Each call does what it can with the bytes that are there and says why it stopped: that is
 * SSL_connect(3) over a non-blocking BIO. Whoever holds the other end, here the loop below, moves bytes and calls
 * again. The pair is small on purpose, so that the client also has to say that it has no room to write.
 *
 * Run it from the root: node --conditions=@ferrule/source --import tsx examples/memory-handshake.ts
 */
import { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { SslErrorCode, sslErrorName } from '@ferrule/result';

const [internal, network] = bioPair(240);

// ── The far end: a server that knows nothing of BIOs, behind a stream that we fill and empty ourselves ──
let fromServer = new Uint8Array(0);
let serverSpoke = (): void => undefined;
const wire = new Duplex({
  read() {},
  write(chunk: Uint8Array, _encoding, done) {
    fromServer = new Uint8Array([...fromServer, ...chunk]);
    serverSpoke();
    done();
  },
});
const identity = await pki('p256');
const server = createServer({ key: identity.keyPem, cert: identity.chainPem });
server.on('secureConnection', (socket: TLSSocket) =>
  socket.on('data', (data: Buffer) => socket.end(`you said: ${data.toString()}`)),
);
server.emit('connection', wire);

// ── The near end ──
const RECORDS: Readonly<Record<number, string>> = { 20: 'change_cipher_spec', 21: 'alert' };
const MESSAGES: Readonly<Record<number, string>> = {
  1: 'ClientHello',
  2: 'ServerHello',
  4: 'NewSessionTicket',
  8: 'EncryptedExtensions',
  11: 'Certificate',
  15: 'CertificateVerify',
  20: 'Finished',
};

const context = createPure({ crypto: nodeCrypto }).createContext({
  trustAnchors: [(await pki('root')).certificate],
  alpn: ['example'],
  onMessage: ({ direction, contentType, bytes }) => {
    const what = contentType === 22 ? (MESSAGES[bytes[0] ?? 0] ?? 'handshake') : (RECORDS[contentType] ?? 'record');
    console.log(`      ${direction === 'sent' ? '──▶' : '◀──'} ${what}, ${bytes.length} bytes`);
  },
});
const ssl = context.newConnection();
ssl.setBio(internal, internal);
ssl.setHost('server.test');

await run('connect', () => ssl.connect());
console.log(
  `\n${ssl.version}, suite 0x${ssl.cipherSuite?.toString(16)}, group ${ssl.group}, ${ssl.verifiedChain?.length} certificates verified\n`,
);

await run('write', () => ssl.write(new TextEncoder().encode('hello')));
const into = new Uint8Array(256);
const count = await run('read', () => ssl.read(into));
console.log(`\n"${new TextDecoder().decode(into.subarray(0, count))}"\n`);

await run('read', () => ssl.read(into));
await run('shutdown', () => ssl.shutdown());
ssl.dispose();
server.close();

/** One operation until it is done: what every driver of a non-blocking SSL does, with a word at each step. */
async function run(name: string, operation: () => number): Promise<number> {
  for (;;) {
    const ret = operation();
    const why = ssl.getError(ret);
    const done = ret > 0 || (why !== SslErrorCode.wantRead && why !== SslErrorCode.wantWrite);
    console.log(`${name}() = ${ret}   ${done ? '' : `${sslErrorName(why)} `}at "${ssl.state}"`);

    // Send before anything is received: the other side may be waiting for it.
    const sent = network.pending > 0;
    if (sent) {
      wire.push(network.nread0().slice());
      network.nread(network.pending);
      console.log('      the server gets what the BIO held');
    }
    if (done) return ret;
    if (why === SslErrorCode.wantRead) await receive();
  }
}

/** Puts what the server has said into the pair, as much as there is room for. */
async function receive(): Promise<void> {
  if (fromServer.length === 0) await new Promise<void>((resolve) => (serverSpoke = resolve));
  const taken = network.write(fromServer);
  fromServer = fromServer.slice(taken);
  console.log(`      ${taken} bytes from the server, ${fromServer.length} do not fit yet`);
}
