/**
 * @module What a caller's objects may do to a context: nothing, once it is made. Options are read when the context is
 * made, each once, wherever the object has them; what becomes of the objects afterwards is their owner's business.
 */
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import type { Backend, ContextOptions, Credential, Feature, Signer, TlsSession } from '@ferrule/contract';
import type { Check, CheckGroup } from '../check.ts';
import { SslErrorCode } from '@ferrule/result';
import { expectReturn, trusting } from '../client.ts';
import { type Identity, issue, makeCrl, pki } from '../pki/index.ts';
import { echo } from '../server/tls-server.ts';
import { again, scene } from './support.ts';

const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

// ── Changed afterwards ──

const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

function signerOf(key: Uint8Array): Signer {
  const own = createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' });
  return { schemes: [0x0403], sign: (_scheme, message) => new Uint8Array(sign('sha256', message, own)) };
}

/**
 * The DER Name of a certificate whose first Name is a common name alone: its OID stands 6 bytes behind the beginning.
 */
function nameOf(certificate: Uint8Array): Uint8Array {
  const at = Buffer.from(certificate).indexOf(Buffer.from('0603550403', 'hex')) - 6;
  return certificate.slice(at, at + 2 + (certificate[at + 1] ?? 0));
}

/** Each option that is an object, or has objects in it. */
const OBJECTS: Readonly<Record<string, { readonly feature?: Feature; make(): Promise<ContextOptions> }>> = {
  trustAnchors: { make: async () => ({ trustAnchors: [(await pki('root')).certificate] }) },
  'trustAnchors of parts': {
    make: async () => ({
      trustAnchors: [{ subject: nameOf((await pki('root')).certificate), spki: (await pki('root')).spki }],
    }),
  },
  crls: {
    feature: 'crl',
    make: async () => ({ crls: [await makeCrl(await pki('intermediate'), [await pki('revoked')])] }),
  },
  pins: { make: async () => ({ pins: [digest((await pki('root')).spki)] }) },
  cipherSuites: { make: async () => ({ cipherSuites: [0x1301, 0xc02b] }) },
  groups: { make: async () => ({ groups: [0x0017, 0x001d], keyShares: [0x0017] }) },
  signatureAlgorithms: { make: async () => ({ signatureAlgorithms: [0x0403, 0x0804, 0x0401] }) },
  alpn: { make: async () => ({ alpn: ['echo'] }) },
  credentials: { make: async () => ({ credentials: [await credentialOf('client')] }) },
  'credentials with a Signer': {
    feature: 'external-signer',
    make: async () => ({
      credentials: [{ ...(await credentialOf('client')), key: signerOf((await pki('client')).key) }],
    }),
  },
  rawPublicKeys: {
    feature: 'raw-public-key',
    make: async () => ({
      rawPublicKeys: [(await pki('p256')).spki],
      serverCertificateTypes: ['raw-public-key', 'x509'],
      clientCertificateTypes: ['x509'],
    }),
  },
  externalPsks: {
    feature: 'external-psk',
    make: async () => ({
      externalPsks: [{ identity: Uint8Array.of(1), key: new Uint8Array(32).fill(1), hash: 'sha256' }],
    }),
  },
  'externalPsks that are imported': {
    feature: 'psk-importer',
    make: async () => ({
      externalPsks: [
        {
          identity: Uint8Array.of(1),
          key: new Uint8Array(32).fill(1),
          hash: 'sha256',
          import: { context: Uint8Array.of(2) },
        },
      ],
    }),
  },
  limits: { make: async () => ({ limits: { tickets: 3 } }) },
};

async function credentialOf(name: 'client' | 'client-rsa'): Promise<Credential> {
  const { chain, key } = await pki(name);
  return { chain, key, signatureAlgorithms: name === 'client' ? [0x0403] : [0x0804], mustMatchIssuer: false };
}

/** The test PKI's bytes are everybody's. */
function fresh<T>(value: T): T {
  if (value instanceof Uint8Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(fresh) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fresh(entry)])) as T;
}

