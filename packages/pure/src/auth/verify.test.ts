import { createHash, sign as nodeSign, constants } from 'node:crypto';
import { makeCrl, makeOcspResponse, pki, type PkiName } from '@ferrule/conformance/pki';
import type { ContextOptions } from '@ferrule/contract';
import { TlsError, X509V } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { finish, testEffects, type TestEffects } from '../../test/effects.ts';
import { nobleCrypto } from '../crypto/noble.ts';
import { nodeCrypto } from '../crypto/node.ts';
import type { CipherSuite } from '../crypto/provider.ts';
import { signatureScheme, type SignatureScheme } from '../crypto/schemes.ts';
import {
  certificateVerifyContent,
  type Peer,
  schemeFits,
  serverEndPoint,
  verifyCertificateVerify,
  verifyChain,
  verifyServerKeyExchange,
} from './verify.ts';

const suite = (id: number): CipherSuite => nodeCrypto.suites.find((candidate) => candidate.id === id) as CipherSuite;
const TLS13 = suite(0x1301);
const ECDSA12 = suite(0xc02b);
const RSA12 = suite(0xc02f);

const peerOf = async (name: PkiName, changes: Partial<Peer> = {}): Promise<Peer> => ({
  host: 'server.test',
  suite: TLS13,
  kind: 'x509',
  certificates: (await pki(name)).chain,
  ocspResponse: undefined,
  signedCertificateTimestamps: undefined,
  ...changes,
});
const trusting = async (options: ContextOptions = {}): Promise<TestEffects> =>
  testEffects({
    ...(typeof options.verify !== 'function' && { trustAnchors: [(await pki('root')).certificate] }),
    ...options,
  });
