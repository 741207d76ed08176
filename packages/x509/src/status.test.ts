import { createHash, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  embeddedScts,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  parseSctList,
  trustStore,
  validatePath,
  type PathFailure,
  type RevocationStatus,
  type SignatureVerifier,
  type ValidationInput,
} from './index.ts';
import {
  bits,
  concat,
  crlNumber,
  DAY,
  extension,
  int,
  make,
  makeCrl,
  makeOcsp,
  newKeys,
  NOW,
  oid,
  seq,
  text,
  tlv,
  TRUE,
  type Made,
} from '../test/make.ts';
import { withoutScts } from './transparency.ts';

const root = make({ ca: true, subject: 'Root' });
const ica = make({ ca: true, subject: 'ICA', issuer: root });
const leaf = make({ issuer: ica });

const validate = (rest: Partial<ValidationInput>, chain: readonly Made[] = [leaf, ica]) =>
  validatePath({
    chain: chain.map(({ der }) => der),
    trustAnchors: trustStore([root.der]),
    verifier: nodeVerifier,
    now: NOW,
    ...rest,
  });
function failure(...input: Parameters<typeof validate>): PathFailure {
  const result = validate(...input);
  if (result.ok) throw new Error('the path is valid');
  return result.error;
}

describe('a filter of revoked certificates', () => {
  const says = (status: RevocationStatus, unknown?: 'accept' | 'refuse'): Partial<ValidationInput> => ({
    revocation: { crlite: { check: () => status }, unknown },
  });

  it('rejects revoked certificates, and unknown ones on request', () => {
    expect(validate(says('good', 'refuse')).ok).toBe(true);
    expect(validate(says('stale')).ok).toBe(true);
    expect(failure(says('revoked'))).toMatchObject({ code: 'CERT_REVOKED', verify: 23, depth: 0, beyond: 'status' });
    for (const status of ['not-covered', 'not-enrolled', 'stale'] as const)
      expect(failure(says(status, 'refuse'))).toMatchObject({ code: 'CERT_REVOCATION_UNKNOWN', verify: 3 });
  });
  it('that returns no status, such as a promise of one, is a TypeError', () => {
    for (const answer of [Promise.resolve('revoked'), 'Revoked', '', true, undefined, null, {}])
      expect(() => validate(says(answer as RevocationStatus))).toThrow(
        /^revocation\.crlite\.check\(\): must be one of good/,
      );
  });
});