/** Bytes become zeros, numbers and names others, arrays empty, and what an object had is gone. */
function ruin(value: unknown): void {
  if (value instanceof Uint8Array) return void value.fill(0);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    ruin(entry);
    Object.assign(value, {
      [key]:
        typeof entry === 'function'
          ? (): never => assert.fail(`${key} was read again`)
          : typeof entry === 'object'
            ? {}
            : 'ruined',
    });
  }
  if (Array.isArray(value)) value.length = 0;
}

const SERVER = { requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['echo'] } as const;

/** What a handshake under these options comes to. */
async function outcome(
  backend: Backend,
  maxVersion: 'TLSv1.3' | 'TLSv1.2',
  options: ContextOptions,
  before: (options: ContextOptions) => void,
): Promise<unknown[]> {
  const context = backend.createContext(options);
  before(options);
  return scene(backend, { server: { ...SERVER, maxVersion }, context }, async ({ client, server }) => {
    const { ssl } = await client.established();
    const socket = await server.accepted();
    echo(socket);
    await client.echo('still there');
    return [
      context.sessionIdContext,
      ssl.version,
      ssl.cipherSuite,
      ssl.group,
      ssl.peerSignatureAlgorithm,
      ssl.alpn,
      socket.getPeerCertificate().fingerprint256,
    ];
  });
}

const changed: CheckGroup = {
  title: 'an option that is changed after createContext() changes nothing',
  checks: Object.entries(OBJECTS).map(([title, { feature, make }]): Check => ({
    title,
    ...(feature && { feature }),
    run: async (backend) => {
      const options = await trusting(await make());
      for (const version of VERSIONS) {
        assert.deepEqual(
          await outcome(backend, version, fresh(options), ruin),
          await outcome(backend, version, fresh(options), () => undefined),
        );
      }
    },
  })),
};

// ── Where options are ──

const zeroPin = (): Uint8Array[] => [new Uint8Array(32)];
const places: Readonly<Record<string, (anchors: ContextOptions) => ContextOptions>> = {
  'its own': (anchors) => ({ ...anchors, pins: zeroPin() }),
  inherited: (anchors) => Object.assign(Object.create({ pins: zeroPin() }) as object, anchors),
  'a getter of its class': (anchors) =>
    Object.assign(
      new (class {
        get pins(): Uint8Array[] {
          return zeroPin();
        }
      })(),
      anchors,
    ),
  'not enumerable': (anchors) => Object.defineProperty({ ...anchors }, 'pins', { value: zeroPin() }),
  'of an object without a prototype': (anchors) =>
    Object.assign(Object.create(null) as object, anchors, { pins: zeroPin() }),
};

const found: CheckGroup = {
  title: 'an option is read wherever the object has it:',
  checks: [
    ...Object.entries(places).map(([title, make]): Check => ({
      title,
      run: async (backend) =>
        scene(backend, { context: backend.createContext(make(await trusting())) }, async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'CERT_PIN_MISMATCH');
        }),
    })),
    {
      title: 'but not of Object.prototype, which every object has',
      run: async (backend) => {
        const options = await trusting({ trustAnchors: [] });
        Object.defineProperty(Object.prototype, 'verify', { value: 'none', configurable: true });
        try {
          await scene(
            backend,
            { context: backend.createContext(options) },
            async ({ client }) => void (await client.refused()),
          );
        } finally {
          delete (Object.prototype as { verify?: unknown }).verify;
        }
      },
    },
    {
      title: 'and read once',
      run: async (backend) => {
        let read = 0;
        const { trustAnchors = [] } = await trusting();
        const options = Object.defineProperty({ trustAnchors }, 'pins', {
          get: () => (read++ === 0 ? zeroPin() : undefined),
          enumerable: true,
        });
        await scene(backend, { context: backend.createContext(options) }, async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'CERT_PIN_MISMATCH');
          assert.equal(read, 1);
        });
      },
    },
    {
      title: 'and what holds no options is a TypeError: a Map, a Set, an array, a function, a Date',
      run: async (backend) => {
        for (const wrong of [
          new Map([['verify', 'none']]),
          new Set(),
          [],
          () => undefined,
          new Date(),
          'text',
          null,
          new Uint8Array(1),
          Object.create(new Map()) as object,
        ]) {
          assert.throws(() => backend.createContext(wrong as ContextOptions), TypeError, String(wrong));
          assert.throws(() => backend.createContext({ limits: wrong as object }), /limits/, String(wrong));
        }
        await scene(backend, {}, async ({ client }) => void (await client.established()));
      },
    },
  ],
};

