/** The flow of TLS 1.3 against a server made of the engine's own parts: what no real server can be brought to do. */
import { bioPair, type Bio, type PairedBio } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions, Signer, Ssl, TlsSession } from '@ferrule/contract';
import { SslError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { Aead, CryptoProvider } from '../src/crypto/provider.ts';
import { parseOptions } from '../src/context.ts';
import { createPure } from '../src/index.ts';
import { Secrets } from '../src/keys/secret.ts';
import { importPsk } from '../src/session/psk-import.ts';
import * as wire from '../src/wire/index.ts';
import { Server13 } from './server13.ts';

const root = (await pki('root')).certificate;
const leaf = await pki('p256');
const KEY_UPDATE = 24;

interface Scene {
  readonly ssl: Ssl;
  readonly server: Server13;
  readonly net: PairedBio;
  readonly sessions: TlsSession[];
}

interface Setting {
  readonly host?: string;
  readonly session?: TlsSession | undefined;
  readonly crypto?: CryptoProvider;
  /** Bytes that the write BIO takes until there is more room. */
  readonly gate?: { room: number };
}

function scene(options: ContextOptions = {}, { host = 'server.test', session, crypto = nodeCrypto, gate }: Setting = {}): Scene {
  const sessions: TlsSession[] = [];
  const ssl = createPure({ crypto })
    .createContext({ trustAnchors: [root], cipherSuites: [0x1301], groups: [29, 23], onSession: (each) => void sessions.push(each), ...options })
    .newConnection();
  const [bio, net] = bioPair(1 << 18);
  ssl.setBio(bio, gate === undefined ? bio : gated(bio, gate));
  ssl.setHost(host);
  if (session !== undefined) ssl.setSession(session);
  return { ssl, server: new Server13(net, leaf), net, sessions };
}

/** What a connection needs of a write BIO, with room for so much. */
function gated(bio: Bio, gate: { room: number }): Bio {
  const nwrite0 = (atLeast?: number): Uint8Array => bio.nwrite0(atLeast).subarray(0, gate.room);
  const nwrite = (n: number): void => {
    gate.room -= n;
    bio.nwrite(n);
  };
  return { nwrite0, nwrite, error: undefined } satisfies Partial<Bio> as Partial<Bio> as Bio;
}

/** node:crypto, whose AEADs answer later. */
function laterCrypto(): CryptoProvider {
  const later = (aead: Aead): Aead => {
    if (!aead.sync) return aead;
    return {
      sync: false,
      depth: 4,
      seal: async (nonce, aad, plain) => aead.seal(nonce, aad, plain.slice(), new Uint8Array(plain.length + 16)),
      open: async (nonce, aad, cipher) => aead.open(nonce, aad, cipher.slice(), new Uint8Array(cipher.length)),
      dispose: () => aead.dispose(),
    };
  };
  const suites = nodeCrypto.suites.map((suite) => ({ ...suite, aead: { ...suite.aead, key: (key: Uint8Array) => later(suite.aead.key(key)) } }));
  return { ...nodeCrypto, synchronous: false, suites };
}

/** connect() up to the point where it waits for the server. */
function begin({ ssl, server }: Scene): void {
  expect([ssl.connect(), ssl.getError(-1)]).toEqual([-1, SslError.wantRead]);
  server.readHello();
}

/** A full handshake. */
function establish(options: ContextOptions = {}, setting: Setting = {}): Scene {
  const it = scene(options, setting);
  begin(it);
  it.server.answer();
  it.server.encryptedExtensions();
  it.server.authenticate();
  it.server.finish();
  expect(it.ssl.connect(), it.ssl.failure?.error.message).toBe(1);
  it.server.readFlight();
  return it;
}

/** A session that allows early data, and its PSK. */
function earlySession(options: ContextOptions = {}): { session: TlsSession; psk: Uint8Array } {
  const { ssl, server, sessions } = establish(options);
  const { message, psk } = server.ticket(64);
  server.put(22, message);
  ssl.read(new Uint8Array(1));
  return { session: sessions[0] as TlsSession, psk };
}

/** The failure of an operation that must fail, and the alert that the server gets. */
function refusal({ ssl, server }: Scene, operation: () => number): string {
  expect(operation()).toBe(-1);
  const failure = ssl.failure?.error;
  const alert = server.record();
  return `${failure?.code} ${alert?.type === 21 ? alert.content[1] : 'none'}`;
}

function repeat(times: number, act: () => void): void {
  for (let i = 0; i < times; i++) act();
}

const read = (ssl: Ssl): number => ssl.read(new Uint8Array(64));

describe('the application protocol', () => {
  it.each([
    ['with a byte order mark before it', [0xef, 0xbb, 0xbf, 0x68, 0x32]],
    ['with a byte behind it that is no UTF-8', [0x68, 0x32, 0xff]],
  ])('that was offered is not the same %s', (_what, bytes) => {
    const it = scene({ alpn: ['h2'] });
    begin(it);
    it.server.answer();
    it.server.encryptedExtensions({ alpn: Uint8Array.from(bytes) });
    expect(refusal(it, () => it.ssl.connect())).toBe('INVALID_ALPN_PROTOCOL 47');
  });
});

describe('early data', () => {
  it('goes out with the ClientHello, and its acceptance is told', () => {
    const { session, psk } = earlySession();
    const it = scene({}, { session });
    expect(it.ssl.writeEarlyData(new Uint8Array([1, 2, 3]))).toBe(3);
    it.server.readHello();
    expect(it.server.offered.earlyData).toBe(true);
    it.server.answer({ psk, early: true });
    expect(it.server.record()).toEqual({ type: 23, content: new Uint8Array([1, 2, 3]) });
    it.server.encryptedExtensions({ earlyData: true });
    it.server.finish();
    expect(it.ssl.connect()).toBe(1);
    const [end] = it.server.messages();
    expect(end).toEqual(wire.encodeEmpty(wire.HandshakeType.end_of_early_data));
    it.server.transcript.add(end as Uint8Array);
    it.server.readUnderHandshakeKeys();
    it.server.readFlight();
    expect([it.ssl.earlyData, it.ssl.sessionReused]).toEqual(['accepted', true]);
    expect(it.ssl.exportEarlyKeyingMaterial?.('EXPERIMENTAL', undefined, 32)).toEqual(it.server.earlyExporter.export('EXPERIMENTAL', undefined, 32));
    expect(it.ssl.verifiedChain).toHaveLength(3);
  });

  it('that is rejected is not sent again', () => {
    const { session, psk } = earlySession();
    const it = scene({}, { session });
    it.ssl.writeEarlyData(new Uint8Array([1]));
    it.server.readHello();
    it.server.answer({ psk, early: true });
    it.server.record();
    it.server.encryptedExtensions();
    it.server.finish();
    expect(it.ssl.connect()).toBe(1);
    it.server.readUnderHandshakeKeys();
    it.server.readFlight();
    expect([it.ssl.earlyData, it.ssl.sessionReused]).toEqual(['rejected', true]);
    expect(() => it.ssl.exportEarlyKeyingMaterial?.('EXPERIMENTAL', undefined, 32)).toThrow(TypeError);
    expect(it.server.record()).toBeUndefined();
    expect(it.ssl.write(new Uint8Array([4]))).toBe(1);
    expect(it.server.record()?.content).toEqual(new Uint8Array([4]));
  });

  it('is over when the server asks for another hello, which offers none', () => {
    const { session } = earlySession();
    const it = scene({}, { session });
    it.ssl.writeEarlyData(new Uint8Array([1]));
    it.server.readHello();
    it.server.retry({ keyShare: 23 });
    it.ssl.connect();
    it.server.record();
    it.server.readHello();
    expect([it.server.offered.earlyData, it.server.offered.keyShare?.[0]?.group, it.ssl.earlyData]).toEqual([undefined, 23, 'rejected']);
    expect(() => it.ssl.writeEarlyData(new Uint8Array([1]))).toThrow(TypeError);
  });

  it('is bounded by what the session allows', () => {
    const { session } = earlySession();
    const it = scene({}, { session });
    expect(it.ssl.writeEarlyData(new Uint8Array(100))).toBe(64);
    expect(() => it.ssl.writeEarlyData(new Uint8Array(1))).toThrow(TypeError);
  });

  it('that is accepted without the PSK is refused', () => {
    const { session } = earlySession();
    const it = scene({}, { session });
    it.ssl.writeEarlyData(new Uint8Array([1]));
    it.server.readHello();
    it.server.answer();
    it.server.encryptedExtensions({ earlyData: true });
    expect(it.ssl.connect()).toBe(-1);
    expect(it.ssl.failure?.error.code).toBe('UNEXPECTED_EXTENSION');
  });

  it.each([
    ['the BIO', nodeCrypto, SslError.wantWrite],
    ['an asynchronous cipher', laterCrypto(), SslError.wantAsync],
  ] as const)('that waits for %s when the handshake goes on is not counted in what is written after it', async (_what, crypto, reason) => {
    const { session, psk } = earlySession();
    const gate = { room: 600 };
    const it = scene({}, { session, crypto, gate });
    expect([it.ssl.writeEarlyData(new Uint8Array(64).fill(1)), it.ssl.getError(-1)]).toEqual([-1, reason]);
    gate.room = 1 << 17;
    if (reason === SslError.wantAsync) await it.ssl.asyncReady;
    expect([it.ssl.connect(), it.ssl.getError(-1)]).toEqual([-1, SslError.wantRead]);
    it.server.readHello();
    it.server.answer({ psk, early: true });
    it.server.encryptedExtensions({ earlyData: true });
    it.server.finish();
    while (it.ssl.connect() !== 1) await it.ssl.asyncReady;
    expect(it.server.record()?.content).toEqual(new Uint8Array(64).fill(1));
    it.server.transcript.add(it.server.messages()[0] as Uint8Array);
    it.server.readUnderHandshakeKeys();
    it.server.readFlight();
    const data = Uint8Array.from({ length: 5000 }, (_, i) => i);
    let taken: number;
    while ((taken = it.ssl.write(data)) < 0) await it.ssl.asyncReady;
    expect(taken).toBe(5000);
    expect(it.server.record()?.content).toEqual(data);
  });

  it('is repeated with as many bytes, or is a TypeError', () => {
    const { session } = earlySession();
    const gate = { room: 600 };
    const { ssl } = scene({}, { session, gate });
    expect(ssl.writeEarlyData(new Uint8Array(64))).toBe(-1);
    expect(() => ssl.writeEarlyData(new Uint8Array(63))).toThrow(TypeError);
    gate.room = 1000;
    expect(ssl.writeEarlyData(new Uint8Array(64))).toBe(64);
  });

  it('needs a session that allows it', () => {
    expect(() => scene().ssl.writeEarlyData(new Uint8Array(1))).toThrow(TypeError);
  });
});

describe('the change_cipher_spec for middleboxes', () => {
  it('goes in front of the second flight, not before', () => {
    const it = scene();
    begin(it);
    it.server.answer();
    it.ssl.connect();
    expect(it.net.pending).toBe(0);
    it.server.encryptedExtensions();
    it.server.authenticate();
    it.server.finish();
    it.ssl.connect();
    expect([...it.net.nread0().subarray(0, 7)]).toEqual([20, 3, 3, 0, 1, 1, 23]);
  });

  it('goes in front of an alert that is encrypted', () => {
    const it = scene();
    begin(it);
    it.server.answer();
    it.server.put(22, wire.encodeFinished(new Uint8Array(32)));
    it.ssl.connect();
    expect([...it.net.nread0().subarray(0, 7)]).toEqual([20, 3, 3, 0, 1, 1, 23]);
  });

  it('goes in front of early data', () => {
    const { session } = earlySession();
    const it = scene({}, { session });
    it.ssl.writeEarlyData(new Uint8Array([1]));
    it.server.readHello();
    expect([...it.net.nread0().subarray(0, 7)]).toEqual([20, 3, 3, 0, 1, 1, 23]);
  });
});

describe('a PSK', () => {
  it('that is declined leads to a full handshake', () => {
    const { session } = earlySession();
    const it = scene({}, { session });
    begin(it);
    expect(it.server.offered.preSharedKey?.identities).toHaveLength(1);
    expect(it.server.offered.pskKeyExchangeModes).toEqual([1]);
    it.server.answer();
    it.server.encryptedExtensions();
    it.server.authenticate();
    it.server.finish();
    expect(it.ssl.connect()).toBe(1);
    expect(it.ssl.sessionReused).toBe(false);
  });

  it('agreed out of band identifies the server by itself', () => {
    const key = new Uint8Array(32).fill(5);
    const it = scene({ externalPsks: [{ identity: new Uint8Array([1]), key, hash: 'sha256' }] });
    begin(it);
    it.server.answer({ psk: key });
    it.server.encryptedExtensions();
    it.server.finish();
    expect(it.ssl.connect()).toBe(1);
    it.server.readFlight();
    expect([it.ssl.sessionReused, it.ssl.peerCertificates]).toEqual([false, []]);
  });

  it('that is imported is offered once for each hash of the suites, and identifies the server (RFC 9258)', () => {
    const psk = { identity: new Uint8Array([1]), key: new Uint8Array(32).fill(5), hash: 'sha256', import: { context: new Uint8Array([9]) } } as const;
    const it = scene({ cipherSuites: [0x1301, 0x1302], externalPsks: [psk] });
    begin(it);
    const [first, second] = it.server.offered.preSharedKey?.identities ?? [];
    expect([first?.identity, second?.identity].map((each) => Buffer.from(each ?? []).toString('hex'))).toEqual(['00010100010903040001', '00010100010903040002']);
    const owner = new Secrets();
    const [own] = importPsk(parseOptions(nodeCrypto, { externalPsks: [psk] }), psk, owner);
    it.server.answer({ psk: own?.key.bytes ?? new Uint8Array(0) });
    it.server.encryptedExtensions();
    it.server.finish();
    expect(it.ssl.connect(), it.ssl.failure?.error.message).toBe(1);
    it.server.readFlight();
    expect([it.ssl.sessionReused, it.ssl.peerCertificates]).toEqual([false, []]);
  });

  it('of another key fails at Finished', () => {
    const it = scene({ externalPsks: [{ identity: new Uint8Array([1]), key: new Uint8Array(32).fill(5), hash: 'sha256' }] });
    begin(it);
    it.server.answer({ psk: new Uint8Array(32).fill(6) });
    it.server.encryptedExtensions();
    expect(it.ssl.connect()).toBe(-1);
    expect(it.ssl.failure?.error.code).toBe('BAD_RECORD_MAC');
  });
});

describe('KeyUpdate', () => {
  it('of the server is followed, and answered once before we write', () => {
    const { ssl, server } = establish();
    server.updateKeys(true);
    server.updateKeys(true);
    server.put(23, new Uint8Array([1]));
    expect(read(ssl)).toBe(1);
    expect(server.record()).toBeUndefined();
    ssl.write(new Uint8Array([2]));
    expect(server.messages()[0]?.[0]).toBe(KEY_UPDATE);
    server.followKeys();
    expect(server.record()?.content).toEqual(new Uint8Array([2]));
  });

  it('of ours is in force at once', () => {
    const { ssl, server } = establish();
    expect(ssl.keyUpdate(false)).toBe(1);
    ssl.write(new Uint8Array([3]));
    expect(server.messages()[0]).toEqual(wire.encodeKeyUpdate(false));
    server.followKeys();
    expect(server.record()?.content).toEqual(new Uint8Array([3]));
  });

  it('is counted in a row, which data ends', () => {
    const { ssl, server } = establish({ limits: { keyUpdatesInARow: 2 } });
    repeat(3, () => {
      server.updateKeys();
      server.updateKeys();
      server.put(23, new Uint8Array([1]));
      expect(read(ssl)).toBe(1);
    });
  });

  it('is counted on past empty records, which are no data', () => {
    const it = establish({ limits: { keyUpdatesInARow: 4, emptyRecordsInARow: 4 } });
    repeat(20, () => {
      it.server.updateKeys();
      it.server.put(23, new Uint8Array(0));
    });
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_KEY_UPDATES 10');
  });

  it('must end its record', () => {
    const it = establish();
    it.server.put(22, new Uint8Array([...wire.encodeKeyUpdate(false), 4]));
    expect(refusal(it, () => read(it.ssl))).toBe('EXCESS_HANDSHAKE_DATA 10');
  });
});

describe('authentication after the handshake', () => {
  it('sends certificate, signature and Finished in answer to each request', async () => {
    const client = await pki('client');
    const it = establish({ postHandshakeAuth: true, credentials: [{ chain: client.chain, key: client.key }] });
    for (const context of [new Uint8Array([1]), new Uint8Array([2, 2])]) {
      it.server.put(22, it.server.certificateRequest(context));
      expect(read(it.ssl)).toBe(-1);
      const [certificate, verify, finished] = it.server.messages();
      expect([certificate?.[0], verify?.[0], finished?.[0]]).toEqual([11, 15, 20]);
      expect(wire.decodeCertificate(certificate?.subarray(4) as Uint8Array).context).toEqual(context);
    }
    expect(it.ssl.clientCredential?.chain).toEqual(client.chain);
  });

  it('lets data pass while the signer thinks, but never between its messages', async () => {
    const client = await pki('client');
    let answer: (signature: Uint8Array) => void = () => undefined;
    const signer: Signer = { schemes: [0x0403], sign: () => new Promise((resolve) => (answer = resolve)) };
    const it = establish({ postHandshakeAuth: true, credentials: [{ chain: client.chain, key: signer }] });
    it.server.put(22, it.server.certificateRequest(new Uint8Array([1])));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslError.wantAsync]);
    const ready = it.ssl.asyncReady;
    expect([it.ssl.write(new Uint8Array([7])), it.ssl.connect()]).toEqual([1, 1]);
    expect(it.server.record()?.content).toEqual(new Uint8Array([7]));
    answer(new Uint8Array(70));
    await ready;
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslError.wantRead]);
    expect(it.server.messages().map(([type]) => type)).toEqual([11, 15, 20]);
  });

  it('answers one request after the other, and reads on once the answer has gone', async () => {
    const client = await pki('client');
    let asked = 0;
    const onCertificateRequest = (): { chain: readonly Uint8Array[]; key: Uint8Array } => {
      asked++;
      return { chain: client.chain, key: client.key };
    };
    const gate = { room: 1 << 16 };
    const it = establish({ postHandshakeAuth: true, onCertificateRequest }, { gate });
    gate.room = 100;
    repeat(3, () => it.server.put(22, it.server.certificateRequest(new Uint8Array([1]))));
    it.server.put(23, new Uint8Array([5]));
    for (let i = 0; i < 5; i++) expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslError.wantWrite]);
    expect(asked).toBe(1);
    gate.room = 1 << 16;
    expect(read(it.ssl)).toBe(1);
    expect(asked).toBe(3);
    repeat(3, () => expect(it.server.messages().map(([type]) => type)).toEqual([11, 15, 20]));
  });

  it('that was not offered is refused', () => {
    const it = establish();
    it.server.put(22, it.server.certificateRequest(new Uint8Array([1])));
    expect(refusal(it, () => read(it.ssl))).toBe('UNEXPECTED_MESSAGE 10');
  });
});

