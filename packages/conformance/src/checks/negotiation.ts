/** @module Versions, suites, groups, certificate kinds, ALPN, SNI: what is negotiated is what both sides say. */
import assert from 'node:assert/strict';
import type { Feature } from '@ferrule/contract';
import { concat } from '@ferrule/result/bytes';
import { type Check, type CheckGroup, group } from '../check.ts';
import { clientHelloOf, keyShareGroups, prefixedList } from '../hello.ts';
import { issueMlDsa, type KeyKind, LEAF_NAMES, pki } from '../pki/index.ts';
import { PeerMissing } from '../server/openssl-server.ts';
import { echo } from '../server/tls-server.ts';
import { scene, serverIsPostQuantum } from './support.ts';

/** IANA code point, OpenSSL's name, kind of key, feature. */
const SUITES: readonly (readonly [number, string, KeyKind, Feature?])[] = [
  [0x1301, 'TLS_AES_128_GCM_SHA256', 'p256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384', 'p256'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'p256'],
  [0xc02b, 'ECDHE-ECDSA-AES128-GCM-SHA256', 'p256', 'tls1.2'],
  [0xc02c, 'ECDHE-ECDSA-AES256-GCM-SHA384', 'p256', 'tls1.2'],
  [0xcca9, 'ECDHE-ECDSA-CHACHA20-POLY1305', 'p256', 'tls1.2'],
  [0xc02f, 'ECDHE-RSA-AES128-GCM-SHA256', 'rsa', 'tls1.2'],
  [0xc030, 'ECDHE-RSA-AES256-GCM-SHA384', 'rsa', 'tls1.2'],
  [0xcca8, 'ECDHE-RSA-CHACHA20-POLY1305', 'rsa', 'tls1.2'],
];

const GROUPS: readonly (readonly [number, string, string])[] = [
  [0x001d, 'X25519', 'X25519'],
  [0x0017, 'P-256', 'prime256v1'],
  [0x0018, 'P-384', 'secp384r1'],
  [0x0019, 'P-521', 'secp521r1'],
];

/** Kind of key, the SignatureSchemes that it can make. */
const KINDS: readonly (readonly [KeyKind, readonly number[]])[] = [
  ['rsa', [0x0804, 0x0805, 0x0806]],
  ['rsa-pss', [0x0809, 0x080a, 0x080b]],
  ['p256', [0x0403]],
  ['p384', [0x0503]],
  ['p521', [0x0603]],
  ['ed25519', [0x0807]],
];

const suites: CheckGroup = {
  title: 'cipher suites',
  checks: SUITES.map(([code, name, kind, feature]): Check => ({
    title: `agrees on ${name} and moves data under it`,
    ...(feature && { feature }),
    run: async (backend) => {
      assert.ok(backend.supported.cipherSuites.includes(code), 'each engine speaks this suite');
      const version = code < 0x1400 ? 'TLSv1.3' : 'TLSv1.2';
      await scene(
        backend,
        { server: { identity: await pki(kind), maxVersion: version }, options: { cipherSuites: [code] } },
        async ({ client, server }) => {
          await client.established();
          const socket = await server.accepted();
          assert.equal(client.ssl.cipherSuite, code);
          assert.equal(client.ssl.version, version);
          assert.equal(socket.getCipher().name, name);
          echo(socket);
          await client.echo('through the suite and back');
        },
      );
    },
  })),
};

const groups: CheckGroup = {
  title: 'key exchange groups',
  checks: GROUPS.map(([code, name, openssl]): Check => ({
    title: `agrees on ${name}`,
    run: async (backend) => {
      assert.ok(backend.supported.groups.includes(code), 'each engine speaks this group');
      await scene(backend, { server: { ecdhCurve: openssl }, options: { groups: [code] } }, async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.group, code);
        assert.equal(client.ssl.helloRetryRequested, false);
      });
    },
  })),
};

const kinds: CheckGroup = {
  title: 'certificate kinds',
  checks: (['TLSv1.3', 'TLSv1.2'] as const).flatMap((version) =>
    KINDS.map(([kind, schemes]): Check => ({
      title: `verifies a server with a key of kind ${kind} over ${version}`,
      ...(version === 'TLSv1.2' && { feature: 'tls1.2' }),
      run: async (backend) => {
        const [identity, intermediate, root] = [await pki(kind), await pki('intermediate'), await pki('root')];
        await scene(backend, { server: { identity, maxVersion: version } }, async ({ client }) => {
          await client.established();
          const allowed = version === 'TLSv1.2' ? [...schemes, ...(MORE_IN_TLS12[kind] ?? [])] : schemes;
          const used = client.ssl.peerSignatureAlgorithm;
          assert.ok(used !== undefined && allowed.includes(used), `signed with ${used?.toString(16)}`);
          assert.deepEqual(hexes(client.ssl.peerCertificates), hexes([identity.certificate, intermediate.certificate]));
          assert.deepEqual(
            hexes(client.ssl.verifiedChain ?? []),
            hexes([identity.certificate, intermediate.certificate, root.certificate]),
          );
          assert.equal(client.ssl.verifyResult, 0);
        });
      },
    })),
  ),
};

