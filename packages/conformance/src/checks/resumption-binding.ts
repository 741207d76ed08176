/**
 * @module The resumption matrix: a session is made under one set of options and offered under another. What must become
 * of it is said by the table of @ferrule/ssl, a row for each option; the changes are here, a row for each option as
 * well.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type {
  Backend,
  ContextOptions,
  Credential,
  Feature,
  PeerIdentity,
  RevocationStatus,
  TlsSession,
} from '@ferrule/contract';
import { X509V } from '@ferrule/result';
import { SESSION_BINDING } from '@ferrule/ssl/session-binding';
import { type Check, type CheckGroup, group } from '../check.ts';
import { type Client, trusting } from '../client.ts';
import { certify, type Identity, issue, LEAF_NAMES, makeCrl, makeOcspResponse, pki, toPem } from '../pki/index.ts';
import { echo, TestServer, type TestServerOptions } from '../server/tls-server.ts';
import { again } from './support.ts';

const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;
type Version = (typeof VERSIONS)[number];

interface Change {
  /** Under which the session is made; default: nothing but the anchors. */
  readonly made?: ContextOptions;
  /** Under which it is offered, with {@link made}. */
  readonly offered: ContextOptions;
  readonly feature?: Feature;
  /** For an option that is reverified: in which versions the session resumes all the same. */
  readonly resumes?: readonly Version[];
}

const pinOf = async (name: 'p256' | 'root'): Promise<Uint8Array> =>
  new Uint8Array(hash('sha256', (await pki(name)).spki, 'buffer'));
async function credential(name: 'client' | 'client-rsa'): Promise<Credential> {
  const { chain, key } = await pki(name);
  return { chain, key };
}
const yes = (): boolean => true;
const DAY = 86_400_000;

