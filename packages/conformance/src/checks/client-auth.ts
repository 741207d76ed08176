/** @module Client authentication: static, chosen on demand, signed elsewhere. */
import assert from 'node:assert/strict';
import { createPrivateKey, constants, sign } from 'node:crypto';
import type { CertificateRequest, ContextOptions, Credential, TlsVersion, TraceMessage } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { atOnce, type CheckGroup, group } from '../check.ts';
import { type Identity, pki, type PkiName } from '../pki/index.ts';
import type { TestServerOptions } from '../server/tls-server.ts';
import { scene, socketScene } from './support.ts';

const credentialOf = ({ chain, key }: Identity): Credential => ({ chain, key });

/** A server that insists on a certificate of the test PKI. */
const insisting = async (options: TestServerOptions = {}): Promise<TestServerOptions> => ({
  requestCert: true,
  rejectUnauthorized: true,
  ca: [(await pki('root')).certificatePem],
  ...options,
});

/** An RSA credential whose list says another order than the server, and what its CertificateVerify was signed with. */
async function signing(maxVersion: TlsVersion): Promise<{
  readonly server: TestServerOptions;
  readonly credential: Credential;
  readonly options: ContextOptions;
  readonly schemes: number[];
}> {
  const schemes: number[] = [];
  const onMessage = ({ direction, contentType, bytes }: TraceMessage): void => {
    if (direction === 'sent' && contentType === 22 && bytes[0] === 15)
      schemes.push(((bytes[4] as number) << 8) | (bytes[5] as number));
  };
  return {
    server: await insisting({
      maxVersion,
      sigalgs: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:ecdsa_secp256r1_sha256',
    }),
    credential: { ...credentialOf(await pki('client-rsa')), signatureAlgorithms: [0x0806, 0x0805] },
    options: { onMessage },
    schemes,
  };
}

