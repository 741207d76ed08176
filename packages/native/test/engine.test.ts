/** What is native's own, beside the conformance suite. */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bioPair } from '@ferrule/bio';
import { Client, clientHelloOf, expectReturn, prefixedList, trusting } from '@ferrule/conformance';
import { makeOcspResponse, pki } from '@ferrule/conformance/pki';
import { ScriptedPeer, TestServer } from '@ferrule/conformance/server';
import type { ContextOptions, TlsSession } from '@ferrule/contract';
import { createNative } from '@ferrule/native';
import { Alert, SslErrorCode, TlsError, X509V } from '@ferrule/result';
import { parseCertificate } from '@ferrule/x509';

const backend = createNative();

/** A connection to a fresh server, as far as it gets. */
async function attempt(
  options: ContextOptions,
  server: Parameters<typeof TestServer.make>[0] = {},
  host = 'server.test',
): Promise<Client> {
  const running = await TestServer.make(server);
  const client = await Client.make(backend, running.open(), { options: await trusting(options), host });
  await client.connect();
  return client;
}

describe('the addon', () => {
  const file = readFileSync(new URL(`../prebuilds/${process.platform}-${process.arch}/ferrule.node`, import.meta.url));

  it('links no OpenSSL: it finds the one in the process', () => {
    expect(file.includes('libssl')).toBe(false);
    expect(file.includes('libcrypto')).toBe(false);
  });

  it('is built on declarations that agree with the OpenSSL headers of this machine', { timeout: 120_000 }, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL('../build.mjs', import.meta.url)), '--check'],
      { encoding: 'utf8' },
    );
    console.log(stdout.trim());
    expect(status, stderr).toBe(0);
  });
});

describe('a verify function with ocsp', () => {
  const stapled = async () => ({ ocspResponse: makeOcspResponse(await pki('p256'), await pki('intermediate')) });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'judges certificate and stapled response together, in %s',
    async (maxVersion) => {
      const seen: (Uint8Array | undefined)[] = [];
      const { ssl } = await attempt(
        { maxVersion, ocsp: 'request', verify: ({ ocspResponse }) => seen.push(ocspResponse) === 1 },
        await stapled(),
      );
      expect(ssl.established).toBe(true);
      expect(seen.map((response) => response?.length)).toEqual([ssl.ocspResponse?.length]);
      expect(ssl.ocspResponse).toBeInstanceOf(Uint8Array);
    },
  );

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('refuses the server with the alert it names, in %s', async (maxVersion) => {
    const refuse = () => {
      throw new TlsError('CERT_REVOKED', 'not this one');
    };
    const { ssl } = await attempt({ maxVersion, ocsp: 'request', verify: refuse }, await stapled());
    expect(ssl.established).toBe(false);
    expect(ssl.failure?.error).toMatchObject({
      code: 'CERT_REVOKED',
      alert: { description: Alert.certificate_revoked, origin: 'local' },
    });
  });
});

describe('trust anchors given as subject and key', () => {
  const anchorOf = (der: Uint8Array) => {
    const { subject, spki } = parseCertificate(der);
    return { subject, spki };
  };

  it('are trusted as the certificate itself would be, and do not show up in the verified chain', async () => {
    const root = (await pki('root')).certificate;
    const { ssl } = await attempt({ trustAnchors: [anchorOf(root)] });
    expect(ssl.failure?.error.message).toBeUndefined();
    expect(ssl.established).toBe(true);
    expect(ssl.verifiedChain).toHaveLength(2);
  });

  it('of another key are not', async () => {
    const root = anchorOf((await pki('root')).certificate);
    const { ssl } = await attempt({
      trustAnchors: [{ ...root, spki: anchorOf((await pki('otherRoot')).certificate).spki }],
    });
    expect(ssl.established).toBe(false);
    expect(ssl.failure?.error.code).toMatch(/^CERT_/);
  });

  it('bind what their name constraints say', async () => {
    const root = anchorOf((await pki('root')).certificate);
    // NameConstraints { permittedSubtrees { dNSName "example" } } and { dNSName "test" }
    const permitted = (name: string): Uint8Array => {
      const base = Buffer.from([0x82, name.length, ...Buffer.from(name)]);
      const subtree = Buffer.from([0x30, base.length, ...base]);
      const trees = Buffer.from([0xa0, subtree.length, ...subtree]);
      return new Uint8Array([0x30, trees.length, ...trees]);
    };
    const { ssl } = await attempt({ trustAnchors: [{ ...root, nameConstraints: permitted('example') }] });
    expect(ssl.failure?.error.code).toBe('CERT_NAME_CONSTRAINT');
    expect(ssl.failure?.error.verify?.code).toBe(X509V.PERMITTED_VIOLATION);
  });
});

