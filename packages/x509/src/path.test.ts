import { describe, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { trustStore, validatePath, type PathFailure, type SignatureVerifier, type ValidationInput } from './index.ts';
import {
  bits,
  DAY,
  extension,
  keyIdentifier,
  make,
  newKeys,
  NOW,
  oid,
  seq,
  text,
  tlv,
  type Keys,
  type Made,
} from '../test/make.ts';
import { root, ica, leaf, validate, failure, chainOf } from '../test/paths.ts';

describe('a path', () => {
  it('is leaf, intermediate and root, the root with its certificate', () => {
    expect(chainOf([leaf, ica], [root])).toEqual([leaf.der, ica.der, root.der]);
  });

  it('neither needs nor rejects a root sent by the server', () => {
    expect(chainOf([leaf, ica, root], [root])).toEqual([leaf.der, ica.der, root.der]);
  });

  it('is found for any order of the sent certificates, with unrelated ones and junk in between', () => {
    const chain = [leaf.der, Uint8Array.of(1, 2, 3), root.der, make({ ca: true }).der, ica.der];
    const result = validatePath({ chain, trustAnchors: trustStore([root.der]), verifier: nodeVerifier, now: NOW });
    expect(result.ok).toBe(true);
  });

  it('may end in an intermediate that is trusted by itself', () => {
    expect(chainOf([leaf, ica], [ica])).toEqual([leaf.der, ica.der]);
  });

  it('may be a leaf that is trusted by itself, self-signed or not', () => {
    const selfSigned = make({});
    expect(chainOf([selfSigned], [selfSigned])).toEqual([selfSigned.der]);
    expect(chainOf([leaf], [leaf])).toEqual([leaf.der]);
    const old = make({ keys: newKeys('rsa', 2048), signature: 'sha1' });
    expect(chainOf([old], [old])).toEqual([old.der]);
  });

  it('ends below an anchor that is only a name and a key', () => {
    const { subject, keys } = root;
    const result = validatePath({
      chain: [leaf.der, ica.der],
      trustAnchors: trustStore([{ subject, spki: keys.spki }]),
      verifier: nodeVerifier,
      now: NOW,
    });
    expect(result.ok && result.chain.map(({ raw }) => raw)).toEqual([leaf.der, ica.der]);
  });

  it('never ends below a bare anchor whose key cannot check anything, or is weak', () => {
    const below = (keys: Keys, rest: Partial<ValidationInput> = {}) =>
      validatePath({
        chain: [leaf.der, ica.der],
        trustAnchors: trustStore([{ subject: root.subject, spki: keys.spki }]),
        verifier: nodeVerifier,
        now: NOW,
        ...rest,
      });
    expect(below(newKeys('ec', 'sect283r1'))).toMatchObject({
      ok: false,
      error: { code: 'CERT_WEAK_KEY', verify: 67, depth: 2 },
    });
    expect(below(newKeys('ec', 'sect283r1'), { securityLevel: 1 }).ok).toBe(false);
    // As X509_check_issued(): a key of a different kind than the signature's cannot be the issuer's.
    expect(below(newKeys('ed25519'))).toMatchObject({
      ok: false,
      error: { code: 'CERT_UNTRUSTED_ROOT', verify: 20, depth: 1 },
    });
    const weak = newKeys('rsa', 1024);
    const weakLeaf = make({ issuer: { ...root, keys: weak } });
    const trustAnchors = trustStore([{ subject: root.subject, spki: weak.spki }]);
    expect(validatePath({ chain: [weakLeaf.der], trustAnchors, verifier: nodeVerifier, now: NOW })).toMatchObject({
      ok: false,
      error: { code: 'CERT_WEAK_KEY', verify: 67 },
    });
    expect(
      validatePath({ chain: [weakLeaf.der], trustAnchors, verifier: nodeVerifier, now: NOW, securityLevel: 1 }).ok,
    ).toBe(true);
  });

  it('keeps to the name constraints of a bare anchor', () => {
    const nameConstraints = seq(tlv(0xa0, seq(tlv(0x82, text('example.org')))));
    const trustAnchors = trustStore([{ subject: root.subject, spki: root.keys.spki, nameConstraints }]);
    const result = validatePath({ chain: [leaf.der, ica.der], trustAnchors, verifier: nodeVerifier, now: NOW });
    expect(result).toMatchObject({ ok: false, error: { code: 'CERT_NAME_CONSTRAINT', verify: 47, depth: 0 } });
  });

  it('is found when names differ in case and white space only, as RFC 5280 section 7.1 compares them', () => {
    const shouting = make({ ca: true, subject: [['2.5.4.3', '  ROOT', 0x13]], keys: root.keys });
    expect(chainOf([leaf, ica], [shouting])).toEqual([leaf.der, ica.der, shouting.der]);
  });
});

describe('backtracking', () => {
  const icaKeys = newKeys();
  const otherRoot = make({ ca: true, subject: 'Other Root' });
  const good = make({ ca: true, subject: 'X', keys: icaKeys, issuer: root });
  const end = make({ issuer: good });

  it('takes the cross-sign that leads to a trusted root', () => {
    const cross = make({ ca: true, subject: 'X', keys: icaKeys, issuer: otherRoot });
    expect(chainOf([end, cross, good], [root])).toEqual([end.der, good.der, root.der]);
    expect(chainOf([end, good, cross], [otherRoot])).toEqual([end.der, cross.der, otherRoot.der]);
  });

  it('avoids an expired cross-sign', () => {
    const expired = make({ ca: true, subject: 'X', keys: icaKeys, issuer: root, notAfter: NOW - DAY });
    expect(chainOf([end, expired, good], [root])).toEqual([end.der, good.der, root.der]);
  });

  it('avoids an expired trusted root', () => {
    const oldRoot = make({ ca: true, subject: 'Root', keys: root.keys, notAfter: NOW - DAY });
    expect(chainOf([end, good], [oldRoot, root])).toEqual([end.der, good.der, root.der]);
  });

  it('distinguishes CAs of the same name by their keys', () => {
    const imposter = make({
      ca: true,
      subject: 'X',
      issuer: root,
      extensions: { '2.5.29.14': extension('2.5.29.14', tlv(4, keyIdentifier(icaKeys.spki))) },
    });
    expect(chainOf([end, imposter, good], [root])).toEqual([end.der, good.der, root.der]);
  });

  it('is not led in circles by CAs that certify each other', () => {
    const a = newKeys();
    const b = newKeys();
    const b0: Made = make({ ca: true, subject: 'B', keys: b });
    const aByB = make({ ca: true, subject: 'A', keys: a, issuer: b0 });
    const bByA = make({ ca: true, subject: 'B', keys: b, issuer: aByB });
    const lost = make({ issuer: aByB });
    expect(failure([lost, aByB, bByA], [root])).toMatchObject({ code: 'CERT_UNTRUSTED_ROOT', verify: 20 });
    const bByRoot = make({ ca: true, subject: 'B', keys: b, issuer: root });
    expect(chainOf([lost, aByB, bByA, bByRoot], [root])).toEqual([lost.der, aByB.der, bByRoot.der, root.der]);
  });

  it.each([
    ['P-256', 100, 210],
    ['P-521', 1, 2 * 32],
  ] as const)('costs what its signatures cost: many of %s, few of the others', (curve, least, most) => {
    // Each is signed by the next, but by name any could be the issuer: all are tried.
    const keys = Array.from({ length: 15 }, () => newKeys('ec', curve));
    const ring: Made[] = keys.map((own, i) =>
      make({
        ca: true,
        subject: 'X',
        keys: own,
        issuer: { ...end, subject: good.subject, keys: keys[(i + 1) % keys.length] as Keys },
      }),
    );
    let checks = 0;
    const verifier: SignatureVerifier = {
      ...nodeVerifier,
      verify: (...input) => (checks++, nodeVerifier.verify(...input)),
    };
    expect(failure([make({ issuer: ring[0] as Made }), ...ring], [root], { verifier }).code).toMatch(/^CERT_/);
    expect(checks).toBeGreaterThanOrEqual(least);
    expect(checks).toBeLessThanOrEqual(most);
  });

  it('gives up after maxSteps and says so', () => {
    const crowd = Array.from({ length: 40 }, () => make({ ca: true, subject: 'X', issuer: root }));
    expect(failure([end, ...crowd], [root], { maxSteps: 10 })).toMatchObject({
      code: 'CERT_CHAIN_TOO_LONG',
      verify: 22,
    });
  });

  it('counts a signature by P-521 as eight steps', () => {
    const slow = make({ ca: true, keys: newKeys('ec', 'P-521') });
    const signed = make({ issuer: slow });
    expect(failure([signed], [slow], { maxSteps: 7 }).code).toBe('CERT_CHAIN_TOO_LONG');
    expect(chainOf([signed], [slow], { maxSteps: 8 })).toEqual([signed.der, slow.der]);
  });
});

describe('what a CA must be', () => {
  const under = (options: Parameters<typeof make>[0]): PathFailure => {
    const bad = make({ ca: true, subject: 'Bad', issuer: root, ...options });
    return failure([make({ issuer: bad }), bad], [root]);
  };

  it('has the CA bit', () => {
    expect(under({ extensions: { '2.5.29.19': null } })).toMatchObject({
      code: 'CERT_INVALID',
      verify: 79,
      depth: 1,
      subject: 'CN=Bad',
    });
    expect(under({ extensions: { '2.5.29.19': extension('2.5.29.19', seq(), true) } })).toMatchObject({ verify: 79 });
  });
  it('may sign certificates', () => {
    expect(under({ extensions: { '2.5.29.15': extension('2.5.29.15', bits(6), true) } })).toMatchObject({
      code: 'CERT_INVALID',
      verify: 79,
    });
  });
  it('is of version 3', () => {
    expect(under({ version: 1 })).toMatchObject({ verify: 79 });
  });
  it('has a purpose that covers its subjects', () => {
    expect(under({ extensions: { '2.5.29.37': extension('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.4'))) } })).toMatchObject(
      { code: 'CERT_PURPOSE', depth: 1 },
    );
  });
  it('has no unknown critical extension', () => {
    expect(under({ extensions: { '1.2.3.4': extension('1.2.3.4', seq(), true) } })).toMatchObject({
      code: 'CERT_INVALID',
      verify: 34,
      depth: 1,
    });
  });
  it('reports a malformed extension with its certificate', () => {
    const bad = make({
      ca: true,
      subject: 'Bad',
      issuer: root,
      extensions: { '2.5.29.30': extension('2.5.29.30', tlv(4), true) },
    });
    expect(failure([make({ issuer: bad }), bad], [root])).toMatchObject({
      code: 'CERT_MISSING_INTERMEDIATE',
      verify: 20,
      depth: 0,
      message: expect.stringContaining('extension 2.5.29.30 cannot be read') as string,
    });
  });
});