async function refused(effects: TestEffects, peer: Peer): Promise<TlsError> {
  const error: unknown = await finish(effects, verifyChain(effects, peer)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!TlsError.is(error)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

describe('the chain of a server', () => {
  it('is verified up to an anchor, and told as it was sent and as it was verified', async () => {
    const [effects, peer] = [await trusting(), await peerOf('p256')];
    const { key } = await finish(effects, verifyChain(effects, peer));
    expect(key.spki).toEqual((await pki('p256')).spki);
    expect(effects.negotiated.facts).toMatchObject({ peerCertificates: peer.certificates, verifyResult: X509V.OK });
    expect(effects.negotiated.facts.verifiedChain).toEqual([...peer.certificates, (await pki('root')).certificate]);
    expect(effects.waits).toEqual([]);
  });

  it.each<[PkiName, string, number, string]>([
    ['expired', 'CERT_EXPIRED', X509V.CERT_HAS_EXPIRED, 'certificate_expired'],
    ['notYetValid', 'CERT_NOT_YET_VALID', X509V.CERT_NOT_YET_VALID, 'bad_certificate'],
    ['wrongName', 'CERT_NAME_MISMATCH', X509V.HOSTNAME_MISMATCH, 'bad_certificate'],
    ['selfSigned', 'CERT_SELF_SIGNED', X509V.DEPTH_ZERO_SELF_SIGNED_CERT, 'unknown_ca'],
    ['clientPurpose', 'CERT_PURPOSE', X509V.INVALID_PURPOSE, 'unsupported_certificate'],
    ['rsa-1024', 'CERT_WEAK_KEY', X509V.EE_KEY_TOO_SMALL, 'bad_certificate'],
  ])('is refused when it is %s, with the code, the X509_V number and the alert', async (name, code, verify, alert) => {
    const error = await refused(await trusting(), await peerOf(name));
    expect(error).toMatchObject({ code, verify: { code: verify, depth: 0 }, alert: { name: alert, origin: 'local' } });
  });

  it('goes through under verify "none", with the number of what is wrong as the verify result', async () => {
    const effects = await trusting({ verify: 'none' });
    await finish(effects, verifyChain(effects, await peerOf('expired')));
    expect(effects.negotiated.facts).toMatchObject({ verifyResult: X509V.CERT_HAS_EXPIRED, verifiedChain: undefined });
  });

  it('is refused whatever verify says when the leaf cannot be read, is missing, or too many follow it', async () => {
    const none = (): TestEffects => testEffects({ verify: 'none', limits: { chainLength: 2 } });
    expect((await refused(none(), await peerOf('p256', { certificates: [new Uint8Array([0x30, 0])] }))).code).toBe(
      'DECODE_ERROR',
    );
    expect((await refused(none(), await peerOf('p256', { certificates: [] }))).code).toBe('NO_CERTIFICATE');
    const { certificate } = await pki('p256');
    expect(
      (await refused(none(), await peerOf('p256', { certificates: [certificate, certificate, certificate] }))).code,
    ).toBe('CERT_CHAIN_TOO_LONG');
  });

  it('must hold a pinned key: of any certificate on the verified path, of the leaf alone where none was verified', async () => {
    const pinOf = async (name: PkiName): Promise<Uint8Array> =>
      createHash('sha256')
        .update((await pki(name)).spki)
        .digest();
    const peer = await peerOf('p256');
    for (const name of ['p256', 'intermediate', 'root'] as const) {
      const effects = await trusting({ pins: [await pinOf(name)] });
      await finish(effects, verifyChain(effects, peer));
    }
    expect((await refused(await trusting({ pins: [await pinOf('otherRoot')] }), peer)).code).toBe('CERT_PIN_MISMATCH');
    expect((await refused(testEffects({ verify: 'none', pins: [await pinOf('intermediate')] }), peer)).code).toBe(
      'CERT_PIN_MISMATCH',
    );
    expect(
      (await refused(await trusting({ verify: () => true, pins: [await pinOf('intermediate')] }), peer)).code,
    ).toBe('CERT_PIN_MISMATCH');
  });

  it('in TLS 1.2 must have a key of the kind that the suite names, on an offered curve', async () => {
    const none = (options: ContextOptions = {}): TestEffects => testEffects({ verify: 'none', ...options });
    for (const [name, ok, wrong] of [
      ['p256', ECDSA12, RSA12],
      ['ed25519', ECDSA12, RSA12],
      ['rsa', RSA12, ECDSA12],
    ] as const) {
      const effects = none();
      await finish(effects, verifyChain(effects, await peerOf(name, { suite: ok })));
      expect((await refused(none(), await peerOf(name, { suite: wrong }))).code).toBe('WRONG_CERTIFICATE_TYPE');
    }
    expect((await refused(none({ groups: [24] }), await peerOf('p256', { suite: ECDSA12 }))).code).toBe(
      'WRONG_CERTIFICATE_TYPE',
    );
  });
});

describe('revocation', () => {
  it('by a CRL refuses what is on it, and what none covers', async () => {
    const [revoked, intermediate] = [await pki('revoked'), await pki('intermediate')];
    const crls = [await makeCrl(intermediate, [revoked])];
    expect(await refused(await trusting({ crls }), await peerOf('revoked'))).toMatchObject({
      code: 'CERT_REVOKED',
      verify: { code: X509V.CERT_REVOKED },
      alert: { name: 'certificate_revoked' },
    });
    const effects = await trusting({ crls });
    await finish(effects, verifyChain(effects, await peerOf('p256')));
    const foreign = [await makeCrl(await pki('otherRoot'), [])];
    expect((await refused(await trusting({ crls: foreign }), await peerOf('p256'))).code).toBe(
      'CERT_REVOCATION_UNKNOWN',
    );
  });

  it('by a stapled OCSP response refuses a bad one, and with "require" none', async () => {
    const [leaf, intermediate] = [await pki('p256'), await pki('intermediate')];
    const good = await peerOf('p256', { ocspResponse: makeOcspResponse(leaf, intermediate, {}) });
    const bad = await peerOf('p256', { ocspResponse: makeOcspResponse(leaf, intermediate, { status: 'revoked' }) });
    for (const ocsp of ['request', 'require'] as const) {
      const effects = await trusting({ ocsp });
      await finish(effects, verifyChain(effects, good));
      expect((await refused(await trusting({ ocsp }), bad)).code).toBe('CERT_REVOKED');
    }
    expect(await refused(await trusting({ ocsp: 'require' }), await peerOf('p256'))).toMatchObject({
      code: 'CERT_OCSP_MISSING',
      alert: { name: 'bad_certificate_status_response' },
    });
    const without = await trusting({ ocsp: 'request' });
    await finish(without, verifyChain(without, await peerOf('p256')));
  });
});

describe('a verify function', () => {
  it('sees the host, the chain and the OCSP response, and decides in place of path and name check', async () => {
    const seen: unknown[] = [];
    const effects = testEffects({ verify: (peer) => seen.push(peer) === 1 });
    const peer = await peerOf('wrongName', { ocspResponse: new Uint8Array([1]) });
    await finish(effects, verifyChain(effects, peer));
    expect(seen).toEqual([{ host: 'server.test', chain: peer.certificates, ocspResponse: new Uint8Array([1]) }]);
    expect(effects.negotiated.facts).toMatchObject({
      verifyResult: 0,
      verifiedChain: undefined,
      ocspResponse: new Uint8Array([1]),
    });
  });

  it('is waited for as WANT_RETRY_VERIFY', async () => {
    const effects = testEffects({ verify: () => Promise.resolve(true) });
    await finish(effects, verifyChain(effects, await peerOf('p256')));
    expect(effects.waits).toEqual([12]);
  });

  it.each<[string, () => boolean | Promise<boolean>]>([
    ['false', () => false],
    ['a promise of false', () => Promise.resolve(false)],
    [
      'a throw',
      () => {
        throw new Error('no');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('no'))],
    ['anything but true', () => 1 as unknown as boolean],
  ])('refuses by %s', async (_name, verify) => {
    expect(await refused(testEffects({ verify }), await peerOf('p256'))).toMatchObject({
      code: 'CERT_REJECTED',
      verify: { code: X509V.APPLICATION_VERIFICATION },
    });
  });

  it.each([false, true])('may name the failure and its alert itself (later: %s)', async (later) => {
    const verify = (): Promise<boolean> => {
      const error = new TlsError('CERT_REVOKED', 'revoked, says the list', {
        alert: { description: 44, origin: 'peer' },
        verify: { code: X509V.CERT_REVOKED, depth: 1 },
      });
      if (!later) throw error;
      return Promise.reject(error);
    };
    const error = await refused(testEffects({ verify }), await peerOf('p256'));
    expect(error).toMatchObject({
      code: 'CERT_REVOKED',
      message: 'revoked, says the list',
      alert: { description: 44, origin: 'local' },
      verify: { code: 23, depth: 1 },
    });
  });

  it('that throws a TlsError without an alert fails with the alert of its code', async () => {
    const verify = (): boolean => {
      throw new TlsError('CERT_EXPIRED');
    };
    expect(await refused(testEffects({ verify }), await peerOf('p256'))).toMatchObject({
      code: 'CERT_EXPIRED',
      alert: { description: 45 },
    });
  });
});

describe('a key that cannot do what the handshake needs is refused, even where nobody looks at the chain', () => {
  const altered = async (from: string, to: string): Promise<Peer> => {
    const [leaf = new Uint8Array(0)] = (await pki('p256')).chain;
    const text = Buffer.from(leaf).toString('hex');
    if (!text.includes(from)) throw new Error('the certificate has no such bytes');
    return await peerOf('p256', { certificates: [new Uint8Array(Buffer.from(text.replace(from, to), 'hex'))] });
  };
  const modes: readonly ContextOptions['verify'][] = ['none', () => true];

  it('a keyUsage without digitalSignature, unless nothing is verified', async () => {
    const peer = await altered('0603551d0f0101ff040403020780', '0603551d0f0101ff040403020520');
    expect(await refused(testEffects({ verify: () => true }), peer)).toMatchObject({
      code: 'CERT_PURPOSE',
      verify: { code: X509V.KEYUSAGE_NO_DIGITAL_SIGNATURE },
    });
    await finish(testEffects({ verify: 'none' }), verifyChain(testEffects({ verify: 'none' }), peer));
  });

  it.each(modes)('a curve that TLS does not have (%s)', async (verify = 'none') => {
    // prime239v3 in place of prime256v1
    const peer = await altered('06082a8648ce3d030107', '06082a8648ce3d030106');
    expect(await refused(testEffects({ verify }), peer)).toMatchObject({ code: 'WRONG_CERTIFICATE_TYPE' });
    expect(await refused(testEffects({ verify }), { ...peer, suite: ECDSA12 })).toMatchObject({
      code: 'WRONG_CERTIFICATE_TYPE',
    });
  });

  it('and fits no scheme', () => {
    const scheme = signatureScheme(0x0403) as SignatureScheme;
    expect([
      schemeFits(scheme, undefined, 'TLSv1.3'),
      schemeFits(scheme, undefined, 'TLSv1.2'),
      schemeFits(scheme, 'secp256r1', 'TLSv1.3'),
    ]).toEqual([false, false, true]);
  });
});

describe('a leaf with a defect of form', () => {
  const ask = async (verify: ContextOptions['verify'], peer: Peer): Promise<TestEffects> => {
    const effects = await trusting(verify === undefined ? {} : { verify });
    await finish(effects, verifyChain(effects, peer));
    return effects;
  };
  /** The DER of the leaf in hexadecimals, altered. */
  const defective = async (alter: (hex: string) => string): Promise<Peer> => {
    const [leaf = new Uint8Array(0), ...rest] = (await pki('p256')).chain;
    const [from, to] = [Buffer.from(leaf).toString('hex'), alter(Buffer.from(leaf).toString('hex'))];
    if (from === to) throw new Error('the certificate has no such bytes');
    return await peerOf('p256', { certificates: [new Uint8Array(Buffer.from(to, 'hex')), ...rest] });
  };
  const KEY_USAGE = '0603551d0f0101ff0404';
  it.each<[string, (hex: string) => string, string, number | undefined]>([
    [
      'an extension that cannot be read',
      (hex) => hex.replace(`${KEY_USAGE}0302`, `${KEY_USAGE}0402`),
      'CERT_INVALID',
      X509V.INVALID_EXTENSION,
    ],
    [
      'a BOOLEAN that is 1',
      (hex) => hex.replace(KEY_USAGE, '0603551d0f0101010404'),
      'CERT_SIGNATURE',
      X509V.CERT_SIGNATURE_FAILURE,
    ],
    [
      'a time that is none',
      (hex) => hex.replace(/5a(170d|180f)/, '4a$1'),
      'CERT_SIGNATURE',
      X509V.CERT_SIGNATURE_FAILURE,
    ],
    [
      'another version',
      (hex) => hex.replace('a003020102', 'a003020105'),
      'CERT_SIGNATURE',
      X509V.CERT_SIGNATURE_FAILURE,
    ],
    [
      'a signature of odd bits',
      (hex) => hex.replace(/(06082a8648ce3d04030203(?:4.))00(?!.*06082a8648ce3d040302)/, '$101'),
      'DECODE_ERROR',
      undefined,
    ],
    [
      'an issuer name that is none',
      (hex) => hex.replace(/(06082a8648ce3d04030230..)31/, '$130'),
      'DECODE_ERROR',
      undefined,
    ],
  ])(
    '(%s) is refused; where nobody looks at the chain, or a function does, its key is enough',
    async (_name, alter, code, verify) => {
      const peer = await defective(alter);
      const error = await refused(await trusting(), peer);
      expect([error.code, error.verify?.code]).toEqual([code, verify]);
      for (const other of ['none', () => true] as const)
        expect((await ask(other, peer)).negotiated.facts.peerCertificates).toEqual(peer.certificates);
      expect((await ask('none', peer)).negotiated.facts.verifyResult).toBe(verify ?? X509V.UNSPECIFIED);
      expect(() => serverEndPoint(nodeCrypto, peer.certificates[0] as Uint8Array)).not.toThrow();
    },
  );
});

const { spki: other } = await pki('p384');

describe('a raw public key', () => {
  it('must be one that the caller named', async () => {
    const { spki } = await pki('p256');
    const peer = await peerOf('p256', { kind: 'raw-public-key', certificates: [spki] });
    const effects = testEffects({ rawPublicKeys: [spki] });
    await finish(effects, verifyChain(effects, peer));
    expect(effects.negotiated.facts).toMatchObject({ peerCertificates: [], peerRawPublicKey: spki, verifyResult: 0 });
    expect((await refused(testEffects({ rawPublicKeys: [(await pki('rsa')).spki] }), peer)).code).toBe(
      'CERT_UNTRUSTED_ROOT',
    );
    expect((await refused(testEffects({ rawPublicKeys: [spki] }), { ...peer, certificates: [spki, spki] })).code).toBe(
      'DECODE_ERROR',
    );
    expect(
      (await refused(testEffects({ rawPublicKeys: [spki] }), { ...peer, certificates: [new Uint8Array([0x30, 0])] }))
        .code,
    ).toBe('DECODE_ERROR');
  });

  it.each<[PkiName, number, number, ContextOptions]>([
    ['rsa-1024', 1, X509V.OK, {}],
    ['rsa-1024', 2, X509V.EE_KEY_TOO_SMALL, {}],
    ['p256', 4, X509V.EE_KEY_TOO_SMALL, {}],
    ['p256', 3, X509V.OK, {}],
    ['p256', 3, X509V.CERT_UNTRUSTED, { rawPublicKeys: [other] }],
  ])('%s at security level %i has the verify result %i', async (name, securityLevel, verify, options) => {
    const { spki } = await pki(name);
    const peer = await peerOf('p256', { kind: 'raw-public-key', certificates: [spki] });
    const given = { rawPublicKeys: [spki], securityLevel, ...options };
    const effects = testEffects({ ...given, verify: 'none' });
    await finish(effects, verifyChain(effects, peer));
    expect(effects.negotiated.facts.verifyResult).toBe(verify);
    if (verify === X509V.OK) await finish(testEffects(given), verifyChain(testEffects(given), peer));
    else expect((await refused(testEffects(given), peer)).verify?.code).toBe(verify);
  });
});

describe.each([nodeCrypto, nobleCrypto])("the server's signature, checked by $name", (provider) => {
  const hash = new Uint8Array(32).fill(5);
  const content = certificateVerifyContent('server', hash);
  const check = async (
    name: PkiName,
    algorithm: number,
    signature: Uint8Array,
    options: ContextOptions = {},
  ): Promise<TestEffects> => {
    const effects = testEffects({ verify: 'none', ...options }, provider);
    const { key } = await finish(effects, verifyChain(effects, await peerOf(name)));
    await finish(effects, verifyCertificateVerify(effects, key, { algorithm, signature }, hash));
    return effects;
  };
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

  it.each([
    ['p256', 0x0403, 'sha256', {}],
    ['p384', 0x0503, 'sha384', {}],
    ['p521', 0x0603, 'sha512', {}],
    ['rsa', 0x0804, 'sha256', pss],
    ['rsa', 0x0806, 'sha512', pss],
    ['rsa-pss', 0x0809, 'sha256', pss],
    ['ed25519', 0x0807, null, {}],
  ] as const)(
    'of %s with scheme 0x%s counts when it is right, and only then',
    async (name, algorithm, digest, padding) => {
      const key = (await pki(name)).privateKey;
      const good = nodeSign(digest, content, { key, ...padding });
      expect((await check(name, algorithm, good)).negotiated.facts.peerSignatureAlgorithm).toBe(algorithm);
      const bad = nodeSign(digest, certificateVerifyContent('client', hash), { key, ...padding });
      await expect(check(name, algorithm, bad)).rejects.toMatchObject({
        code: 'BAD_SIGNATURE',
        alert: { name: 'decrypt_error' },
      });
      await expect(check(name, algorithm, new Uint8Array(0))).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
    },
  );

  it('must be of a scheme that was offered and that the key can make in TLS 1.3', async () => {
    for (const [name, algorithm] of [
      ['p256', 0x0503],
      ['rsa', 0x0401],
      ['rsa', 0x0809],
      ['rsa-pss', 0x0804],
      ['ed25519', 0x0403],
      ['p256', 0x0203],
      ['p256', 0x1234],
    ] as const) {
      await expect(check(name, algorithm, new Uint8Array(64))).rejects.toMatchObject({
        code: 'WRONG_SIGNATURE_TYPE',
        alert: { name: 'illegal_parameter' },
      });
    }
    await expect(check('p256', 0x0403, new Uint8Array(64), { signatureAlgorithms: [0x0804] })).rejects.toMatchObject({
      code: 'WRONG_SIGNATURE_TYPE',
    });
  });

  it('covers both randoms and the parameters in TLS 1.2, where the curve of an ECDSA key is free', async () => {
    const effects = testEffects({ verify: 'none' }, provider);
    const { key } = await finish(effects, verifyChain(effects, await peerOf('p256', { suite: ECDSA12 })));
    const [client, server, parameters] = [
      new Uint8Array(32).fill(1),
      new Uint8Array(32).fill(2),
      new Uint8Array([3, 0, 29, 1, 9]),
    ];
    const signature = nodeSign('sha384', Buffer.concat([client, server, parameters]), (await pki('p256')).privateKey);
    await finish(
      effects,
      verifyServerKeyExchange(effects, key, { algorithm: 0x0503, signature, parameters }, client, server),
    );
    const swapped = testEffects({ verify: 'none' }, provider);
    await expect(
      finish(
        swapped,
        verifyServerKeyExchange(swapped, key, { algorithm: 0x0503, signature, parameters }, server, client),
      ),
    ).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });
});

it('tls-server-end-point is the leaf by the hash of its signature', async () => {
  const { certificate } = await pki('p256');
  expect(Buffer.from(serverEndPoint(nodeCrypto, certificate) ?? [])).toEqual(
    createHash('sha256').update(certificate).digest(),
  );
});
