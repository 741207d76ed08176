import { describe, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import {
  buildPathAsync,
  type TrustAnchorInput,
  parseCertificate,
  trustStore,
  validatePathSteps,
  validatePathAsync,
  validatePath,
  type SignatureVerifier,
  type ValidationInput,
} from './index.ts';
import { extension, make, name, NOW, oid, seq, text, tlv, type Made } from '../test/make.ts';
import { root, ica, leaf, validate, failure } from '../test/paths.ts';

describe('profiles and purposes', () => {
  it('asks for an extended key usage only under webpki', () => {
    const plain = make({ issuer: ica, extensions: { '2.5.29.37': null } });
    expect(validate([plain, ica], [root]).ok).toBe(true);
    expect(failure([plain, ica], [root], { profile: 'webpki' })).toMatchObject({ code: 'CERT_PURPOSE', verify: 26 });
  });
  it('refuses wildcards of public suffixes under webpki', () => {
    const wide = make({ issuer: ica, dns: ['*.co.uk', 'example.com'] });
    expect(validate([wide, ica], [root], { profile: 'webpki' }).ok).toBe(true);
    expect(
      failure([wide, ica], [root], { profile: 'webpki', isPublicSuffix: (suffix) => suffix === 'co.uk' }).code,
    ).toBe('CERT_INVALID');
    for (const answer of [undefined, 'co.uk', Promise.resolve(false)])
      expect(() =>
        validate([wide, ica], [root], { profile: 'webpki', isPublicSuffix: () => answer as unknown as boolean }),
      ).toThrow(/^isPublicSuffix\(\): must be a boolean/);
  });
  it('checks a client certificate for clientAuth', () => {
    expect(failure([leaf, ica], [root], { purpose: 'clientAuth' })).toMatchObject({ code: 'CERT_PURPOSE', verify: 26 });
    expect(validate([leaf, ica], [root], { purpose: 'any' }).ok).toBe(true);
    expect(validate([leaf, ica], [root], { purpose: '1.3.6.1.5.5.7.3.1' }).ok).toBe(true);
  });
  it('requires an explicit policy when a CA does', () => {
    const requirePolicy = extension('2.5.29.36', seq(tlv(0x80, Uint8Array.of(0))), true);
    const policies = (...ids: string[]) => extension('2.5.29.32', seq(...ids.map((id) => seq(oid(id)))));
    const strict = make({
      ca: true,
      subject: 'Strict',
      issuer: root,
      extensions: { '2.5.29.36': requirePolicy, '2.5.29.32': policies('1.2.3') },
    });
    expect(failure([make({ issuer: strict }), strict], [root])).toMatchObject({ code: 'CERT_INVALID', verify: 43 });
    expect(
      failure([make({ issuer: strict, extensions: { '2.5.29.32': policies('1.2.4') } }), strict], [root]).verify,
    ).toBe(43);
    expect(
      validate([make({ issuer: strict, extensions: { '2.5.29.32': policies('1.2.3') } }), strict], [root]).ok,
    ).toBe(true);
    const mapping = extension('2.5.29.33', seq(seq(oid('1.2.3'), oid('1.2.9'))), true);
    const mapper = make({
      ca: true,
      subject: 'Mapper',
      issuer: root,
      extensions: { '2.5.29.36': requirePolicy, '2.5.29.32': policies('1.2.3'), '2.5.29.33': mapping },
    });
    expect(
      validate([make({ issuer: mapper, extensions: { '2.5.29.32': policies('1.2.9') } }), mapper], [root]).ok,
    ).toBe(true);
    expect(
      failure([make({ issuer: mapper, extensions: { '2.5.29.32': policies('1.2.3') } }), mapper], [root]).verify,
    ).toBe(43);
  });
});

describe('the interface', () => {
  it('says of a wrong option what it is', () => {
    const rest = (options: object) => () => validate([leaf, ica], [root], options);
    expect(rest({ now: new Date() })).toThrow(
      'now: must be a number of milliseconds since the epoch, not [object Date]',
    );
    expect(rest({ crls: [] })).toThrow(/^crls: must be a list of CRLs.*, not an array of 0$/);
    expect(rest({ revocation: { unknown: 'refuse' } })).toThrow(/^revocation: must be /);
    expect(rest({ revocation: true })).toThrow(/^revocation: must be /);
    expect(() => trustStore(['-----BEGIN CERTIFICATE-----' as unknown as Uint8Array])).toThrow(/decodePem\(\)/);
  });

  it('never suspends for a verifier that answers at once', () => {
    const steps = validatePathSteps({
      chain: [leaf.der, ica.der],
      trustAnchors: trustStore([root.der]),
      verifier: nodeVerifier,
      now: NOW,
    });
    expect(steps.next()).toMatchObject({ done: true, value: { ok: true } });
  });
  it('suspends once for each signature of a verifier that answers later', async () => {
    let calls = 0;
    const verifier: SignatureVerifier = {
      name: 'later',
      verify: async (...check) => (calls++, await nodeVerifier.verify(...check)),
    };
    const input: ValidationInput = {
      chain: [leaf.der, ica.der],
      trustAnchors: trustStore([root.der]),
      verifier,
      now: NOW,
    };
    expect((await validatePathAsync(input)).ok).toBe(true);
    expect(calls).toBe(2);
    expect(() => validatePath(input)).toThrow(TypeError);
  });
  it('uses its input as given, regardless of changes by the caller while it waits', async () => {
    const verifier: SignatureVerifier = {
      ...nodeVerifier,
      verify: async (...check) => (await Promise.resolve(), nodeVerifier.verify(...check)),
    };
    const chain = [leaf.der.slice(), ica.der.slice()];
    const pins = [new Uint8Array(32)];
    const input = { chain, trustAnchors: trustStore([root.der]), verifier, now: NOW };
    const good = validatePathAsync(input);
    const built = buildPathAsync(input);
    const pinned = validatePathAsync({ ...input, chain: [leaf.der, ica.der], pins });
    for (const der of chain) der.fill(0);
    pins[0]?.set(nodeVerifier.digest?.('sha256', parseCertificate(root.der).spki) ?? []);
    expect([(await good).ok, (await built).ok]).toEqual([true, true]);
    expect(await pinned).toMatchObject({ ok: false, error: { code: 'CERT_PIN_MISMATCH' } });
  });
  it('refuses lists with holes, empty addresses, and options without effect', () => {
    const input = {
      chain: [leaf.der, ica.der],
      trustAnchors: trustStore([root.der]),
      verifier: nodeVerifier,
      now: NOW,
    };
    for (const [option, wrong] of [
      ['crls', { crls: new Array(1) }],
      ['crls', { crls: [{ tbs: new Uint8Array() }] }],
      ['pins', { pins: new Array(2) }],
      ['transparency', { transparency: { logs: new Array(1) } }],
      ['host', { host: { kind: 'ip', name: '', bytes: new Uint8Array() } }],
      ['isPublicSuffix', { isPublicSuffix: () => true }],
      ['isPublicSuffix', { isPublicSuffix: () => true, profile: 'rfc5280' }],
    ] as const)
      expect(() => validatePath({ ...input, ...wrong } as unknown as ValidationInput), option).toThrow(
        new RegExp(`^${option}`),
      );
    for (const nameConstraints of [null, '', 0])
      expect(() =>
        trustStore([{ subject: leaf.der, spki: leaf.der, nameConstraints } as unknown as TrustAnchorInput]),
      ).toThrow(/nameConstraints must be/);
  });
  it('takes parsed certificates as well as DER', () => {
    const chain = [parseCertificate(leaf.der), parseCertificate(ica.der)];
    expect(
      validatePath({
        chain,
        trustAnchors: trustStore([parseCertificate(root.der)]),
        verifier: nodeVerifier,
        now: NOW,
      }).ok,
    ).toBe(true);
  });
  it('refuses wrong and unknown options by name, at once', () => {
    const good: ValidationInput = { chain: [leaf.der], trustAnchors: trustStore([]), verifier: nodeVerifier };
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ profil: 'webpki' }, /profil\b/],
      [{ profile: 'pki' }, /profile/],
      [{ purpose: 'server' }, /purpose/],
      [{ securityLevel: 0 }, /securityLevel/],
      [{ securityLevel: 6 }, /securityLevel/],
      [{ maxSteps: 0 }, /maxSteps/],
      [{ maxChainLength: 1.5 }, /maxChainLength/],
      [{ now: Number.NaN }, /now/],
      [{ host: '' }, /host/],
      [{ crls: [] }, /crls/],
      [{ crls: [Uint8Array.of(1)] }, /CRL 0/],
      [{ ocsp: 'yes' }, /ocsp/],
      [{ pins: [new Uint8Array(31)] }, /pins/],
      [{ chain: leaf.der }, /chain/],
      [{ verifier: {} }, /verifier/],
      [{ trustAnchors: [] }, /trustAnchors/],
    ];
    for (const [options, message] of wrong)
      expect(() => validatePathSteps({ ...good, ...options } as ValidationInput)).toThrow(
        expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) as string }) as Error,
      );
    const inherited = Object.create({
      ...good,
      chain: [leaf.der, ica.der],
      trustAnchors: trustStore([root.der]),
      now: NOW,
      pins: [new Uint8Array(32)],
    }) as ValidationInput;
    expect(validatePath(inherited)).toMatchObject({ ok: false, error: { code: 'CERT_PIN_MISMATCH' } });
    expect(() => validatePathSteps(Object.defineProperty(inherited, 'purpose', { value: 'server' }))).toThrow(
      /purpose/,
    );
  });
  it('names an unreadable trust anchor', () => {
    expect(() => trustStore([root.der, Uint8Array.of(0x30, 0)])).toThrow(/trust anchor 1/);
    expect(() => trustStore([{ subject: name('x'), spki: root.keys.spki, name: 1 } as never])).toThrow(TypeError);
  });
  it('checks pins against the whole path', () => {
    const pin = (made: Made): Uint8Array => nodeVerifier.digest?.('sha256', made.keys.spki) as Uint8Array;
    for (const one of [leaf, ica, root])
      expect(validate([leaf, ica], [root], { pins: [new Uint8Array(32), pin(one)] }).ok).toBe(true);
    expect(failure([leaf, ica], [root], { pins: [pin(make({}))] })).toMatchObject({
      code: 'CERT_PIN_MISMATCH',
      verify: 50,
    });
  });
});

it('the rfc5280 profile checks serial numbers, and decisive extensions must be unique', () => {
  const strict = { profile: 'rfc5280' } as const;
  expect(failure([make({ issuer: ica, serial: 0n }), ica], [root], strict).code).toBe('CERT_INVALID');
  expect(failure([make({ issuer: ica, serial: Uint8Array.of(0x80, 1) }), ica], [root], strict).code).toBe(
    'CERT_INVALID',
  );
  expect(failure([make({ issuer: ica, serial: new Uint8Array(21).fill(1) }), ica], [root], strict).code).toBe(
    'CERT_INVALID',
  );
  expect(validate([make({ issuer: ica, serial: new Uint8Array(20).fill(1) }), ica], [root], strict).ok).toBe(true);
  const twice = make({ issuer: ica, extensions: { a: extension('2.5.29.14', tlv(4, text('x'))) } });
  expect(failure([twice, ica], [root])).toMatchObject({
    code: 'CERT_INVALID',
    message: expect.stringContaining('duplicated') as string,
  });
});