describe('pathLenConstraint', () => {
  const top = make({ ca: true, subject: 'Top', issuer: root, pathLength: 0 });
  it('counts the CAs below it', () => {
    const below = make({ ca: true, subject: 'Below', issuer: top });
    expect(failure([make({ issuer: below }), below, top], [root])).toMatchObject({
      code: 'CERT_INVALID',
      verify: 25,
      depth: 2,
    });
    const end = make({ issuer: top });
    expect(chainOf([end, top], [root])).toEqual([end.der, top.der, root.der]);
  });
  it('does not count self-issued ones', () => {
    const rolled = make({ ca: true, subject: 'Top', issuer: top });
    const end = make({ issuer: rolled });
    expect(chainOf([end, rolled, top], [root])).toEqual([end.der, rolled.der, top.der, root.der]);
  });
  it('is not maxChainLength, which bounds the whole path', () => {
    expect(failure([leaf, ica], [root], { maxChainLength: 1 })).toMatchObject({
      code: 'CERT_CHAIN_TOO_LONG',
      verify: 22,
    });
    expect(validate([leaf, ica], [root], { maxChainLength: 2 }).ok).toBe(true);
  });
});

describe('validity', () => {
  const exact = make({ issuer: ica, notBefore: NOW, notAfter: NOW + 5000 });
  it('includes both ends, to the second', () => {
    for (const at of [NOW, NOW + 5000, NOW + 5999]) expect(validate([exact, ica], [root], { now: at }).ok).toBe(true);
    expect(failure([exact, ica], [root], { now: NOW - 1 })).toMatchObject({
      code: 'CERT_NOT_YET_VALID',
      verify: 9,
      depth: 0,
    });
    expect(failure([exact, ica], [root], { now: NOW + 6000 })).toMatchObject({
      code: 'CERT_EXPIRED',
      verify: 10,
      depth: 0,
    });
  });
  it('works across the change from UTCTime to GeneralizedTime', () => {
    const edge = Date.UTC(2050, 0, 1);
    const longRoot = make({ ca: true, notAfter: edge + DAY });
    const long = make({ issuer: longRoot, notAfter: edge });
    expect(validate([long], [longRoot], { now: edge }).ok).toBe(true);
    expect(failure([long], [longRoot], { now: edge + 1000 })).toMatchObject({ code: 'CERT_EXPIRED' });
  });
  it('distinguishes an expired leaf, intermediate and anchor', () => {
    const old = { notAfter: NOW - DAY };
    const oldIca = make({ ca: true, subject: 'Old', issuer: root, ...old });
    const oldRoot = make({ ca: true, subject: 'Old root', ...old });
    expect(failure([make({ issuer: ica, ...old }), ica], [root])).toMatchObject({ code: 'CERT_EXPIRED', depth: 0 });
    expect(failure([make({ issuer: oldIca }), oldIca], [root])).toMatchObject({
      code: 'CERT_EXPIRED',
      depth: 1,
      subject: 'CN=Old',
      notAfter: NOW - DAY,
      trusted: false,
    });
    expect(failure([make({ issuer: oldRoot })], [oldRoot])).toMatchObject({
      code: 'CERT_EXPIRED',
      depth: 1,
      trusted: true,
    });
  });
});