describe('HelloRetryRequest', () => {
  it.each<[string, wire.HelloRetryRequestExtensions, string]>([
    ['that changes nothing', {}, 'BAD_HELLO_RETRY_REQUEST 47'],
    ['for a group whose share was sent', { keyShare: 29 }, 'WRONG_GROUP 47'],
    ['for a group that was not offered', { keyShare: 25 }, 'WRONG_GROUP 47'],
  ])('%s is refused', (_title, extensions, expected) => {
    const it = scene();
    begin(it);
    it.server.retry(extensions);
    expect(refusal(it, () => it.ssl.connect())).toBe(expected);
  });

  it('comes once', () => {
    const it = scene();
    begin(it);
    it.server.retry({ keyShare: 23 });
    it.ssl.connect();
    it.server.readHello();
    it.server.retry({ cookie: new Uint8Array([1]) });
    expect(refusal(it, () => it.ssl.connect())).toBe('UNEXPECTED_MESSAGE 10');
  });

  it('may ask for a cookie alone, and gets it with the same share', () => {
    const it = scene();
    begin(it);
    const share = it.server.offered.keyShare;
    it.server.retry({ cookie: new Uint8Array([1, 2]) });
    it.ssl.connect();
    it.server.readHello();
    expect([it.server.offered.cookie, it.server.offered.keyShare]).toEqual([new Uint8Array([1, 2]), share]);
    it.server.answer();
    it.server.encryptedExtensions();
    it.server.authenticate();
    it.server.finish();
    expect([it.ssl.connect(), it.ssl.helloRetryRequested]).toEqual([1, true]);
  });
});