describe('a CRL', () => {
  it('of an anchor of the same name with another key does not count, if that anchor is a key alone', () => {
    const other = make({ ca: true, subject: 'Root' });
    const below = make({ issuer: root });
    const trustAnchors = trustStore([root, other].map(({ subject, keys }) => ({ subject, spki: keys.spki })));
    expect(validate({ trustAnchors, crls: [makeCrl(root)] }, [below]).ok).toBe(true);
    expect(failure({ trustAnchors, crls: [makeCrl(other)] }, [below]).code).toBe('CERT_REVOCATION_UNKNOWN');
  });

  it('accepts certificates not on it, and rejects those that are', () => {
    expect(validate({ crls: [makeCrl(ica)] }).ok).toBe(true);
    expect(validate({ crls: [makeCrl(ica, { revoked: [[1n], [2n]] })] }).ok).toBe(true);
    expect(failure({ crls: [makeCrl(ica, { revoked: [[1n], [leaf.serial, 1], [2n]] })] })).toMatchObject({
      code: 'CERT_REVOKED',
      verify: 23,
      depth: 0,
      message: expect.stringContaining('key compromise') as string,
    });
  });
  it('is required for the leaf, and optional for intermediates', () => {
    expect(failure({ crls: [makeCrl(root)] })).toMatchObject({ code: 'CERT_REVOCATION_UNKNOWN', verify: 3, depth: 0 });
    expect(validate({ crls: [makeCrl(root)], missingCrl: 'accept' }).ok).toBe(true);
    expect(failure({ crls: [makeCrl(ica, { nextUpdate: NOW - 301_000 })], missingCrl: 'accept' }).code).toBe(
      'CERT_REVOCATION_UNKNOWN',
    );
    expect(failure({ crls: [makeCrl(ica), makeCrl(root, { revoked: [[ica.serial]] })] })).toMatchObject({
      code: 'CERT_REVOKED',
      depth: 1,
      subject: 'CN=ICA',
    });
  });
  it('that revokes one intermediate leaves another path open', () => {
    const again = make({ ca: true, subject: 'ICA', keys: ica.keys, issuer: root });
    expect(validate({ crls: [makeCrl(ica), makeCrl(root, { revoked: [[ica.serial]] })] }, [leaf, ica, again]).ok).toBe(
      true,
    );
  });
  it.each([
    ['has expired', { nextUpdate: NOW - 301_000 }, 12],
    ['is not valid yet', { thisUpdate: NOW + 301_000 }, 11],
    ['has a critical number', { extensions: [extension('2.5.29.20', int(1), true)] }, 36],
    [
      'has a critical extension that is not understood',
      { extensions: [crlNumber, extension('1.2.3', seq(), true)] },
      36,
    ],
    [
      'is for CA certificates only',
      { extensions: [crlNumber, extension('2.5.29.28', seq(tlv(0x82, Uint8Array.of(255))), true)] },
      44,
    ],
    ['is indirect', { extensions: [crlNumber, extension('2.5.29.28', seq(tlv(0x84, Uint8Array.of(255))), true)] }, 44],
    [
      'is for another distribution point',
      { extensions: [crlNumber, extension('2.5.29.28', seq(tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://x'))))), true)] },
      44,
    ],
    [
      'is for some reasons only',
      { extensions: [crlNumber, extension('2.5.29.28', seq(tlv(0x83, Uint8Array.of(1, 0x40))), true)] },
      3,
    ],
    ['is signed with another key', { keys: newKeys() }, 8],
  ])('that %s tells nothing', (_, options, verify) => {
    expect(failure({ crls: [makeCrl(ica, options)] })).toMatchObject({ code: 'CERT_REVOCATION_UNKNOWN', verify });
  });
  it.each([
    ['without a number', { extensions: [] }],
    ['that does not say when it ends', { nextUpdate: null }],
    ['with a critical authorityKeyIdentifier', { extensions: [extension('2.5.29.35', seq(), true)] }],
    ['of 300 seconds ago', { nextUpdate: NOW - 300_000 }],
    ['of 300 seconds to come', { thisUpdate: NOW + 300_000 }],
  ])('%s counts', (_, options) => {
    expect(validate({ crls: [makeCrl(ica, options)] }).ok).toBe(true);
    expect(failure({ crls: [makeCrl(ica, { ...options, revoked: [[leaf.serial]] })] })).toMatchObject({
      code: 'CERT_REVOKED',
      verify: 23,
    });
  });
  it('that is a delta is a TypeError', () => {
    expect(() =>
      validate({
        crls: [makeCrl(ica), makeCrl(ica, { extensions: [crlNumber, extension('2.5.29.27', int(1), true)] })],
      }),
    ).toThrow(
      new TypeError('CRL 1 is a delta CRL (RFC 5280 section 5.2.4), which is not supported: give the complete list'),
    );
  });
  it('that is newest decides, in any order; those of equal age, and of other scopes, all count', () => {
    const held = makeCrl(ica, { revoked: [[leaf.serial, 6]], thisUpdate: NOW - 3 * DAY });
    const lifted = makeCrl(ica, { thisUpdate: NOW - 2 * DAY });
    expect([validate({ crls: [held, lifted] }).ok, validate({ crls: [lifted, held] }).ok]).toEqual([true, true]);
    const again = makeCrl(ica, { revoked: [[leaf.serial]], thisUpdate: NOW - 2 * DAY });
    for (const crls of [
      [lifted, again],
      [again, lifted],
      [held, lifted, again],
    ])
      expect(failure({ crls }).code).toBe('CERT_REVOKED');
    const users = [crlNumber, extension('2.5.29.28', seq(tlv(0x81, Uint8Array.of(255))), true)];
    expect(
      failure({
        crls: [lifted, makeCrl(ica, { revoked: [[leaf.serial]], thisUpdate: NOW - 3 * DAY, extensions: users })],
      }).code,
    ).toBe('CERT_REVOKED');
  });
  it.each(['compatible', 'rfc5280', 'webpki'] as const)(
    "of the issuer's other key revokes under %s, though its certificate is no subscriber's",
    (profile) => {
      const renewed = make({ ca: true, subject: 'ICA', issuer: root });
      const crls = [
        makeCrl(ica, { thisUpdate: NOW - 2 * DAY }),
        makeCrl(ica, { keys: renewed.keys, revoked: [[leaf.serial]] }),
      ];
      expect(failure({ crls, profile }, [leaf, ica, renewed])).toMatchObject({ code: 'CERT_REVOKED', verify: 23 });
      expect(validate({ crls: crls.slice(0, 1), profile }, [leaf, ica, renewed]).ok).toBe(true);
    },
  );
  it("may be signed with the issuer's other key, if that has a path to the same anchor", () => {
    const renewed = make({ ca: true, subject: 'ICA', issuer: root });
    const rollover = make({ ca: true, subject: 'ICA', issuer: ica });
    const [elsewhere, stranger] = [make({ ca: true, subject: 'Elsewhere' }), newKeys()];
    const foreign = make({ ca: true, subject: 'ICA', issuer: elsewhere, keys: stranger });
    const mute = make({
      ca: true,
      subject: 'ICA',
      issuer: root,
      extensions: { '2.5.29.15': extension('2.5.29.15', bits(5), true) },
    });
    for (const other of [renewed, rollover]) {
      expect(validate({ crls: [makeCrl(ica, { keys: other.keys })] }, [leaf, ica, other]).ok).toBe(true);
      expect(
        failure({ crls: [makeCrl(ica, { keys: other.keys, revoked: [[leaf.serial]] })] }, [leaf, ica, other]).code,
      ).toBe('CERT_REVOKED');
      expect(failure({ crls: [makeCrl(ica, { keys: other.keys })] })).toMatchObject({
        code: 'CERT_REVOCATION_UNKNOWN',
        verify: 8,
      });
    }
    for (const other of [foreign, mute])
      expect(failure({ crls: [makeCrl(ica, { keys: other.keys })] }, [leaf, ica, other])).toMatchObject({
        code: 'CERT_REVOCATION_UNKNOWN',
        verify: 8,
      });
    // The anchor of another CA does not count either, even if trusted.
    const both = { trustAnchors: trustStore([root.der, elsewhere.der]), crls: [makeCrl(ica, { keys: stranger })] };
    expect(failure(both, [leaf, ica, foreign])).toMatchObject({ code: 'CERT_REVOCATION_UNKNOWN', verify: 8 });
  });
  it('of a distribution point counts for certificates that name it', () => {
    const point = tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://x'))));
    const scoped = makeCrl(ica, { extensions: [crlNumber, extension('2.5.29.28', seq(point), true)] });
    const named = make({ issuer: ica, extensions: { '2.5.29.31': extension('2.5.29.31', seq(seq(point))) } });
    expect(validate({ crls: [scoped] }, [named, ica]).ok).toBe(true);
  });
  it('needs an issuer that may sign CRLs', () => {
    const mute = make({
      ca: true,
      subject: 'Mute',
      issuer: root,
      extensions: { '2.5.29.15': extension('2.5.29.15', bits(5), true) },
    });
    expect(failure({ crls: [makeCrl(mute)] }, [make({ issuer: mute }), mute])).toMatchObject({
      code: 'CERT_REVOCATION_UNKNOWN',
      verify: 35,
    });
  });
  it('may be given parsed, and is checked once for many certificates', () => {
    const crl = parseCrl(makeCrl(ica));
    expect(crl.thisUpdate).toBe(NOW - DAY);
    expect(validate({ crls: [crl] }).ok).toBe(true);
  });
});

describe('a stapled OCSP response', () => {
  it('is searched with a few hashes, however many responses it holds', () => {
    let digests = 0;
    const digest: NonNullable<SignatureVerifier['digest']> = (hash, data) => {
      digests++;
      return Uint8Array.from(createHash(hash).update(data).digest());
    };
    expect(
      validate({
        ocsp: 'require',
        ocspResponse: makeOcsp(leaf, ica, { strangers: 500 }),
        verifier: { ...nodeVerifier, digest },
      }).ok,
    ).toBe(true);
    expect(digests).toBeLessThan(10);
  });
  const staple = (...[options]: [Parameters<typeof makeOcsp>[2]?]): Partial<ValidationInput> => ({
    ocsp: 'request',
    ocspResponse: makeOcsp(leaf, ica, options),
  });
  const signing = { '2.5.29.37': extension('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.9'))) };
  const delegate = make({ subject: 'Responder', dns: [], issuer: ica, extensions: signing });
  const namesake = make({ subject: 'Responder', dns: [], issuer: ica, extensions: signing });

  it.each([
    ['by the issuer, by name', {}],
    ['by the issuer, by key', { byKey: true }],
    ['with SHA-256 in its CertID', { hash: 'sha256' as const }],
    ['by whom the issuer has certified for it', { responder: delegate }],
    ['that has him behind 15 others', { responder: delegate, before: new Array<Uint8Array>(15).fill(leaf.der) }],
    ['that has him behind one of his name', { responder: delegate, before: [namesake.der] }],
    [
      'by a responder of whom no state is asked, critically',
      {
        responder: make({
          subject: 'Responder',
          dns: [],
          issuer: ica,
          extensions: { ...signing, nocheck: extension('1.3.6.1.5.5.7.48.1.5', Uint8Array.of(5, 0), true) },
        }),
      },
    ],
    ['of this week, without nextUpdate', { nextUpdate: null }],
    ['of 300 seconds ago', { nextUpdate: NOW - 300_000 }],
    ['of 300 seconds to come', { thisUpdate: NOW + 300_000 }],
  ])('%s that says good is good', (_, options) => {
    expect(validate(staple(options)).ok).toBe(true);
  });
  it('that says revoked refuses the certificate', () => {
    expect(failure(staple({ status: 'revoked' }))).toMatchObject({ code: 'CERT_REVOKED', verify: 23, depth: 0 });
  });
  it('is ignored when OCSP is off', () => {
    expect(validate({ ...staple({ status: 'revoked' }), ocsp: 'off' }).ok).toBe(true);
  });
  it.each<[title: string, options: Parameters<typeof makeOcsp>[2], verify: number]>([
    ['does not know the certificate', { status: 'unknown' as const }, 75],
    ['is out of date', { nextUpdate: NOW - 301_000 }, 74],
    ['is not valid yet', { thisUpdate: NOW + 301_000 }, 74],
    ['is old and open-ended', { thisUpdate: NOW - 8 * DAY, nextUpdate: null }, 74],
    ['is about another serial number', { serial: 99n }, 74],
    ['has its responder behind 16', { responder: delegate, before: new Array<Uint8Array>(16).fill(leaf.der) }, 74],
    ['has what is not a certificate', { responder: delegate, before: [seq()] }, 74],
    ['is signed with another key', { signer: newKeys() }, 74],
    ['is by someone without the OCSP purpose', { responder: make({ subject: 'Responder', dns: [], issuer: ica }) }, 74],
    [
      'is by whom another CA has certified',
      { responder: make({ subject: 'Responder', dns: [], issuer: root, extensions: signing }) },
      74,
    ],
    ...(
      [
        ['that may not sign', { '2.5.29.15': extension('2.5.29.15', bits(2), true) }],
        ['whose keyUsage cannot be read', { '2.5.29.15': extension('2.5.29.15', seq(), true) }],
        ['that says twice what it is for', { again: extension('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.1'))) }],
        [
          'that needs a policy and has none',
          { '2.5.29.36': extension('2.5.29.36', seq(tlv(0x80, Uint8Array.of(0))), true) },
        ],
        ['with a critical subjectKeyIdentifier', { '2.5.29.14': extension('2.5.29.14', tlv(4, text('key')), true) }],
      ] as const
    ).map(
      ([title, more]) =>
        [
          `is by a responder ${title}`,
          { responder: make({ subject: 'Responder', dns: [], issuer: ica, extensions: { ...signing, ...more } }) },
          74,
        ] as [string, Parameters<typeof makeOcsp>[2], number],
    ),
    [
      'is by a responder that has expired',
      { responder: make({ subject: 'Responder', dns: [], issuer: ica, extensions: signing, notAfter: NOW - DAY }) },
      74,
    ],
  ])('that %s is refused', (_, options, verify) => {
    expect(failure(staple(options))).toMatchObject({ code: 'CERT_OCSP_INVALID', verify });
  });
  it('for a certificate that is its own anchor is checked with its issuer, if sent by the server', () => {
    const trustAnchors = trustStore([leaf.der]);
    expect(validate({ ...staple({}), trustAnchors }).ok).toBe(true);
    expect(validate({ crls: [makeCrl(ica)], trustAnchors }).ok).toBe(true);
    expect(failure({ ...staple({ status: 'revoked' }), trustAnchors }).code).toBe('CERT_REVOKED');
    expect(failure({ ...staple({}), trustAnchors }, [leaf]).code).toBe('CERT_OCSP_INVALID');
  });
  it('is refused by name if it would be ignored', () => {
    expect(() => validate({ ocspResponse: makeOcsp(leaf, ica, { status: 'revoked' }) })).toThrow(
      /^ocspResponse: counts/,
    );
    expect(() => validate({ missingCrl: 'refuse' })).toThrow(/^missingCrl: counts/);
  });
  it('that is junk, or an error status, is rejected', () => {
    expect(failure({ ocsp: 'request', ocspResponse: Uint8Array.of(1) }).code).toBe('CERT_OCSP_INVALID');
    expect(failure({ ocsp: 'request', ocspResponse: seq(tlv(10, Uint8Array.of(3))) })).toMatchObject({
      message: expect.stringContaining('try later') as string,
    });
    expect(() => parseOcspResponse(makeOcsp(leaf, ica).subarray(0, 100))).toThrow('DER');
  });
  it('must be present when required by option or by the certificate', () => {
    expect(failure({ ocsp: 'require' })).toMatchObject({ code: 'CERT_OCSP_MISSING', verify: 73 });
    expect(validate({ ocsp: 'request' }).ok).toBe(true);
    const mustStaple = make({
      issuer: ica,
      extensions: { '1.3.6.1.5.5.7.1.24': extension('1.3.6.1.5.5.7.1.24', seq(int(5))) },
    });
    expect(failure({ ocsp: 'request' }, [mustStaple, ica])).toMatchObject({ code: 'CERT_OCSP_MISSING' });
    expect(validate({ ocsp: 'request', ocspResponse: makeOcsp(mustStaple, ica) }, [mustStaple, ica]).ok).toBe(true);
  });
});

