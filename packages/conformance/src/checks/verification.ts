/**
 * @module Who is let in and who is not: path validation, names, callbacks, pins, revocation; each with its X509_V code
 * and its alert.
 */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import type { PeerIdentity, TraceMessage } from '@ferrule/contract';
import { Alert, SslErrorCode, X509V } from '@ferrule/result';
import { atOnce, type Check, type CheckGroup, group } from '../check.ts';
import { issue, LEAF_NAMES, makeCrl, makeOcspResponse, pki } from '../pki/index.ts';
import { refusals } from './refusals.ts';
import { scene } from './support.ts';

const acceptance: CheckGroup = group('names that are accepted', {
  'the exact name, in any case': (backend) => accepts(backend, 'SERVER.Test'),
  'a name under a wildcard': (backend) => accepts(backend, 'any.wild.test'),
  'an IPv4 address': (backend) => accepts(backend, '127.0.0.1'),
  'an IPv6 address, however it is written': (backend) => accepts(backend, '0:0:0:0:0:0:0:1'),
  'the name check is what setHost() asks for, so the names that the certificate has stand in the hint when it fails':
    async (backend) =>
      scene(backend, { server: { identity: await pki('wrongName') } }, async ({ client }) => {
        const { error } = await client.refused();
        assert.match(`${error.message} ${error.hint}`, /other\.test/);
      }),
  'an anchor that is the intermediate itself is enough': async (backend) =>
    scene(backend, { options: { trustAnchors: [(await pki('intermediate')).certificate] } }, async ({ client }) => {
      await client.established();
    }),
  'a self-signed certificate that is itself an anchor': async (backend) =>
    scene(
      backend,
      {
        server: { identity: await pki('selfSigned') },
        options: { trustAnchors: [(await pki('selfSigned')).certificate] },
      },
      async ({ client }) => {
        await client.established();
      },
    ),
  'a wildcard stands for a label with an underscore, and for no more than one label': async (backend) => {
    const identity = await issue(await pki('intermediate'), { names: ['*.wild.test'] });
    const options = { server: { identity } };
    for (const host of ['my_service.wild.test', '_sip.Wild.test'])
      await scene(backend, { ...options, host }, ({ client }) => client.established());
    for (const host of ['my_service.a.wild.test', 'my_service.other.test', 'wild.test', '_wild.test'])
      await scene(backend, { ...options, host }, async ({ client }) => {
        assert.equal((await client.refused()).error.verify?.code, X509V.HOSTNAME_MISMATCH);
      });
  },
  'hosts may have underscores and hyphens anywhere, also behind a wildcard': async (backend) => {
    const names = ['*.my_project.test', '-foo-.test', '*.bar-.test'];
    const identity = await issue(await pki('intermediate'), { names });
    const options = { server: { identity } };
    for (const host of ['svc.my_project.test', 'my_svc.My_project.test', '-foo-.test', 'a-.bar-.test', '-b.bar-.test'])
      await scene(backend, { ...options, host }, ({ client }) => client.established());
    for (const host of ['a.b.my_project.test', 'svc.my-project.test', 'foo-.test'])
      await scene(backend, { ...options, host }, async ({ client }) => {
        assert.equal((await client.refused()).error.verify?.code, X509V.HOSTNAME_MISMATCH);
      });
  },
  'names of a certificate are told without control characters, and no longer than names are': async (backend) => {
    const names = ['\u001b]0;owned\u0007\n.test', `${'x'.repeat(3000)}.test`];
    const identity = await issue(await pki('intermediate'), { names });
    await scene(backend, { server: { identity } }, async ({ client }) => {
      const { hint = '', message } = (await client.refused()).error;
      assert.match(message + hint, /owned/);
      assert.doesNotMatch(message + hint, /\p{Cc}/u);
      assert.ok(message.length + hint.length < 2500);
    });
  },
  'a certificate holds through the last second that it names': async (backend) => {
    const identity = await issue(await pki('intermediate'), { names: LEAF_NAMES, until: 10 });
    const last = Date.parse(new X509Certificate(identity.certificate).validTo);
    await scene(backend, { server: { identity }, options: { now: () => last + 999 } }, ({ client }) =>
      client.established(),
    );
    await scene(backend, { server: { identity }, options: { now: () => last + 1000 } }, async ({ client }) => {
      assert.equal((await client.refused()).error.code, 'CERT_EXPIRED');
    });
  },
  'the clock of the context decides what has expired': async (backend) => {
    const twoMonthsOn = (): number => Date.now() + 60 * 86_400_000;
    await scene(backend, { options: { now: twoMonthsOn } }, async ({ client }) => {
      assert.equal((await client.refused()).error.code, 'CERT_EXPIRED');
    });
    const root = await issue(undefined, { subject: 'CN=old root', ca: true, from: -60 });
    const identity = await issue(root, { names: LEAF_NAMES, from: -30, until: -1 });
    await scene(
      backend,
      { server: { identity }, options: { now: () => Date.now() - 10 * 86_400_000, trustAnchors: [root.certificate] } },
      async ({ client }) => {
        await client.established();
      },
    );
  },
});