describe('strength', () => {
  it('refuses RSA of 1024 bits at level 2, and takes it at level 1', () => {
    const weak = make({ issuer: ica, keys: newKeys('rsa', 1024) });
    expect(failure([weak, ica], [root])).toMatchObject({ code: 'CERT_WEAK_KEY', verify: 66, depth: 0 });
    expect(validate([weak, ica], [root], { securityLevel: 1 }).ok).toBe(true);
  });
  it('refuses RSA of 2048 bits and SHA-256 as the level rises', () => {
    const rsaRoot = make({ ca: true, keys: newKeys('rsa', 2048) });
    const end = make({ issuer: rsaRoot });
    expect(validate([end], [rsaRoot]).ok).toBe(true);
    expect(failure([end], [rsaRoot], { securityLevel: 3 })).toMatchObject({
      code: 'CERT_WEAK_KEY',
      verify: 67,
      depth: 1,
    });
    expect(failure([leaf, ica], [root], { securityLevel: 4 })).toMatchObject({ code: 'CERT_WEAK_KEY' });
  });
  it('rejects SHA-1 signatures with that reason', () => {
    const rsaRoot = make({ ca: true, keys: newKeys('rsa', 2048) });
    expect(failure([make({ issuer: rsaRoot, signature: 'sha1' })], [rsaRoot])).toMatchObject({
      code: 'CERT_WEAK_KEY',
      verify: 68,
      depth: 0,
    });
  });
  it('takes Ed25519', () => {
    const edRoot = make({ ca: true, keys: newKeys('ed25519') });
    expect(validate([make({ issuer: edRoot })], [edRoot]).ok).toBe(true);
  });
});