describe('sessions', () => {
  async function sessionUnder(options: ContextOptions): Promise<{ session: TlsSession; server: TestServer }> {
    const server = await TestServer.make();
    const sessions: TlsSession[] = [];
    const client = await Client.make(backend, server.open(), {
      options: await trusting({ ...options, onSession: (session) => sessions.push(session) }),
    });
    await client.established();
    (await server.accepted()).write('x');
    await client.receive(1);
    return { session: sessions[0] as TlsSession, server };
  }

  it('made without verification are not resumed where verification is asked for', async () => {
    const { session, server } = await sessionUnder({ verify: 'none' });
    for (const [options, resumed] of [
      [{ verify: 'none' }, true],
      [{}, false],
    ] as const) {
      const client = await Client.make(backend, server.open(), { options: await trusting(options) });
      client.ssl.setSession(session);
      await client.established();
      expect(client.ssl.sessionReused).toBe(resumed);
    }
    server.close();
  });

  it('keep the certificates that the peer showed', async () => {
    const { session, server } = await sessionUnder({});
    const context = backend.createContext(await trusting());
    const again = context.sessionFromBytes(session.toBytes()) as TlsSession;
    const client = await Client.make(backend, server.open(), { context });
    client.ssl.setSession(again);
    await client.established();
    expect(client.ssl.sessionReused).toBe(true);
    expect(client.ssl.peerCertificates.map((der) => der.length)).toEqual(
      (await pki('p256')).chain.map((der) => der.length),
    );
    server.close();
  });

  it('that have expired are not offered', async () => {
    const { session, server } = await sessionUnder({});
    const client = await Client.make(backend, server.open(), {
      options: await trusting({ now: () => session.expiresAt + 1 }),
    });
    client.ssl.setSession(session);
    await client.connect();
    expect(client.ssl.sessionReused).toBe(false);
    server.close();
  });
});

it('the last setHost() counts, for the name that is sent and for the check', async () => {
  for (const [first, last] of [
    ['127.0.0.9', 'server.test'],
    ['wrong.test', '127.0.0.1'],
    ['wrong.test', 'server.test'],
  ] as const) {
    const server = await TestServer.make();
    const client = await Client.make(backend, server.open(), { options: await trusting(), host: first });
    client.ssl.setHost(last);
    await client.established();
    expect((await server.accepted()).servername).toBe(last === '127.0.0.1' ? false : last);
    server.close();
  }
});

describe('a HelloRequest of TLS 1.2', () => {
  it.each([
    ['refuse', -1, 'NO_RENEGOTIATION'],
    ['ignore', 5, undefined],
  ] as const)('with renegotiation: %s', async (renegotiation, expected, code) => {
    const server = await TestServer.make({ maxVersion: 'TLSv1.2' });
    const client = await Client.make(backend, server.open(), { options: await trusting({ renegotiation }) });
    await client.established();
    const socket = await server.accepted();
    socket.renegotiate({}, () => undefined);
    socket.write('after');
    expect(await client.run(() => client.ssl.read(new Uint8Array(5)))).toBe(expected);
    expect(client.ssl.failure?.error.code).toBe(code);
    server.close();
  });
});

describe('limits', () => {
  it('of the chain length end in CERT_CHAIN_TOO_LONG', async () => {
    const { ssl } = await attempt({ limits: { chainLength: 1 } });
    expect(ssl.failure?.error).toMatchObject({
      code: 'CERT_CHAIN_TOO_LONG',
      verify: { code: X509V.CERT_CHAIN_TOO_LONG },
    });
  });

  it('of a message end in EXCESSIVE_MESSAGE_SIZE', async () => {
    const { ssl } = await attempt({ limits: { handshakeBytes: 300 } });
    expect(ssl.failure?.error.code).toBe('EXCESSIVE_MESSAGE_SIZE');
  });

  it('that OpenSSL cannot lower are refused by name', () => {
    expect(() => backend.createContext({ limits: { emptyRecordsInARow: 5 } })).toThrow(
      /^limits\.emptyRecordsInARow: OpenSSL/,
    );
  });
});

