import { verify as nodeVerify, constants, createPublicKey } from 'node:crypto';
import { pki, type PkiName } from '@ferrule/conformance/pki';
import type { CertificateRequest, Credential } from '@ferrule/contract';
import { givenCredential } from '@ferrule/ssl';
import { parseCertificate } from '@ferrule/x509';
import { describe, expect, it } from 'vitest';
import { finish, testEffects } from '../../test/effects.ts';
import { parseOptions } from '../context.ts';
import { nobleCrypto } from '../crypto/noble.ts';
import { nodeCrypto } from '../crypto/node.ts';
import { checkCredentials, chooseCredential, type ChosenCredential, signCertificateVerify } from './sign.ts';
import { certificateVerifyContent } from './verify.ts';

const ALL = [0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401];
const requestOf = (changes: Partial<CertificateRequest> = {}): CertificateRequest => ({
  authorities: [],
  signatureAlgorithms: ALL,
  certificateTypes: [1, 64],
  ...changes,
});
const credentialOf = async (name: PkiName): Promise<Credential> => ({
  chain: (await pki(name)).chain,
  key: (await pki(name)).key,
});

const given = (chosen: ChosenCredential | undefined): Credential | undefined =>
  chosen && givenCredential(chosen.credential);

describe('a client credential', () => {
  it('is the first that signs with an algorithm of the server', async () => {
    const [ecdsa, rsa] = [await credentialOf('client'), await credentialOf('client-rsa')];
    const effects = testEffects({ credentials: [ecdsa, rsa] });
    for (const [signatureAlgorithms, credential, scheme] of [
      [ALL, ecdsa, 0x0403],
      [[0x0805, 0x0804], rsa, 0x0804],
      [[0x0401, 0x0806], rsa, 0x0806],
    ] as const) {
      const chosen = await finish(effects, chooseCredential(effects, requestOf({ signatureAlgorithms }), 'TLSv1.3'));
      expect(given(chosen)).toBe(credential);
      expect(chosen?.scheme).toBe(scheme);
    }
  });

  it('signs by its own order of algorithms, where it has one', async () => {
    const rsa = { ...(await credentialOf('client-rsa')), signatureAlgorithms: [0x0806, 0x0804] };
    const effects = testEffects({ credentials: [rsa] });
    expect((await finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3')))?.scheme).toBe(0x0806);
  });

  it('signs with PKCS #1 and with any hash over ECDSA in TLS 1.2 only', async () => {
    const effects = testEffects({ credentials: [await credentialOf('client'), await credentialOf('client-rsa')] });
    const pick = async (signatureAlgorithms: readonly number[], version: 'TLSv1.2' | 'TLSv1.3') =>
      (await finish(effects, chooseCredential(effects, requestOf({ signatureAlgorithms }), version)))?.scheme;
    expect(await pick([0x0401], 'TLSv1.2')).toBe(0x0401);
    expect(await pick([0x0503], 'TLSv1.2')).toBe(0x0503);
    expect(await pick([0x0401], 'TLSv1.3')).toBeUndefined();
    expect(await pick([0x0503], 'TLSv1.3')).toBeUndefined();
  });

  it('signs with PKCS #1 in TLS 1.3 only under the code points of RFC 9963, and only when they are asked for', async () => {
    const plain = await credentialOf('client-rsa');
    const pick = async (credential: Credential, version: 'TLSv1.2' | 'TLSv1.3') => {
      const effects = testEffects({ credentials: [credential] });
      return (await finish(effects, chooseCredential(effects, requestOf({ signatureAlgorithms: [0x0420] }), version)))
        ?.scheme;
    };
    expect(await pick({ ...plain, signatureAlgorithms: [0x0804, 0x0420] }, 'TLSv1.3')).toBe(0x0420);
    expect(await pick(plain, 'TLSv1.3')).toBeUndefined();
    expect(await pick({ ...plain, signatureAlgorithms: [0x0420] }, 'TLSv1.2')).toBeUndefined();
    expect(() => parseOptions(nodeCrypto, { signatureAlgorithms: [0x0420] })).toThrow(/signatureAlgorithms/);
  });

  it('in TLS 1.2 is of a type that the server takes', async () => {
    const [ecdsa, rsa] = [await credentialOf('client'), await credentialOf('client-rsa')];
    const effects = testEffects({ credentials: [ecdsa, rsa] });
    expect(
      given(await finish(effects, chooseCredential(effects, requestOf({ certificateTypes: [1] }), 'TLSv1.2'))),
    ).toBe(rsa);
    expect(
      await finish(effects, chooseCredential(effects, requestOf({ certificateTypes: [2] }), 'TLSv1.2')),
    ).toBeUndefined();
  });

  it('with mustMatchIssuer is for servers that name an issuer of its chain', async () => {
    const { issuer } = parseCertificate((await pki('client')).certificate);
    const { subject } = parseCertificate((await pki('root')).certificate);
    const effects = testEffects({ credentials: [{ ...(await credentialOf('client')), mustMatchIssuer: true }] });
    for (const authorities of [[issuer], [subject]])
      expect(await finish(effects, chooseCredential(effects, requestOf({ authorities }), 'TLSv1.3'))).toBeDefined();
    for (const authorities of [[], [new Uint8Array([0x30, 0])]]) {
      expect(await finish(effects, chooseCredential(effects, requestOf({ authorities }), 'TLSv1.3'))).toBeUndefined();
    }
  });

  it('is none when the caller has none', async () => {
    const effects = testEffects();
    expect(await finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3'))).toBeUndefined();
  });
});

describe('onCertificateRequest', () => {
  it('is asked with the request, and waited for as WANT_X509_LOOKUP', async () => {
    const credential = await credentialOf('client');
    const asked: CertificateRequest[] = [];
    const effects = testEffects({
      onCertificateRequest: (request) => (asked.push(request), Promise.resolve(credential)),
    });
    const request = requestOf();
    expect(given(await finish(effects, chooseCredential(effects, request, 'TLSv1.3')))).toBe(credential);
    expect(asked).toEqual([request]);
    expect(effects.waits[0]).toBe(4);
  });

  it('names a credential that must fit', async () => {
    const credential = await credentialOf('client');
    const effects = testEffects({ onCertificateRequest: () => credential });
    await expect(
      finish(effects, chooseCredential(effects, requestOf({ signatureAlgorithms: [0x0804] }), 'TLSv1.3')),
    ).rejects.toMatchObject({ code: 'NO_COMMON_SIGNATURE_ALGORITHMS', alert: { name: 'handshake_failure' } });
    await expect(
      finish(effects, chooseCredential(effects, requestOf({ certificateTypes: [1] }), 'TLSv1.2')),
    ).rejects.toMatchObject({ code: 'NO_MATCHING_CREDENTIAL' });
  });

  it('may answer with none', async () => {
    const effects = testEffects({ onCertificateRequest: () => undefined });
    expect(await finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3'))).toBeUndefined();
  });

  it.each<[string, () => never]>([
    [
      'a throw',
      () => {
        throw new Error('no');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('no')) as never],
    ['something else than a credential', () => ({ chain: [] }) as never],
  ])('fails the handshake by %s', async (_name, onCertificateRequest) => {
    const effects = testEffects({ onCertificateRequest });
    await expect(finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3'))).rejects.toMatchObject({
      code: 'ASYNC_OPERATION_FAILED',
      alert: { name: 'internal_error' },
    });
  });
});

describe('the signature of a client', () => {
  const hash = new Uint8Array(32).fill(9);

  it.each(['client', 'client-rsa', 'client-ed25519'] as const)('of %s verifies under its certificate', async (name) => {
    const effects = testEffects({ credentials: [await credentialOf(name)] });
    const chosen = await finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3'));
    if (chosen === undefined) throw new Error('a credential');
    const signature = await finish(effects, signCertificateVerify(effects, chosen, 'TLSv1.3', hash));
    const key = createPublicKey({ key: Buffer.from((await pki(name)).spki), format: 'der', type: 'spki' });
    const padding = name === 'client-rsa' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
    expect(
      nodeVerify(
        name === 'client-ed25519' ? null : 'sha256',
        certificateVerifyContent('client', hash),
        { key, ...padding },
        signature,
      ),
    ).toBe(true);
  });

  it('may come from a Signer, at once or later', async () => {
    for (const later of [false, true]) {
      const signature = new Uint8Array([1, 2, 3]);
      const key = { schemes: [0x0403], sign: () => (later ? Promise.resolve(signature) : signature) };
      const effects = testEffects({ credentials: [{ chain: (await pki('client')).chain, key }] }, nobleCrypto);
      const chosen = await finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3'));
      if (chosen === undefined) throw new Error('a credential');
      expect(await finish(effects, signCertificateVerify(effects, chosen, 'TLSv1.3', hash))).toEqual(signature);
      expect(effects.waits).toEqual(later ? [9] : []);
    }
  });

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no')) as never],
    ['gives nothing', () => undefined as never],
  ])('fails the handshake when the signer %s', async (_name, sign) => {
    const effects = testEffects({
      credentials: [{ chain: (await pki('client')).chain, key: { schemes: [0x0403], sign } }],
    });
    const chosen = await finish(effects, chooseCredential(effects, requestOf(), 'TLSv1.3'));
    if (chosen === undefined) throw new Error('a credential');
    await expect(finish(effects, signCertificateVerify(effects, chosen, 'TLSv1.3', hash))).rejects.toMatchObject({
      code: 'ASYNC_OPERATION_FAILED',
    });
  });
});

describe('the credentials of a context', () => {
  it('are refused by name when the provider cannot sign with them', async () => {
    const credential = await credentialOf('client');
    const check =
      (provider: typeof nodeCrypto, ...credentials: Credential[]) =>
      () =>
        checkCredentials(parseOptions(provider, { credentials }));
    expect(check(nodeCrypto, credential)).not.toThrow();
    expect(check(nobleCrypto, credential)).toThrow(/^credentials\[0\]: noble .* signs nothing/);
    expect(check(nodeCrypto, credential, { ...credential, key: new Uint8Array([1]) })).toThrow(
      /^credentials\[1\]: a private key is neither/,
    );
    expect(check(nodeCrypto, { ...credential, key: (await pki('p256')).key })).toThrow(
      'credentials[0]: its key is not that of its certificate',
    );
    expect(check(nodeCrypto, { ...credential, key: (await pki('rsa')).key })).toThrow(
      'its key is not that of its certificate',
    );
    for (const name of ['rsa', 'rsa-pss', 'p521', 'ed25519'] as const)
      expect(check(nodeCrypto, await credentialOf(name)), name).not.toThrow();
    expect(check(nodeCrypto, { ...credential, chain: [new Uint8Array([1])] })).toThrow(
      /^credentials\[0\]: its certificate cannot be read/,
    );
  });
});
