/**
 * @module Optional powers: a backend that lists one proves it; a backend that does not refuses it when the context is
 * made.
 */
import assert from 'node:assert/strict';
import type { Backend, ContextOptions, Feature } from '@ferrule/contract';
import { concat } from '@ferrule/result/bytes';
import { ExtensionType } from '@ferrule/result/numbers';
import { byPreference, GROUPS, isKem, SIGNATURE_SCHEMES } from '@ferrule/result/preference';
import { type Check, type CheckGroup, group } from '../check.ts';
import { type ClientOptions, trusting } from '../client.ts';
import { clientHelloOf, isGrease, keyShareGroups, prefixedList } from '../hello.ts';
import { pki } from '../pki/index.ts';
import { echo, type TestServerOptions } from '../server/tls-server.ts';
import { pattern, scene, serverIsPostQuantum } from './support.ts';

const X25519MLKEM768 = 0x11ec;

/**
 * Options that need a feature, valid in themselves. Features that are asked for in another way are proved elsewhere.
 */
const ASKING: readonly (readonly [Feature, () => ContextOptions | Promise<ContextOptions>])[] = [
  ['tls1.2', () => ({ maxVersion: 'TLSv1.2' })],
  [
    'external-signer',
    async () => ({
      credentials: [{ chain: (await pki('client')).chain, key: { schemes: [0x0403], sign: () => new Uint8Array(64) } }],
    }),
  ],
  ['seeded-random', () => ({ random: (into) => void into.fill(7) })],
  ['ech', () => ({ ech: 'grease' })],
  ['grease', () => ({ grease: true })],
  ['mlkem', () => ({ groups: [X25519MLKEM768] })],
  ['key-share-choice', () => ({ groups: [0x1d, 0x17], keyShares: [0x17] })],
  ['certificate-compression', () => ({ certificateCompression: ['zlib'] })],
  ['record-size-limit', () => ({ recordSizeLimit: 512 })],
  ['padding', () => ({ recordPadding: 64 })],
  ['extended-master-secret-policy', () => ({ extendedMasterSecret: 'allow' })],
  ['post-handshake-auth', () => ({ postHandshakeAuth: true })],
  [
    'external-psk',
    () => ({
      externalPsks: [{ identity: new TextEncoder().encode('me'), key: new Uint8Array(32).fill(1), hash: 'sha256' }],
    }),
  ],
  [
    'psk-importer',
    () => ({
      externalPsks: [
        { identity: new TextEncoder().encode('me'), key: new Uint8Array(32).fill(1), hash: 'sha256', import: {} },
      ],
    }),
  ],
  ['raw-public-key', async () => ({ rawPublicKeys: [(await pki('p256')).spki] })],
  ['reverify', () => ({ reverifyOnResumption: true })],
  ['renegotiation-ignored', () => ({ renegotiation: 'ignore' })],
  ['secure-renegotiation-policy', () => ({ secureRenegotiation: 'allow' })],
  ['session-ticket-policy', () => ({ sessionTickets: false })],
];

const refused: CheckGroup = {
  title: 'features that are not listed are refused, those that are listed are taken',
  checks: ASKING.map(([feature, options]): Check => ({
    title: feature,
    run: async (backend) => {
      const asked = await options();
      if (backend.features.has(feature)) backend.createContext(asked).dispose();
      else assert.throws(() => backend.createContext(asked), TypeError);
    },
  })),
};

/** What stands in a ClientHello when the caller names nothing: the same order on every engine, of what its host has. */
const preference: CheckGroup = group('what is offered by default', {
  'groups and signature schemes stand in the order of preference, what is not in it behind': async (backend) => {
    const { extensions } = clientHelloOf(await firstFlight(backend, {}));
    for (const [type, preferred] of [
      [ExtensionType.supported_groups, GROUPS],
      [ExtensionType.signature_algorithms, SIGNATURE_SCHEMES],
    ] as const) {
      const offered = prefixedList(extensions.get(type));
      assert.ok(offered.length > 3);
      assert.deepEqual(offered, byPreference(preferred, offered));
    }
  },
  'one key share, and beside a hybrid its classical successor': async (backend) => {
    const { extensions } = clientHelloOf(await firstFlight(backend, {}));
    const offered = prefixedList(extensions.get(ExtensionType.supported_groups));
    const classical = offered.filter((id) => !isKem(id));
    const [first = 0] = offered;
    assert.deepEqual(
      keyShareGroups(extensions.get(ExtensionType.key_share)),
      isKem(first) ? [first, classical[0]] : [first],
    );
  },
});

