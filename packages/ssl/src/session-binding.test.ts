import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type BoundOptions,
  bindingDigest,
  firstToCome,
  type MadeSession,
  mayOffer,
  type Offering,
  SESSION_BINDING,
  sessionExpiry,
} from './session-binding.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const NOW = 1_700_000_000_000;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const options = (changes: Partial<BoundOptions> = {}): BoundOptions => ({
  trustAnchors: [bytes(1, 2), bytes(3)],
  crls: undefined,
  ocsp: 'off',
  revocation: undefined,
  pins: [],
  profile: 'compatible',
  verify: 'peer',
  verifyHost: true,
  extendedMasterSecret: 'require',
  secureRenegotiation: 'require',
  signedCertificateTimestamps: false,
  rawPublicKeys: [],
  serverCertificateTypes: ['x509'],
  clientCertificateTypes: ['x509'],
  externalPsks: [],
  securityLevel: 2,
  credentials: [],
  onCertificateRequest: undefined,
  reverifyOnResumption: false,
  ...changes,
});
const digest = (changes: Partial<BoundOptions> = {}): string =>
  Buffer.from(bindingDigest(options(changes), sha256)).toString('hex');
const yes = (): boolean => true;

describe('the digest', () => {
  it('differs for each value of each bound option', () => {
    const key = bytes(9);
    const filterOf = () => ({ check: () => 'good' as const });
    const filter = filterOf();
    const changes: Partial<BoundOptions>[] = [
      {},
      { trustAnchors: [bytes(1), bytes(2, 3)] },
      { trustAnchors: [bytes(1, 2, 3)] },
      { trustAnchors: [bytes(3), bytes(1, 2)] },
      { trustAnchors: [{ subject: bytes(1, 2), spki: bytes(3) }] },
      { trustAnchors: [{ subject: bytes(1), spki: bytes(2, 3) }] },
      { trustAnchors: [{ subject: bytes(1, 2), spki: bytes(3), nameConstraints: bytes(4) }] },
      { crls: [] },
      { crls: [bytes(1)] },
      { ocsp: 'request' },
      { ocsp: 'require' },
      { pins: [bytes(1)] },
      { revocation: { crlite: filter } },
      { revocation: { crlite: filter, unknown: 'refuse' } },
      { revocation: { crlite: filterOf() } },
      { profile: 'rfc5280' },
      { verify: 'none' },
      { verifyHost: false },
      { verify: yes },
      { verify: yes, reverifyOnResumption: true },
      { extendedMasterSecret: 'allow' },
      { secureRenegotiation: 'allow' },
      { signedCertificateTimestamps: true },
      { rawPublicKeys: [bytes(1)] },
      { serverCertificateTypes: ['raw-public-key'] },
      { clientCertificateTypes: ['raw-public-key'] },
      { externalPsks: [{ identity: bytes(1), key, hash: 'sha256' }] },
      { externalPsks: [{ identity: bytes(1), key: bytes(8), hash: 'sha256' }] },
      { externalPsks: [{ identity: bytes(1), key, hash: 'sha384' }] },
      { externalPsks: [{ identity: bytes(2), key, hash: 'sha256' }] },
      { securityLevel: 3 },
      { credentials: [{ chain: [bytes(1)], key }] },
      { credentials: [{ chain: [bytes(2)], key }] },
      { credentials: [{ chain: [], rawPublicKey: bytes(1), key }] },
      { credentials: [{ chain: [bytes(1)], key, signatureAlgorithms: [0x0403] }] },
      { credentials: [{ chain: [bytes(1)], key, mustMatchIssuer: true }] },
      { onCertificateRequest: () => undefined },
      { onCertificateRequest: () => undefined },
    ];
    expect(new Set(changes.map((each) => digest(each))).size).toBe(changes.length);
  });

  it('identifies a function by identity, unless it is called again', () => {
    expect(digest({ verify: yes })).toBe(digest({ verify: yes }));
    expect(digest({ verify: () => true })).not.toBe(digest({ verify: () => true }));
    expect(digest({ verify: () => true, reverifyOnResumption: true })).toBe(
      digest({ verify: () => false, reverifyOnResumption: true }),
    );
  });

  it('does not depend on the object that holds the key of a credential', () => {
    const signer = () => ({ schemes: [0x0403], sign: (): Uint8Array => bytes() });
    expect(digest({ credentials: [{ chain: [bytes(1)], key: signer() }] })).toBe(
      digest({ credentials: [{ chain: [bytes(1)], key: signer() }] }),
    );
  });

  it('covers exactly the options that the table binds', () => {
    const bound = Object.entries(SESSION_BINDING).flatMap(([key, { kind }]) => (kind === 'bound' ? [key] : []));
    expect(bound.sort()).toEqual(
      Object.keys(options())
        .filter((key) => key !== 'reverifyOnResumption')
        .sort(),
    );
    for (const { why } of Object.values(SESSION_BINDING)) expect(why.length).toBeGreaterThan(5);
  });
});

