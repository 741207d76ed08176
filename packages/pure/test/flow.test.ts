/** The handshake of TLS 1.3. */
import { SslErrorCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import { parseOptions } from '../src/context.ts';
import { Secrets } from '../src/keys/secret.ts';
import { importPsk } from '../src/session/psk-import.ts';
import * as wire from '../src/wire/index.ts';
import { scene, laterCrypto, begin, earlySession, refusal } from './scene.ts';

describe('the application protocol', () => {
  it.each([
    ['with a byte order mark before it', [0xef, 0xbb, 0xbf, 0x68, 0x32]],
    ['with a byte behind it that is not UTF-8', [0x68, 0x32, 0xff]],
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
    expect(it.ssl.exportEarlyKeyingMaterial?.('EXPERIMENTAL', undefined, 32)).toEqual(
      it.server.earlyExporter.export('EXPERIMENTAL', undefined, 32),
    );
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
    expect([it.server.offered.earlyData, it.server.offered.keyShare?.[0]?.group, it.ssl.earlyData]).toEqual([
      undefined,
      23,
      'rejected',
    ]);
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
    ['the BIO', nodeCrypto, SslErrorCode.wantWrite],
    ['an asynchronous cipher', laterCrypto(), SslErrorCode.wantAsync],
  ] as const)(
    'that waits for %s when the handshake goes on is not counted in what is written after it',
    async (_what, crypto, reason) => {
      const { session, psk } = earlySession();
      const gate = { room: 600 };
      const it = scene({}, { session, crypto, gate });
      expect([it.ssl.writeEarlyData(new Uint8Array(64).fill(1)), it.ssl.getError(-1)]).toEqual([-1, reason]);
      gate.room = 1 << 17;
      if (reason === SslErrorCode.wantAsync) await it.ssl.asyncReady;
      expect([it.ssl.connect(), it.ssl.getError(-1)]).toEqual([-1, SslErrorCode.wantRead]);
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
    },
  );

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
    const psk = {
      identity: new Uint8Array([1]),
      key: new Uint8Array(32).fill(5),
      hash: 'sha256',
      import: { context: new Uint8Array([9]) },
    } as const;
    const it = scene({ cipherSuites: [0x1301, 0x1302], externalPsks: [psk] });
    begin(it);
    const [first, second] = it.server.offered.preSharedKey?.identities ?? [];
    expect([first?.identity, second?.identity].map((each) => Buffer.from(each ?? []).toString('hex'))).toEqual([
      '00010100010903040001',
      '00010100010903040002',
    ]);
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
    const it = scene({
      externalPsks: [{ identity: new Uint8Array([1]), key: new Uint8Array(32).fill(5), hash: 'sha256' }],
    });
    begin(it);
    it.server.answer({ psk: new Uint8Array(32).fill(6) });
    it.server.encryptedExtensions();
    expect(it.ssl.connect()).toBe(-1);
    expect(it.ssl.failure?.error.code).toBe('BAD_RECORD_MAC');
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
    const contents = new wire.Writer()
      .u8(7)
      .u16(0x20)
      .vector16(key.publicKey)
      .vector16(new Uint8Array([0, 1, 0, 1]))
      .u8(32)
      .vector8(new TextEncoder().encode(publicName))
      .u16(0)
      .finish();
    const config = new wire.Writer().u16(0xfe0d).vector16(contents).finish();
    return new wire.Writer().vector16(config).finish();
  };

  it('that is rejected proves the public name, tells the retry configurations, and ends there', () => {
    const it = scene({ ech: configs('server.test') }, { host: 'secret.test' });
    begin(it);
    expect([it.server.offered.serverName, it.server.offered.encryptedClientHello?.kind]).toEqual([
      'server.test',
      'outer',
    ]);
    expect(Buffer.from(it.server.hello.random).includes('secret')).toBe(false);
    it.server.answer();
    const retry = configs('other.test');
    it.server.encryptedExtensions({ encryptedClientHello: retry });
    it.server.send(it.server.certificateRequest());
    it.server.authenticate();
    it.server.finish();
    expect(it.ssl.connect()).toBe(-1);
    expect([it.ssl.failure?.error.code, it.ssl.ech, it.ssl.echRetryConfigs]).toEqual([
      'ECH_REJECTED',
      'rejected',
      retry,
    ]);
    expect(it.ssl.failure?.error.echRetryConfigs).toEqual(retry);
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
    expect([it.server.offered.encryptedClientHello, it.server.offered.serverName, it.ssl.ech]).toEqual([
      first,
      'server.test',
      'rejected',
    ]);
  });

  it('without a configuration that can be used fails before a byte is sent', () => {
    const it = scene({ ech: configs('192.0.2.1') });
    expect(it.ssl.connect()).toBe(-1);
    expect([it.ssl.failure?.error.code, it.net.pending]).toEqual(['ECH_REQUIRED', 0]);
  });

  it('as GREASE changes nothing else', () => {
    const it = scene({ ech: 'grease' });
    begin(it);
    expect([it.server.offered.serverName, it.server.offered.encryptedClientHello?.kind]).toEqual([
      'server.test',
      'outer',
    ]);
    it.server.answer();
    it.server.encryptedExtensions({ encryptedClientHello: configs('other.test') });
    it.server.authenticate();
    it.server.finish();
    expect([it.ssl.connect(), it.ssl.ech, it.ssl.echRetryConfigs]).toEqual([1, 'grease', undefined]);
  });
});
