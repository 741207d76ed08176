/** @module What a client may be set to, and what a good server does with it: a scenario is a byte of the input. */
import type { Backend, ContextOptions, TlsSession } from '@ferrule/contract';
import {
  ContentType,
  encodeCertificate,
  encodeCertificateRequest,
  encodeCertificateStatus,
  encodeCompressedCertificate,
  encodeExtension,
  encodeExtensions,
  encodeFinished,
  encodeMessage,
  HandshakeType,
  type ClientHello,
  type Extension,
} from '@ferrule/pure/wire';
import { deflateSync } from 'node:zlib';
import { concat, EMPTY } from '@ferrule/result/bytes';
import type { Script } from '@ferrule/wrong-servers/peer';
import type { Server12 } from '@ferrule/wrong-servers/server12';
import type { Server13 } from '@ferrule/wrong-servers/server13';
import { echConfigList } from './ech-config.ts';
import { MAC_BYTE } from './free-crypto.ts';
import type { World } from './world.ts';

interface Common {
  readonly options?: (world: World) => ContextOptions;
  /** Continue the session of an earlier connection of this scenario. */
  readonly resumes?: true;
  /** Send early data where the session allows it. */
  readonly early?: true;
}
export type Scenario =
  | (Common & { readonly version: 'TLSv1.3'; readonly script: (server: Server13, world: World) => Script })
  | (Common & { readonly version: 'TLSv1.2'; readonly script: (server: Server12, world: World) => Script });

/** RFC 7250 section 8: a CertificateType. */
const RAW_PUBLIC_KEY = 2;
const PSK = new Uint8Array(32).fill(8);
const TICKET = { extensions: encodeExtensions('newSessionTicket', { earlyData: 1024 }) };
export const SCENARIOS: readonly Scenario[] = [
  { version: 'TLSv1.3', script: full13() },
  {
    version: 'TLSv1.3',
    options: () => ({
      alpn: ['h2', 'http/1.1'],
      ocsp: 'request',
      signedCertificateTimestamps: true,
      certificateCompression: ['zlib', 'brotli'],
      recordSizeLimit: 2048,
      grease: true,
    }),
    script: (server, world) =>
      full13({
        inHello: [
          encodeExtension('encryptedExtensions', 'alpn', Buffer.from('h2')),
          encodeExtension('encryptedExtensions', 'recordSizeLimit', 600),
        ],
        inCertificate: [encodeExtension('certificate', 'statusRequest', world.ocsp[0] ?? EMPTY)],
        compressed: true,
      })(server),
  },
  {
    version: 'TLSv1.3',
    options: () => ({ keyShares: [], groups: [0x001d, 0x0017] }),
    script: full13({ retry: 0x0017 }),
  },
  {
    version: 'TLSv1.3',
    options: ({ chains }) => ({
      postHandshakeAuth: true,
      credentials: [
        { chain: chains['client'] ?? [], key: { schemes: [0x0403], sign: () => new Uint8Array(70).fill(4) } },
      ],
    }),
    script: full13({ asks: true, asksLater: true }),
  },
  { version: 'TLSv1.3', options: () => ({ ech: 'grease' }), script: full13() },
  {
    version: 'TLSv1.3',
    options: ({ identity }) => ({ rawPublicKeys: [identity.spki] }),
    script: (server) =>
      full13({
        inHello: [encodeExtension('encryptedExtensions', 'serverCertificateType', RAW_PUBLIC_KEY)],
        chain: [server.identity.spki],
      })(server),
  },
  {
    version: 'TLSv1.3',
    options: () => ({ externalPsks: [{ identity: Buffer.from('me'), key: PSK, hash: 'sha256' }] }),
    *script(server) {
      yield* server.clientHello();
      server.serverHello({ psk: { selected: 0, key: PSK } });
      server.encryptedExtensions();
      server.finished();
      yield* afterwards13(server);
    },
  },
  { version: 'TLSv1.3', resumes: true, script: full13() },
  { version: 'TLSv1.2', script: full12() },
  {
    version: 'TLSv1.2',
    options: () => ({
      renegotiation: 'ignore',
      extendedMasterSecret: 'allow',
      secureRenegotiation: 'allow',
      alpn: ['h2'],
      signedCertificateTimestamps: true,
      ocsp: 'request',
      grease: true,
    }),
    script: (server, world) => full12({ status: world.ocsp[0] ?? EMPTY, asksAgain: true })(server),
  },
  {
    version: 'TLSv1.2',
    options: ({ chains }) => ({
      credentials: [
        { chain: chains['client'] ?? [], key: { schemes: [0x0403], sign: () => new Uint8Array(70).fill(4) } },
      ],
    }),
    script: full12({ asks: true }),
  },
  { version: 'TLSv1.2', resumes: true, script: full12() },
  { version: 'TLSv1.3', options: () => ({ ech: echConfigList('localhost'), alpn: ['h2'] }), script: full13() },
  {
    version: 'TLSv1.3',
    options: () => ({
      limits: { handshakeBytes: 2_000, chainLength: 2, tickets: 1, keyUpdatesInARow: 1, emptyRecordsInARow: 1 },
    }),
    script: full13(),
  },
  // The rest needs cryptography to which every MAC is right; with the real one it is one more way to be refused.
  {
    version: 'TLSv1.3',
    options: () => ({ ech: echConfigList('localhost') }),
    script: full13({ random: new Uint8Array(32).fill(MAC_BYTE) }),
  },
  { version: 'TLSv1.3', resumes: true, early: true, script: continued13() },
  {
    version: 'TLSv1.3',
    resumes: true,
    early: true,
    script: continued13([encodeExtension('encryptedExtensions', 'earlyData', true)]),
  },
  { version: 'TLSv1.2', resumes: true, script: continued12() },
];