/** One change for each option: an option without one does not compile. */
const CHANGES: { readonly [Key in keyof Required<ContextOptions>]: () => Change | Promise<Change> } = {
  trustAnchors: async () => ({
    offered: { trustAnchors: [(await pki('root')).certificate, (await pki('otherRoot')).certificate] },
  }),
  crls: async () => ({
    offered: { crls: [await makeCrl(await pki('intermediate'), [await pki('revoked')])] },
    feature: 'crl',
  }),
  ocsp: () => ({ offered: { ocsp: 'request' }, feature: 'ocsp' }),
  revocation: () => ({
    offered: { revocation: { crlite: { check: () => 'good' } } },
    feature: 'revocation-filter',
  }),
  pins: async () => ({ offered: { pins: [await pinOf('p256')] } }),
  profile: () => ({ offered: { profile: 'rfc5280' } }),
  verify: () => ({ made: { verify: yes }, offered: { verify: () => true } }),
  verifyHost: () => ({ offered: { verifyHost: false } }),
  rawPublicKeys: async () => {
    const [one, two] = [(await pki('ed25519')).spki, (await pki('rsa')).spki];
    return { made: { rawPublicKeys: [one] }, offered: { rawPublicKeys: [one, two] }, feature: 'raw-public-key' };
  },
  serverCertificateTypes: async () => {
    const rawPublicKeys = [(await pki('ed25519')).spki];
    return {
      made: { rawPublicKeys, serverCertificateTypes: ['x509', 'raw-public-key'] },
      offered: { serverCertificateTypes: ['x509'] },
      feature: 'raw-public-key',
    };
  },
  externalPsks: () => ({
    offered: { externalPsks: [{ identity: new Uint8Array([1]), key: new Uint8Array(32).fill(1), hash: 'sha256' }] },
    feature: 'external-psk',
  }),
  securityLevel: () => ({ offered: { securityLevel: 1 } }),
  signedCertificateTimestamps: () => ({ offered: { signedCertificateTimestamps: true } }),
  reverifyOnResumption: () => ({ offered: { reverifyOnResumption: true }, feature: 'reverify', resumes: VERSIONS }),
  now: () => ({ offered: { now: () => Date.now() + 8 * DAY }, resumes: [] }),
  credentials: async () => ({ offered: { credentials: [await credential('client')] } }),
  onCertificateRequest: () => ({ offered: { onCertificateRequest: () => undefined } }),
  clientCertificateTypes: () => ({
    offered: { clientCertificateTypes: ['x509', 'raw-public-key'] },
    feature: 'raw-public-key',
  }),
  extendedMasterSecret: () => ({
    offered: { extendedMasterSecret: 'allow' },
    feature: 'extended-master-secret-policy',
  }),
  secureRenegotiation: () => ({ offered: { secureRenegotiation: 'allow' }, feature: 'secure-renegotiation-policy' }),
  minVersion: () => ({ offered: { minVersion: 'TLSv1.3' }, resumes: ['TLSv1.3'] }),
  maxVersion: () => ({ offered: { maxVersion: 'TLSv1.2' }, resumes: ['TLSv1.2'] }),
  cipherSuites: () => ({
    made: { cipherSuites: [0x1301, 0xc02b] },
    offered: { cipherSuites: [0x1302, 0xc02c] },
    resumes: [],
  }),
  // The certificate's own curve must be among them in TLS 1.2.
  groups: () => ({ made: { groups: [0x1d, 0x17] }, offered: { groups: [0x17] }, resumes: [] }),
  signatureAlgorithms: () => ({ offered: { signatureAlgorithms: [0x0804] }, resumes: [] }),
  sessionTickets: () => ({
    offered: { sessionTickets: false },
    feature: 'session-ticket-policy',
    resumes: ['TLSv1.3'],
  }),
  alpn: () => ({ made: { alpn: ['one'] }, offered: { alpn: ['two'] }, resumes: VERSIONS }),
  keyShares: () => ({ made: { groups: [0x1d, 0x17] }, offered: { keyShares: [0x17] }, feature: 'key-share-choice' }),
  recordSizeLimit: () => ({ offered: { recordSizeLimit: 512 }, feature: 'record-size-limit' }),
  certificateCompression: () => ({ offered: { certificateCompression: ['zlib'] }, feature: 'certificate-compression' }),
  ech: () => ({ offered: { ech: 'grease' }, feature: 'ech' }),
  echUnusable: () => ({
    // One ECHConfig, of a version that nobody knows
    offered: { ech: Uint8Array.of(0, 5, 0xab, 0xcd, 0, 1, 0), echUnusable: 'grease' },
    feature: 'ech',
  }),
  grease: () => ({ offered: { grease: true }, feature: 'grease' }),
  renegotiation: () => ({ offered: { renegotiation: 'ignore' }, feature: 'renegotiation-ignored' }),
  postHandshakeAuth: () => ({ offered: { postHandshakeAuth: true }, feature: 'post-handshake-auth' }),
  recordPadding: () => ({ offered: { recordPadding: 64 }, feature: 'padding' }),
  onKeylog: () => ({ offered: { onKeylog: () => undefined } }),
  onSession: () => ({ offered: { onSession: () => undefined } }),
  onMessage: () => ({ offered: { onMessage: () => undefined } }),
  limits: () => ({ offered: { limits: { tickets: 3 } } }),
  random: () => ({ offered: { random: (into) => void crypto.getRandomValues(into) }, feature: 'seeded-random' }),
};

/** A server of one version, and the sessions that were made with it. */
async function withServer(server: TestServerOptions, play: (server: TestServer) => Promise<void>): Promise<void> {
  const running = await TestServer.make(server);
  try {
    await play(running);
  } finally {
    running.close();
  }
}

/** A full handshake under these options; its last session. */
async function make(backend: Backend, server: TestServer, options: ContextOptions): Promise<TlsSession> {
  const sessions: TlsSession[] = [];
  const client = await again(backend, server, {
    options: { ...options, onSession: (session) => sessions.push(session) },
  });
  await client.established();
  echo(await server.accepted());
  await client.echo('hello');
  client.ssl.dispose();
  const session = sessions.at(-1);
  assert.ok(session, 'onSession must have been called');
  return session;
}