describe('Encrypted ClientHello', () => {
  const configs = (publicName: string): Uint8Array => {
    const key = nodeCrypto.groups.find(({ id }) => id === 29)?.keyShare(nodeCrypto.random) as { publicKey: Uint8Array };
    const contents = new wire.Writer().u8(7).u16(0x20).vector16(key.publicKey).vector16(new Uint8Array([0, 1, 0, 1])).u8(32).vector8(new TextEncoder().encode(publicName)).u16(0).finish();
    const config = new wire.Writer().u16(0xfe0d).vector16(contents).finish();
    return new wire.Writer().vector16(config).finish();
  };

  it('that is rejected proves the public name, tells the retry configurations, and ends there', () => {
    const it = scene({ ech: configs('server.test') }, { host: 'secret.test' });
    begin(it);
    expect([it.server.offered.serverName, it.server.offered.encryptedClientHello?.kind]).toEqual(['server.test', 'outer']);
    expect(Buffer.from(it.server.hello.random).includes('secret')).toBe(false);
    it.server.answer();
    const retry = configs('other.test');
    it.server.encryptedExtensions({ encryptedClientHello: retry });
    it.server.send(it.server.certificateRequest());
    it.server.authenticate();
    it.server.finish();
    expect(it.ssl.connect()).toBe(-1);
    expect([it.ssl.failure?.error.code, it.ssl.ech, it.ssl.echRetryConfigs]).toEqual(['ECH_REJECTED', 'rejected', retry]);
    const [certificate] = it.server.readFlight();
    expect(wire.decodeCertificate(certificate?.subarray(4) as Uint8Array).entries).toEqual([]);
    expect(it.server.record()).toEqual({ type: 21, content: new Uint8Array([2, 121]) });
  });

  it('that is rejected by a server without the public name is a wrong name, and gives no configurations', () => {
    const it = scene({ ech: configs('public.test') }, { host: 'server.test' });
    begin(it);
    it.server.answer();
    it.server.encryptedExtensions({});
    it.server.authenticate();
    expect(refusal(it, () => it.ssl.connect())).toBe('CERT_NAME_MISMATCH 42');
  });

  it('repeats what it sent when the server that asks again could not decrypt it', () => {
    const it = scene({ ech: configs('server.test') }, { host: 'secret.test' });
    begin(it);
    const first = it.server.offered.encryptedClientHello;
    it.server.retry({ keyShare: 23 });
    it.ssl.connect();
    it.server.readHello();
    expect([it.server.offered.encryptedClientHello, it.server.offered.serverName, it.ssl.ech]).toEqual([first, 'server.test', 'rejected']);
  });

  it('without a configuration that can be used fails before a byte is sent', () => {
    const it = scene({ ech: configs('192.0.2.1') });
    expect(it.ssl.connect()).toBe(-1);
    expect([it.ssl.failure?.error.code, it.net.pending]).toEqual(['ECH_REQUIRED', 0]);
  });

  it('as GREASE changes nothing else', () => {
    const it = scene({ ech: 'grease' });
    begin(it);
    expect([it.server.offered.serverName, it.server.offered.encryptedClientHello?.kind]).toEqual(['server.test', 'outer']);
    it.server.answer();
    it.server.encryptedExtensions({ encryptedClientHello: configs('other.test') });
    it.server.authenticate();
    it.server.finish();
    expect([it.ssl.connect(), it.ssl.ech, it.ssl.echRetryConfigs]).toEqual([1, 'grease', undefined]);
  });
});

