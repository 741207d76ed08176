/** @module One engine in one scenario: everything that can be compared, and nothing that is random. */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { Client } from '@ferrule/conformance';
import { type Identity, makeCrl, makeOcspResponse, pki, toPem } from '@ferrule/conformance/pki';
import { TestServer, type TestServerOptions, type Wire } from '@ferrule/conformance/server';
import type { Backend, ContextOptions, SslContext, TlsSession } from '@ferrule/contract';
import { sslErrorName } from '@ferrule/result';
import type { Act, Scenario } from './scenario.ts';

/** Flat, so that a difference has a name. */
export type Trace = Readonly<Record<string, unknown>>;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

export async function run(backend: Backend, scenario: Scenario): Promise<Trace> {
  const sessions: TlsSession[] = [];
  const context = backend.createContext({
    ...(await clientOptions(scenario)),
    onSession: (session) => void sessions.push(session),
  });
  let server = await serverOf(scenario);
  try {
    const first = await connection(context, server, scenario, undefined);
    if (scenario.resume === undefined) return first;
    const [session] = sessions;
    if (session === undefined) return { ...first, resumption: 'no session came' };
    if (scenario.resume === 'forgotten') {
      server.close();
      server = await serverOf(scenario);
    }
    const again = await connection(context, server, scenario, context.sessionFromBytes(session.toBytes()) ?? session);
    return { ...first, ...Object.fromEntries(Object.entries(again).map(([key, value]) => [`again ${key}`, value])) };
  } finally {
    server.close();
    context.dispose();
  }
}

/** Offered where a scenario names none: whether an engine has ML-KEM by default depends on the Node that runs it. */
const CURVES = [0x001d, 0x0017, 0x0018, 0x0019];

async function clientOptions({
  client = {},
  credential,
  crl,
  pin,
  trust = 'root',
  identity,
}: Scenario): Promise<ContextOptions> {
  const intermediate = await pki('intermediate');
  const server = await pki(identity);
  const own = credential && (await pki(credential));
  return {
    trustAnchors: trust === 'none' || typeof client.verify === 'function' ? [] : [(await pki(trust)).certificate],
    groups: CURVES,
    ...client,
    ...(own && { credentials: [{ chain: own.chain, key: own.key }] }),
    ...(crl && {
      crls: [
        await makeCrl(
          intermediate,
          crl === 'revoking' ? [server] : [],
          crl === 'expired' ? { from: -9, until: -2 } : {},
        ),
      ],
    }),
    ...(pin && { pins: [sha256(pin === 'right' ? server.spki : (await pki('otherRoot')).spki)] }),
  };
}

async function serverOf({ identity, server = {} }: Scenario): Promise<TestServer> {
  const { trustClients, staple, chainPem, ...options } = server;
  const shown: Identity = await pki(identity);
  const made: TestServerOptions = {
    ...options,
    identity: shown,
    ...(chainPem !== undefined && { chainPem: toPem('CERTIFICATE', shown.certificate) }),
    ...(trustClients && { ca: [(await pki('root')).certificatePem] }),
    ...(staple && {
      ocspResponse: makeOcspResponse(
        shown,
        await pki('intermediate'),
        staple === 'expired' ? { from: -9, until: -2 } : { status: staple },
      ),
    }),
  };
  return TestServer.make(made);
}

async function connection(
  context: SslContext,
  server: TestServer,
  scenario: Scenario,
  session: TlsSession | undefined,
): Promise<Trace> {
  const wire = server.open();
  const { host, bioSize, acts = [] } = scenario;
  const client = await Client.make(context.backend, wire, {
    context,
    ...(host !== undefined && { host }),
    ...(bioSize !== undefined && { bioSize }),
  });
  const { ssl } = client;
  if (session !== undefined) ssl.setSession(session);
  const trace: Record<string, unknown> = {};
  const note = (name: string, ret: number): void => {
    trace[`${name} returns`] = ret > 0 ? 'positive' : ret;
    trace[`${name} errors`] = [...client.answers.map(sslErrorName), sslErrorName(ret > 0 ? 0 : ssl.getError(ret))];
    client.answers.length = 0;
  };
  const ret = await client.connect();
  note('connect', ret);
  if (ret > 0 && refusesLater(scenario)) note('read', await client.run(() => ssl.read(new Uint8Array(10))));
  else if (ret > 0) {
    const peer = await server.accepted();
    peer.on('error', () => undefined);
    for (const [index, act] of acts.entries()) {
      note(`${index} ${act.kind}`, await perform(act, client, peer, wire, trace, `${index} ${act.kind}`));
      if (ssl.failure !== undefined) break;
    }
    if (ssl.established && ssl.failure === undefined) secrets(client, peer, trace);
    peer.destroy();
  }
  await client.peer.flush(client.net);
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  facts(client, trace);
  trace['alert at the server'] = server.alerts.at(-1) ?? null;
  server.alerts.length = 0;
  ssl.dispose();
  return trace;
}