// ── Whose session ──

async function user(name: string): Promise<Credential> {
  const made: Identity = await issue(await pki('intermediate'), {
    subject: `CN=${name}`,
    kind: 'p256',
    purpose: 'clientAuth',
  });
  return { chain: made.chain, key: made.key };
}

const identities: CheckGroup = {
  title: 'a credential',
  checks: [
    {
      title: 'that onCertificateRequest names is of that handshake: no session makes somebody else of the next',
      run: async (backend) => {
        for (const maxVersion of VERSIONS) {
          const users = { alice: await user('alice'), bob: await user('bob'), nobody: undefined };
          let now: keyof typeof users = 'alice';
          const sessions: Parameters<Exclude<ContextOptions['onSession'], undefined>>[0][] = [];
          const context = backend.createContext(
            await trusting({
              onCertificateRequest: () => users[now],
              onSession: (session) => void sessions.push(session),
            }),
          );
          await scene(backend, { server: { ...SERVER, maxVersion }, context }, async ({ client: first, server }) => {
            for (const name of ['alice', 'bob', 'nobody', 'alice'] as const) {
              now = name;
              const client =
                name === 'alice' && sessions.length === 0 && !first.ssl.established
                  ? first
                  : await again(backend, server, { context });
              const session = sessions.at(-1);
              if (session !== undefined && client !== first) client.ssl.setSession(session);
              await client.established();
              const socket = await server.accepted();
              echo(socket);
              await client.echo('who am I?');
              const { subject } = socket.getPeerCertificate();
              assert.equal((subject as { CN?: string } | undefined)?.CN ?? 'nobody', name, maxVersion);
              client.ssl.dispose();
            }
          });
        }
      },
    },
    {
      title: 'whose request never came leaves a session that resumes',
      run: async (backend) => {
        for (const maxVersion of VERSIONS) {
          const sessions: Parameters<Exclude<ContextOptions['onSession'], undefined>>[0][] = [];
          const context = backend.createContext(
            await trusting({
              onCertificateRequest: () => assert.fail('asked'),
              onSession: (session) => void sessions.push(session),
            }),
          );
          await scene(backend, { server: { maxVersion }, context }, async ({ client, server }) => {
            await client.established();
            echo(await server.accepted());
            await client.echo('ticket');
            const next = await again(backend, server, { context });
            next.ssl.setSession(sessions[0] ?? assert.fail('no session'));
            await next.established();
            assert.equal(next.ssl.sessionReused, true);
            next.ssl.dispose();
          });
        }
      },
    },
    {
      title: 'that is renewed in place is the new one at the next handshake, with its own key',
      run: async (backend) => {
        for (const maxVersion of VERSIONS) {
          const credential = { ...(await user('old')) };
          const context = backend.createContext(await trusting({ onCertificateRequest: () => credential }));
          await scene(backend, { server: { ...SERVER, maxVersion }, context }, async ({ client: first, server }) => {
            for (const name of ['old', 'renewed'] as const) {
              if (name === 'renewed') Object.assign(credential, await user('renewed'));
              const client = name === 'old' ? first : await again(backend, server, { context });
              await client.established();
              const socket = await server.accepted();
              assert.equal((socket.getPeerCertificate().subject as { CN?: string }).CN, name);
              client.ssl.dispose();
            }
          });
        }
      },
    },
  ],
};

// ── What bytes are ──

class Frame extends Uint8Array {
  override get length(): number {
    return 500;
  }
}