const callbacks: CheckGroup = group('verify callbacks', {
  'a synchronous yes replaces chain and name checks': async (backend) => {
    const seen: PeerIdentity[] = [];
    const identity = await pki('selfSigned');
    await scene(
      backend,
      {
        server: { identity },
        host: 'whatever.test',
        options: { trustAnchors: [], verify: (peer) => seen.push(peer) > 0 },
      },
      async ({ client }) => {
        await client.established();
        assert.equal(seen.length, 1);
        assert.equal(seen[0]?.host, 'whatever.test');
        assert.deepEqual(
          seen[0]?.chain.map((der) => Buffer.from(der).toString('hex')),
          [Buffer.from(identity.certificate).toString('hex')],
        );
      },
    );
  },
  'a synchronous no refuses': (backend) => refusedByCallback(backend, () => false),
  'a throw refuses, and is the cause': async (backend) => {
    const mine = new Error('mine');
    const cause = await refusedByCallback(backend, () => {
      throw mine;
    });
    assert.equal(cause, mine);
  },
  'what is not a boolean refuses': (backend) => refusedByCallback(backend, (() => 1) as unknown as () => boolean),
  'none accepts anybody, and verifyResult still tells what was wrong or that nothing was checked': async (backend) =>
    scene(
      backend,
      { server: { identity: await pki('selfSigned') }, options: { trustAnchors: [], verify: 'none' } },
      async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.peerCertificates.length, 1);
      },
    ),
  'verifyHost: false lets another name pass, and no other path': async (backend) => {
    const options = { verifyHost: false };
    for (const verify of ['peer', 'none'] as const) {
      await scene(backend, { host: 'elsewhere.test', options: { ...options, verify } }, async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.verifyResult, X509V.OK);
      });
    }
    const strange = { server: { identity: await pki('selfSigned') }, host: 'elsewhere.test' };
    await scene(backend, { ...strange, options }, async ({ client }) => {
      assert.equal((await client.refused()).error.verify?.code, X509V.DEPTH_ZERO_SELF_SIGNED_CERT);
    });
    await scene(backend, { ...strange, options: { ...options, verify: 'none' } }, async ({ client }) => {
      await client.established();
      assert.equal(client.ssl.verifyResult, X509V.DEPTH_ZERO_SELF_SIGNED_CERT);
    });
  },
  'none still checks CertificateVerify, so the peer has the key': (backend) =>
    scene(backend, { options: { verify: 'none' } }, async ({ client }) => {
      await client.established();
      assert.equal(client.ssl.peerSignatureAlgorithm, 0x0403);
    }),
});