/** In TLS 1.3 a server that refuses our certificate says so when we are already connected (RFC 9846 appendix E.1.2). */
const refusesLater = ({ server, credential }: Scenario): boolean =>
  server?.requestCert === true &&
  server.rejectUnauthorized === true &&
  (credential === undefined || credential === 'unknownClient');

async function perform(
  act: Act,
  client: Client,
  peer: TLSSocket,
  wire: Wire,
  trace: Record<string, unknown>,
  name: string,
): Promise<number> {
  const { ssl } = client;
  switch (act.kind) {
    case 'keyUpdate': {
      const ret = await client.run(() => ssl.keyUpdate(act.requestPeer));
      return ret > 0 ? perform({ kind: 'echo', bytes: 50 }, client, peer, wire, trace, name) : ret;
    }
    case 'echo': {
      if (peer.listenerCount('data') === 0) peer.on('data', (chunk: Buffer) => void peer.write(chunk));
      return echo(client, act.bytes);
    }
    case 'tickets': {
      // An answer of the server brings its tickets with it.
      return perform({ kind: 'echo', bytes: 1 }, client, peer, wire, trace, name);
    }
    case 'shutdown': {
      peer.on('end', () => peer.end()).resume();
      const first = await client.run(() => ssl.shutdown());
      trace[`${name} first`] = first;
      return first === 0 ? client.run(() => ssl.shutdown()) : first;
    }
    case 'serverEnds':
      peer.end();
      return client.run(() => ssl.read(new Uint8Array(10)));
    case 'halfClose': {
      const first = await client.run(() => ssl.shutdown());
      trace[`${name} first`] = first;
      peer.removeAllListeners('data');
      peer.resume();
      peer.end('last words');
      const got = await client.receiveText(10);
      trace[`${name} received`] = got;
      return client.run(() => ssl.read(new Uint8Array(10)));
    }
    case 'cut':
      wire.cut();
      return client.run(() => ssl.read(new Uint8Array(10)));
  }
}

/** Sends and reads at once; 1 when all came back as it was. */
async function echo(client: Client, bytes: number): Promise<number> {
  const data = new Uint8Array(bytes).map((_, index) => index * 31 + (index >> 8));
  const back = new Uint8Array(bytes);
  let sent = 0;
  let got = 0;
  while (got < bytes) {
    if (sent < bytes && sent - got < 65_536) {
      const ret = await client.run(() => client.ssl.write(data.subarray(sent)));
      if (ret <= 0) return ret;
      sent += ret;
      continue;
    }
    const ret = await client.run(() => client.ssl.read(back.subarray(got)));
    if (ret <= 0) return ret;
    got += ret;
  }
  if (Buffer.compare(data, back) !== 0) throw new Error('the echo differs from what was sent');
  return 1;
}

function secrets({ ssl }: Client, peer: TLSSocket, trace: Record<string, unknown>): void {
  const same = (ours: Uint8Array | undefined, theirs: Uint8Array): boolean =>
    ours !== undefined && Buffer.from(theirs).equals(ours);
  trace['exporter agrees'] = same(
    ssl.exportKeyingMaterial('EXPERIMENTAL ferrule', Buffer.from('context'), 40),
    peer.exportKeyingMaterial(40, 'EXPERIMENTAL ferrule', Buffer.from('context')),
  );
  const exporter = ssl.channelBinding('tls-exporter');
  trace['tls-exporter'] =
    exporter === undefined
      ? 'none'
      : same(exporter, peer.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)));
  trace['tls-server-end-point'] = hex(ssl.channelBinding('tls-server-end-point'));
}

/**
 * What is known of a handshake that failed depends on how far it came, and engines look in another order: only the
 * verdict counts.
 */
function facts({ ssl }: Client, trace: Record<string, unknown>): void {
  const { failure } = ssl;
  Object.assign(trace, {
    established: ssl.established,
    'verify result': ssl.verifyResult,
    'shutdown state': ssl.shutdownState,
    'failure code': failure?.error.code,
    'failure return': failure && `${failure.ret}/${sslErrorName(failure.code)}`,
    alert: failure?.error.alert && `${failure.error.alert.origin} ${failure.error.alert.name}`,
    'verify code': failure?.error.verify?.code,
    'verify depth': failure?.error.verify?.depth,
  });
  if (!ssl.established) return;
  Object.assign(trace, {
    version: ssl.version,
    'cipher suite': ssl.cipherSuite,
    group: ssl.group,
    'signature algorithm': ssl.peerSignatureAlgorithm,
    alpn: ssl.alpn,
    HelloRetryRequest: ssl.helloRetryRequested,
    'extended master secret': ssl.extendedMasterSecret,
    'peer certificates': ssl.peerCertificates.map((der) => hex(sha256(der))),
    'verified chain': ssl.verifiedChain?.map((der) => hex(sha256(der))),
    'OCSP response': ssl.ocspResponse !== undefined,
    resumed: ssl.sessionReused,
    'early data': ssl.earlyData,
  });
}

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');