const proved: readonly CheckGroup[] = [
  group(
    'feature session-ticket-policy',
    {
      'asks for no TLS 1.2 ticket when told so, and for one otherwise (RFC 5077)': async (backend) => {
        assert.ok(clientHelloOf(await firstFlight(backend, {})).extensions.has(35));
        assert.ok(!clientHelloOf(await firstFlight(backend, { sessionTickets: false })).extensions.has(35));
        await connects(backend, { sessionTickets: false, maxVersion: 'TLSv1.2' });
      },
    },
    'session-ticket-policy',
  ),
  group(
    'feature seeded-random',
    {
      'gives the same ClientHello for the same seed': async (backend) => {
        const seeded = (): ContextOptions => {
          let next = 1;
          return {
            random: (into) => void into.forEach((_, i) => (into[i] = (next = (next * 69_069 + 1) >>> 0) >>> 24)),
          };
        };
        const first = await firstFlight(backend, seeded());
        assert.equal(clientHelloOf(first).random.length, 32);
        assert.deepEqual(first, await firstFlight(backend, seeded()));
      },
    },
    'seeded-random',
  ),
  group(
    'feature grease',
    {
      'sprinkles reserved values over suites, groups and extensions (RFC 8701), and still connects': async (
        backend,
      ) => {
        const hello = clientHelloOf(await firstFlight(backend, { grease: true }));
        assert.ok(hello.cipherSuites.some(isGrease));
        assert.ok(prefixedList(hello.extensions.get(10)).some(isGrease));
        assert.ok([...hello.extensions.keys()].some(isGrease));
        await connects(backend, { grease: true });
      },
    },
    'grease',
  ),
  group(
    'feature ech',
    {
      'with grease sends an encrypted_client_hello that a server may ignore': async (backend) => {
        assert.ok(clientHelloOf(await firstFlight(backend, { ech: 'grease' })).extensions.has(0xfe0d));
        await scene(backend, { options: { ech: 'grease' } }, async ({ client }) => {
          await client.established();
          assert.equal(client.ssl.ech, 'grease');
        });
      },
    },
    'ech',
  ),
  group(
    'feature mlkem',
    {
      'offers X25519MLKEM768 with its key share of 1216 bytes': async (backend) => {
        const share = clientHelloOf(await firstFlight(backend, { groups: [X25519MLKEM768, 0x1d] })).extensions.get(51);
        assert.equal(keyShareGroups(share)[0], X25519MLKEM768);
        assert.ok((share?.length ?? 0) >= 2 + 4 + 1216);
      },
      'agrees on it with a server that knows it, and on X25519 with one that does not': (backend) =>
        scene(
          backend,
          {
            server: serverIsPostQuantum ? { ecdhCurve: 'X25519MLKEM768:X25519' } : { ecdhCurve: 'X25519' },
            options: { groups: [X25519MLKEM768, 0x1d] },
          },
          async ({ client, server }) => {
            await client.established();
            assert.equal(client.ssl.group, serverIsPostQuantum ? X25519MLKEM768 : 0x1d);
            assert.equal(client.ssl.helloRetryRequested, !serverIsPostQuantum);
            echo(await server.accepted());
            await client.echo('after the quantum');
          },
        ),
    },
    'mlkem',
  ),
  group(
    'feature key-share-choice',
    {
      'sends the key shares that were asked for, and no others': async (backend) => {
        const groups = [0x1d, 0x17, 0x18];
        for (const keyShares of [[0x17], [0x1d, 0x18], groups]) {
          const hello = clientHelloOf(await firstFlight(backend, { groups, keyShares }));
          assert.deepEqual(keyShareGroups(hello.extensions.get(51)), keyShares);
        }
        await connects(backend, { groups, keyShares: [0x18] });
      },
    },
    'key-share-choice',
  ),
  group(
    'feature certificate-compression',
    {
      'offers the algorithms in order (RFC 8879)': async (backend) => {
        const extension = clientHelloOf(
          await firstFlight(backend, { certificateCompression: ['zlib'] }),
        ).extensions.get(27);
        assert.deepEqual([...(extension ?? [])], [2, 0, 1]);
        await connects(backend, { certificateCompression: ['zlib'] });
      },
    },
    'certificate-compression',
  ),
  group(
    'feature record-size-limit',
    {
      'offers the limit (RFC 8449); in TLS 1.3 the wire counts the content type too': async (backend) => {
        const extension = clientHelloOf(
          await firstFlight(backend, { recordSizeLimit: 1000, minVersion: 'TLSv1.3' }),
        ).extensions.get(28);
        assert.deepEqual([...(extension ?? [])], [1001 >> 8, 1001 & 0xff]);
        await connects(backend, { recordSizeLimit: 1000 });
      },
    },
    'record-size-limit',
  ),
  group(
    'feature padding',
    {
      'makes the lengths of small records equal': async (backend) => {
        const lengths = new Set<number>();
        for (const text of ['a', 'a longer text', 'x'.repeat(120)]) {
          await scene(backend, { options: { recordPadding: 128 } }, async ({ client, wire }) => {
            await client.established();
            wire.sent.length = 0;
            await client.send(text);
            lengths.add(concat(wire.sent).length);
          });
        }
        assert.equal(lengths.size, 1);
      },
      'is taken off by the server': (backend) =>
        scene(backend, { options: { recordPadding: 256 } }, async ({ client, server }) => {
          await client.established();
          echo(await server.accepted());
          await client.echo(pattern(5000));
        }),
    },
    'padding',
  ),
  group(
    'feature extended-master-secret-policy',
    {
      'allow changes nothing with a server that knows RFC 7627': (backend) =>
        scene(
          backend,
          { server: { maxVersion: 'TLSv1.2' }, options: { extendedMasterSecret: 'allow' } },
          async ({ client }) => {
            await client.established();
            assert.equal(client.ssl.extendedMasterSecret, true);
          },
        ),
    },
    'extended-master-secret-policy',
  ),
  group(
    'feature post-handshake-auth, in the ClientHello',
    {
      'is offered only when asked for': async (backend) => {
        assert.ok(clientHelloOf(await firstFlight(backend, { postHandshakeAuth: true })).extensions.has(49));
        assert.ok(!clientHelloOf(await firstFlight(backend, {})).extensions.has(49));
      },
    },
    'post-handshake-auth',
  ),
  group(
    'feature external-psk',
    {
      'connects without a certificate to a server that has the key, and not with another key': async (backend) => {
        await scene(backend, await sharing({}), async ({ client, server }) => {
          await client.established();
          assert.equal(client.ssl.peerCertificates.length, 0);
          assert.equal(client.ssl.sessionReused, false, 'a key agreed out of band is no session');
          assert.equal(client.ssl.verifyResult, 0);
          echo(await server.accepted());
          await client.echo('a secret shared');
        });
        await scene(backend, await sharing({ key: new Uint8Array(32) }), async ({ client }) => {
          await client.refused();
        });
      },
      'is offered again after a HelloRetryRequest': async (backend) => {
        const groups = { groups: [0x001d, 0x0017], keyShares: [0x001d] };
        await scene(backend, await sharing({ ecdhCurve: 'prime256v1', options: groups }), async ({ client }) => {
          await client.established();
          assert.equal(client.ssl.helloRetryRequested, true);
          assert.equal(client.ssl.peerCertificates.length, 0);
        });
      },
      'leaves the certificate of a server that does not know it to be verified': (backend) =>
        scene(
          backend,
          { options: { externalPsks: [{ identity: ME, key: KEY, hash: 'sha256' }] } },
          async ({ client }) => {
            await client.established();
            assert.ok(client.ssl.peerCertificates.length > 0);
          },
        ),
    },
    'external-psk',
  ),
  group(
    'feature raw-public-key',
    {
      'is offered (RFC 7250)': async (backend) => {
        const hello = clientHelloOf(await firstFlight(backend, { rawPublicKeys: [(await pki('p256')).spki] }));
        assert.ok(hello.extensions.get(20)?.subarray(1).includes(2));
      },
    },
    'raw-public-key',
  ),
];

