/** What the native engine adds to OpenSSL after the handshake: bounds on what a peer can cost, and small rules. */
import { sign } from 'node:crypto';
import { bioPair } from '@ferrule/bio';
import { type Identity, pki } from '@ferrule/conformance/pki';
import type { Backend, ContextOptions, Ssl } from '@ferrule/contract';
import { credentialFromDer, loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { encodeKeyUpdate, encodeMessage, encodeExtension, HandshakeType, ContentType } from '@ferrule/pure/wire';
import { Alert, SslErrorCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { exchange } from '../src/hostile/exchange.ts';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

interface Connected<S> {
  readonly ssl: Ssl;
  readonly server: S;
  /** Hands the client what the server has said. @returns how much of it finds no space yet. */
  deliver(): number;
  /** Takes what the client has said. */
  collect(): void;
}

async function connected<S extends Server12 | Server13>(
  server: S,
  options: ContextOptions = {},
  size?: number,
  backend: Backend | undefined = loaded.ok ? loaded.backend : undefined,
): Promise<Connected<S>> {
  if (backend === undefined) throw new Error('the native engine is not available here');
  const ssl = backend.createContext({ trustAnchors: [(await pki('root')).certificate], ...options }).newConnection();
  const [engine, network] = bioPair(size);
  ssl.setBio(engine, engine);
  ssl.setHost('server.test');
  const script = server.handshake();
  let unsent: Uint8Array = new Uint8Array(0);
  const deliver = (): number => {
    unsent = Buffer.concat([unsent, server.takeOutput()]);
    unsent = unsent.subarray(Math.max(0, network.write(unsent)));
    return unsent.length;
  };
  const collect = (): void => {
    server.feed(network.nread0().slice());
    network.nread(network.nread0().length);
    script.next();
  };
  for (let i = 0; i < 200 && ssl.connect() !== 1; i++) {
    collect();
    deliver();
  }
  expect(ssl.failure?.error).toBeUndefined();
  collect();
  return { ssl, server, deliver, collect };
}

/** Reads until something else than data comes. */
function readAll({ ssl, deliver }: Connected<unknown>): { ret: number; data: string } {
  const into = new Uint8Array(1000);
  let data = '';
  for (;;) {
    const waiting = deliver();
    const ret = ssl.read(into);
    if (ret <= 0 && (waiting === 0 || ssl.getError(ret) !== SslErrorCode.wantRead)) return { ret, data };
    if (ret > 0) data += Buffer.from(into.subarray(0, ret)).toString();
  }
}

describe.skipIf(!loaded.ok)('a close_notify of fatal level', () => {
  it.each([
    ['TLSv1.2', Server12],
    ['TLSv1.3', Server13],
  ] as const)('answers the shutdown() that waits for one, over %s', async (maxVersion, Server) => {
    const it = await connected(new Server(await pki('p256')), { maxVersion });
    expect(it.ssl.shutdown()).toBe(0);
    it.server.sendAlert(2, Alert.close_notify);
    it.deliver();
    expect([it.ssl.shutdown(), it.ssl.failure, it.ssl.shutdownState]).toEqual([1, undefined, 3]);
  });
  it.each([...(loaded.ok ? [loaded.backend] : []), createPure({ crypto: nodeCrypto })])(
    'of TLS 1.2 ends writing as well, on $name',
    async (engine) => {
      const it = await connected(new Server12(await pki('p256')), { maxVersion: 'TLSv1.2' }, undefined, engine);
      it.server.sendAlert(2, Alert.close_notify);
      it.deliver();
      expect([it.ssl.getError(it.ssl.read(new Uint8Array(1))), it.ssl.failure]).toEqual([
        SslErrorCode.zeroReturn,
        undefined,
      ]);
      expect([it.ssl.write(Uint8Array.of(1)), it.ssl.failure?.error.code]).toEqual([-1, 'PROTOCOL_IS_SHUTDOWN']);
    },
  );
});

describe.skipIf(!loaded.ok)('native', () => {
  const identity = () => pki('p256');

  describe('of certificate requests after the handshake', () => {
    async function asked(size?: number) {
      const { chain, privateKey } = await pki('client');
      const credential = credentialFromDer(chain, new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })));
      let questions = 0;
      const onCertificateRequest = () => (questions++, credential);
      const connection = await connected(
        new Server13(await identity()),
        { postHandshakeAuth: true, onCertificateRequest },
        size,
      );
      return { ...connection, questions: () => questions };
    }
    const request = (server: Server13, i: number): void =>
      server.certificateRequest(undefined, Uint8Array.of(i >> 8, i & 0xff));

    it('answers eight in a row, and refuses the ninth', async () => {
      const { questions, ...connection } = await asked();
      for (let i = 0; i < 1000; i++) request(connection.server, i);
      expect(readAll(connection).ret).toBe(-1);
      expect(connection.ssl.failure?.error.code).toBe('TOO_MANY_MESSAGES');
      expect(questions()).toBe(8);
    });

    it('with data in between answers as many as the peer takes the answers to', async () => {
      const { questions, ...connection } = await asked(4096);
      for (let i = 0; i < 200; i++) {
        request(connection.server, i);
        connection.server.sendData('x');
      }
      const { ret, data } = readAll(connection);
      expect(connection.ssl.getError(ret)).toBe(SslErrorCode.wantWrite);
      // 16 KiB wait at most, and the last answer.
      expect(questions()).toBeLessThan(30);
      expect(data.length).toBeLessThanOrEqual(questions());
    });
  });

  it('refuses more than 64 tickets in a row', async () => {
    const connection = await connected(new Server13(await identity()));
    for (let i = 0; i < 65; i++) connection.server.newSessionTicket({ nonce: Uint8Array.of(i) });
    expect(readAll(connection).ret).toBe(-1);
    expect(connection.ssl.failure?.error.code).toBe('TOO_MANY_MESSAGES');
  });

  it('refuses a message that comes in more than 16,384 records', async () => {
    const connection = await connected(new Server13(await identity()));
    const ticket = encodeMessage(HandshakeType.new_session_ticket, (w) => w.bytes(new Uint8Array(16_500)));
    for (let i = 0; i < 16_450; i++) connection.server.sendRecord(ContentType.handshake, ticket.subarray(i, i + 1));
    expect(readAll(connection).ret).toBe(-1);
    expect(connection.ssl.failure?.error.code).toBe('TOO_MANY_MESSAGES');
  });

  it('refuses KeyUpdates that alternate with empty records', async () => {
    const connection = await connected(new Server13(await identity()));
    for (let i = 0; i < 40; i++) {
      connection.server.keyUpdate(false);
      connection.server.sendData('');
    }
    expect(readAll(connection).ret).toBe(-1);
    expect(connection.ssl.failure?.error.code).toBe('TOO_MANY_KEY_UPDATES');
  });

  it('counts KeyUpdates anew when data has come', async () => {
    const connection = await connected(new Server13(await identity()));
    for (let i = 0; i < 100; i++) {
      connection.server.keyUpdate(true);
      connection.server.sendData('x');
    }
    expect(readAll(connection).data).toBe('x'.repeat(100));
    expect(connection.ssl.failure).toBeUndefined();
  });

  it('refuses more than 64 HelloRequests in a row where it ignores them', async () => {
    const connection = await connected(new Server12(await identity()), {
      maxVersion: 'TLSv1.2',
      renegotiation: 'ignore',
    });
    for (let i = 0; i < 65; i++)
      connection.server.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined));
    expect(readAll(connection).ret).toBe(-1);
    expect(connection.ssl.failure?.error.code).toBe('TOO_MANY_MESSAGES');
  });

  it('keyUpdate() and shutdown() wait for the rest of a message of the server of which a part has come', async () => {
    const connection = await connected(new Server13(await identity()));
    const { ssl, server } = connection;
    const update = encodeKeyUpdate(false);
    server.sendHandshake(update.subarray(0, 4));
    expect(readAll(connection).ret).toBe(-1);
    expect(ssl.keyUpdate(false)).toBe(-1);
    expect(ssl.getError(-1)).toBe(SslErrorCode.wantRead);
    server.sendHandshake(update.subarray(4));
    connection.deliver();
    expect(ssl.keyUpdate(false)).toBe(1);
    expect(ssl.shutdown()).toBe(0);
  });

  it.each([1, 2])('takes a close_notify of level %i for a close, in TLS 1.2 as in 1.3', async (level) => {
    for (const server of [new Server12(await identity()), new Server13(await identity())]) {
      const connection = await connected(server, server instanceof Server12 ? { maxVersion: 'TLSv1.2' } : {});
      server.sendData('last words');
      server.sendAlert(level, Alert.close_notify);
      const { ret, data } = readAll(connection);
      expect([ret, connection.ssl.getError(ret), data]).toEqual([0, SslErrorCode.zeroReturn, 'last words']);
      expect(connection.ssl.read(new Uint8Array(1))).toBe(0);
      expect(connection.ssl.failure).toBeUndefined();
      expect(connection.ssl.shutdown()).toBe(1);
    }
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'answers a request for a certificate that it cannot serve with an empty Certificate, in %s',
    async (maxVersion) => {
      const { chain, privateKey } = await pki('client-rsa');
      const credential = {
        ...credentialFromDer(chain, new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))),
        signatureAlgorithms: [0x0601],
      };
      // One that a callback names must fit (ADR 0074); the conformance suite has that.
      const server = maxVersion === 'TLSv1.2' ? new Server12(await identity()) : new Server13(await identity());
      // It asks before its last message, and goes on without.
      if (server instanceof Server12) {
        const done = server.serverHelloDone.bind(server);
        server.serverHelloDone = () => (server.certificateRequest(), done());
        const keys = server.clientKeyExchange.bind(server);
        server.clientKeyExchange = function* () {
          yield* server.clientCertificate();
          yield* keys();
        };
      } else {
        const certificate = server.certificate.bind(server);
        server.certificate = () => (server.certificateRequest(), certificate());
        const finished = server.clientFinished.bind(server);
        server.clientFinished = function* () {
          yield* server.clientCertificate();
          yield* finished();
        };
      }
      const { ssl } = await connected(server, { maxVersion, credentials: [credential] });
      expect(ssl.established).toBe(true);
      expect(ssl.clientCredential).toBeUndefined();
    },
  );

  it.each([
    ['peer', false],
    [() => true, true],
    ['none', true],
  ] as const)(
    'tells that a certificate has an extension twice, and leaves it to whoever verifies it: %s',
    async (verify, accepted) => {
      if (!loaded.ok) throw new Error(loaded.reason);
      const good = await identity();
      const certificate = withLastExtensionTwice(good.certificate, await pki('intermediate'));
      const server = new Server13({ ...good, certificate, chain: [certificate, ...good.chain.slice(1)] });
      const { code, established } = await exchange(
        loaded.backend,
        { verify, ...(typeof verify !== 'function' && { trustAnchors: [(await pki('root')).certificate] }) },
        server,
        server.handshake(),
      );
      expect(established).toBe(accepted);
      if (!accepted) expect(code).toBe('CERT_INVALID');
    },
  );

  it('has a byte order mark in the name of a protocol for what it is', async () => {
    const marked = new Server12(await identity());
    const add = [encodeExtension('serverHello12', 'alpn', Buffer.from('\ufeffh2'))];
    const serverHello = marked.serverHello.bind(marked);
    marked.serverHello = (twist = {}) => serverHello({ ...twist, add });
    const { ssl } = await connected(marked, { maxVersion: 'TLSv1.2', alpn: ['h2', '\ufeffh2'] });
    expect(ssl.alpn).toBe('\ufeffh2');
  });
});