describe('Certificate Transparency', () => {
  const logs = [newKeys(), newKeys(), newKeys('rsa', 2048)];
  const list = logs.map(({ spki }, i) => ({ key: spki, operator: `operator ${i}` }));
  const u16 = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255);
  const u24 = (n: number): Uint8Array => Uint8Array.of(n >> 16, (n >> 8) & 255, n & 255);
  const sct = (log: (typeof logs)[number], entry: Uint8Array, at = NOW - DAY): Uint8Array => {
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(BigInt(at));
    const signature = Uint8Array.from(
      sign('sha256', concat(Uint8Array.of(0, 0), stamp, entry, u16(0)), log.privateKey),
    );
    const rsa = log.privateKey.asymmetricKeyType === 'rsa';
    const id = Uint8Array.from(createHash('sha256').update(log.spki).digest());
    const one = concat(
      Uint8Array.of(0),
      id,
      stamp,
      u16(0),
      Uint8Array.of(4, rsa ? 1 : 3),
      u16(signature.length),
      signature,
    );
    return concat(u16(one.length), one);
  };
  const listOf = (...scts: Uint8Array[]): Uint8Array => concat(u16(concat(...scts).length), ...scts);

  const SCTS = '1.3.6.1.4.1.11129.2.4.2';
  /** A certificate with embedded timestamps: made without them, stamped, made again. */
  const stamped = (issuer: Made, ...by: readonly (typeof logs)[number][]): Made => {
    const options = { issuer, keys: newKeys(), serial: 77n, subject: 'stamped' };
    const tbs = parseCertificate(make(options).der).tbs;
    const entry = concat(
      Uint8Array.of(0, 1),
      Uint8Array.from(createHash('sha256').update(issuer.keys.spki).digest()),
      u24(tbs.length),
      tbs,
    );
    return make({
      ...options,
      extensions: { [SCTS]: extension(SCTS, tlv(4, listOf(...by.map((log) => sct(log, entry))))) },
    });
  };
  const [a, b, c] = logs as [(typeof logs)[number], (typeof logs)[number], (typeof logs)[number]];

  it('counts timestamps inside the certificate, of ECDSA and RSA logs', () => {
    const chain = [stamped(ica, a, c), ica];
    expect(validate({ transparency: { logs: list } }, chain).ok).toBe(true);
    expect(failure({ transparency: { logs: list, minimum: 3 } }, chain)).toMatchObject({
      code: 'CERT_TRANSPARENCY',
      verify: 71,
      depth: 0,
    });
  });
  it('counts those of the TLS extension too', () => {
    const entry = concat(Uint8Array.of(0, 0), u24(leaf.der.length), leaf.der);
    expect(validate({ transparency: { logs: list, tlsList: listOf(sct(a, entry), sct(b, entry)) } }).ok).toBe(true);
    expect(failure({ transparency: { logs: list, tlsList: listOf(sct(a, entry), sct(a, entry)) } }).code).toBe(
      'CERT_TRANSPARENCY',
    );
  });
  it('does not count unknown logs, one operator twice, retired logs or the future', () => {
    const chain = [stamped(ica, a, b), ica];
    expect(failure({ transparency: { logs: list.slice(1) } }, chain).code).toBe('CERT_TRANSPARENCY');
    expect(failure({ transparency: { logs: list.map((log) => ({ ...log, operator: 'one' })) } }, chain).code).toBe(
      'CERT_TRANSPARENCY',
    );
    expect(
      failure({ transparency: { logs: list.map((log) => ({ ...log, retiredAt: NOW - 2 * DAY })) } }, chain).code,
    ).toBe('CERT_TRANSPARENCY');
    expect(failure({ transparency: { logs: list }, now: NOW - 2 * DAY }, chain).code).toBe('CERT_TRANSPARENCY');
    // `now` is used in whole seconds
    const entry = concat(Uint8Array.of(0, 0), u24(leaf.der.length), leaf.der);
    const tlsList = listOf(sct(a, entry, NOW + 400), sct(b, entry, NOW + 999));
    expect(validate({ transparency: { logs: list, tlsList }, now: NOW + 900 }).ok).toBe(true);
    expect(validate({ transparency: { logs: list, tlsList }, now: NOW - 1 }).ok).toBe(false);
  });
  it.each([
    [{ min: 5 }, /^transparency\.min: unknown option$/],
    [{ logs: [{ key: logs[0]?.spki, retiredat: 1 }] }, /^transparency\.logs\[0\]\.retiredat: unknown option$/],
    [{ logs: [{ key: logs[0]?.spki, retiredAt: '2020-01-01' }] }, /^transparency: must be/],
    [{ logs: [{ key: logs[0]?.spki, retiredAt: Number.NaN }] }, /^transparency: must be/],
    [{ logs: [{ key: logs[0]?.spki, operator: 5 }] }, /^transparency: must be/],
    // Its id
    [{ logs: [{ key: new Uint8Array(32) }] }, /^transparency\.logs\[0\]\.key: must be a DER SubjectPublicKeyInfo/],
    [{ logs: [null] }, /^transparency\.logs\[0\]: must be an object$/],
  ])('is refused where a part of it would count for nothing: %j', (wrong, said) => {
    expect(() => validate({ transparency: { logs: list, ...wrong } as never })).toThrow(said);
  });
  it('does not take timestamps of another certificate or issuer key', () => {
    const other = stamped(root, a, b);
    const moved = make({
      issuer: ica,
      extensions: {
        [SCTS]: extension(
          SCTS,
          parseCertificate(other.der).extensions.find(({ oid: id }) => id === SCTS)?.value as Uint8Array,
        ),
      },
    });
    expect(failure({ transparency: { logs: list } }, [moved, ica]).code).toBe('CERT_TRANSPARENCY');
  });
  it('removes only the timestamps from the signed part', () => {
    const options = { issuer: ica, keys: newKeys(), serial: 5n };
    const plain = parseCertificate(make(options).der);
    const with1 = parseCertificate(
      make({ ...options, extensions: { [SCTS]: extension(SCTS, tlv(4, Uint8Array.of(0, 0))) } }).der,
    );
    expect(withoutScts(with1)).toEqual(plain.tbs);
    expect(withoutScts(plain)).toEqual(plain.tbs);
  });
  it('refuses malformed lists with a typed error', () => {
    for (const bad of [[], [0], [0, 0], [0, 3, 0, 1, 0], [0, 2, 0, 1], [0, 4, 0, 2, 0, 0]])
      expect(() => parseSctList(Uint8Array.from(bad))).toThrow(/SCT/);
    const broken = make({ issuer: ica, extensions: { [SCTS]: extension(SCTS, TRUE) } });
    expect(() => embeddedScts(parseCertificate(broken.der))).toThrow('DER');
    expect(failure({ transparency: { logs: list } }, [broken, ica]).code).toBe('CERT_TRANSPARENCY');
  });
});