/** A client for the scenario; its sessions go to `onSession`. */
export function clientOptions(
  { options, version }: Scenario,
  world: World,
  random: ((into: Uint8Array) => void) | undefined,
  onSession?: (session: TlsSession) => void,
): ContextOptions {
  return {
    trustAnchors: [world.root],
    now: () => world.now,
    ...(version === 'TLSv1.2' && { maxVersion: version }),
    ...options?.(world),
    ...(random && { random }),
    ...(onSession && { onSession }),
  };
}

/** Whether this backend can be set to it. */
export function possible(backend: Backend, scenario: Scenario, world: World): boolean {
  try {
    backend.createContext(clientOptions(scenario, world, undefined)).dispose();
    return true;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
}

interface Course13 {
  readonly retry?: number;
  readonly random?: Uint8Array;
  readonly asks?: boolean;
  readonly asksLater?: boolean;
  readonly compressed?: boolean;
  readonly chain?: readonly Uint8Array[];
  readonly inHello?: readonly Extension[];
  readonly inCertificate?: readonly Extension[];
}
function full13(course: Course13 = {}): (server: Server13) => Script {
  const {
    retry,
    random,
    asks = false,
    asksLater = false,
    compressed = false,
    chain,
    inHello = [],
    inCertificate = [],
  } = course;
  return function* (server) {
    yield* server.clientHello();
    if (retry !== undefined) {
      server.helloRetryRequest(retry);
      yield* server.clientHello();
    }
    // The first share may be GREASE (RFC 8701).
    const keyShare = server.offered.keyShare?.filter(({ group }) => (group & 0x0f0f) !== 0x0a0a);
    if (keyShare !== undefined) server.offered = { ...server.offered, keyShare };
    server.serverHello(random && { random });
    server.encryptedExtensions(inHello);
    if (asks) server.certificateRequest();
    if (compressed) sendCompressed(server, inCertificate);
    else server.certificate(chain, { extensions: inCertificate });
    server.certificateVerify();
    server.finished();
    if (asks) {
      yield* server.message(HandshakeType.certificate);
      yield* server.message(HandshakeType.certificate_verify);
    }
    yield* afterwards13(server, asksLater);
  };
}

function sendCompressed(server: Server13, extensions: readonly Extension[]): void {
  const entries = server.identity.chain.map((data, index) => ({ data, extensions: index === 0 ? extensions : [] }));
  const body = encodeCertificate({ context: EMPTY, entries }).subarray(4);
  server.send(
    encodeCompressedCertificate({ algorithm: 1, uncompressedLength: body.length, compressed: deflateSync(body) }),
  );
}

/** The session is accepted, its key is whatever it may be. */
function continued13(inHello: readonly Extension[] = []): (server: Server13) => Script {
  return function* (server) {
    // There is no session yet the first time.
    yield* server.clientHello();
    const first = server.offered.preSharedKey === undefined;
    server.serverHello(first ? {} : { psk: { selected: 0, key: PSK } });
    server.encryptedExtensions(first ? [] : inHello);
    if (first) {
      server.certificate();
      server.certificateVerify();
    }
    server.finished();
    if (!first && inHello.length > 0) yield* server.message(HandshakeType.end_of_early_data);
    yield* afterwards13(server);
  };
}

function* afterwards13(server: Server13, asks = false): Script {
  server.sendData('before the client has finished');
  yield* server.clientFinished();
  server.newSessionTicket(TICKET);
  server.sendData('hello');
  server.keyUpdate(true);
  server.newSessionTicket({ nonce: Uint8Array.of(2) });
  if (asks)
    server.sendHandshake(
      encodeCertificateRequest({
        context: Uint8Array.of(1),
        extensions: encodeExtensions('certificateRequest', { signatureAlgorithms: [0x0403] }),
      }),
    );
  server.sendData('more');
  yield;
  server.sendAlert(1, 0);
}

interface Course12 {
  readonly asks?: boolean;
  /** An OCSP response in CertificateStatus. */
  readonly status?: Uint8Array;
  /** HelloRequest in the end. */
  readonly asksAgain?: boolean;
}
function full12({ asks = false, status, asksAgain = false }: Course12 = {}): (server: Server12) => Script {
  return function* (server) {
    if ((server.hello as ClientHello | undefined) === undefined) yield* server.clientHello();
    server.serverHello({
      add: [
        ...(server.offered.sessionTicket === undefined
          ? []
          : [encodeExtension('serverHello12', 'sessionTicket', true)]),
        ...(status === undefined ? [] : [encodeExtension('serverHello12', 'statusRequest', true)]),
      ],
    });
    server.certificate();
    if (status !== undefined) server.send(encodeCertificateStatus(status));
    server.serverKeyExchange();
    if (asks) server.certificateRequest();
    server.serverHelloDone();
    if (asks) yield* server.message(HandshakeType.certificate);
    yield* server.clientKeyExchange();
    if (asks) yield* server.message(HandshakeType.certificate_verify);
    yield* server.clientFinished();
    if (server.offered.sessionTicket !== undefined) server.newSessionTicket();
    server.finish();
    server.sendData('hello');
    if (asksAgain) server.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined));
    yield;
    server.sendData('more');
    server.sendAlert(1, 0);
  };
}

/** The abbreviated handshake (RFC 5246 section 7.3), under keys that do not matter. */
function continued12(): (server: Server12) => Script {
  return function* (server) {
    yield* server.clientHello();
    if ((server.offered.sessionTicket?.length ?? 0) === 0) {
      // There is no session yet the first time.
      yield* full12()(server);
      return;
    }
    server.serverHello({ sessionId: server.hello.sessionId });
    server.sendChangeCipherSpec();
    const sealed = (type: number, content: Uint8Array): void =>
      server.sendRecord(type, concat([new Uint8Array(8), content, new Uint8Array(16)]), { plain: true });
    sealed(ContentType.handshake, encodeFinished(new Uint8Array(12).fill(MAC_BYTE)));
    yield;
    sealed(ContentType.application_data, Buffer.from('hello'));
    sealed(ContentType.alert, Uint8Array.of(1, 0));
  };
}
