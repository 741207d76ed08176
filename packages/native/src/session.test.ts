import { createHash } from 'node:crypto';
import { Client, trusting } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import type { ContextOptions, TlsSession } from '@ferrule/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNative } from './index.ts';
import { makeSession, type SessionFields, sessionFields, sessionFromBytes } from './session.ts';

const fields: SessionFields = {
  version: 'TLSv1.3',
  host: 'server.test',
  binding: new Uint8Array(32).fill(1),
  cipherSuite: 0x1301,
  group: 0x1d,
  peerSignatureAlgorithm: undefined,
  receivedAt: 1_700_000_000_000,
  expiresAt: 1_700_000_100_000,
  verifiedUntil: Infinity,
  ticketLength: 200,
  maxEarlyData: 16_384,
  alpn: undefined,
  peer: {
    verifyResult: 0,
    signatureAlgorithm: 0,
    group: 0x1d,
    chain: [new Uint8Array([1, 2]), new Uint8Array(0)],
    verifiedChain: [],
    ocspResponse: new Uint8Array([3]),
    signedCertificateTimestamps: new Uint8Array(0),
  },
  der: new Uint8Array([0x30, 0]),
};

const MAGIC = makeSession(fields).toBytes().subarray(0, 25);
const sealed = (body: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([MAGIC, createHash('sha256').update(MAGIC).update(body).digest(), body]));

describe('a serialised session', () => {
  it('comes back with every field', () => {
    for (const changes of [
      {},
      { host: undefined, version: 'TLSv1.2', verifiedUntil: 1_700_000_050_000, alpn: '\ufeffh2' } as const,
    ]) {
      const made = { ...fields, ...changes };
      const back = sessionFromBytes(makeSession(made).toBytes());
      expect(back && sessionFields(back)).toEqual(made);
    }
  });

  it('is undefined, without an exception, when the digest of its junk is right', () => {
    const whole = makeSession(fields).toBytes().subarray(57);
    for (let length = 0; length < whole.length - 2; length++)
      expect(sessionFromBytes(sealed(whole.subarray(0, length))), `cut at ${length}`).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const session = sessionFromBytes(sealed(body));
        if (session !== undefined) expect(sessionFromBytes(session.toBytes())).toBeDefined();
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const body = whole.slice();
        body[at] = value;
        sessionFromBytes(sealed(body));
      }),
      { numRuns: 2000 },
    );
  });

  it('is undefined if it is not bytes', () => {
    for (const other of [undefined, null, 'x', 1, [], new ArrayBuffer(8)])
      expect(sessionFromBytes(other as unknown as Uint8Array)).toBeUndefined();
  });
});

describe('a session whose stored certificates are no longer valid', () => {
  it.each(['TLSv1.3', 'TLSv1.2'] as const)('is not offered when they are verified again, %s', async (version) => {
    const backend = createNative();
    const server = await TestServer.make({ maxVersion: version });
    const sessions: TlsSession[] = [];
    const connected = async (options: ContextOptions, session?: TlsSession): Promise<boolean> => {
      const client = await Client.make(backend, server.open(), {
        options: { ...options, onSession: (each) => sessions.push(each) },
      });
      if (session !== undefined) client.ssl.setSession(session);
      await client.established();
      const socket = await server.accepted();
      socket.pipe(socket);
      await client.echo('x');
      const { sessionReused } = client.ssl;
      client.ssl.dispose();
      return sessionReused;
    };
    try {
      const options: ContextOptions = await trusting({ reverifyOnResumption: true });
      await connected(options);
      const made = sessionFields(sessions[0] as TlsSession) as SessionFields;
      expect(made.ticketLength).toBeGreaterThan(100);
      expect(await connected(options, makeSession(made))).toBe(true);
      const stranger = await pki('unknownRoot');
      for (const chain of [
        stranger.chain,
        [stranger.certificate, new Uint8Array([1])],
        [new Uint8Array([0x30, 0])],
        [(await pki('wrongName')).certificate, ...made.peer.chain.slice(1)],
      ]) {
        expect(await connected(options, makeSession({ ...made, peer: { ...made.peer, chain } }))).toBe(false);
      }
    } finally {
      server.close();
    }
  });
});