/** What becomes of a session that is offered under these options: `resumed`, `full`, or the code of the failure. */
async function offer(
  backend: Backend,
  server: TestServer,
  session: TlsSession,
  options: ContextOptions,
  look?: (client: Client) => void,
): Promise<string> {
  const client = await again(backend, server, { options });
  client.ssl.setSession(session);
  const ret = await client.connect();
  try {
    if (ret !== 1) return client.failure().error.code;
    await client.established();
    look?.(client);
    const accepted = await server.accepted();
    assert.equal(accepted.isSessionReused(), client.ssl.sessionReused, 'both sides agree');
    return client.ssl.sessionReused ? 'resumed' : 'full';
  } finally {
    client.ssl.dispose();
  }
}

const matrix: CheckGroup = {
  title: 'the resumption matrix: a session that is offered',
  checks: (Object.keys(CHANGES) as (keyof typeof CHANGES)[]).map((option): Check => {
    const { kind, why } = SESSION_BINDING[option];
    return {
      title: `under another ${option} (${kind}: ${why})`,
      run: async (backend) => {
        const { made = {}, offered, feature, resumes = kind === 'bound' ? [] : VERSIONS } = await CHANGES[option]();
        assert.ok(
          kind === 'reverified' ||
            Object.keys(offered).every((key) => SESSION_BINDING[key as keyof typeof SESSION_BINDING].kind === kind),
        );
        // What an engine refuses to do cannot change.
        const able =
          (feature === undefined || backend.features.has(feature)) &&
          (offered.profile === undefined || backend.supported.profiles.includes(offered.profile));
        if (!able) return assert.throws(() => backend.createContext(offered), TypeError);
        for (const version of VERSIONS) {
          await withServer({ maxVersion: version }, async (server) => {
            const session = await make(backend, server, made);
            const outcome = await offer(backend, server, session, { ...made, ...offered });
            assert.equal(outcome === 'resumed', resumes.includes(version), `${version}: ${outcome}`);
            assert.equal(
              await offer(backend, server, await make(backend, server, made), made),
              'resumed',
              `${version}: under the same`,
            );
          });
        }
      },
    };
  }),
};

/** Runs in each version. */
const each =
  (server: TestServerOptions, play: (server: TestServer, version: Version) => Promise<void>) =>
  async (): Promise<void> => {
    for (const version of VERSIONS)
      await withServer({ ...server, maxVersion: version }, (running) => play(running, version));
  };

const later =
  (days: number): (() => number) =>
  () =>
    Date.now() + days * DAY;
/** Certificates and CRLs end at a full second. */
const isAbout = (moment: number, days: number): boolean => Math.abs(moment - (Date.now() + days * DAY)) < 60_000;

