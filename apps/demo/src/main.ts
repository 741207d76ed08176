/**
 * @module What `npm start` runs: an HTTPS server on loopback under a CA made on the spot, one page fetched from it
 * through each engine that this machine has, and three failures done well.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import pc from 'picocolors';
import { pki, type PkiName } from '@ferrule/conformance/pki';
import { chooseBackend, connect, type ConnectionInfo, TlsError, type TlsErrorCode } from 'ferrule';

type EngineName = 'native' | 'pure';

const PAGE = 'A ferrule is the ring that makes a tight joint on any pipe.\n';
let failures = 0;

const root = await pki('root');
const good = await serve('p256');
const wrong = await serve('wrongName');
const stranger = await serve('unknownRoot', (await pki('otherRoot')).certificatePem);
const plain = await listen(createHttpServer((_, response) => response.end(PAGE)));

console.log(pc.bold('\nferrule: one contract, two engines\n'));
console.log(
  `An HTTPS server listens at ${pc.cyan(`https://localhost:${good}/`)} under a CA that was made a moment ago.\n`,
);

const facts = new Map<EngineName, ConnectionInfo>();
for (const backend of ['native', 'pure'] as const) {
  try {
    facts.set(backend, await fetchPage(backend));
  } catch (error) {
    // An engine that cannot run here says why; one that can, must
    const absent = backend === 'native' && error instanceof TypeError && !(await runs(backend));
    console.log(`${absent ? pc.yellow('–') : pc.red('✗')} ${backend}: ${(error as Error).message}\n`);
    if (!absent) failures++;
  }
}
table(facts);

console.log(pc.bold('\nThree failures done well\n'));
for (const backend of facts.keys()) {
  console.log(pc.dim(`with the ${backend} engine`));
  await refuse(backend, 'a server whose certificate is for another name', wrong, 'CERT_NAME_MISMATCH');
  await refuse(backend, 'a server under a CA that nobody here trusts', stranger, 'CERT_UNTRUSTED_ROOT');
  await refuse(backend, 'a port that speaks plain HTTP', plain, 'HTTP_REQUEST');
}

if (facts.size === 0) failures++;
console.log(
  failures === 0
    ? pc.green('Everything went as it should.')
    : pc.red(`${failures} of these did not go as they should.`),
);
// The servers would keep the process
process.exit(failures === 0 ? 0 : 1);

async function fetchPage(backend: EngineName): Promise<ConnectionInfo> {
  const connection = await connect({
    host: 'localhost',
    port: good,
    ca: root.certificatePem,
    alpn: ['http/1.1'],
    backend,
  });
  await connection.write(
    new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: localhost:${good}\r\nConnection: close\r\n\r\n`),
  );
  let response = '';
  for await (const chunk of connection.readable.pipeThrough(
    new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>,
  ))
    response += chunk;
  await connection.close();
  if (!response.startsWith('HTTP/1.1 200 OK') || !response.includes(PAGE))
    throw new Error(`the page did not come as it should: ${response.slice(0, 80)}`);
  console.log(`${pc.green('✓')} ${pc.bold(backend)}: ${PAGE.trimEnd()}`);
  return connection.info;
}

async function refuse(backend: EngineName, what: string, port: number, expected: TlsErrorCode): Promise<void> {
  const error: unknown = await connect({ host: 'localhost', port, ca: root.certificatePem, backend }).then(
    (connection) => (connection.destroy(), new Error('it was accepted')),
    (reason: unknown) => reason,
  );
  if (!TlsError.is(error) || error.code !== expected) {
    failures++;
    console.log(`${pc.red('✗')} ${what}: ${String(error)}\n`);
    return;
  }
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['code', error.code],
    ['certificate', error.verify && `${error.verify.name} at depth ${error.verify.depth}`],
    [
      'alert',
      error.alert && `${error.alert.name}, ${error.alert.origin === 'local' ? 'sent by us' : 'from the server'}`,
    ],
    ['try', error.hint],
  ];
  console.log(`${pc.green('✓')} ${what}: ${error.message}`);
  for (const [label, value] of rows) if (value !== undefined) console.log(`    ${pc.dim(label.padEnd(12))} ${value}`);
  console.log();
}

/** The facts of all engines, side by side. */
function table(all: ReadonlyMap<EngineName, ConnectionInfo>): void {
  const rows: readonly (readonly [string, (info: ConnectionInfo) => string])[] = [
    ['engine', ({ engine }) => engine],
    ['protocol', ({ version }) => version],
    ['cipher suite', ({ cipherSuite }) => cipherSuite.name],
    ['group', ({ group }) => group?.name ?? '–'],
    ['signature', ({ signatureAlgorithm }) => signatureAlgorithm?.name ?? '–'],
    ['ALPN', ({ alpn }) => alpn ?? '–'],
    ['chain', ({ verifiedChain }) => `${verifiedChain?.length ?? 0} certificates, verified`],
    ['handshake', ({ timings }) => `${timings.handshake.toFixed(1)} ms`],
  ];
  const infos = [...all.values()];
  const widths = infos.map((info) => Math.max(...rows.map(([, value]) => value(info).length)));
  console.log();
  console.log(
    `  ${''.padEnd(13)} ${[...all.keys()].map((name, i) => pc.bold(name.padEnd((widths[i] ?? 0) + 2))).join(' ')}`,
  );
  for (const [label, value] of rows)
    console.log(
      `  ${pc.dim(label.padEnd(13))} ${infos.map((info, i) => value(info).padEnd((widths[i] ?? 0) + 2)).join(' ')}`,
    );
}

async function serve(name: PkiName, above = ''): Promise<number> {
  const { keyPem, chainPem } = await pki(name);
  return listen(createHttpsServer({ key: keyPem, cert: chainPem + above }, (_, response) => response.end(PAGE)));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return (server.address() as AddressInfo).port;
}

function runs(backend: EngineName): Promise<boolean> {
  return chooseBackend(backend).then(
    () => true,
    () => false,
  );
}