describe('options that need what this OpenSSL does not have', () => {
  it.each([
    ['ech', { ech: 'grease' }],
    ['record-size-limit', { recordSizeLimit: 512 }],
    ['seeded-random', { random: () => undefined }],
  ] as const)('%s is named', (feature, options) => {
    expect(() => backend.createContext(options)).toThrow(
      new TypeError(`${Object.keys(options)[0]}: this backend does not have the feature ${feature}`),
    );
  });
});

it('a pre-shared key is refused that is shorter than 128 bits, or longer than OpenSSL offers', async () => {
  const keyOf = (length: number): ContextOptions => ({
    externalPsks: [{ identity: Uint8Array.of(1), key: new Uint8Array(length).fill(7), hash: 'sha256' }],
  });
  for (const length of [16, 512]) expect((await hello(keyOf(length))).extensions.has(41)).toBe(true);
  expect(() => backend.createContext(keyOf(15))).toThrow(
    new TypeError('externalPsks[0].key: must be at least 16 bytes (RFC 9257 section 6), this one has 15'),
  );
  expect(() => backend.createContext(keyOf(513))).toThrow(
    new TypeError('externalPsks[0].key: OpenSSL offers keys of at most 512 bytes, this one has 513'),
  );
});

async function hello(options: ContextOptions): Promise<ReturnType<typeof clientHelloOf>> {
  const server = await TestServer.make();
  const wire = server.open();
  const client = await Client.make(backend, wire, { options: await trusting(options) });
  client.ssl.connect();
  await wire.flush(client.net);
  server.close();
  return clientHelloOf(new Uint8Array(Buffer.concat(wire.sent)));
}

describe('the ClientHello', () => {
  it('asks for signed certificate timestamps, stapled responses and tickets only when told to', async () => {
    const asking = (await hello({ signedCertificateTimestamps: true, ocsp: 'request', maxVersion: 'TLSv1.2' }))
      .extensions;
    expect([asking.has(18), asking.has(5), asking.has(35)]).toEqual([true, true, true]);
    const silent = (await hello({ sessionTickets: false, maxVersion: 'TLSv1.2' })).extensions;
    expect([silent.has(18), silent.has(5), silent.has(35)]).toEqual([false, false, false]);
  });

  it('offers the suites, groups and signature algorithms that were named, and no others', async () => {
    const { cipherSuites, extensions } = await hello({
      cipherSuites: [0x1303, 0xc030],
      groups: [0x18, 0x17],
      signatureAlgorithms: [0x0804, 0x0403],
    });
    expect(cipherSuites.filter((id) => id !== 0x00ff)).toEqual([0x1303, 0xc030]); // 0x00ff: RFC 5746's signalling value
    expect(prefixedList(extensions.get(10))).toEqual([0x18, 0x17]);
    expect(prefixedList(extensions.get(13))).toEqual([0x0804, 0x0403]);
  });
});

describe('by default', () => {
  const sorted = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);

  it('is offered what node:tls of this process offers, above our floor: nothing of it is missing, and nothing weak is there', async () => {
    const theirs = await new Promise<ReturnType<typeof clientHelloOf>>((resolve) => {
      const wire = new Duplex({ read: () => {}, write: (chunk: Uint8Array) => resolve(clientHelloOf(chunk)) });
      connect({ socket: wire, ciphers: 'DEFAULT' }).on('error', () => {});
    });
    const ours = await hello({});
    const schemes = prefixedList(theirs.extensions.get(13)).filter((id) => !WEAK_SCHEMES.test(hex(id)));
    expect(sorted(prefixedList(ours.extensions.get(13)))).toEqual(sorted(schemes));
    // Finite fields (RFC 7919) are below it.
    const groups = prefixedList(theirs.extensions.get(10)).filter((id) => id >> 8 !== 1);
    expect(sorted(prefixedList(ours.extensions.get(10)))).toEqual(sorted(groups));
    const suites = theirs.cipherSuites.filter((id) => id >> 8 === 0x13 || ECDHE_AEAD.has(id));
    expect(sorted(ours.cipherSuites.filter((id) => id !== 0x00ff))).toEqual(sorted(suites));
  });

  it('a server is reached that knows X448 alone', async () => {
    const { ssl } = await attempt({}, { ecdhCurve: 'X448' });
    expect(ssl.group).toBe(0x001e);
  });
});

