import { bioPair } from '@ferrule/bio';
import type {
  ContextOptions,
  QuicConnection,
  QuicConnectionOptions,
  QuicEvent,
  QuicLevel,
  Ssl,
  TlsSession,
} from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { concat } from '@ferrule/result/bytes';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createWebCrypto } from '../src/crypto/webcrypto.ts';
import { createPure } from '../src/index.ts';
import { createQuic } from '../src/quic.ts';
import * as wire from '../src/wire/index.ts';
import { EchServer } from './ech-server.ts';
import { leaf, root } from './scene.ts';
import { Server13, type Received } from './server13.ts';

const OURS = Uint8Array.of(1, 2, 3);
const THEIRS = Uint8Array.of(9, 8, 7);
const H3 = new TextEncoder().encode('h3');
const EE = { alpn: H3, quicTransportParameters: THEIRS };

type Carrying = Exclude<QuicLevel, '0-rtt'>;

/** A server whose messages go by level, in place of records. */
class LevelServer extends Server13 {
  level: Carrying = 'initial';
  readonly events: QuicEvent[] = [];
  readonly #quic: QuicConnection;

  constructor(quic: QuicConnection) {
    super(bioPair()[0], leaf);
    this.#quic = quic;
  }

  override put(_type: number, content: Uint8Array): void {
    // In two pieces: CRYPTO frames end where they like
    this.#quic.receive(this.level, content.subarray(0, 5));
    this.go();
    this.#quic.receive(this.level, content.subarray(5));
    this.go();
  }