describe('a session is offered', () => {
  const made = (changes: Partial<MadeSession> = {}): MadeSession => ({
    version: 'TLSv1.3',
    host: 'server.test',
    binding: bytes(1, 2),
    cipherSuite: 0x1301,
    group: 0x1d,
    peerSignatureAlgorithm: 0x0403,
    receivedAt: NOW - 1000,
    expiresAt: NOW + 1000,
    ticketLength: 200,
    ...changes,
  });
  const offering = (changes: Partial<Offering> = {}): Offering => ({
    host: 'server.test',
    binding: bytes(1, 2),
    versions: ['TLSv1.3', 'TLSv1.2'],
    cipherSuites: [0x1301, 0xc02b],
    groups: [0x1d],
    signatureAlgorithms: [0x0403],
    sessionTickets: true,
    alpn: [],
    externalPsks: [],
    parameters: 0,
    hidden: false,
    ...changes,
  });
  const old = { version: 'TLSv1.2', cipherSuite: 0xc02b } as const;

  it.each<[string, Partial<MadeSession>, Partial<Offering>]>([
    ['as it was made', {}, {}],
    ['under another suite of its hash', {}, { cipherSuites: [0x1303] }],
    ['in TLS 1.2', old, {}],
    [
      'with an id and no ticket, where tickets are not asked for',
      { ...old, ticketLength: 0 },
      { sessionTickets: false },
    ],
    ['of a pre-shared key, which has no signature', { peerSignatureAlgorithm: undefined, group: undefined }, {}],
    ["for nobody's name where it was made so", { host: undefined }, { host: undefined }],
    ['with a ticket of 57,000 bytes', { ...old, ticketLength: 57_000 }, {}],
  ])('%s', (_name, session, asked) => expect(mayOffer(made(session), offering(asked), NOW)).toBe(true));

  it.each<[string, Partial<MadeSession>, Partial<Offering>, number?]>([
    ['to another host', {}, { host: 'other.test' }],
    ['to no host', {}, { host: undefined }],
    ['under another binding', {}, { binding: bytes(1, 3) }],
    ['where it has expired', {}, {}, NOW + 1000],
    ['long before it came', {}, {}, NOW - 62_000],
    ['by a clock that tells no time', {}, {}, NaN],
    ['in a version that is not', {}, { versions: ['TLSv1.2'] }],
    ['with a suite of another hash', {}, { cipherSuites: [0x1302] }],
    ['with another suite in TLS 1.2', old, { cipherSuites: [0x1301, 0xc02c] }],
    ['with a suite of the other version', { ...old, cipherSuite: 0x1301 }, {}],
    ['with a suite of the other version, the other way round', { cipherSuite: 0xc02b }, {}],
    ['over a group that is not', {}, { groups: [0x17] }],
    ['signed with a scheme that is not', {}, { signatureAlgorithms: [0x0804] }],
    ['as a ticket where none are asked for', old, { sessionTickets: false }],
    ['with a ticket that leaves no room in the ClientHello', { ...old, ticketLength: 65_400 }, {}],
    [
      'with one that leaves no room beside the protocols',
      { ticketLength: 50_000 },
      { alpn: ['x'.repeat(200), ...Array.from({ length: 40 }, (_, i) => `${i}`.padStart(200))] },
    ],
    ['with one that leaves no room beside the parameters of QUIC', { ticketLength: 30_000 }, { parameters: 32_768 }],
    ['with one that does not fit twice, hidden in another hello', { ticketLength: 30_000 }, { hidden: true }],
  ])('not %s', (_name, session, asked, now = NOW) => expect(mayOffer(made(session), offering(asked), now)).toBe(false));
});

describe('a session ends', () => {
  it('with its ticket, after seven days, or with the verified credentials', () => {
    expect(sessionExpiry(NOW, 10, Infinity)).toBe(NOW + 10_000);
    expect(sessionExpiry(NOW, 0xffffffff, Infinity)).toBe(NOW + 604_800_000);
    expect(sessionExpiry(NOW, 10, NOW + 5)).toBe(NOW + 5);
  });

  it('with the first expiry in the future', () => {
    expect(firstToCome(NOW, [NOW + 3, undefined, NOW + 2, NOW, NOW - 5])).toBe(NOW + 2);
    expect(firstToCome(NOW, [NOW, undefined])).toBe(Infinity);
  });
});