const fixed: CheckGroup = group('client certificates', {
  'of each kind are shown and proved, over TLS 1.3 and 1.2': async (backend) => {
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      for (const name of ['client', 'client-rsa', 'client-ed25519'] as const satisfies readonly PkiName[]) {
        const identity = await pki(name);
        const credential = credentialOf(identity);
        await scene(
          backend,
          { server: await insisting({ maxVersion: version }), options: { credentials: [credential] } },
          async ({ client, server }) => {
            await client.established();
            assert.equal(client.ssl.clientCredential, credential, `the credential that is reported over ${version}`);
            const socket = await server.accepted();
            assert.equal(socket.authorized, true, `${name} over ${version}`);
            assert.deepEqual(Buffer.from(socket.getPeerCertificate().raw), Buffer.from(identity.certificate));
          },
        );
      }
    }
  },
  'are not shown when the server does not ask': async (backend) =>
    scene(backend, { options: { credentials: [credentialOf(await pki('client'))] } }, async ({ client, server }) => {
      await client.established();
      assert.equal(client.ssl.clientCredential, undefined);
      assert.deepEqual((await server.accepted()).getPeerCertificate(), {});
    }),
  'that are missing are refused by the server: in TLS 1.2 during the handshake, as 0 / SSL with its alert': async (
    backend,
  ) =>
    socketScene(backend, { server: await insisting({ maxVersion: 'TLSv1.2' }) }, async ({ client }) => {
      const { ret, error } = await client.refused();
      assert.deepEqual([ret, error.code, error.alert?.name], [0, 'PEER_ALERT', 'handshake_failure']);
    }),
  'are optional when the server says so': async (backend) =>
    scene(backend, { server: await insisting({ rejectUnauthorized: false }) }, async ({ client, server }) => {
      await client.established();
      assert.equal((await server.accepted()).authorized, false);
    }),
  'that do not fit an optional request are not shown, and the server goes on without': async (backend) => {
    const ed25519 = credentialOf(await pki('client-ed25519'));
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const server = await insisting({
        rejectUnauthorized: false,
        maxVersion: version,
        sigalgs: 'rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256',
      });
      await scene(backend, { server, options: { credentials: [ed25519] } }, async ({ client, server }) => {
        await client.established();
        assert.equal(client.ssl.clientCredential, undefined);
        assert.deepEqual((await server.accepted()).getPeerCertificate(), {}, version);
      });
      // One that is named for this very request is a mistake.
      await socketScene(backend, { server, options: { onCertificateRequest: () => ed25519 } }, async ({ client }) => {
        assert.equal((await client.refused()).error.code, 'NO_COMMON_SIGNATURE_ALGORITHMS');
      });
    }
  },
  'the first credential that fits the request is taken': async (backend) =>
    scene(
      backend,
      {
        server: await insisting({ sigalgs: 'rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256' }),
        options: { credentials: [credentialOf(await pki('client-ed25519')), credentialOf(await pki('client'))] },
      },
      async ({ client, server }) => {
        await client.established();
        assert.deepEqual(
          Buffer.from((await server.accepted()).getPeerCertificate().raw),
          Buffer.from((await pki('client')).certificate),
        );
      },
    ),
  'sign with the first of their signatureAlgorithms that the server takes, whatever the order of the server': async (
    backend,
  ) => {
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const { server, credential, options, schemes } = await signing(version);
      await scene(
        backend,
        { server, options: { ...options, credentials: [credential] } },
        async ({ client, server: peer }) => {
          await client.established();
          assert.equal((await peer.accepted()).authorized, true);
          assert.deepEqual(schemes, [0x0806], version);
        },
      );
    }
  },
  'of a callback never sign with a scheme outside their signatureAlgorithms: where the engine cannot, the connection fails':
    async (backend) => {
      for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
        const { server, credential, options, schemes } = await signing(version);
        const named = { ...options, onCertificateRequest: () => credential };
        await socketScene(backend, { server, options: named }, async ({ client }) => {
          if (backend.name === 'pure') return void (await client.established());
          const { error } = await client.refused();
          assert.equal(error.code, 'ASYNC_OPERATION_FAILED');
          assert.match(String(error.cause), /onCertificateRequest\.signatureAlgorithms: .*rsa_pss_rsae_sha256/);
        });
        assert.deepEqual(schemes, backend.name === 'pure' ? [0x0806] : [], version);
      }
    },
  'of a callback sign with what an RSASSA-PSS key is bound to (RFC 4055 section 3.3), named or not': async (
    backend,
  ) => {
    const { options, schemes } = await signing('TLSv1.3');
    const server = await insisting({ sigalgs: 'rsa_pss_pss_sha256:rsa_pss_pss_sha384:ecdsa_secp256r1_sha256' });
    const credential = credentialOf(await pki('client-rsa-pss-sha384'));
    try {
      backend.createContext({ credentials: [credential] }).dispose();
    } catch (error) {
      // Who signs with no such key says so when the context is made
      assert.match(String(error), /of no kind that WebCrypto signs with/);
      return;
    }
    for (const named of [credential, { ...credential, signatureAlgorithms: [0x080a] }]) {
      schemes.length = 0;
      const asked = { ...options, onCertificateRequest: () => named };
      await scene(backend, { server, options: asked }, async ({ client, server: peer }) => {
        await client.established();
        assert.equal((await peer.accepted()).authorized, true);
      });
      assert.deepEqual(schemes, [0x080a]);
    }
    const other = { ...credential, signatureAlgorithms: [0x0809] };
    await socketScene(backend, { server, options: { onCertificateRequest: () => other } }, async ({ client }) => {
      assert.equal((await client.refused()).error.code, 'NO_COMMON_SIGNATURE_ALGORITHMS');
    });
  },
  'whose key does not belong to the certificate are a TypeError when the context is made': atOnce(async (backend) => {
    const [a, b] = [await pki('client'), await pki('p384')];
    assert.throws(() => backend.createContext({ credentials: [{ chain: a.chain, key: b.key }] }), named('credentials'));
  }),
  'that are garbage are a TypeError when the context is made': atOnce(async (backend) => {
    const { chain, key } = await pki('client');
    for (const credential of [
      { chain: [], key },
      { chain: [new Uint8Array(5)], key },
      { chain, key: new Uint8Array(5) },
      { chain },
      { key },
    ]) {
      assert.throws(
        () => backend.createContext({ credentials: [credential as unknown as Credential] }),
        named('credentials'),
      );
    }
  }),
  'can be chosen in a callback that sees what the server asks for': async (backend) => {
    const requests: CertificateRequest[] = [];
    const identity = await pki('client');
    const onCertificateRequest = (request: CertificateRequest): Credential => {
      requests.push(request);
      return credentialOf(identity);
    };
    await scene(
      backend,
      { server: await insisting(), options: { onCertificateRequest } },
      async ({ client, server }) => {
        await client.established();
        assert.equal((await server.accepted()).authorized, true);
        assert.equal(requests.length, 1);
        assert.ok(requests[0]?.signatureAlgorithms.includes(0x0403));
        assert.ok(requests[0]?.authorities.some((name) => Buffer.from(name).includes('ferrule test root')));
      },
    );
  },
  'none chosen in the callback goes on without one': async (backend) =>
    scene(
      backend,
      { server: await insisting({ rejectUnauthorized: false }), options: { onCertificateRequest: () => undefined } },
      async ({ client, server }) => {
        await client.established();
        assert.equal((await server.accepted()).authorized, false);
      },
    ),
  'a callback that throws fails the connection with ASYNC_OPERATION_FAILED and the cause': async (backend) => {
    const mine = new Error('mine');
    const onCertificateRequest = (): never => {
      throw mine;
    };
    await scene(backend, { server: await insisting(), options: { onCertificateRequest } }, async ({ client }) => {
      const { ret, error } = await client.refused();
      assert.deepEqual([ret, error.code, error.cause], [-1, 'ASYNC_OPERATION_FAILED', mine]);
    });
  },
});

