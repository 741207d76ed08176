import fc from 'fast-check';
import { describe as group, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  DerError,
  describeCertificate,
  distributionPoints,
  matchesHost,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  parsePkcs7,
  parsePublicKey,
  parseSctList,
  trustStore,
  validatePath,
  type Certificate,
} from '@ferrule/x509';
import { fiftyCertificates } from './certificates.ts';
import { crlNumber, extension, int, make, makeCrl, makeOcsp, NOW, oid, seq, text, tlv } from './make.ts';

const certificates = fiftyCertificates();
const [root, leaf] = [make({ ca: true }), make({})];

/** A value, or `undefined` for a DerError; any other error fails the test. */
function attempt<T>(read: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return read(bytes);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return undefined;
  }
}

/** Everything that can be asked of a certificate. */
function use(certificate: Certificate): void {
  JSON.stringify(describeCertificate(certificate));
  String(describeCertificate(certificate));
  matchesHost(certificate, 'a.test');
}

group('bytes that are not certificate', () => {
  it('every prefix of fifty certificates is one typed error', () => {
    for (const der of certificates)
      for (let length = 0; length < der.length; length++)
        expect(attempt(parseCertificate, der.subarray(0, length))).toBeUndefined();
  });

  it('every byte of fifty certificates changed gives one typed error or a certificate that can be shown', () => {
    let shown = 0;
    for (const der of certificates) {
      for (let at = 0; at < der.length; at++) {
        const changed = der.slice();
        changed[at] = (changed[at] as number) ^ (1 << (at % 8));
        const certificate = attempt(parseCertificate, changed);
        if (certificate && shown++ % 20 === 0) use(certificate);
      }
    }
  });

  it('every change of every byte of one certificate gives one typed error or a certificate', () => {
    for (let at = 0; at < leaf.der.length; at++) {
      const changed = leaf.der.slice();
      for (let value = 0; value < 256; value++) {
        changed[at] = value;
        attempt(parseCertificate, changed);
      }
    }
  });

  it('random bytes, and random elements inside the right frame, are one typed error or a value', () => {
    const element = fc.letrec<{ node: Uint8Array }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc
          .tuple(
            fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 12, 19, 22, 23, 24, 0x80, 0x82),
            fc.uint8Array({ maxLength: 12 }),
          )
          .map(([tag, body]) => tlv(tag, body)),
        fc
          .tuple(fc.constantFrom(0x30, 0x31, 0xa0, 0xa1, 0xa2, 0xa3), fc.array(tie('node'), { maxLength: 6 }))
          .map(([tag, parts]) => tlv(tag, ...parts)),
      ),
    })).node;
    const readers = [parseCertificate, parseCrl, parseOcspResponse, parsePkcs7, parsePublicKey, parseSctList];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      element,
      fc.tuple(element, element, element).map((parts) => seq(...parts)),
    );
    fc.assert(
      fc.property(bytes, fc.constantFrom(...readers), (input, read) => {
        attempt<unknown>(read, input);
      }),
      { numRuns: 5000 },
    );
  });

  it('CRLs, OCSP responses and PKCS #7 bags with any byte changed or cut off are one typed error or a value', () => {
    const bag = seq(
      oid('1.2.840.113549.1.7.2'),
      tlv(0xa0, seq(int(1), tlv(0x31), seq(oid('1.2.840.113549.1.7.1')), tlv(0xa0, leaf.der, root.der), tlv(0x31))),
    );
    expect(parsePkcs7(bag)).toEqual([leaf.der, root.der]);
    const inputs = [
      [parseCrl, makeCrl(root, { revoked: [[1n, 1]], extensions: [crlNumber] })],
      [parseOcspResponse, makeOcsp(leaf, root, { status: 'revoked' })],
      [parsePkcs7, bag],
    ] as const;
    for (const [read, der] of inputs) {
      for (let at = 0; at < der.length; at++) {
        attempt<unknown>(read, der.subarray(0, at));
        const changed = der.slice();
        for (const flip of [1, 0x80, 0xff]) {
          changed[at] = (der[at] as number) ^ flip;
          attempt<unknown>(read, changed);
        }
      }
    }
  });

  it('a path with any byte of its leaf, issuer, CRL or staple changed is a result, never an exception, and never valid', () => {
    const issuer = make({ ca: true, subject: 'issuer', issuer: root });
    const end = make({ issuer });
    const input = { leaf: end.der, issuer: issuer.der, crl: makeCrl(issuer), staple: makeOcsp(end, issuer) };
    const trustAnchors = trustStore([root.der]);
    const validate = (of: typeof input) =>
      validatePath({
        chain: [of.leaf, of.issuer],
        trustAnchors,
        verifier: nodeVerifier,
        now: NOW,
        crls: [of.crl],
        ocsp: 'require',
        ocspResponse: of.staple,
        host: 'example.com',
      });
    expect(validate(input).ok).toBe(true);
    const valid: string[] = [];
    for (const key of ['leaf', 'issuer', 'staple', 'crl'] as const) {
      for (let at = 0; at < input[key].length; at++) {
        const changed = input[key].slice();
        changed[at] = (changed[at] as number) ^ (1 << (at % 8));
        if (key === 'crl' && !attempt(parseCrl, changed)) continue;
        if (validate({ ...input, [key]: changed }).ok) valid.push(`${key} ${at}`);
      }
    }
    expect(valid).toEqual([]);
  });
});

