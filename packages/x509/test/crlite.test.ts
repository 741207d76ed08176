import { createHash } from 'node:crypto';
import { concat, fromHex } from '@ferrule/result/bytes';
import { describe, expect, it } from 'vitest';
import { crlite, type CrliteKey, type RevocationStatus } from '../src/crlite.ts';
import { nodeVerifier } from '../src/crypto/node.ts';
import { DerError } from '../src/der.ts';
import { trustStore, validatePath } from '../src/index.ts';
import { ANSWERS, FILTER, NAMES } from './crlite-filter.ts';
import { extension, make, NOW, tlv } from './make.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const bytes = Uint8Array.from(Buffer.from(FILTER, 'base64'));
/** The end of what the filter covers. */
const NEWEST = 1_790_000_000_000;

interface Answer {
  readonly key: CrliteKey;
  readonly status: string;
}

const answers: readonly Answer[] = ANSWERS.map((line) => {
  const [issuer = '', serial = '', scts = '', status = ''] = line.split(' ');
  const timestamps = scts === '-' ? [] : scts.split(',').map((sct) => sct.split(':') as [string, string]);
  const named = (name: string): Uint8Array => fromHex(NAMES[name] as string);
  return {
    key: {
      issuerSpkiHash: named(issuer),
      serial: fromHex(serial),
      timestamps: timestamps.map(([log, at]) => ({ logId: named(log), timestamp: Number(at) })),
    },
    status,
  };
});

const one = (status: RevocationStatus): CrliteKey => (answers.find((each) => each.status === status) as Answer).key;

describe('a filter', () => {
  it('answers as the crate that made it', () => {
    const filter = crlite([bytes]);
    expect(answers.map(({ key }) => filter.lookUp(key, sha256))).toEqual(answers.map(({ status }) => status));
    expect(new Set(answers.map(({ status }) => status)).size).toBe(4);
    expect(filter.newest).toBe(NEWEST);
  });

  it('is read when it is given: later changes of the bytes do not count', () => {
    const given = bytes.slice();
    const filter = crlite([given]);
    given.fill(0);
    expect(filter.lookUp(one('revoked'), sha256)).toBe('revoked');
  });

  it('that ends early is refused, wherever it ends', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(() => crlite([bytes.subarray(0, length)])).toThrow(DerError);
  });

  it('with a byte behind its end, of another version, or with a reserved byte is refused', () => {
    expect(() => crlite([concat([bytes, Uint8Array.of(0)])])).toThrow('behind its end');
    for (const head of [
      [3, 0],
      [4, 1],
      [0, 0],
    ] as const)
      expect(() => crlite([concat([Uint8Array.from(head), bytes.subarray(2)])])).toThrow('version 4');
  });

  it('whose bits flip ends in an answer or a DerError', () => {
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] as number) ^ (1 << (i % 8));
      try {
        const filter = crlite([changed]);
        for (const { key } of answers) filter.lookUp(key, sha256);
      } catch (error) {
        expect(error).toBeInstanceOf(DerError);
      }
    }
  });

  it('is bytes, at least one', () => {
    for (const wrong of [[], bytes, ['x'], undefined] as unknown as Uint8Array[][])
      expect(() => crlite(wrong)).toThrow(TypeError);
    for (const maxAge of [0, -1, Number.NaN, '5' as unknown as number])
      expect(() => crlite([bytes], { maxAge })).toThrow(TypeError);
    expect(() => crlite([bytes], { maxage: 5 } as object)).toThrow(/^maxage: unknown option$/);
  });
});

/** A filter of one issuer and one log, in which everybody is revoked or, with `inverted: 0`, nobody, but `exceptions`. */
function made({ inverted, high = NEWEST }: { readonly inverted: 0 | 1; readonly high?: number }): Uint8Array {
  const issuer = one('revoked').issuerSpkiHash;
  const at = (time: number): Uint8Array => fromHex(time.toString(16).padStart(16, '0'));
  return concat([
    Uint8Array.of(4, 0, 0, 1),
    LOG,
    at(0),
    at(high),
    Uint8Array.of(0, 0, 0, 1),
    issuer,
    new Uint8Array(17),
    Uint8Array.of(inverted, 0, 0),
    Uint8Array.of(0),
    new Uint8Array(4),
  ]);
}
const LOG = new Uint8Array(32).fill(7);
const covered: CrliteKey = { ...one('revoked'), timestamps: [{ logId: LOG, timestamp: 5 }] };

it('a filter that lacks a column is refused', () => {
  const filter = made({ inverted: 0 });
  const rank = 2 + 2 + (32 + 8 + 8) + 4 + 32 + 4;
  filter[rank] = 1;
  expect(() => crlite([filter])).toThrow('lacks a column');
});

describe('several filters', () => {
  it('say revoked when one does, good before unknown', () => {
    const all = made({ inverted: 1 });
    const none = made({ inverted: 0 });
    expect(crlite([none]).lookUp(covered, sha256)).toBe('good');
    expect(crlite([all]).lookUp(covered, sha256)).toBe('revoked');
    expect(crlite([none, all]).lookUp(covered, sha256)).toBe('revoked');
    expect(crlite([all, none]).lookUp(covered, sha256)).toBe('revoked');
    const stranger = { ...covered, issuerSpkiHash: new Uint8Array(32) };
    expect(crlite([bytes, none]).lookUp(stranger, sha256)).toBe('not-enrolled');
    expect(crlite([bytes, none]).lookUp(covered, sha256)).toBe('good');
  });

  it('are as new as the newest', () => {
    expect(crlite([made({ inverted: 0, high: 10 }), made({ inverted: 0, high: 30 })]).newest).toBe(30);
  });
});

describe('a certificate', () => {
  const root = make({ ca: true });
  const SCTS = '1.3.6.1.4.1.11129.2.4.2';
  const filter = crlite([made({ inverted: 1 })], { maxAge: Number.MAX_VALUE });
  it.each([
    ['is NULL', Uint8Array.of(5, 0)],
    ['is empty', tlv(4)],
    ['holds no timestamp', tlv(4, Uint8Array.of(0, 0))],
    ['ends early', tlv(4, Uint8Array.of(0, 9, 0, 7, 0))],
    ['has bytes behind it', concat([tlv(4, Uint8Array.of(0, 0)), Uint8Array.of(5, 0)])],
  ])('whose list of timestamps %s is not covered, and no failure', (_, list) => {
    const leaf = make({ issuer: root, extensions: { [SCTS]: extension(SCTS, list) } });
    const validated = (unknown: 'accept' | 'refuse'): unknown =>
      validatePath({
        chain: [leaf.der],
        trustAnchors: trustStore([root.der]),
        verifier: nodeVerifier,
        now: NOW,
        revocation: { crlite: filter, unknown },
      });
    expect(validated('accept')).toMatchObject({ ok: true });
    expect(validated('refuse')).toMatchObject({
      error: { code: 'CERT_REVOCATION_UNKNOWN', message: expect.stringContaining('not-covered') as string },
    });
  });

  it('that cannot be read is not covered', () => {
    for (const certificate of [new Uint8Array(0), Uint8Array.of(0x30, 0x80, 0, 0), root.der.subarray(1)])
      expect(filter.check({ certificate, issuerSpki: root.keys.spki, now: NOW, sha256 })).toBe('not-covered');
  });
});