const asyncCallbacks: CheckGroup = group(
  'asynchronous verify callbacks',
  {
    'a promise makes connect() return -1 / WANT_RETRY_VERIFY until it settles': atOnce((backend) => {
      let decide: (yes: boolean) => void = () => {};
      const decision = new Promise<boolean>((resolve) => (decide = resolve));
      return scene(backend, { options: { verify: () => decision } }, async ({ client, wire }) => {
        const { ssl } = client;
        let ret = ssl.connect();
        while (ssl.getError(ret) === SslErrorCode.wantRead) {
          await client.flush();
          await wire.fill(client.net);
          ret = ssl.connect();
        }
        assert.deepEqual([ret, ssl.getError(ret)], [-1, SslErrorCode.wantRetryVerify]);
        assert.ok(ssl.asyncReady instanceof Promise);
        assert.equal(ssl.connect(), -1, 'asked too early, it still waits');
        assert.equal(ssl.getError(-1), SslErrorCode.wantRetryVerify);
        decide(true);
        await ssl.asyncReady;
        await client.established();
      });
    }),
    'a promise of no refuses': (backend) => refusedByCallback(backend, () => Promise.resolve(false)),
    'a rejection refuses, and is the cause': async (backend) => {
      const mine = new Error('mine');
      assert.equal(await refusedByCallback(backend, () => Promise.reject(mine)), mine);
    },
    'asyncReady resolves although the callback rejects': (backend) =>
      scene(backend, { options: { verify: () => Promise.reject(new Error('no')) } }, async ({ client }) => {
        await client.refused();
        assert.equal(client.ssl.asyncReady, undefined);
      }),
  },
  'async-verify',
);

const pins: CheckGroup = group('pins', {
  'of the leaf, the intermediate or the root let the connection through': async (backend) => {
    for (const name of ['p256', 'intermediate', 'root'] as const) {
      const pin = sha256((await pki(name)).spki);
      await scene(backend, { options: { pins: [new Uint8Array(32), pin] } }, async ({ client }) => {
        await client.established();
      });
    }
  },
  'that match nothing refuse with CERT_PIN_MISMATCH': (backend) =>
    scene(backend, { options: { pins: [new Uint8Array(32)] } }, async ({ client, server }) => {
      const { error, ret } = await client.refused();
      assert.deepEqual([ret, error.code, error.alert?.origin], [-1, 'CERT_PIN_MISMATCH', 'local']);
      await server.alert();
    }),
  "hold with verify: 'none': of the chain where one was verified, else of the leaf alone": async (backend) => {
    for (const [name, trustAnchors, accepted] of [
      ['p256', [], true],
      ['intermediate', [], false],
      ['intermediate', undefined, true],
      ['root', undefined, true],
      ['otherRoot', undefined, false],
    ] as const) {
      const options = {
        verify: 'none' as const,
        pins: [sha256((await pki(name)).spki)],
        ...(trustAnchors && { trustAnchors }),
      };
      await scene(backend, { options }, async ({ client }) => {
        if (accepted) await client.established();
        else assert.equal((await client.refused()).error.code, 'CERT_PIN_MISMATCH');
      });
    }
  },
  'of a certificate that the server sent beside the chain do not count': async (backend) => {
    const stranger = await pki('otherRoot');
    const good = await pki('p256');
    await scene(
      backend,
      { server: { chainPem: good.chainPem + stranger.certificatePem }, options: { pins: [sha256(stranger.spki)] } },
      async ({ client }) => {
        assert.equal((await client.refused()).error.code, 'CERT_PIN_MISMATCH');
      },
    );
  },
  'of an anchor above a server that is trusted itself count, whether its verdict is obeyed or told': async (
    backend,
  ) => {
    const [leaf, root] = [await pki('p256'), await pki('root')];
    for (const verify of ['peer', 'none'] as const) {
      const trustAnchors = [leaf.certificate, root.certificate];
      await scene(backend, { options: { trustAnchors, pins: [sha256(root.spki)], verify } }, async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.verifiedChain?.length, 3);
      });
    }
  },
  'of what is above the anchor do not count, wherever the path has one, and the verified chain ends there': async (
    backend,
  ) => {
    const [leaf, intermediate, root] = [await pki('p256'), await pki('intermediate'), await pki('root')];
    const path = [leaf, intermediate, root];
    const server = { chainPem: leaf.chainPem + root.certificatePem };
    for (const [end, { certificate }] of path.entries()) {
      const trustAnchors = [certificate];
      for (const [at, { spki }] of path.entries()) {
        for (const verify of ['peer', 'none'] as const) {
          const options = { trustAnchors, pins: [sha256(spki)], verify };
          await scene(backend, { server, options }, async ({ client }) => {
            if (at > end) assert.equal((await client.refused()).error.code, 'CERT_PIN_MISMATCH');
            else {
              await client.established();
              assert.equal(client.ssl.verifiedChain?.length, end + 1);
            }
          });
        }
      }
    }
  },
});