/** MD5, SHA-1, SHA-224 and DSA (RFC 5246 section 7.4.1.4.1). */
const WEAK_SCHEMES = /^0[0-3]|^0[4-6]02/;
const hex = (id: number): string => id.toString(16).padStart(4, '0');
/** TLS 1.2, RFC 5289 and RFC 7905. */
const ECDHE_AEAD: ReadonlySet<number> = new Set([0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9]);

describe('what goes wrong around a call', () => {
  it('a view whose memory has been taken away is an empty view', () => {
    const [engine] = bioPair();
    const detached = new Uint8Array(64);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const ssl = backend.createContext().newConnection();
    ssl.setBio(
      { ...wrap(engine), nwrite0: () => detached },
      { ...wrap(engine), nwrite0: () => detached, nwrite: () => undefined },
    );
    expectReturn(ssl, ssl.connect(), -1, SslErrorCode.wantWrite);
    ssl.dispose();
  });

  it('an observer that throws fails the connection with CALLBACK_FAILED', async () => {
    const thrown = new Error('no room for this line');
    const { ssl } = await attempt({
      onKeylog: () => {
        throw thrown;
      },
    });
    expect(ssl.failure?.error).toMatchObject({ code: 'CALLBACK_FAILED', cause: thrown });
  });

  it('an observer may dispose of the connection', async () => {
    const server = await TestServer.make();
    const client: Client = await Client.make(backend, server.open(), {
      options: await trusting({ onKeylog: () => client.ssl.dispose() }),
    });
    expect(await client.connect()).toBe(-1);
    expect(client.failure().error.code).toBe('DISPOSED');
    server.close();
  });

  it('a write that is repeated with fewer bytes is a TypeError, not lost data', async () => {
    const server = await TestServer.make();
    const client = await Client.make(backend, server.open(), { options: await trusting(), bioSize: 64 });
    const { ssl } = await client.established();
    expectReturn(ssl, ssl.write(new Uint8Array(100)), -1, SslErrorCode.wantWrite);
    expect(() => ssl.write(new Uint8Array(99))).toThrow(TypeError);
    expect(await client.run(() => ssl.write(new Uint8Array(100)))).toBe(100);
    server.close();
  });

  it('connections that were forgotten, and contexts, are given back by the garbage collector without harm', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const forgotten = Array.from({ length: 100 }, () => {
      const context = backend.createContext();
      return [new WeakRef<object>(context), new WeakRef<object>(context.newConnection())];
    }).flat();
    const left = (): number => forgotten.filter((each) => each.deref() !== undefined).length;
    // A WeakRef that was just made holds until the task is over, and finalizers run in tasks of their own
    for (let i = 0; i < 10 && left() > 0; i++) {
      await new Promise(setImmediate);
      collect();
    }
    expect(left()).toBe(0);
    await new Promise(setImmediate);
  });

  it('garbage after a good ClientHello is a typed failure', async () => {
    const client = await Client.make(backend, new ScriptedPeer(new Uint8Array([22, 3, 3, 0, 4, 2, 0, 0, 1])), {});
    expect(await client.connect()).toBe(-1);
    expect(client.failure().error.code).not.toBe('INTERNAL_ERROR');
  });
});

/** The methods of a BIO of a class, as own properties. */
function wrap(bio: ReturnType<typeof bioPair>[0]) {
  return {
    blocking: bio.blocking,
    pending: bio.pending,
    eof: bio.eof,
    error: bio.error,
    read: bio.read.bind(bio),
    write: bio.write.bind(bio),
    nread0: bio.nread0.bind(bio),
    nread: bio.nread.bind(bio),
    nwrite0: bio.nwrite0.bind(bio),
    nwrite: bio.nwrite.bind(bio),
    shutdownWrite: bio.shutdownWrite.bind(bio),
    fail: bio.fail.bind(bio),
  };
}