/** RFC 9881, and the code points of ML-DSA in TLS 1.3. */
const postQuantum: CheckGroup = {
  title: 'post-quantum certificates',
  checks: ([44, 65, 87] as const).flatMap((level, i) =>
    (['one of its own kind', 'a classical CA'] as const).map((issuer): Check => ({
      title: `verifies a server with an ML-DSA-${level} key under ${issuer}, by default`,
      run: async (backend) => {
        if (!serverIsPostQuantum) throw new PeerMissing('this Node has no OpenSSL 3.5, whose servers know ML-DSA');
        const root = await issueMlDsa(level, undefined, { subject: 'CN=post-quantum root', ca: true });
        const identity = await issueMlDsa(level, issuer === 'a classical CA' ? await pki('intermediate') : root, {
          names: LEAF_NAMES,
        });
        const options = { trustAnchors: [root.certificate, (await pki('root')).certificate] };
        await scene(backend, { server: { identity }, options }, async ({ client }) => {
          await client.established();
          assert.equal(client.ssl.peerSignatureAlgorithm, 0x0904 + i);
          assert.equal(client.ssl.verifyResult, 0);
        });
      },
    })),
  ),
};

/**
 * TLS 1.2 lets an RSA key sign as PKCS#1 too, and binds no hash to a curve (RFC 5246 section 7.4.1.4.1, RFC 8422
 * section 5.1.1).
 */
const MORE_IN_TLS12: Partial<Record<KeyKind, readonly number[]>> = {
  rsa: [0x0401, 0x0501, 0x0601],
  p256: [0x0503, 0x0603],
  p384: [0x0403, 0x0603],
  p521: [0x0403, 0x0503],
};

const versions: CheckGroup = group('versions', {
  'prefers TLS 1.3': (backend) =>
    scene(backend, {}, async ({ client }) => {
      await client.established();
      assert.equal(client.ssl.version, 'TLSv1.3');
    }),
  'facts are undefined before the handshake and known after it': (backend) =>
    scene(backend, {}, async ({ client: { ssl }, client }) => {
      for (const fact of [
        'version',
        'cipherSuite',
        'group',
        'peerSignatureAlgorithm',
        'alpn',
        'helloRetryRequested',
        'verifiedChain',
      ] as const) {
        assert.equal(ssl[fact], undefined, fact);
      }
      assert.equal(ssl.established, false);
      assert.deepEqual(ssl.peerCertificates, []);
      await client.established();
      for (const fact of [
        'version',
        'cipherSuite',
        'group',
        'peerSignatureAlgorithm',
        'helloRetryRequested',
        'verifiedChain',
      ] as const) {
        assert.notEqual(ssl[fact], undefined, fact);
      }
      assert.equal(ssl.established, true);
      assert.equal(ssl.sessionReused, false);
      assert.equal(ssl.earlyData, 'not-sent');
      assert.equal(ssl.alpn, undefined);
    }),
  'refuses a server that only speaks what minVersion excludes, with PEER_ALERT protocol_version or UNSUPPORTED_PROTOCOL':
    (backend) =>
      scene(backend, { server: { maxVersion: 'TLSv1.2' }, options: { minVersion: 'TLSv1.3' } }, async ({ client }) => {
        const { error } = await client.refused();
        assert.ok(
          error.code === 'UNSUPPORTED_PROTOCOL' || (error.code === 'PEER_ALERT' && error.alert?.description === 70),
          client.why,
        );
      }),
});

const tls12: CheckGroup = group(
  'TLS 1.2',
  {
    'is spoken with a server that knows no more': (backend) =>
      scene(backend, { server: { maxVersion: 'TLSv1.2' } }, async ({ client, server }) => {
        await client.established();
        assert.equal(client.ssl.version, 'TLSv1.2');
        assert.equal(client.ssl.extendedMasterSecret, true);
        echo(await server.accepted());
        await client.echo('over TLS 1.2');
      }),
    'is spoken when maxVersion says so': (backend) =>
      scene(backend, { options: { maxVersion: 'TLSv1.2' } }, async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.version, 'TLSv1.2');
      }),
    'is refused by a server that wants TLS 1.3, and the alert is reported': (backend) =>
      scene(backend, { server: { minVersion: 'TLSv1.3' }, options: { maxVersion: 'TLSv1.2' } }, async ({ client }) => {
        const { error, ret } = await client.refused();
        assert.deepEqual(
          [ret, error.code, error.alert?.name, error.alert?.origin],
          [0, 'PEER_ALERT', 'protocol_version', 'peer'],
        );
      }),
  },
  'tls1.2',
);