describe('a failure', () => {
  it('reports a missing intermediate, its name and its URL', () => {
    const aia = extension(
      '1.3.6.1.5.5.7.1.1',
      seq(seq(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, text('http://ca.test/ica.crt')))),
    );
    const lonely = make({ issuer: ica, extensions: { '1.3.6.1.5.5.7.1.1': aia } });
    const error = failure([lonely], [root]);
    expect(error).toMatchObject({ code: 'CERT_MISSING_INTERMEDIATE', verify: 20, depth: 0, subject: 'CN=example.com' });
    expect(error).toMatchObject({ issuer: 'CN=ICA', issuerUrl: 'http://ca.test/ica.crt' });
  });
  it('reports an untrusted root, sent or not', () => {
    const stranger = make({ ca: true, subject: 'Stranger' });
    expect(failure([leaf, ica, root], [stranger])).toMatchObject({
      code: 'CERT_UNTRUSTED_ROOT',
      verify: 19,
      depth: 2,
      subject: 'CN=Root',
    });
    expect(failure([leaf, ica], [stranger])).toMatchObject({
      code: 'CERT_UNTRUSTED_ROOT',
      verify: 20,
      depth: 1,
      subject: 'CN=ICA',
    });
    expect(failure([leaf, ica], [])).toMatchObject({ code: 'CERT_UNTRUSTED_ROOT' });
  });
  it('reports a self-signed certificate', () => {
    expect(failure([make({})], [root])).toMatchObject({ code: 'CERT_SELF_SIGNED', verify: 18, depth: 0 });
  });
  it('reports a wrong signature', () => {
    const forged = make({
      issuer: { ...ica, keys: newKeys() },
      extensions: { '2.5.29.35': extension('2.5.29.35', seq(tlv(0x80, keyIdentifier(ica.keys.spki)))) },
    });
    expect(failure([forged, ica], [root])).toMatchObject({ code: 'CERT_SIGNATURE', verify: 7, depth: 0 });
  });
  it('reports the names in the certificate', () => {
    const error = failure([make({ issuer: ica, dns: ['a.test', '*.b.test'] }), ica], [root]);
    expect(error).toMatchObject({
      code: 'CERT_NAME_MISMATCH',
      verify: 62,
      depth: 0,
      names: ['a.test', '*.b.test'],
    });
    expect(failure([leaf, ica], [root], { host: '192.0.2.1' })).toMatchObject({
      code: 'CERT_NAME_MISMATCH',
      verify: 64,
    });
  });
  it('reports the rule that the most promising of several paths violates', () => {
    const keys = newKeys();
    const dead = make({ ca: true, subject: 'Y', keys, issuer: make({ ca: true, subject: 'Nowhere' }) });
    const expired = make({ ca: true, subject: 'Y', keys, issuer: root, notAfter: NOW - DAY });
    const error = failure([make({ issuer: dead }), dead, expired], [root]);
    expect(error).toMatchObject({ code: 'CERT_EXPIRED', depth: 1 });
    expect(error.chain.map(({ raw }) => raw)).toContainEqual(expired.der);
  });
  it('reports the chain before the name, and the name before the time, as OpenSSL does', () => {
    const old = make({ issuer: ica, dns: ['other.test'], notAfter: NOW - DAY });
    expect(failure([old], [root]).code).toBe('CERT_MISSING_INTERMEDIATE');
    expect(failure([old, ica], [root]).code).toBe('CERT_NAME_MISMATCH');
  });
  it('reports a malformed leaf, and a missing one', () => {
    expect(
      validatePath({ chain: [leaf.der.subarray(1)], trustAnchors: trustStore([]), verifier: nodeVerifier }),
    ).toMatchObject({ ok: false, error: { code: 'CERT_INVALID' } });
    expect(failure([], [root]).code).toBe('NO_CERTIFICATE');
  });
  it('keeps control characters of a certificate away from terminals', () => {
    const error = failure([make({ issuer: ica, subject: 'evil\u001b[2J', dns: ['x.test'] }), ica], [root]);
    expect(error.message).not.toContain('\u001b');
  });
});