/** RFC 5280 section 4.2 forbids it. Signed anew. */
function withLastExtensionTwice(certificate: Uint8Array, issuer: Identity): Uint8Array {
  const [tbs, algorithm] = elements(contents(certificate));
  const fields = elements(contents(tbs));
  const list = contents(contents(fields.at(-1)));
  const last = elements(list).at(-1) ?? Buffer.alloc(0);
  const made = tlv(0x30, ...fields.slice(0, -1), tlv(0xa3, tlv(0x30, list, last)));
  const signature = sign('sha256', made, { key: issuer.privateKey, dsaEncoding: 'der' });
  return new Uint8Array(tlv(0x30, made, algorithm ?? Buffer.alloc(0), tlv(0x03, Buffer.of(0), signature)));
}

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  return Buffer.concat([
    Buffer.from(
      length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff],
    ),
    body,
  ]);
}

/** Where the contents of the first element begin and end. */
function bounds(der: Uint8Array): readonly [from: number, to: number] {
  const first = der[1] ?? 0;
  const width = first < 0x80 ? 0 : first & 0x7f;
  const length = width === 0 ? first : Buffer.from(der).readUIntBE(2, width);
  return [2 + width, 2 + width + length];
}
const contents = (der: Uint8Array = new Uint8Array(2)): Buffer => Buffer.from(der.subarray(...bounds(der)));

function elements(der: Uint8Array): Buffer[] {
  const found: Buffer[] = [];
  for (let rest = der; rest.length > 0;) {
    const [, to] = bounds(rest);
    found.push(Buffer.from(rest.subarray(0, to)));
    rest = rest.subarray(to);
  }
  return found;
}
