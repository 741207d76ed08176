/**
 * What the native engine does in this process, as JSON; run by openssl-conf.test.ts under one configuration after the
 * other.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bioPair } from '@ferrule/bio';
import type { ContextOptions } from '@ferrule/contract';
import type { Identity } from '@ferrule/conformance/pki';
import { createNative } from '@ferrule/native';
import { decodeClientHello, ExtensionType, HandshakeType } from '@ferrule/pure/wire';
import { exchange } from '../src/hostile/exchange.ts';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';

export interface Effects {
  readonly supported: unknown;
  readonly hellos: readonly unknown[];
  readonly truncated: Readonly<Record<string, string | undefined>>;
  readonly legacyServer: string | undefined;
  readonly withoutAnchors: string | undefined;
  /** Bytes of certificates that the client sent although it has none. */
  readonly certificates: Readonly<Record<string, number>>;
  /** The length of a TLS 1.3 record that holds five bytes. */
  readonly recordOfFiveBytes: number;
}

const backend = createNative();
const directory = process.argv[2] ?? '';
const derOf = (file: string): Uint8Array[] =>
  [...readFileSync(join(directory, file), 'latin1').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g)].map(
    ([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')),
  );
const chain = derOf('chain.pem');
const identity = {
  chain,
  certificate: chain[0],
  privateKey: createPrivateKey(readFileSync(join(directory, 'key.pem'))),
} as unknown as Identity;
const trustAnchors = derOf('root.pem');

/** A ClientHello without what differs each time. */
function hello(options: ContextOptions): unknown {
  const ssl = backend.createContext(options).newConnection();
  const [engine, network] = bioPair();
  ssl.setBio(engine, engine);
  ssl.setHost('server.test');
  ssl.connect();
  const { cipherSuites, sessionId, extensions } = decodeClientHello(network.nread0().slice(9));
  return {
    cipherSuites,
    sessionId: sessionId.length,
    extensions: extensions.map(({ type, data }) => [
      type,
      type === ExtensionType.key_share ? data.length : Buffer.from(data).toString('hex'),
    ]),
  };
}

async function certificatesSent(server: Server12 | Server13, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<number> {
  let sent = -1;
  const script = function* (): Script {
    yield* server.clientHello();
    server.serverHello();
    if (server instanceof Server13) server.encryptedExtensions();
    if (server instanceof Server13) server.certificateRequest();
    server.certificate();
    if (server instanceof Server12) {
      server.serverKeyExchange();
      server.certificateRequest();
      server.serverHelloDone();
    } else {
      server.certificateVerify();
      server.finished();
    }
    const { body } = yield* server.message(HandshakeType.certificate);
    sent = body.length - (server instanceof Server13 ? 4 : 3);
  };
  await exchange(backend, { trustAnchors, maxVersion }, server, script());
  return sent;
}

async function record(): Promise<number> {
  const server = new Server13(identity);
  const ssl = backend.createContext({ trustAnchors }).newConnection();
  const [engine, network] = bioPair();
  ssl.setBio(engine, engine);
  ssl.setHost('server.test');
  const script = server.handshake();
  for (let i = 0; i < 10 && ssl.connect() !== 1; i++) {
    server.feed(network.nread0().slice());
    network.nread(network.nread0().length);
    script.next();
    network.write(server.takeOutput());
  }
  network.nread(network.nread0().length);
  ssl.write(new Uint8Array(5));
  return network.pending - 5;
}

const [server12, server13] = [new Server12(identity), new Server13(identity)];
const legacy = new Server12(identity);
const effects: Effects = {
  supported: [backend.supported, [...backend.features]],
  hellos: (
    [
      {},
      { maxVersion: 'TLSv1.2' },
      { minVersion: 'TLSv1.3' },
      { secureRenegotiation: 'allow', sessionTickets: false },
    ] as const
  ).map(hello),
  truncated: {
    'TLSv1.2': (await exchange(backend, { trustAnchors, maxVersion: 'TLSv1.2' }, server12, server12.handshake())).code,
    'TLSv1.3': (await exchange(backend, { trustAnchors }, server13, server13.handshake())).code,
  },
  legacyServer: (
    await exchange(
      backend,
      { trustAnchors, maxVersion: 'TLSv1.2' },
      legacy,
      (function* (): Script {
        yield* legacy.clientHello();
        legacy.serverHello({ without: [ExtensionType.renegotiation_info] });
        legacy.certificate();
        legacy.serverKeyExchange();
        legacy.serverHelloDone();
        yield* legacy.clientKeyExchange();
        yield* legacy.clientFinished();
        legacy.finish();
      })(),
    )
  ).code,
  withoutAnchors: await (async () => {
    const server = new Server13(identity);
    return (await exchange(backend, { trustAnchors: [] }, server, server.handshake())).code;
  })(),
  certificates: {
    'TLSv1.2': await certificatesSent(new Server12(identity), 'TLSv1.2'),
    'TLSv1.3': await certificatesSent(new Server13(identity), 'TLSv1.3'),
  },
  recordOfFiveBytes: await record(),
};
console.log(JSON.stringify(effects));
