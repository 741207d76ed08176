/**
 * @module Every kind of broken server, on loopback. As a script it makes them all and waits: point `ferrule inspect` at
 * them.
 *
 *     node --conditions=@ferrule/source --import tsx test/broken-servers.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { issue, LEAF_NAMES, makeOcspResponse, pki, type PkiName } from '@ferrule/conformance/pki';
import { httpProxy, socksProxy, TestServer, type TestServerOptions } from '@ferrule/conformance/server';

export interface Running {
  readonly port: number;
  /** What the command has to be told of it. */
  readonly args?: readonly string[];
  close(): void;
}

export interface BrokenServer {
  readonly title: string;
  start(): Promise<Running>;
  /** What the command has to be told for the server to be broken in its way. */
  readonly args?: readonly string[];
  /** What it must say. */
  readonly code: string;
  readonly exit: number;
  readonly hint: RegExp;
}

export const BROKEN_SERVERS: readonly BrokenServer[] = [
  // ── No TLS ──
  { title: 'HTTP on a TLS port', start: http, code: 'HTTP_REQUEST', exit: 4, hint: /http:\/\// },
  {
    title: 'a STARTTLS banner on a TLS port',
    start: () => tcp((socket) => void socket.write('220 mail.test ESMTP\r\n')),
    code: 'PLAINTEXT_PEER',
    exit: 4,
    hint: /--starttls smtp/,
  },
  {
    title: 'another protocol on a TLS port',
    start: () => tcp((socket) => void socket.write(Buffer.from('0000000fff0102030405060708', 'hex'))),
    code: 'WRONG_VERSION_NUMBER',
    exit: 4,
    hint: /another protocol/,
  },
  {
    title: 'a silent port',
    start: () => tcp((socket) => void socket.resume()),
    args: ['--timeout', '2'],
    code: 'TIMEOUT',
    exit: 124,
    hint: /may speak another protocol/,
  },
  {
    title: 'a server that falls silent after its ServerHello',
    start: silentAfterHello,
    args: ['--timeout', '2'],
    code: 'TIMEOUT',
    exit: 124,
    hint: /MTU/,
  },
  { title: 'a port where nothing listens', start: nobody, code: 'TRANSPORT_ERROR', exit: 13, hint: /Nothing listens/ },
  {
    title: 'a server that hangs up at once',
    start: () => tcp((socket) => void socket.resume().end()),
    code: 'UNEXPECTED_EOF',
    exit: 4,
    hint: /may not speak TLS/,
  },
  {
    title: 'a server that resets',
    start: () => tcp((socket) => void socket.once('data', () => socket.resetAndDestroy())),
    code: 'TRANSPORT_ERROR',
    exit: 13,
    hint: /reset the connection/,
  },
  // ── On the way ──
  {
    title: 'a proxy that is not there',
    start: via('http', nobody),
    code: 'PROXY_UNREACHABLE',
    exit: 11,
    hint: /Nothing listens/,
  },
  {
    title: 'a proxy that refuses',
    start: via('http', () => httpProxy(() => ({ refusal: 403 }))),
    code: 'PROXY_REFUSED',
    exit: 11,
    hint: /may not allow/,
  },
  {
    title: 'a proxy that wants credentials',
    start: via('http', () => httpProxy(() => ({ refusal: 407 }))),
    code: 'PROXY_AUTHENTICATION_REQUIRED',
    exit: 11,
    hint: /user:password/,
  },
  {
    title: 'a proxy that does not reach the server',
    start: via('http', () => httpProxy(() => ({ refusal: 502 }))),
    code: 'TRANSPORT_ERROR',
    exit: 13,
    hint: /another DNS/,
  },
  {
    title: 'a proxy that hangs up',
    start: via('http', () => tcp((socket) => void socket.resume().end())),
    code: 'PROXY_CLOSED',
    exit: 11,
    hint: /its log/,
  },
  {
    title: 'a proxy that says nothing',
    start: via('http', () => tcp((socket) => void socket.resume())),
    args: ['--timeout', '2'],
    code: 'TIMEOUT',
    exit: 124,
    hint: /does not answer/,
  },
  {
    title: 'a SOCKS proxy that refuses',
    start: via('socks5', () => socksProxy(() => ({ refusal: 2 }))),
    code: 'PROXY_REFUSED',
    exit: 11,
    hint: /may not allow/,
  },
  {
    title: 'a SOCKS proxy that does not take the password',
    start: via('socks5', () => socksProxy(() => 0, { username: 'me', password: 'right' }), 'me:wrong@'),
    code: 'PROXY_AUTHENTICATION_REQUIRED',
    exit: 11,
    hint: /user:password/,
  },
  {
    title: 'a SOCKS proxy that does not reach the server',
    start: via('socks5', () => socksProxy(() => ({ refusal: 5 }))),
    code: 'TRANSPORT_ERROR',
    exit: 13,
    hint: /another DNS/,
  },
  {
    title: 'an HTTP proxy where SOCKS is meant',
    start: via('socks5', () => httpProxy(() => 0)),
    code: 'PROXY_MALFORMED',
    exit: 11,
    hint: /scheme and port/,
  },
  {
    title: 'a relay that opens no WebSocket',
    start: via('ws', () => http()),
    code: 'PROXY_REFUSED',
    exit: 11,
    hint: /may not allow/,
  },
  {
    title: 'a command that is not installed',
    start: exec('no-such-command {host} {port}'),
    code: 'PROXY_UNREACHABLE',
    exit: 11,
    hint: /PATH/,
  },
  { title: 'a command that fails', start: exec('false'), code: 'PROXY_CLOSED', exit: 11, hint: /stderr/ },
  // ── STARTTLS ──
  {
    title: 'no STARTTLS offered',
    start: () => tcp(smtp('250 mail.test')),
    args: ['--starttls', 'smtp'],
    code: 'STARTTLS_NOT_OFFERED',
    exit: 3,
    hint: /implicit-TLS port/,
  },
  {
    title: 'a port that is silent where STARTTLS is expected',
    start: () => tcp((socket) => void socket.resume()),
    args: ['--starttls', 'smtp', '--timeout', '2'],
    code: 'TIMEOUT',
    exit: 124,
    hint: /--starttls none/,
  },
  {
    title: 'STARTTLS refused',
    start: () => tcp(smtp('250-mail.test\r\n250 STARTTLS', '454 no certificate')),
    args: ['--starttls', 'smtp'],
    code: 'STARTTLS_REFUSED',
    exit: 3,
    hint: /server's reply/,
  },
  {
    title: 'commands injected after the go-ahead',
    start: () => tcp(smtp('250-mail.test\r\n250 STARTTLS', '220 go\r\n250 injected')),
    args: ['--starttls', 'smtp'],
    code: 'STARTTLS_INJECTION',
    exit: 3,
    hint: /do not trust this network/,
  },
  // ── The certificate ──
  {
    title: 'a wrong name',
    start: identity('wrongName'),
    code: 'CERT_NAME_MISMATCH',
    exit: 6,
    hint: /one of its names/,
  },
  {
    title: 'a missing intermediate',
    start: missingIntermediate,
    code: 'CERT_MISSING_INTERMEDIATE',
    exit: 5,
    hint: /fullchain\.pem/,
  },
  { title: 'an expired leaf', start: identity('expired'), code: 'CERT_EXPIRED', exit: 7, hint: /renewed/ },
  {
    title: 'an expired intermediate',
    start: identity('underExpiredIntermediate'),
    code: 'CERT_EXPIRED',
    exit: 7,
    hint: /certificate of a CA/,
  },
  {
    title: 'a leaf that is not valid yet',
    start: identity('notYetValid'),
    code: 'CERT_NOT_YET_VALID',
    exit: 7,
    hint: /clock of this machine/,
  },
  {
    title: 'a self-signed certificate',
    start: identity('selfSigned'),
    code: 'CERT_SELF_SIGNED',
    exit: 5,
    hint: /If it is yours/,
  },
  { title: 'an unknown root', start: unknownRoot, code: 'CERT_UNTRUSTED_ROOT', exit: 5, hint: /If you trust this CA/ },
  {
    title: 'an issuer that is not a CA',
    start: identity('underFalseCa'),
    code: 'CERT_INVALID',
    exit: 5,
    hint: /install a correct certificate/,
  },
  {
    title: 'a certificate for clients',
    start: identity('clientPurpose'),
    code: 'CERT_PURPOSE',
    exit: 5,
    hint: /install a correct certificate/,
  },
  {
    title: 'a weak key',
    start: identity('rsa-1024'),
    code: 'CERT_WEAK_KEY',
    exit: 5,
    hint: /install a correct certificate/,
  },
  {
    title: 'a certificate that its own staple calls revoked',
    start: revoked,
    code: 'CERT_REVOKED',
    exit: 5,
    hint: /must get a new certificate/,
  },
  {
    title: 'another key than the pinned one',
    start: tls({}),
    args: ['--pin', Buffer.alloc(32).toString('base64')],
    code: 'CERT_PIN_MISMATCH',
    exit: 9,
    hint: /update the pins/,
  },
  // ── The handshake ──
  {
    title: 'a client certificate demanded, TLS 1.2',
    start: tls({ requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }),
    code: 'PEER_ALERT',
    exit: 4,
    hint: /--cert, --key/,
  },
  {
    title: 'a client certificate demanded, TLS 1.3',
    start: tls({ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }),
    code: 'PEER_ALERT',
    exit: 4,
    hint: /--cert, --key/,
  },
  {
    title: 'TLS 1.1 at most',
    start: tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    code: 'PEER_ALERT',
    exit: 10,
    hint: /should be upgraded/,
  },
  {
    title: 'TLS 1.2 at most, where 1.3 is asked for',
    start: tls({ maxVersion: 'TLSv1.2' }),
    args: ['--min-version', '1.3'],
    code: 'PEER_ALERT',
    exit: 10,
    hint: /too narrow \(--min-version/,
  },
  {
    title: 'only suites that are broken',
    start: tls({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }),
    code: 'PEER_ALERT',
    exit: 4,
    hint: /considered broken/,
  },
  {
    title: 'no common group',
    start: tls({ ecdhCurve: 'P-521', minVersion: 'TLSv1.3' }),
    args: ['--groups', 'x25519'],
    code: 'PEER_ALERT',
    exit: 4,
    hint: /considered broken/,
  },
  {
    title: 'no common application protocol',
    start: tls({ ALPNProtocols: ['h2'] }),
    args: ['--alpn', 'http/1.1'],
    code: 'PEER_ALERT',
    exit: 10,
    hint: /--alpn/,
  },
  {
    title: 'a server that hangs up after the handshake',
    start: truncating,
    args: ['--wait', '5'],
    code: 'UNEXPECTED_EOF',
    exit: 4,
    hint: /client certificate or another name/,
  },
];

async function tcp(serve: (socket: Socket) => void): Promise<Running> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  return {
    port: await portOf(server),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Forwards the first record of the server, and nothing after it. */
async function silentAfterHello(): Promise<Running> {
  const server = await TestServer.make({});
  const port = await server.listen();
  const front = await tcp((socket) => {
    const onward = connect(port, '127.0.0.1').on('error', () => {});
    socket.on('close', () => onward.destroy()).pipe(onward);
    onward.once('data', (flight: Buffer) => {
      socket.write(flight.subarray(0, 5 + flight.readUInt16BE(3)));
      onward.resume();
    });
  });
  return {
    port: front.port,
    close() {
      front.close();
      server.close();
    },
  };
}

/** A server behind what is broken on the way to it. */
function via(scheme: string, start: () => Promise<{ readonly port: number; close(): void }>, credentials: string = '') {
  return async (): Promise<Running> => {
    const { port, close } = await start();
    return { port: 443, args: ['--via', `${scheme}://${credentials}127.0.0.1:${port}`], close };
  };
}

function exec(command: string) {
  return (): Promise<Running> => Promise.resolve({ port: 443, args: ['--via', `exec:${command}`], close: () => {} });
}

async function http(): Promise<Running> {
  const server = createHttp((_request, response) => response.end());
  return { port: await portOf(server), close: () => void server.close() };
}

async function nobody(): Promise<Running> {
  const { port, close } = await tcp(() => {});
  close();
  return { port, close: () => {} };
}

/** Greets, answers EHLO with `offer` and STARTTLS with `answer`. */
const smtp =
  (offer: string, answer: string = '220 go') =>
  (socket: Socket): void => {
    socket.write('220 mail.test ESMTP\r\n');
    socket.on('data', (line: Buffer) => void socket.write(`${/^EHLO/i.test(line.toString()) ? offer : answer}\r\n`));
  };

function tls(options: TestServerOptions) {
  return async (): Promise<Running> => {
    const server = await TestServer.make(options);
    return { port: await server.listen(), close: () => server.close() };
  };
}

function identity(name: PkiName) {
  return async (): Promise<Running> => tls({ identity: await pki(name) })();
}

async function missingIntermediate(): Promise<Running> {
  const { certificatePem } = await pki('p256');
  return tls({ chainPem: certificatePem })();
}

/** Sends its root, as many who made their own CA do. */
async function unknownRoot(): Promise<Running> {
  const root = await pki('otherRoot');
  const leaf = await issue(root, { names: LEAF_NAMES });
  return tls({ identity: leaf, chainPem: leaf.certificatePem + root.certificatePem })();
}

async function revoked(): Promise<Running> {
  const leaf = await pki('revoked');
  return tls({
    identity: leaf,
    ocspResponse: makeOcspResponse(leaf, await pki('intermediate'), { status: 'revoked' }),
  })();
}

/** Cuts each connection by itself: others may still be shaking hands. */
async function truncating(): Promise<Running> {
  const { keyPem, chainPem } = await pki('p256');
  const sockets = new Map<number | undefined, Socket>();
  const server = createTlsServer({ key: keyPem, cert: chainPem }, (secure) => {
    secure.on('error', () => {});
    sockets.get(secure.remotePort)?.destroy();
  });
  server.on(
    'connection',
    (socket: Socket) =>
      void sockets.set(
        socket.remotePort,
        socket.on('error', () => {}),
      ),
  );
  return { port: await portOf(server), close: () => void server.close() };
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-broken-'));
  const ca = join(folder, 'root.pem');
  writeFileSync(ca, (await pki('root')).certificatePem);
  for (const { title, start, args = [] } of BROKEN_SERVERS) {
    const { port, args: its = [] } = await start();
    console.log(
      `# ${title}\nferrule inspect localhost:${port} ${['--ca', ca, ...args, ...its].map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')}`,
    );
  }
  process.once('SIGINT', () => {
    rmSync(folder, { recursive: true });
    process.exit();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