const later: CheckGroup = group(
  'client certificates chosen later',
  {
    'a promise makes connect() return -1 / WANT_X509_LOOKUP until it settles': async (backend) => {
      const identity = await pki('client');
      const onCertificateRequest = async (): Promise<Credential> => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return credentialOf(identity);
      };
      await scene(
        backend,
        { server: await insisting(), options: { onCertificateRequest } },
        async ({ client, server }) => {
          await client.established();
          assert.ok(client.answers.includes(SslErrorCode.wantX509Lookup));
          assert.equal((await server.accepted()).authorized, true);
        },
      );
    },
    'a rejection fails the connection with ASYNC_OPERATION_FAILED and the cause': async (backend) => {
      const mine = new Error('mine');
      await scene(
        backend,
        { server: await insisting(), options: { onCertificateRequest: () => Promise.reject(mine) } },
        async ({ client }) => {
          const { error } = await client.refused();
          assert.deepEqual([error.code, error.cause], ['ASYNC_OPERATION_FAILED', mine]);
        },
      );
    },
  },
  'async-credential',
);

const elsewhere: CheckGroup = group(
  'keys that live elsewhere',
  {
    'sign the handshake, at once or later': async (backend) => {
      const identity = await pki('client');
      const key = createPrivateKey(identity.keyPem);
      const signed: number[] = [];
      for (const wait of [false, true]) {
        const signer = {
          schemes: [0x0403],
          sign: (scheme: number, message: Uint8Array): Uint8Array | Promise<Uint8Array> => {
            signed.push(scheme);
            const signature = new Uint8Array(sign('sha256', message, key));
            return wait ? Promise.resolve(signature) : signature;
          },
        };
        await scene(
          backend,
          { server: await insisting(), options: { credentials: [{ chain: identity.chain, key: signer }] } },
          async ({ client, server }) => {
            await client.established();
            assert.equal((await server.accepted()).authorized, true);
            if (backend.features.has('synchronous'))
              assert.equal(client.answers.includes(SslErrorCode.wantAsync), wait);
          },
        );
      }
      assert.deepEqual(signed, [0x0403, 0x0403]);
    },
    'sign as RSA-PSS when that is what they can': async (backend) => {
      const identity = await pki('client-rsa');
      const key = {
        key: identity.keyPem,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
      const signer = {
        schemes: [0x0804],
        sign: (_scheme: number, message: Uint8Array) => new Uint8Array(sign('sha256', message, key)),
      };
      await scene(
        backend,
        { server: await insisting(), options: { credentials: [{ chain: identity.chain, key: signer }] } },
        async ({ client, server }) => {
          await client.established();
          assert.equal((await server.accepted()).authorized, true);
        },
      );
    },
    'that fail, fail the connection with ASYNC_OPERATION_FAILED': async (backend) => {
      const identity = await pki('client');
      const signer = { schemes: [0x0403], sign: () => Promise.reject(new Error('the token was pulled out')) };
      await scene(
        backend,
        { server: await insisting(), options: { credentials: [{ chain: identity.chain, key: signer }] } },
        async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'ASYNC_OPERATION_FAILED');
        },
      );
    },
  },
  'external-signer',
);

export const clientAuth: readonly CheckGroup[] = [fixed, later, elsewhere];

const named =
  (option: string) =>
  (error: unknown): boolean =>
    error instanceof TypeError && error.message.includes(option);