const memory: CheckGroup = {
  title: 'bytes',
  checks: [
    {
      title: 'of a class that says another length are as many as there are',
      run: (backend) =>
        scene(backend, {}, async ({ client, server }) => {
          await client.established();
          const socket = await server.accepted();
          const got: Buffer[] = [];
          socket.on('data', (bytes: Buffer) => void got.push(bytes));
          assert.equal(await client.run(() => client.ssl.write(new Frame(Buffer.from('abcdefghij')))), 10);
          socket.write('klmnopqrstuvwxyz');
          const into = new Frame(4);
          assert.equal(await client.run(() => client.ssl.read(into)), 4);
          assert.equal(Buffer.from(into.buffer).toString(), 'klmn');
          assert.equal(Buffer.concat(got).toString(), 'abcdefghij');
        }),
    },
    {
      title: 'of another realm are bytes; what only has the prototype is none',
      run: (backend) =>
        scene(backend, {}, async ({ client, server }) => {
          await client.established();
          echo(await server.accepted());
          await client.run(() => client.ssl.write(runInNewContext('new Uint8Array([0x61, 0x62, 0x63])') as Uint8Array));
          assert.equal(await client.receiveText(3), 'abc');
          const fake = Object.create(Uint8Array.prototype, { length: { value: 5 } }) as Uint8Array;
          for (const wrong of [fake, new Uint8ClampedArray(5), new Int8Array(5), new Proxy(new Uint8Array(5), {})]) {
            assert.throws(() => client.ssl.write(wrong as Uint8Array), TypeError);
            assert.throws(() => client.ssl.read(wrong as Uint8Array), TypeError);
            assert.throws(() => client.ssl.exportKeyingMaterial('label', wrong as Uint8Array, 32), TypeError);
          }
          await client.echo('still there');
        }),
    },
  ],
};

const takenAway: CheckGroup = {
  title: 'memory that a method of a BIO takes away from the operation that calls it',
  checks: (['write', 'read'] as const).map((call) => ({
    title: `ends the connection: ${call}() is never 0 without a reason`,
    run: (backend) =>
      scene(backend, {}, async ({ client, server }) => {
        const { ssl, bio } = await client.established();
        echo(await server.accepted());
        await client.echo('before');
        if (call === 'read') {
          await client.send('what is to be read');
          await client.peer.fill(client.net);
        }
        const memory = new Uint8Array(500);
        const method = call === 'write' ? 'nwrite0' : 'nread0';
        const honest = bio[method].bind(bio);
        bio[method] = (most?: number) => {
          if (memory.length > 0) structuredClone(memory.buffer, { transfer: [memory.buffer] });
          return honest(most);
        };
        let ret: number;
        try {
          ret = await client.call(() => ssl[call](memory));
        } catch (error) {
          // An engine that has to wait is called again, and then with nothing
          assert.ok(error instanceof TypeError && memory.length === 0, String(error));
          return;
        }
        expectReturn(ssl, ret, -1, SslErrorCode.ssl);
        assert.equal(ssl.failure?.error.code, 'INTERNAL_ERROR');
      }),
  })),
};

// ── What is told ──

const told: CheckGroup = {
  title: 'the bytes that a connection tells',
  checks: VERSIONS.map((maxVersion) => ({
    title: `are the caller's: writing over them changes neither the connection, nor its session, nor another connection (${maxVersion})`,
    run: async (backend) => {
      const sessions: TlsSession[] = [];
      const options = await trusting({ onSession: (session) => void sessions.push(session) });
      const context = backend.createContext(options);
      await scene(backend, { server: { maxVersion }, context }, async ({ client, server }) => {
        const { ssl } = await client.established();
        const [leaf] = ssl.peerCertificates;
        const right = [leaf?.slice(), ssl.channelBinding('tls-server-end-point')];
        for (const each of [...ssl.peerCertificates, ...(ssl.verifiedChain ?? [])]) each.fill(0);
        assert.deepEqual(ssl.channelBinding('tls-server-end-point'), right[1]);
        echo(await server.accepted());
        await client.echo('ticket');
        for (const session of [undefined, sessions.at(-1) ?? assert.fail('no session')]) {
          const next = await again(backend, server, { context });
          if (session !== undefined) next.ssl.setSession(session);
          await next.established();
          assert.equal(next.ssl.sessionReused, session !== undefined);
          assert.deepEqual(
            [next.ssl.peerCertificates[0]?.slice(), next.ssl.channelBinding('tls-server-end-point')],
            right,
          );
          assert.deepEqual(next.ssl.verifiedChain?.at(-1)?.slice(), (await pki('root')).certificate);
          next.ssl.dispose();
        }
      });
    },
  })),
};

export const ownership: readonly CheckGroup[] = [changed, found, identities, memory, takenAway, told];