group('inputs made to be slow', () => {
  const failureOf = (chain: readonly Uint8Array[], anchors: readonly Uint8Array[]) => {
    const result = validatePath({ chain, trustAnchors: trustStore(anchors), verifier: nodeVerifier, now: NOW });
    return result.ok ? undefined : result.error.code;
  };

  it('a mesh of a hundred CAs that certify each other ends within the budget, and its way out is found', () => {
    const hub = make({ ca: true, subject: 'hub' });
    const ring = Array.from({ length: 10 }, (_, i) =>
      make({ ca: true, subject: `ring ${i}`, keys: i === 0 ? hub.keys : make({}).keys }),
    );
    const mesh = ring.flatMap((subject, i) =>
      ring
        .filter((_, j) => j !== i)
        .map((issuer) => make({ ca: true, subject: `ring ${i}`, keys: subject.keys, issuer })),
    );
    const end = make({ issuer: ring[5] as (typeof ring)[number] });
    const chain = [end.der, ...mesh.map(({ der }) => der)];
    expect(failureOf(chain, [root.der])).toMatch(/CERT_CHAIN_TOO_LONG|CERT_UNTRUSTED_ROOT/);
    const way = make({ ca: true, subject: 'ring 5', keys: (ring[5] as (typeof ring)[number]).keys, issuer: root });
    expect(failureOf([...chain, way.der], [root.der])).toBeUndefined();
  });

  it('names of nothing but marks, in no order, end a search as others do', () => {
    const marks = '\u0315\u0300\u05ae'.repeat(60_000);
    const chain = [make({ issuer: make({ ca: true, subject: marks }) }).der];
    const result = validatePath({ chain, trustAnchors: trustStore([root.der]), verifier: nodeVerifier, now: NOW });
    expect(result).toMatchObject({ ok: false, error: { code: 'CERT_MISSING_INTERMEDIATE' } });
  });
  it('as many extensions and distribution points as there is room for are read', () => {
    const many = Array.from({ length: 60_000 }, (_, i) =>
      extension(`1.2.${128 + (i % 300)}.${128 + Math.floor(i / 300)}`, new Uint8Array(0)),
    );
    expect(
      parseCertificate(make({ extensions: { many: Uint8Array.from(Buffer.concat(many)) } }).der).extensions.length,
    ).toBeGreaterThan(60_000);
    const points = seq(seq(tlv(0xa0, tlv(0xa0, Uint8Array.from(Buffer.from('860178'.repeat(200_000), 'hex'))))));
    const certificate = parseCertificate(make({ extensions: { '2.5.29.31': extension('2.5.29.31', points) } }).der);
    expect(distributionPoints(certificate)).toHaveLength(200_000);
  });

  it('ten thousand name constraints and five thousand names are too many to compare', () => {
    const many = (count: number, suffix: string): Uint8Array[] =>
      Array.from({ length: count }, (_, i) => tlv(0x82, text(`h${i}.${suffix}`)));
    const nc = {
      '2.5.29.30': seq(
        oid('2.5.29.30'),
        Uint8Array.of(1, 1, 255),
        tlv(4, seq(tlv(0xa1, ...many(10_000, 'bad.test').map((one) => seq(one))))),
      ),
    };
    const narrow = make({ ca: true, subject: 'narrow', extensions: nc });
    const wide = { '2.5.29.17': seq(oid('2.5.29.17'), tlv(4, seq(...many(5_000, 'good.test')))) };
    expect(failureOf([make({ issuer: narrow, extensions: wide }).der], [narrow.der])).toBe('CERT_NAME_CONSTRAINT');
    expect(failureOf([make({ issuer: narrow }).der], [narrow.der])).toBeUndefined();
    expect(failureOf([make({ issuer: root, extensions: wide }).der], [root.der])).toBeUndefined();
  });
});