const validity: CheckGroup = group('a session ends', {
  'with the certificate of the server, and the next handshake says that it has expired': async (backend) => {
    const identity = await issue(await pki('intermediate'), { names: LEAF_NAMES, until: 0.01 });
    await each({ identity }, async (server) => {
      const session = await make(backend, server, {});
      assert.ok(isAbout(session.expiresAt, 0.01), new Date(session.expiresAt).toISOString());
      assert.equal(await offer(backend, server, session, { now: later(0.02) }), 'CERT_EXPIRED');
    })();
  },
  'with an issuer of that certificate': async (backend) => {
    const authority = await issue(await pki('root'), { subject: 'CN=short', ca: true, until: 0.01 });
    const identity = await issue(authority, { names: LEAF_NAMES });
    await each({ identity }, async (server) => {
      assert.ok(isAbout((await make(backend, server, {})).expiresAt, 0.01));
    })();
  },
  'with a certificate that a verify function accepted while it was valid': async (backend) => {
    const identity = await issue(await pki('intermediate'), { names: LEAF_NAMES, until: 0.01 });
    await each({ identity }, async (server) => {
      assert.ok(isAbout((await make(backend, server, { verify: yes })).expiresAt, 0.01));
    })();
  },
  'not with one that had expired and was accepted all the same': async (backend) => {
    await each({ identity: await pki('expired') }, async (server) => {
      const options: ContextOptions = { verify: 'none' };
      const session = await make(backend, server, options);
      assert.ok(session.expiresAt > Date.now());
      const outcome = await offer(backend, server, session, options, ({ ssl }) => assert.equal(ssl.verifyResult, 10));
      assert.equal(outcome, 'resumed');
    })();
  },
  'with the stapled OCSP response': {
    feature: 'ocsp',
    run: async (backend) => {
      const ocspResponse = makeOcspResponse(await pki('p256'), await pki('intermediate'), { until: 0.01 });
      await each({ ocspResponse }, async (server) => {
        assert.ok(isAbout((await make(backend, server, { ocsp: 'require' })).expiresAt, 0.01));
      })();
    },
  },
  'with a stapled response that does not say when it ends, a week after it began': {
    feature: 'ocsp',
    run: async (backend) => {
      const options = { from: 0.01 - 7, until: null };
      const ocspResponse = makeOcspResponse(await pki('p256'), await pki('intermediate'), options);
      await each({ ocspResponse }, async (server) => {
        assert.ok(isAbout((await make(backend, server, { ocsp: 'require' })).expiresAt, 0.01));
      })();
    },
  },
  'with the certificate of who signed the stapled response': {
    feature: 'ocsp',
    run: async (backend) => {
      const issuer = await pki('intermediate');
      const signer = await issue(issuer, { subject: 'CN=short', purpose: 'OCSPSigning', until: 0.01 });
      const ocspResponse = makeOcspResponse(await pki('p256'), issuer, { signer, certificates: [signer] });
      await each({ ocspResponse }, async (server) => {
        assert.ok(isAbout((await make(backend, server, { ocsp: 'require' })).expiresAt, 0.01));
      })();
    },
  },
  'with the 300 seconds that what has ended is given for the sake of clocks': {
    feature: 'ocsp',
    run: async (backend) => {
      const [identity, issuer, until] = [await pki('p256'), await pki('intermediate'), -120 / 86_400];
      const left = 180 / 86_400;
      const ocspResponse = makeOcspResponse(identity, issuer, { until });
      const crls = [await makeCrl(issuer, [], { until })];
      await each({ ocspResponse }, async (server) => {
        assert.ok(isAbout((await make(backend, server, { ocsp: 'require' })).expiresAt, left));
        assert.ok(isAbout((await make(backend, server, { crls })).expiresAt, left));
      })();
    },
  },
  'with the path that was verified, not with another one that the server sent a certificate of': async (backend) => {
    const root = await pki('root');
    const authority = await issue(root, { subject: 'CN=crossed', ca: true });
    const { subject, spki } = authority;
    const expiry = async (extra: Identity, until: number): Promise<Uint8Array> =>
      certify({ subject, spki }, extra, extra.privateKey, { ca: true, until });
    const identity = await issue(authority, { names: LEAF_NAMES, until: 0.04 });
    // OpenSSL takes the first issuer of that name; the other one is of a root that nobody trusts.
    const crossed = [authority.certificate, await expiry(await pki('otherRoot'), 0.01)];
    for (const [ders, trustAnchors, days] of [
      [crossed, undefined, 0.04],
      [[authority.certificate], [authority.certificate], 0.04],
      [[await expiry(root, 0.02)], undefined, 0.02],
    ] as const) {
      const chainPem = identity.certificatePem + ders.map((der) => toPem('CERTIFICATE', der)).join('');
      await each({ identity, chainPem }, async (server) => {
        const { expiresAt } = await make(backend, server, trustAnchors === undefined ? {} : { trustAnchors });
        assert.ok(isAbout(expiresAt, days), new Date(expiresAt).toISOString());
      })();
    }
  },
  'with its root': async (backend) => {
    const root = await issue(undefined, { subject: 'CN=short root', ca: true, until: 0.01 });
    const identity = await issue(root, { names: LEAF_NAMES });
    await each({ identity }, async (server) => {
      assert.ok(isAbout((await make(backend, server, { trustAnchors: [root.certificate] })).expiresAt, 0.01));
    })();
  },
  'when a CRL begins, which may revoke the server': {
    feature: 'crl',
    run: async (backend) => {
      const issuer = await pki('intermediate');
      const crls = [await makeCrl(issuer, []), await makeCrl(issuer, [await pki('p256')], { from: 0.01 })];
      await each({}, async (server) => {
        assert.ok(isAbout((await make(backend, server, { crls })).expiresAt, 0.01 - 300 / 86_400));
      })();
    },
  },
  'with the first CRL': {
    feature: 'crl',
    run: async (backend) => {
      const crls = [await makeCrl(await pki('intermediate'), [], { until: 0.01 })];
      await each({}, async (server) => {
        assert.ok(isAbout((await make(backend, server, { crls })).expiresAt, 0.01));
      })();
    },
  },
  'no later when it was renewed by a resumption': async (backend) => {
    const identity = await issue(await pki('intermediate'), { names: LEAF_NAMES, until: 0.01 });
    await withServer({ identity, maxVersion: 'TLSv1.2' }, async (server) => {
      const first = await make(backend, server, {});
      const renewed: TlsSession[] = [];
      const onSession = (session: TlsSession): void => void renewed.push(session);
      assert.equal(await offer(backend, server, first, { onSession }), 'resumed');
      for (const session of renewed) assert.ok(session.expiresAt <= Date.now() + 0.02 * DAY);
    });
  },
  'for a clock that was set back by days: it is not offered before it came': async (backend) => {
    await each({}, async (server) => {
      const session = await make(backend, server, { verify: yes });
      assert.equal(await offer(backend, server, session, { verify: yes, now: later(-2) }), 'full');
      assert.equal(await offer(backend, server, session, { verify: yes, now: later(-0.0001) }), 'resumed');
    })();
  },
});