describe('limits', () => {
  it.each<[string, ContextOptions, (it: Scene) => void, string]>([
    ['handshakeBytes', { limits: { handshakeBytes: 512 } }, ({ server }) => server.authenticate(), 'EXCESSIVE_MESSAGE_SIZE 47'],
    ['chainLength', { limits: { chainLength: 1 } }, ({ server }) => server.authenticate(), 'CERT_CHAIN_TOO_LONG 48'],
    ['warning alerts', {}, ({ server }) => repeat(5, () => server.put(21, new Uint8Array([1, 90]))), 'TOO_MANY_WARNING_ALERTS 10'],
    ['a record', {}, ({ server }) => server.put(22, new Uint8Array(16_384), 1), 'RECORD_TOO_LARGE 22'],
  ])('of %s hold', (_name, options, push, expected) => {
    const it = scene(options);
    begin(it);
    it.server.answer();
    it.server.encryptedExtensions();
    push(it);
    expect(refusal(it, () => it.ssl.connect())).toBe(expected);
  });

  it('of emptyRecordsInARow hold', () => {
    const it = establish({ limits: { emptyRecordsInARow: 3 } });
    repeat(4, () => it.server.put(23, new Uint8Array(0)));
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_EMPTY_RECORDS 10');
  });

  it('of keyUpdatesInARow hold', () => {
    const it = establish({ limits: { keyUpdatesInARow: 4 } });
    repeat(5, () => it.server.updateKeys());
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_KEY_UPDATES 10');
  });

  it('of tickets hold: what comes after is read and dropped', () => {
    const it = establish({ limits: { tickets: 2 } });
    repeat(5, () => it.server.put(22, it.server.ticket().message));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslError.wantRead]);
    expect(it.sessions).toHaveLength(2);
  });

  it('of tickets in a row hold, which data ends', () => {
    const it = establish();
    const { message } = it.server.ticket();
    repeat(64, () => it.server.put(22, message));
    it.server.put(23, new Uint8Array([1]));
    expect(read(it.ssl)).toBe(1);
    repeat(65, () => it.server.put(22, message));
    expect(refusal(it, () => read(it.ssl))).toBe('TOO_MANY_MESSAGES 10');
  });

  it('of certificate requests in a row hold', () => {
    const it = establish({ postHandshakeAuth: true });
    repeat(9, () => it.server.put(22, it.server.certificateRequest(new Uint8Array([1]))));
    expect(read(it.ssl)).toBe(-1);
    expect(it.ssl.failure?.error.code).toBe('TOO_MANY_MESSAGES');
    repeat(8, () => expect(it.server.messages().map(([type]) => type)).toEqual([11, 20]));
    expect(it.server.record()?.content).toEqual(new Uint8Array([2, 10]));
  });

  it('of messages after the handshake hold', () => {
    const it = establish();
    it.server.put(22, new Uint8Array([4, 2, 0, 1, ...new Uint8Array(100)]));
    expect(refusal(it, () => read(it.ssl))).toBe('EXCESSIVE_MESSAGE_SIZE 47');
  });

  it('of messages after the handshake leave room for a ticket of more than a record', () => {
    const it = establish();
    const message = new Uint8Array(4 + 4 + 4 + 1 + 2 + 40_000 + 2);
    message.set([4, 0, 0x9c, 0x4d, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0x9c, 0x40]);
    for (let at = 0; at < message.length; at += 16_384) it.server.put(22, message.subarray(at, at + 16_384));
    expect([read(it.ssl), it.ssl.getError(-1)]).toEqual([-1, SslError.wantRead]);
    expect(it.sessions).toHaveLength(1);
  });
});
