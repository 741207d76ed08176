import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nobleHashes } from '../crypto/hash.ts';
import { Secret } from '../keys/secret.ts';
import { fieldsOf, Session, sessionFromBytes, type SessionFields } from './session.ts';

const { sha256 } = nobleHashes;

const fieldsWith = (changes: Partial<SessionFields> = {}): SessionFields => ({
  version: 'TLSv1.3',
  cipherSuite: 0x1301,
  host: 'server.test',
  alpn: 'h2',
  binding: new Uint8Array(32).fill(1),
  receivedAt: 1_700_000_000_123,
  expiresAt: 1_700_000_100_000,
  secret: Secret.copyOf(new Uint8Array(32).fill(2)),
  ticket: new Uint8Array(48).fill(3),
  sessionId: new Uint8Array(0),
  ageAdd: 0xfffffffe,
  maxEarlyData: 16384,
  extendedMasterSecret: true,
  group: 29,
  peerSignatureAlgorithm: 0x0403,
  peerCertificates: [new Uint8Array([1, 2]), new Uint8Array([3])],
  peerRawPublicKey: undefined,
  verifiedChain: [new Uint8Array([1, 2])],
  verifyResult: 0,
  ocspResponse: new Uint8Array([4]),
  signedCertificateTimestamps: undefined,
  ...changes,
});
const plain = (fields: SessionFields): unknown => structuredClone({ ...fields, secret: fields.secret.bytes });

describe('a serialised session', () => {
  it('of another version than TLS 1.3 and 1.2 is none, whatever its checksum', () => {
    const bytes = new Session(fieldsWith(), sha256).toBytes();
    const content = bytes.slice(0, -sha256.size);
    const withVersion = (version: number): Uint8Array => {
      content.set([version >> 8, version & 0xff], 1);
      return new Uint8Array([...content, ...sha256.digest(content)]);
    };
    expect(
      [0x0304, 0x0303, 0x0302, 0x0305, 0].map((version) => sessionFromBytes(withVersion(version), sha256)?.version),
    ).toEqual(['TLSv1.3', 'TLSv1.2', undefined, undefined, undefined]);
  });

  it('comes back with every field', () => {
    const bare: Partial<SessionFields> = {
      host: undefined,
      alpn: undefined,
      group: undefined,
      peerSignatureAlgorithm: undefined,
      verifiedChain: undefined,
      ocspResponse: undefined,
    };
    for (const changes of [
      {},
      bare,
      { version: 'TLSv1.2', ticket: new Uint8Array(0), sessionId: new Uint8Array(32) } as const,
    ]) {
      const fields = fieldsWith(changes);
      const back = sessionFromBytes(new Session(fields, sha256).toBytes(), sha256);
      expect(back && plain(fieldsOf(back))).toEqual(plain(fields));
      expect(back?.version).toBe(fields.version);
      expect(back?.host).toBe(fields.host);
    }
  });

  it('is nothing once a byte of it is changed, missing or added', () => {
    const bytes = new Session(fieldsWith(), sha256).toBytes();
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] as number) ^ 1;
      expect(sessionFromBytes(changed, sha256)).toBeUndefined();
      expect(sessionFromBytes(bytes.subarray(0, i), sha256)).toBeUndefined();
    }
    expect(sessionFromBytes(Buffer.concat([bytes, new Uint8Array(1)]), sha256)).toBeUndefined();
  });

  it('is nothing when its digest is right and its fields are not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const body = new Uint8Array([2, ...content]);
        const bytes = Buffer.concat([body, sha256.digest(body)]);
        const session = sessionFromBytes(bytes, sha256);
        if (session !== undefined) expect(Buffer.from(session.toBytes()).subarray(0, 1)[0]).toBe(2);
      }),
    );
  });

  it('does not share memory with the bytes that it came from', () => {
    const bytes = new Session(fieldsWith(), sha256).toBytes();
    const session = sessionFromBytes(bytes, sha256);
    bytes.fill(0);
    expect(session && fieldsOf(session).secret.bytes).toEqual(new Uint8Array(32).fill(2));
  });
});

describe('a session', () => {
  it('shows its secrets neither to a log nor to JSON', () => {
    const session = new Session(fieldsWith(), sha256);
    expect(JSON.stringify(session)).not.toContain('2,2');
    expect(JSON.parse(JSON.stringify(session))).toEqual({
      version: 'TLSv1.3',
      host: 'server.test',
      expiresAt: 1_700_000_100_000,
    });
  });

  it('gives its caller no way to its secrets but toBytes()', () => {
    const session = new Session(fieldsWith(), sha256);
    const reachable = Object.getOwnPropertyNames(Object.getPrototypeOf(session)).concat(Object.keys(session));
    expect(reachable.sort()).toEqual(['constructor', 'expiresAt', 'host', 'maxEarlyData', 'toBytes', 'version']);
  });

  it('is told from other objects', () => {
    expect(Session.is(new Session(fieldsWith(), sha256))).toBe(true);
    for (const other of [undefined, null, {}, 1, { fields: fieldsWith() }]) expect(Session.is(other)).toBe(false);
  });
});