const anew: CheckGroup = group(
  'sessions that are verified anew',
  {
    'resume while their certificates pass, and tell of the peer': (backend) =>
      each({}, async (server) => {
        const options: ContextOptions = { reverifyOnResumption: true };
        const session = await make(backend, server, options);
        const outcome = await offer(backend, server, session, options, ({ ssl }) => {
          assert.deepEqual([ssl.verifyResult, ssl.peerCertificates.length, ssl.verifiedChain?.length], [0, 2, 3]);
        });
        assert.equal(outcome, 'resumed');
      })(),
    'resume with the same verdict where it is only told, whatever that is': (backend) =>
      each({}, async (server) => {
        const [root, other] = [(await pki('root')).certificate, (await pki('otherRoot')).certificate];
        const kinds: [ContextOptions, number][] = [
          [{ trustAnchors: [other] }, X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY],
        ];
        // No staple, which the server has none of
        if (backend.features.has('ocsp'))
          kinds.push([{ trustAnchors: [root], ocsp: 'require' }, X509V.OCSP_VERIFY_NEEDED]);
        for (const [kind, verifyResult] of kinds) {
          const options: ContextOptions = { ...kind, verify: 'none', reverifyOnResumption: true };
          const session = await make(backend, server, options);
          const outcome = await offer(backend, server, session, options, ({ ssl }) =>
            assert.deepEqual([ssl.verifyResult, ssl.verifiedChain], [verifyResult, undefined]),
          );
          assert.equal(outcome, 'resumed');
        }
      })(),
    'ask the verify function before the session is offered, and do a full handshake when it refuses': (backend) =>
      each({}, async (server) => {
        const asked: PeerIdentity[] = [];
        const verify =
          (...answers: boolean[]) =>
          (peer: PeerIdentity): boolean =>
            asked.push(peer) > 0 && answers.shift() === true;
        const session = await make(backend, server, { reverifyOnResumption: true, verify: verify(true) });
        assert.equal(
          await offer(backend, server, session, { reverifyOnResumption: true, verify: verify(true) }),
          'resumed',
        );
        assert.deepEqual(
          asked.map(({ host, chain }) => [host, chain.length]),
          [
            ['server.test', 2],
            ['server.test', 2],
          ],
        );
        assert.equal(
          await offer(backend, server, session, { reverifyOnResumption: true, verify: verify(false, true) }),
          'full',
        );
        assert.equal(
          await offer(backend, server, session, { reverifyOnResumption: true, verify: verify(false, false) }),
          'CERT_REJECTED',
        );
        assert.equal(asked.length, 6);
      })(),
    'ask the filter of revoked certificates, wherever there is one, and do a full handshake when it refuses': {
      feature: 'revocation-filter',
      run: (backend) =>
        each({}, async (server) => {
          // Where the verdict is only told, no path counts then: the key that is pinned must be the leaf's
          const told = async (name: 'p256' | 'root') => ({ verify: 'none', pins: [await pinOf(name)] }) as const;
          for (const [rest, then, outcome] of [
            [{}, 'revoked', 'CERT_REVOKED'],
            [{}, 'stale', 'CERT_REVOCATION_UNKNOWN'],
            [await told('root'), 'revoked', 'CERT_PIN_MISMATCH'],
            [await told('p256'), 'revoked', 'resumed'],
          ] as const) {
            let status: RevocationStatus = 'good';
            const options = { ...rest, revocation: { crlite: { check: () => status }, unknown: 'refuse' } } as const;
            const session = await make(backend, server, options);
            assert.equal(await offer(backend, server, session, options), 'resumed');
            status = then;
            assert.equal(await offer(backend, server, session, options), outcome);
          }
        })(),
    },
    'wait for a verify function that answers later': {
      feature: 'async-verify',
      run: (backend) =>
        each({}, async (server) => {
          const verify = (answer: boolean) => async (): Promise<boolean> => Promise.resolve(answer);
          const options: ContextOptions = { reverifyOnResumption: true };
          const session = await make(backend, server, { ...options, verify: verify(true) });
          assert.equal(await offer(backend, server, session, { ...options, verify: verify(true) }), 'resumed');
          assert.equal(await offer(backend, server, session, { ...options, verify: verify(false) }), 'CERT_REJECTED');
        })(),
    },
    'come back from bytes under another verify function; without being verified anew they do not': (backend) =>
      each({}, async (server) => {
        for (const reverifyOnResumption of [true, false]) {
          const options: ContextOptions = { reverifyOnResumption };
          const bytes = (await make(backend, server, { ...options, verify: () => true })).toBytes();
          // As another process has it: the same text, another function.
          const context = backend.createContext(await trusting({ ...options, verify: () => true }));
          const client = await again(backend, server, { context });
          const session = context.sessionFromBytes(bytes);
          assert.ok(session);
          client.ssl.setSession(session);
          await client.established();
          assert.equal(client.ssl.sessionReused, reverifyOnResumption);
          await server.accepted();
          client.ssl.dispose();
        }
      })(),
  },
  'reverify',
);

const context: CheckGroup = group('sessionIdContext', {
  'is the same for the same options, and another for others': async (backend) => {
    const idOf = async (options: ContextOptions): Promise<string> =>
      backend.createContext(await trusting(options)).sessionIdContext;
    const ids = [
      await idOf({}),
      await idOf({ verify: yes }),
      await idOf({ verify: () => true }),
      await idOf({ credentials: [await credential('client')] }),
      await idOf({ credentials: [await credential('client-rsa')] }),
    ];
    for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(await idOf({ verify: yes }), ids[1]);
    assert.equal(await idOf({ credentials: [await credential('client')], alpn: ['h2'] }), ids[3]);
  },
});

export const resumptionBinding: readonly CheckGroup[] = [matrix, validity, anew, context];