  /** The client goes on; what its call returns. */
  go(): number {
    const ret = this.#quic.advance();
    this.events.push(...this.#quic.events());
    return ret;
  }

  /** All handshake bytes of the client that were not read yet. */
  override record(): Received | undefined {
    const data: Uint8Array[] = [];
    for (const event of this.events)
      if (event.kind === 'crypto' && !this.#seen.has(event)) {
        this.#seen.add(event);
        data.push(event.data);
      }
    return data.length === 0 ? undefined : { type: 22, content: concat(data) };
  }
  readonly #seen = new Set<QuicEvent>();

  override answer(options?: Parameters<Server13['answer']>[0]): void {
    super.answer(options);
    this.level = 'handshake';
  }

  override finish(): void {
    super.finish();
    this.level = '1-rtt';
  }

  secret(level: QuicLevel, direction: 'read' | 'write'): Uint8Array | undefined {
    const found = this.events.filter(
      (event) => event.kind === 'secret' && event.level === level && event.direction === direction,
    );
    expect(found.length).toBeLessThan(2);
    return found[0]?.kind === 'secret' ? found[0].secret : undefined;
  }

  /** Levels of the client's messages and secrets, in order. */
  get order(): string[] {
    return this.events.map((event) =>
      event.kind === 'close'
        ? `close 0x${event.errorCode.toString(16)}`
        : event.kind === 'crypto'
          ? `crypto ${event.level}`
          : `${event.direction} ${event.level}`,
    );
  }
}

interface QuicScene {
  readonly quic: QuicConnection;
  readonly server: LevelServer;
  readonly sessions: TlsSession[];
}

const OPTIONS: ContextOptions = { trustAnchors: [root], cipherSuites: [0x1301], groups: [29, 23], alpn: ['h3'] };

function scene(
  options: ContextOptions = {},
  { session, ...given }: Partial<QuicConnectionOptions> & { readonly session?: TlsSession } = {},
): QuicScene {
  const sessions: TlsSession[] = [];
  const onSession = (each: TlsSession): void => void sessions.push(each);
  const context = createQuic({ crypto: nodeCrypto }, { ...OPTIONS, onSession, ...options });
  const quic = context.newConnection({ transportParameters: OURS, ...given });
  quic.tls.setHost('server.test');
  if (session !== undefined) quic.tls.setSession(session);
  const server = new LevelServer(quic);
  return { quic, server, sessions };
}

function serve(server: LevelServer, extensions: wire.EncryptedExtensionsValues = EE): void {
  server.go();
  server.readHello();
  server.answer();
  server.encryptedExtensions(extensions);
  server.authenticate();
  server.finish();
}

/** The server takes the session up, and no early data. */
function resume(server: LevelServer, psk: Uint8Array): void {
  server.go();
  server.readHello();
  server.answer({ psk });
  server.encryptedExtensions(EE);
  server.finish();
  server.readFlight();
  expect(server.go()).toBe(1);
}

const bytesOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('the handshake for QUIC', () => {
  it('goes by levels, hands over both secrets of each, and has parameters of both sides', () => {
    const { quic, server } = scene();
    serve(server);
    const { serverSecret } = server;
    const handshakeSecret = bytesOf(server.clientSecret.bytes);
    server.readFlight();
    expect(server.go()).toBe(1);
    expect(server.order).toEqual([
      'crypto initial',
      'read handshake',
      'write handshake',
      'crypto handshake',
      'write 1-rtt',
      'read 1-rtt',
    ]);
    expect(bytesOf(server.secret('handshake', 'write'))).toBe(handshakeSecret);
    expect(bytesOf(server.secret('1-rtt', 'write'))).toBe(bytesOf(server.clientSecret.bytes));
    expect(bytesOf(server.secret('1-rtt', 'read'))).toBe(bytesOf(serverSecret.bytes));
    expect(server.events.flatMap((event) => (event.kind === 'secret' ? [event.cipherSuite] : []))).toEqual(
      Array.from({ length: 4 }, () => 0x1301),
    );
    expect(quic.peerTransportParameters).toEqual(THEIRS);
    expect([quic.tls.established, quic.tls.alpn, quic.tls.version]).toEqual([true, 'h3', 'TLSv1.3']);
    expect(quic.tls.exportKeyingMaterial('EXPORTER-test', undefined, 16)).toHaveLength(16);
  });

  it('offers TLS 1.3 alone, our parameters, and no session id for middleboxes', () => {
    const { server } = scene();
    server.go();
    server.readHello();
    expect(server.hello.sessionId).toHaveLength(0);
    expect(server.offered.supportedVersions).toEqual([0x0304]);
    expect(bytesOf(server.offered.quicTransportParameters)).toBe(bytesOf(OURS));
  });

  it('sends the second ClientHello by the first level, too', () => {
    const { server } = scene({ groups: [29, 23], keyShares: [29] });
    server.go();
    server.readHello();
    server.retry({ keyShare: 23 });
    server.readHello();
    server.answer();
    server.encryptedExtensions(EE);
    server.authenticate();
    server.finish();
    server.readFlight();
    expect(server.go()).toBe(1);
    expect(server.order.slice(0, 3)).toEqual(['crypto initial', 'crypto initial', 'read handshake']);
  });

  it('waits for a provider that answers later', async () => {
    const context = createQuic({ crypto: await createWebCrypto() }, OPTIONS);
    const quic = context.newConnection({ transportParameters: OURS });
    quic.tls.setHost('server.test');
    const server = new LevelServer(quic);
    const settle = async (): Promise<number> => {
      for (;;) {
        const ret = server.go();
        if (ret === 1 || quic.tls.getError(ret) !== SslErrorCode.wantAsync) return ret;
        await quic.tls.asyncReady;
      }
    };
    await settle();
    server.readHello();
    server.answer();
    await settle();
    server.encryptedExtensions(EE);
    server.authenticate();
    server.finish();
    // Finished was sent by the level of before: its last key is derived at once
    await settle();
    server.readFlight();
    expect(await settle()).toBe(1);
  });
});

describe('after the handshake', () => {
  const established = (options: ContextOptions = {}): QuicScene => {
    const made = scene(options);
    serve(made.server);
    made.server.readFlight();
    expect(made.server.go()).toBe(1);
    return made;
  };

  it('tickets become sessions of QUIC, which resume QUIC and nothing else', () => {
    const { server, sessions } = established();
    const { message, psk } = server.ticket();
    server.put(22, message);
    const [session] = sessions;
    expect(session?.maxEarlyData).toBe(0);
    const again = scene({}, { session: session as TlsSession });
    resume(again.server, psk);
    expect(again.quic.tls.sessionReused).toBe(true);
    const tcp = createPure({ crypto: nodeCrypto })
      .createContext({ ...OPTIONS, onSession: () => {} })
      .newConnection();
    tcp.setHost('server.test');
    tcp.setSession(session as TlsSession);
    const [bio, net] = bioPair();
    tcp.setBio(bio, bio);
    tcp.connect();
    const hello = wire.decodeClientHello(net.nread0().slice(9));
    expect(hello.extensions.some(({ type }) => type === 41)).toBe(false);
  });

  it.each<[string, ContextOptions]>([
    ['Encrypted ClientHello', { ech: new EchServer('public.test').configs }],
    ['GREASE of it', { ech: 'grease' }],
  ])('a session is offered beside %s', (_what, options) => {
    const { server, sessions } = established();
    server.put(22, server.ticket().message);
    const again = scene(options, { session: sessions[0] as TlsSession });
    again.server.go();
    again.server.readHello();
    // In the outer hello others stand for those of the inner one
    expect(again.server.offered.preSharedKey?.identities).toHaveLength(1);
  });

  it('tickets come as often as the server likes: no data comes in between', () => {
    const { server, sessions } = established();
    const { message } = server.ticket();
    for (let i = 0; i < 200; i++) server.put(22, message);
    expect([server.go(), sessions.length]).toEqual([1, 8]);
  });

  it.each<[string, string, (server: LevelServer) => void]>([
    ['KeyUpdate', 'close 0x10a', (server) => server.put(22, wire.encodeKeyUpdate(false))],
    ['a CertificateRequest', 'close 0xa', (server) => server.put(22, server.certificateRequest(Uint8Array.of(1)))],
    ['a ticket with a bound on early data', 'close 0xa', (server) => server.put(22, server.ticket(16_384).message)],
  ])('%s ends the connection', (_what, close, play) => {
    const { quic, server } = established();
    play(server);
    expect(server.go()).toBe(-1);
    expect(server.order.at(-1)).toBe(close);
    expect(quic.tls.failure?.error.code).toMatch(/^(UNEXPECTED_MESSAGE|ILLEGAL_PARAMETER)$/);
  });

  it('early data of a session has its keys before the answer, and no EndOfEarlyData', () => {
    const { server, sessions } = established();
    const { message, psk } = server.ticket(0xffff_ffff);
    server.put(22, message);
    const again = scene({}, { session: sessions[0] as TlsSession, earlyData: true });
    expect(again.server.go()).toBe(-1);
    expect(again.quic.tls.getError(-1)).toBe(SslErrorCode.wantWrite);
    expect(again.server.order).toEqual(['crypto initial', 'write 0-rtt']);
    again.server.readHello();
    again.server.answer({ psk, early: true });
    again.server.encryptedExtensions({ ...EE, earlyData: true });
    again.server.finish();
    expect(again.server.readFlight()).toEqual([]);
    expect(again.server.go()).toBe(1);
    expect(again.quic.tls.earlyData).toBe('accepted');
    expect(again.server.order.slice(2)).toEqual([
      'read handshake',
      'write handshake',
      'crypto handshake',
      'write 1-rtt',
      'read 1-rtt',
    ]);
  });

  it('early data that is rejected costs nothing but the early data', () => {
    const { server, sessions } = established();
    const { message, psk } = server.ticket(0xffff_ffff);
    server.put(22, message);
    const again = scene({}, { session: sessions[0] as TlsSession, earlyData: true });
    resume(again.server, psk);
    expect(again.quic.tls.earlyData).toBe('rejected');
  });
});

describe('what a server does wrong', () => {
  it.each<[string, string, wire.EncryptedExtensionsValues]>([
    ['no parameters', 'close 0x16d', { alpn: H3 }],
    ['no application protocol', 'close 0x178', { quicTransportParameters: THEIRS }],
  ])('%s in EncryptedExtensions ends the connection', (_what, close, extensions) => {
    const { server } = scene();
    server.go();
    server.readHello();
    server.answer();
    server.encryptedExtensions(extensions);
    expect(server.order.at(-1)).toBe(close);
  });

  it('bytes of a level that is not read are PROTOCOL_VIOLATION, early or late', () => {
    for (const level of ['handshake', '1-rtt'] as const) {
      const { quic, server } = scene();
      server.go();
      quic.receive(level, Uint8Array.of(8, 0, 0, 0));
      expect(server.go()).toBe(-1);
      expect(server.order.at(-1)).toBe('close 0xa');
    }
    const { quic, server } = scene();
    server.go();
    server.readHello();
    server.answer();
    quic.receive('initial', Uint8Array.of(2));
    expect(server.go()).toBe(-1);
    expect(server.order.at(-1)).toBe('close 0xa');
  });

  it('a message that goes on in the next level is refused', () => {
    const { server } = scene();
    server.go();
    server.readHello();
    const put = server.put.bind(server);
    server.put = (type, content) => put(type, concat([content, Uint8Array.of(8, 0)]));
    server.answer();
    expect(server.order.at(-1)).toBe('close 0x10a');
  });

  it('parameters that were not asked for are refused in TLS over TCP', () => {
    const { server } = scene();
    expect(() => wire.decodeExtensions('encryptedExtensions', [{ type: 57, data: THEIRS }], new Set([16]))).toThrow();
    server.go();
  });
});

it.each<[string, (tls: Ssl) => unknown]>([
  ['keyUpdate()', (tls) => tls.keyUpdate(true)],
  ['write()', (tls) => tls.write(Uint8Array.of(1))],
])('a %s that its type does not have sends nothing, and ends the connection', (_name, call) => {
  const { quic, server } = scene();
  serve(server);
  server.readFlight();
  expect(server.go()).toBe(1);
  expect(call(quic.tls as Ssl)).toBe(-1);
  expect(quic.tls.failure?.error.code).toBe('INTERNAL_ERROR');
  expect(quic.events()).toEqual([{ kind: 'close', errorCode: 0x150 }]);
});

describe('the caller', () => {
  it.each<[string, ContextOptions]>([
    ['alpn', { alpn: undefined as unknown as string[] }],
    ['recordSizeLimit', { recordSizeLimit: 100 }],
    ['recordPadding', { recordPadding: 64 }],
    ['postHandshakeAuth', { postHandshakeAuth: true }],
    ['minVersion', { maxVersion: 'TLSv1.2' }],
  ])('hears of an option that QUIC has no use for: %s', (name, options) => {
    expect(() => createQuic({ crypto: nodeCrypto }, { ...OPTIONS, ...options })).toThrow(new RegExp(`^${name}`));
  });

  it('hears of wrong arguments', () => {
    const context = createQuic({ crypto: nodeCrypto }, OPTIONS);
    for (const options of [
      {},
      { transportParameters: 'x' },
      { transportParameters: OURS, earlyData: 1 },
      { transportParameters: OURS, level: 1 },
    ])
      expect(() => context.newConnection(options as unknown as QuicConnectionOptions)).toThrow(TypeError);
    const quic = context.newConnection({ transportParameters: OURS });
    expect(() => quic.receive('0-rtt' as 'initial', OURS)).toThrow(TypeError);
    expect(() => quic.receive('initial', 'x' as unknown as Uint8Array)).toThrow(TypeError);
  });

  it('has secrets that are wiped where nobody took them, and keeps those that were taken', () => {
    const { quic, server } = scene();
    server.go();
    server.readHello();
    const held: Uint8Array[] = [];
    server.go = () => quic.advance();
    server.answer();
    const taken = quic.events();
    for (const event of taken) if (event.kind === 'secret') held.push(event.secret);
    expect(held).toHaveLength(2);
    quic.tls.dispose();
    expect(held.every((secret) => secret.some((byte) => byte !== 0))).toBe(true);
    expect(quic.events()).toEqual([]);
  });

  it('refuses options that QUIC has no room for, and drops what comes after the end', () => {
    const provider = { crypto: nodeCrypto };
    expect(() => createQuic(provider, { ...OPTIONS, minVersion: 'TLSv1.2' })).toThrow(/^minVersion: /);
    expect(() => createQuic(provider, null as unknown as ContextOptions)).toThrow(/^options: must be an object/);
    const context = createQuic(provider, OPTIONS);
    expect(() => context.newConnection({ transportParameters: new Uint8Array(40_000) })).toThrow(
      /^transportParameters: /,
    );
    const quic = context.newConnection({ transportParameters: OURS });
    quic.tls.setHost('server.test');
    quic.tls.dispose();
    for (let i = 0; i < 100; i++) quic.receive('initial', new Uint8Array(1000));
    expect(quic.advance()).toBe(-1);
    expect(quic.events()).toEqual([]);
  });

  it('what comes while a callback is waited for is kept up to a bound, and ends the connection beyond it', async () => {
    for (const [pieces, size, close] of [
      [20, 1000, undefined],
      [300, 1000, 'close 0xd'],
      [1500, 1, 'close 0xd'],
    ] as const) {
      let answer: (accepted: boolean) => void = () => {};
      const { quic, server } = scene({
        trustAnchors: undefined as never,
        verify: () => new Promise<boolean>((resolve) => (answer = resolve)),
      });
      serve(server);
      for (let i = 0; i < pieces; i++) quic.receive('1-rtt', new Uint8Array(size));
      expect([server.go(), quic.tls.getError(-1)]).toEqual([-1, SslErrorCode.wantRetryVerify]);
      answer(true);
      await quic.tls.asyncReady;
      server.go();
      // Zeros are a HelloRequest, which TLS 1.3 has not
      expect([size, server.order.at(-1)]).toEqual([size, close ?? 'close 0x10a']);
    }
  });

  it.each(['onSession', 'onKeylog', 'onMessage', 'now'] as const)('a %s that throws says how to close', (name) => {
    const throws = (): never => {
      throw new Error('mine');
    };
    const { quic, server } = scene({ [name]: throws });
    const steps = [
      () => void server.go(),
      () => void server.readHello(),
      () => server.answer(),
      () => server.encryptedExtensions(EE),
      () => server.authenticate(),
      () => server.finish(),
      () => void server.readFlight(),
      () => server.put(22, server.ticket().message),
    ];
    for (const step of steps) if (quic.tls.failure === undefined) step();
    expect([server.go(), quic.tls.failure?.error.code]).toEqual([-1, 'CALLBACK_FAILED']);
    expect(server.order.filter((each) => each.startsWith('close'))).toEqual(['close 0x150']);
  });

  it('a failure leaves what was said before it, with the keys for it, until the connection is disposed of', () => {
    const flight = (): ReturnType<typeof scene> => {
      const each = scene();
      serve(each.server);
      each.server.put(22, wire.encodeKeyUpdate(false));
      return each;
    };
    const { quic, server } = flight();
    expect(server.go()).toBe(-1);
    expect(server.order.slice(-4)).toEqual(['crypto handshake', 'write 1-rtt', 'read 1-rtt', 'close 0x10a']);
    for (const event of server.events)
      if (event.kind === 'secret') expect(event.secret.some((byte) => byte !== 0)).toBe(true);
    expect(quic.events()).toEqual([]);
    const untaken = flight();
    expect(untaken.quic.advance()).toBe(-1);
    untaken.quic.tls.dispose();
    expect(untaken.quic.events()).toEqual([]);
  });
});
