/** @module A worker that does one operation over and over, until it is terminated. */
import { createPrivateKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { type Bio, bioPair } from '@ferrule/bio';
import type { Identity } from '@ferrule/conformance/pki';
import type { ContextOptions, Ssl } from '@ferrule/contract';
import { createNative, credentialFromDer, credentialFromPkcs12 } from '@ferrule/native';
import { TlsError } from '@ferrule/result';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server13 } from '@ferrule/wrong-servers/server13';
import { OPERATION_NAMES, type OperationName, type WorkerData } from './names.ts';

const { operation, seed, root, chain, key, pkcs12 } = workerData as WorkerData;
const backend = createNative();
const identity = {
  chain,
  certificate: chain[0],
  privateKey: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }),
} as unknown as Identity;
const credential = credentialFromDer(chain, key);
const trustAnchors = [root];
const context = backend.createContext({ trustAnchors });
const into = new Uint8Array(20_000);

interface Pair {
  readonly ssl: Ssl;
  readonly server: Server13;
  readonly network: Bio;
}

/** A connection to a server of this thread, as far as it gets by itself. */
function connect(options: ContextOptions | undefined, script = (server: Server13): Script => server.handshake()): Pair {
  const server = new Server13(identity);
  const ssl = (options === undefined ? context : backend.createContext({ trustAnchors, ...options })).newConnection();
  const [bio, network] = bioPair();
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  const turns = script(server);
  for (let i = 0; i < 10 && ssl.connect() !== 1 && ssl.failure === undefined; i++) {
    server.feed(network.nread0().slice());
    network.nread(network.nread0().length);
    turns.next();
    network.write(server.takeOutput());
  }
  return { ssl, server, network };
}

const authorities = Array.from({ length: 200 }, (_, i) => chain[i % chain.length] ?? root);
const established = connect(undefined);

const OPERATIONS: Readonly<Record<Exclude<OperationName, 'anything'>, () => void>> = {
  load: () => undefined,
  features: () => void [...backend.features, backend.engine, backend.supported.cipherSuites.length],
  createContext: () =>
    backend
      .createContext({
        trustAnchors: new Array<Uint8Array>(50).fill(root).map((der) => der.slice()),
        alpn: ['h2', 'http/1.1'],
      })
      .dispose(),
  credential: () => backend.createContext({ credentials: [{ ...credential }] }).dispose(),
  pkcs12: () => {
    try {
      credentialFromPkcs12(pkcs12, 'secret');
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  },
  handshake: () => connect(undefined).ssl.dispose(),
  clientCertificate: () => {
    const { ssl } = connect({ onCertificateRequest: () => credential }, function* (server) {
      yield* server.clientHello();
      server.serverHello();
      server.encryptedExtensions();
      server.certificateRequest();
      server.certificate();
      server.certificateVerify();
      server.finished();
    });
    ssl.dispose();
  },
  facts: () => {
    const { ssl } = connect(undefined);
    for (let i = 0; i < 20; i++)
      void [
        ssl.verifiedChain,
        ssl.peerCertificates,
        ssl.cipherSuite,
        ssl.alpn,
        ssl.state,
        ssl.sessionReused,
        ssl.ocspResponse,
      ];
    ssl.dispose();
  },
  events: () =>
    connect({ onKeylog: () => undefined, onMessage: () => undefined, onSession: () => undefined }).ssl.dispose(),
  transfer: () => {
    const { ssl, server, network } = established;
    for (let i = 0; i < 20; i++) {
      server.sendData('x'.repeat(16_000));
      network.write(server.takeOutput());
      ssl.read(into);
      ssl.write(into);
      if (i % 5 === 0) ssl.keyUpdate(false);
      network.nread(network.nread0().length);
    }
  },
  exporter: () =>
    void [
      established.ssl.exportKeyingMaterial('label', into, 64),
      established.ssl.channelBinding('tls-exporter'),
      established.ssl.channelBinding('tls-server-end-point'),
    ],
  failure: () => connect({ trustAnchors: authorities.slice(0, 2) }).ssl.dispose(),
  verify: () => {
    const verify = (): boolean => {
      throw new TlsError('CERT_REJECTED');
    };
    connect({ verify, trustAnchors: [] }).ssl.dispose();
  },
};

const names = OPERATION_NAMES.filter((name) => name !== 'anything');
parentPort?.postMessage('at work');
for (let i = seed; ; i++) OPERATIONS[operation === 'anything' ? (names[i % names.length] ?? 'load') : operation]();