export const features: readonly CheckGroup[] = [refused, preference, ...proved];

const ME = new TextEncoder().encode('me');
const KEY = new Uint8Array(32).fill(0x42);

/** A server that has {@link KEY}, and a client that may have it too. */
async function sharing({
  key = KEY,
  ecdhCurve,
  options,
}: {
  readonly key?: Uint8Array;
  readonly ecdhCurve?: string;
  readonly options?: ContextOptions;
}): Promise<ClientOptions & { readonly server: TestServerOptions }> {
  return {
    server: {
      pskCallback: (_socket: unknown, identity: string) => (identity === 'me' ? KEY : null),
      ciphers: 'TLS_AES_128_GCM_SHA256',
      minVersion: 'TLSv1.3',
      ...(ecdhCurve !== undefined && { ecdhCurve }),
    },
    options: await trusting({ externalPsks: [{ identity: ME, key, hash: 'sha256' }], ...options }),
  };
}

const firstFlight = (backend: Backend, options: ContextOptions): Promise<Uint8Array> =>
  scene(backend, { options }, async ({ client, wire }) => {
    await client.call(() => client.ssl.connect());
    await wire.flush(client.net);
    return concat(wire.sent);
  });

const connects = (backend: Backend, options: ContextOptions): Promise<void> =>
  scene(backend, { options }, async ({ client, server }) => {
    await client.established();
    echo(await server.accepted());
    await client.echo('hello');
  });