const hello: CheckGroup = group('what the ClientHello offers', {
  'the server name as SNI, but never an IP address (RFC 6066 section 3)': async (backend) => {
    assert.ok((await offered(backend, 'server.test')).extensions.has(0));
    assert.ok(!(await offered(backend, '127.0.0.1')).extensions.has(0));
    assert.ok(!(await offered(backend, '::1')).extensions.has(0));
  },
  'exactly the suites and groups that were asked for, in order': async (backend) =>
    scene(
      backend,
      { options: { cipherSuites: [0x1303, 0x1301], groups: [0x18, 0x1d, 0x17], minVersion: 'TLSv1.3' } },
      async ({ client, wire }) => {
        await client.call(() => client.ssl.connect());
        await wire.flush(client.net);
        const { cipherSuites, extensions } = clientHelloOf(concat(wire.sent));
        assert.deepEqual(
          cipherSuites.filter((suite) => suite !== 0x00ff),
          [0x1303, 0x1301],
        );
        assert.deepEqual(prefixedList(extensions.get(10)), [0x18, 0x1d, 0x17]);
        assert.deepEqual(keyShareGroups(extensions.get(51)), [0x18]);
      },
    ),
  'a fresh random each time': async (backend) => {
    assert.notDeepEqual((await offered(backend, 'server.test')).random, (await offered(backend, 'server.test')).random);
  },
});

const retry: CheckGroup = group('HelloRetryRequest', {
  'is followed to another group that was offered': (backend) =>
    scene(
      backend,
      { server: { ecdhCurve: 'secp384r1' }, options: { groups: [0x1d, 0x18], minVersion: 'TLSv1.3' } },
      async ({ client, server }) => {
        await client.established();
        assert.equal(client.ssl.helloRetryRequested, true);
        assert.equal(client.ssl.group, 0x18);
        (await server.accepted()).write('after the retry');
        assert.equal(await client.receiveText(15), 'after the retry');
      },
    ),
  'without a common group the handshake fails with the alert of the server': (backend) =>
    scene(
      backend,
      { server: { ecdhCurve: 'secp521r1' }, options: { groups: [0x1d, 0x18], minVersion: 'TLSv1.3' } },
      async ({ client }) => {
        const { ret, code, error } = await client.refused();
        assert.deepEqual(
          [ret, code, error.code, error.alert?.name, error.alert?.origin],
          [0, 1, 'PEER_ALERT', 'handshake_failure', 'peer'],
        );
      },
    ),
});

const alpn: CheckGroup = group('ALPN (RFC 7301)', {
  'agrees on one protocol, and both sides name it': (backend) =>
    scene(
      backend,
      { server: { ALPNProtocols: ['h2', 'http/1.1'] }, options: { alpn: ['http/1.1', 'other'] } },
      async ({ client, server }) => {
        await client.established();
        assert.equal(client.ssl.alpn, 'http/1.1');
        assert.equal((await server.accepted()).alpnProtocol, 'http/1.1');
      },
    ),
  'is undefined when the server has no opinion': (backend) =>
    scene(backend, { options: { alpn: ['h2'] } }, async ({ client }) => {
      await client.established();
      assert.equal(client.ssl.alpn, undefined);
    }),
  'without a common protocol ends in the alert no_application_protocol': (backend) =>
    scene(backend, { server: { ALPNProtocols: ['h2'] }, options: { alpn: ['nothing/1'] } }, async ({ client }) => {
      const { ret, error } = await client.refused();
      assert.deepEqual([ret, error.code, error.alert?.name], [0, 'PEER_ALERT', 'no_application_protocol']);
    }),
  'takes names of 1 and of 255 bytes, and beyond ASCII': async (backend) => {
    const long = 'x'.repeat(255);
    for (const name of ['a', long, 'naïve']) {
      await scene(backend, { server: { ALPNProtocols: [name] }, options: { alpn: [name] } }, async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.alpn, name);
      });
    }
  },
});

export const negotiation: readonly CheckGroup[] = [
  versions,
  tls12,
  suites,
  groups,
  kinds,
  postQuantum,
  hello,
  retry,
  alpn,
];

async function offered(backend: Parameters<Check['run']>[0], host: string): Promise<ReturnType<typeof clientHelloOf>> {
  return scene(backend, { host }, async ({ client, wire }) => {
    await client.call(() => client.ssl.connect());
    await wire.flush(client.net);
    return clientHelloOf(concat(wire.sent));
  });
}

const hexes = (list: readonly Uint8Array[]): string[] => list.map((der) => Buffer.from(der).toString('hex'));
