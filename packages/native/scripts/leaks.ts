/**
 * One connection of each kind, then the end: run under LeakSanitizer by asan.mjs. What is alive at the end and
 * reachable from nowhere is reported.
 */
import type { ContextOptions, TlsSession } from '@ferrule/contract';
import { Client, type ClientOptions, suite, trusting } from '@ferrule/conformance';
import { makeCrl, makeOcspResponse, pki } from '@ferrule/conformance/pki';
import { echo, TestServer, type TestServerOptions } from '@ferrule/conformance/server';
import { createNative } from '@ferrule/native';

const backend = createNative();

async function once(
  options: ContextOptions = {},
  serverOptions: TestServerOptions = {},
  clientOptions: ClientOptions = {},
): Promise<void> {
  const server = await TestServer.make(serverOptions);
  const context = backend.createContext(await trusting(options));
  const client = await Client.make(backend, server.open(), { context, ...clientOptions });
  if ((await client.connect()) === 1) {
    echo(await server.accepted());
    await client.echo('there and back');
    void [
      client.ssl.peerCertificates,
      client.ssl.verifiedChain,
      client.ssl.channelBinding('tls-server-end-point'),
      client.ssl.ocspResponse,
    ];
    client.ssl.exportKeyingMaterial('EXPORTER-x', undefined, 32);
    client.ssl.shutdown();
  }
  client.ssl.dispose();
  context.dispose();
  server.close();
}

const leaf = await pki('p256');
const root = await pki('root');
const { chain, key } = await pki('client');
const sessions: TlsSession[] = [];

await once();
await once({ maxVersion: 'TLSv1.2' });
await once(
  {
    onKeylog: () => undefined,
    onMessage: () => undefined,
    onSession: (session) => sessions.push(session),
    alpn: ['h2'],
  },
  { ALPNProtocols: ['h2'] },
);
for (const name of ['expired', 'selfSigned', 'wrongName'] as const) await once({}, { identity: await pki(name) });
for (const answer of [true, false]) {
  await once({ verify: () => answer });
  await once({ verify: () => Promise.resolve(answer) });
}
for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  await once({ credentials: [{ chain, key }], maxVersion }, { requestCert: true, ca: root.certificatePem });
  await once(
    { onCertificateRequest: () => Promise.resolve({ chain, key }), maxVersion },
    { requestCert: true, ca: root.certificatePem },
  );
}
await once({ crls: [await makeCrl(await pki('intermediate'), [])] });
await once({ ocsp: 'require' }, { ocspResponse: makeOcspResponse(leaf, await pki('intermediate')) });
await once({ pins: [new Uint8Array(32)] });
backend.createContext().newConnection(); // Left to the garbage collector
// Each extension and list that the addon decodes, good and bad.
for (const { title, checks } of suite)
  if (/RFC 5280|CRLs|OCSP|stapled|anchors|in great number/.test(title))
    for (const check of checks) await check.run(backend);
console.log(`leaks: one of each kind done, ${sessions.length} sessions`);
