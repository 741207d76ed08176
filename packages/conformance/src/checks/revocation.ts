/** @module A filter of revoked certificates: what it is asked, and what its answer comes to. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ContextOptions, RevocationQuestion, RevocationStatus } from '@ferrule/contract';
import { Alert, X509V } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { pki } from '../pki/index.ts';
import { scene } from './support.ts';

const says = (status: RevocationStatus, unknown?: 'accept' | 'refuse'): ContextOptions => ({
  revocation: { crlite: { check: () => status }, ...(unknown && { unknown }) },
});

const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

export const revocation: readonly CheckGroup[] = [
  group(
    'a filter of revoked certificates',
    {
      'is asked once, about the server and the key of its issuer': async (backend) => {
        const [leaf, intermediate] = [await pki('p256'), await pki('intermediate')];
        for (const maxVersion of VERSIONS) {
          const asked: RevocationQuestion[] = [];
          const check = (question: RevocationQuestion): RevocationStatus => {
            asked.push({
              ...question,
              certificate: question.certificate.slice(),
              issuerSpki: question.issuerSpki.slice(),
            });
            // Nobody else's bytes
            question.certificate.fill(0);
            question.issuerSpki.fill(0);
            return 'good';
          };
          const now = (): number => Date.now() + 1000;
          await scene(
            backend,
            { options: { maxVersion, now, revocation: { crlite: { check } } } },
            async ({ client }) => {
              await client.established();
              assert.deepEqual(Buffer.from(client.ssl.peerCertificates?.[0] ?? []), Buffer.from(leaf.certificate));
              assert.equal(client.ssl.verifiedChain?.length, 3);
            },
          );
          const [question] = asked;
          assert.ok(question !== undefined && asked.length === 1);
          assert.deepEqual(Buffer.from(question.certificate), Buffer.from(leaf.certificate));
          assert.deepEqual(Buffer.from(question.issuerSpki), Buffer.from(intermediate.spki));
          assert.ok(question.now > Date.now() - 60_000 && question.now < Date.now() + 60_000);
          const digest = createHash('sha256').update(leaf.spki).digest('hex');
          assert.equal(Buffer.from(question.sha256(leaf.spki)).toString('hex'), digest);
        }
      },
      'refuses what it calls revoked, whatever becomes of the unknown': async (backend) => {
        for (const maxVersion of VERSIONS)
          for (const unknown of [undefined, 'accept', 'refuse'] as const) {
            await scene(backend, { options: { maxVersion, ...says('revoked', unknown) } }, async ({ client }) => {
              const { error } = await client.refused();
              assert.deepEqual(
                [error.code, error.verify?.code, error.verify?.depth, error.alert?.description, error.alert?.origin],
                ['CERT_REVOKED', X509V.CERT_REVOKED, 0, Alert.certificate_revoked, 'local'],
              );
              assert.match(error.message, /CRLite/);
              assert.notEqual(error.hint, undefined);
            });
          }
      },
      'accepts what it knows nothing of, unless that is to be refused': async (backend) => {
        for (const status of ['not-covered', 'not-enrolled', 'stale'] as const) {
          await scene(backend, { options: says(status) }, ({ client }) => client.established());
          await scene(backend, { options: says(status, 'accept') }, ({ client }) => client.established());
          await scene(backend, { options: says(status, 'refuse') }, async ({ client }) => {
            const { error } = await client.refused();
            assert.deepEqual([error.code, error.verify?.code], ['CERT_REVOCATION_UNKNOWN', X509V.UNABLE_TO_GET_CRL]);
            assert.match(error.message, new RegExp(status));
          });
        }
      },
      'accepts what it calls good, whatever becomes of the unknown': (backend) =>
        scene(backend, { options: says('good', 'refuse') }, ({ client }) => client.established()),
      'does not hide why a path fails, and is not asked about one that does': async (backend) => {
        const server = { identity: await pki('expired') };
        let asked = 0;
        const check = (): never => {
          asked++;
          throw new Error('no');
        };
        await scene(backend, { server, options: says('revoked', 'refuse') }, async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'CERT_EXPIRED');
        });
        await scene(backend, { server, options: { revocation: { crlite: { check } } } }, async ({ client }) => {
          assert.equal((await client.refused()).error.code, 'CERT_EXPIRED');
        });
        const options = { verify: 'none', revocation: { crlite: { check } } } as const;
        await scene(backend, { server, options }, async ({ client }) => {
          await client.established();
          assert.equal(client.ssl.verifyResult, X509V.CERT_HAS_EXPIRED);
        });
        assert.equal(asked, 0);
      },
      'is asked once about what it calls revoked': async (backend) => {
        let asked = 0;
        const check = (): RevocationStatus => {
          asked++;
          return 'revoked';
        };
        await scene(backend, { options: { revocation: { crlite: { check } } } }, async ({ client }) => {
          await client.refused();
        });
        assert.equal(asked, 1);
      },
      'is told by verifyResult where nothing is verified': async (backend) => {
        for (const [status, code] of [
          ['revoked', X509V.CERT_REVOKED],
          ['stale', X509V.UNABLE_TO_GET_CRL],
        ] as const) {
          await scene(backend, { options: { ...says(status, 'refuse'), verify: 'none' } }, async ({ client }) => {
            await client.established();
            assert.deepEqual([client.ssl.verifyResult, client.ssl.verifiedChain], [code, undefined]);
          });
        }
      },
      'that throws, or gives another answer, fails the connection': async (backend) => {
        const cause = new Error('no');
        const checks = [
          (): never => {
            throw cause;
          },
          () => 'perhaps',
          () => Promise.resolve('good'),
          () => undefined,
          () => Promise.reject(new Error('an unhandled rejection would end the process')),
          () => Object.create(null) as unknown,
        ];
        for (const check of checks)
          for (const verify of ['peer', 'none'] as const) {
            const options = { verify, revocation: { crlite: { check } } } as unknown as ContextOptions;
            await scene(backend, { options }, async ({ client }) => {
              const { error } = await client.refused();
              assert.equal(error.code, 'CALLBACK_FAILED');
              assert.equal(client.ssl.verifyResult, X509V.APPLICATION_VERIFICATION);
              assert.deepEqual([error.alert?.description, error.alert?.origin], [Alert.internal_error, 'local']);
              if (check === checks[0]) assert.equal(error.cause, cause);
            });
          }
      },
    },
    'revocation-filter',
  ),
];