const crls: CheckGroup = group(
  'CRLs',
  {
    'that do not list the certificate let it through': async (backend) =>
      scene(backend, { options: { crls: await bothCrls() } }, async ({ client }) => {
        await client.established();
      }),
    'that list it refuse with X509_V_ERR_CERT_REVOKED and the alert certificate_revoked': async (backend) =>
      scene(
        backend,
        { server: { identity: await pki('revoked') }, options: { crls: await bothCrls() } },
        async ({ client, server }) => {
          const { error } = await client.refused();
          assert.deepEqual(
            [error.code, error.verify?.code, error.alert?.name],
            ['CERT_REVOKED', X509V.CERT_REVOKED, 'certificate_revoked'],
          );
          assert.equal(await server.alert(), Alert.certificate_revoked);
        },
      ),
    'of another issuer do not cover the certificate': async (backend) => {
      const other = await makeCrl(await pki('otherRoot'), []);
      await scene(backend, { options: { crls: [other] } }, async ({ client }) => {
        const { error } = await client.refused();
        assert.deepEqual([error.code, error.verify?.code], ['CERT_REVOCATION_UNKNOWN', X509V.UNABLE_TO_GET_CRL]);
      });
    },
    'that have expired do not count': async (backend) => {
      const stale = await makeCrl(await pki('intermediate'), [], { from: -10, until: -1 });
      await scene(backend, { options: { crls: [stale, await makeCrl(await pki('root'), [])] } }, async ({ client }) => {
        const { error } = await client.refused();
        assert.deepEqual([error.code, error.verify?.code], ['CERT_REVOCATION_UNKNOWN', X509V.CRL_HAS_EXPIRED]);
      });
    },
    'signed by someone else do not count': async (backend) => {
      const forged = (await makeCrl(await pki('intermediate'), [])).slice();
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
      await scene(
        backend,
        { options: { crls: [forged, await makeCrl(await pki('root'), [])] } },
        async ({ client }) => {
          const { error } = await client.refused();
          assert.equal(error.verify?.code, X509V.CRL_SIGNATURE_FAILURE);
        },
      );
    },
  },
  'crl',
);

