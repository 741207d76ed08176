import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { issueMlDsa, makeCrl, makeOcspResponse, pki, type PkiName } from './index.ts';

const read = async (name: PkiName): Promise<X509Certificate> => new X509Certificate((await pki(name)).certificate);

describe('the test PKI', () => {
  it.each<PkiName>(['rsa', 'rsa-pss', 'p256', 'p384', 'p521', 'ed25519'])(
    'makes a leaf with a key of kind %s under the intermediate',
    async (kind) => {
      const [leaf, intermediate, root] = await Promise.all([read(kind), read('intermediate'), read('root')]);
      expect(leaf.checkIssued(intermediate)).toBe(true);
      expect(leaf.verify(intermediate.publicKey)).toBe(true);
      expect(intermediate.verify(root.publicKey)).toBe(true);
      expect(leaf.checkHost('server.test')).toBe('server.test');
      expect(leaf.checkHost('a.wild.test')).toBe('*.wild.test');
      expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
      expect(leaf.ca).toBe(false);
    },
  );

  it('says id-RSASSA-PSS in the key of the rsa-pss leaf', async () => {
    expect((await read('rsa-pss')).publicKey.asymmetricKeyType).toBe('rsa-pss');
  });

  it('makes each certificate once per process', async () => {
    expect(await pki('p256')).toBe(await pki('p256'));
  });

  it('sends the chain without the root', async () => {
    expect((await pki('p256')).chain).toEqual([
      (await pki('p256')).certificate,
      (await pki('intermediate')).certificate,
    ]);
    expect((await pki('selfSigned')).chain).toHaveLength(1);
    expect((await pki('root')).chain).toHaveLength(0);
  });

  it('makes CRLs and OCSP responses that name the certificate', async () => {
    const [leaf, intermediate] = [await pki('revoked'), await pki('intermediate')];
    const serial = Buffer.from(new X509Certificate(leaf.certificate).serialNumber, 'hex');
    expect(Buffer.from(await makeCrl(intermediate, [leaf])).includes(serial)).toBe(true);
    expect(Buffer.from(makeOcspResponse(leaf, intermediate)).includes(serial)).toBe(true);
  });
});

describe('certificates with ML-DSA', () => {
  it.each([44, 65, 87] as const)(
    'of level %i have keys and signatures as RFC 9881 has them, under issuers of either sort',
    async (level) => {
      const root = await issueMlDsa(level, undefined, { subject: 'CN=post-quantum root', ca: true });
      const leaves = [
        await issueMlDsa(level, root, { names: ['server.test'] }),
        await issueMlDsa(level, await pki('intermediate'), { names: ['server.test'] }),
      ];
      const [under, underClassical] = leaves.map(({ certificate }) => new X509Certificate(certificate));
      expect(under?.issuer).toBe(root.subject);
      expect(underClassical?.verify(new X509Certificate((await pki('intermediate')).certificate).publicKey)).toBe(true);
      expect(leaves.map(({ chain }) => chain.length)).toEqual([1, 2]);
      // Where Node itself knows ML-DSA, it agrees.
      const [major = 0] = process.versions.node.split('.').map(Number);
      if (major < 24) return;
      expect(under?.verify(new X509Certificate(root.certificate).publicKey)).toBe(true);
      for (const { keyPem, certificate } of leaves)
        expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    },
  );
});