const ocsp: CheckGroup = group(
  'stapled OCSP responses',
  {
    'that are good let the connection through and can be read': async (backend) => {
      const response = makeOcspResponse(await pki('p256'), await pki('intermediate'));
      await scene(backend, { server: { ocspResponse: response }, options: { ocsp: 'require' } }, async ({ client }) => {
        await client.established();
        assert.deepEqual(Buffer.from(client.ssl.ocspResponse ?? []), Buffer.from(response));
      });
    },
    'may be absent when they were only requested': (backend) =>
      scene(backend, { options: { ocsp: 'request' } }, async ({ client }) => {
        await client.established();
        assert.equal(client.ssl.ocspResponse, undefined);
      }),
    'must be there when they are required': (backend) =>
      scene(backend, { options: { ocsp: 'require' } }, async ({ client }) => {
        assert.equal((await client.refused()).error.code, 'CERT_OCSP_MISSING');
      }),
    'are not asked for by default': async (backend) =>
      scene(
        backend,
        { server: { ocspResponse: makeOcspResponse(await pki('p256'), await pki('intermediate')) } },
        async ({ client }) => {
          await client.established();
          assert.equal(client.ssl.ocspResponse, undefined);
        },
      ),
    'that are missing or bad are told by verifyResult where nothing is verified': async (backend) => {
      const bad = makeOcspResponse(await pki('p256'), await pki('intermediate'), { status: 'revoked' });
      for (const [ocspResponse, code] of [
        [undefined, X509V.OCSP_VERIFY_NEEDED],
        [bad, X509V.CERT_REVOKED],
      ] as const) {
        const server = ocspResponse === undefined ? {} : { ocspResponse };
        await scene(backend, { server, options: { ocsp: 'require', verify: 'none' } }, async ({ client }) => {
          await client.established();
          assert.deepEqual([client.ssl.verifyResult, client.ssl.verifiedChain], [code, undefined]);
        });
      }
    },
    'that say revoked refuse, requested or required': async (backend) => {
      const ocspResponse = makeOcspResponse(await pki('p256'), await pki('intermediate'), { status: 'revoked' });
      for (const asked of ['request', 'require'] as const) {
        const alerts: number[] = [];
        const onMessage = ({ direction, contentType, bytes }: TraceMessage): void => {
          if (direction === 'sent' && contentType === 21) alerts.push(...bytes);
        };
        await scene(backend, { server: { ocspResponse }, options: { ocsp: asked, onMessage } }, async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'CERT_REVOKED');
          assert.deepEqual(alerts, [2, 44], 'one fatal alert is told: the one that is sent');
        });
      }
    },
    'that have expired, are of a stranger, do not know the certificate, or are about another one refuse': async (
      backend,
    ) => {
      const [leaf, intermediate] = [await pki('p256'), await pki('intermediate')];
      for (const ocspResponse of [
        makeOcspResponse(leaf, intermediate, { from: -10, until: -2 }),
        makeOcspResponse(leaf, intermediate, { signer: await pki('otherRoot') }),
        makeOcspResponse(leaf, intermediate, { status: 'unknown' }),
        makeOcspResponse(await pki('revoked'), intermediate),
        new Uint8Array([0x30, 0x03, 0x0a, 0x01, 0x06]),
      ]) {
        await scene(backend, { server: { ocspResponse }, options: { ocsp: 'require' } }, async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'CERT_OCSP_INVALID');
        });
      }
    },
  },
  'ocsp',
);

export const verification: readonly CheckGroup[] = [refusals, acceptance, callbacks, asyncCallbacks, pins, crls, ocsp];

const accepts = (backend: Parameters<Check['run']>[0], host: string): Promise<void> =>
  scene(backend, { host }, async ({ client }) => {
    await client.established();
    assert.equal(client.ssl.verifyResult, 0);
  });

/** The cause of the failure. */
async function refusedByCallback(
  backend: Parameters<Check['run']>[0],
  verify: (peer: PeerIdentity) => boolean | Promise<boolean>,
): Promise<unknown> {
  return scene(backend, { options: { verify } }, async ({ client, server }) => {
    const { ret, error } = await client.refused();
    assert.equal(ret, -1);
    assert.ok(error.code === 'CERT_REJECTED' || error.code === 'ASYNC_OPERATION_FAILED', error.code);
    assert.equal(client.ssl.verifyResult, X509V.APPLICATION_VERIFICATION);
    assert.equal(error.alert?.origin, 'local');
    assert.equal(await server.alert(), error.alert?.description);
    return error.cause;
  });
}

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest());
const bothCrls = async (): Promise<Uint8Array[]> => [
  await makeCrl(await pki('intermediate'), [await pki('revoked')]),
  await makeCrl(await pki('root'), []),
];
