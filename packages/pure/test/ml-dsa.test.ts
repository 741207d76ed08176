/**
 * ML-DSA (RFC 9881) in certificates and CertificateVerify, with every provider, before a server of the engine's own
 * parts.
 */
import { issueMlDsa, LEAF_NAMES, type MlDsaIdentity, type MlDsaLevel, pki } from '@ferrule/conformance/pki';
import type { ContextOptions, Ssl } from '@ferrule/contract';
import { SslErrorCode, X509V } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { nobleCrypto } from '../src/crypto/noble.ts';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { CryptoProvider } from '../src/crypto/provider.ts';
import { SIGNATURE_SCHEMES } from '../src/crypto/schemes.ts';
import { tunedCrypto } from '../src/crypto/tuned.ts';
import { createWebCrypto } from '../src/crypto/webcrypto.ts';
import { schemeFits } from '../src/auth/verify.ts';
import { root, scene } from './scene.ts';

const providers: readonly CryptoProvider[] = [nobleCrypto, tunedCrypto, nodeCrypto, await createWebCrypto()];
const levels: readonly MlDsaLevel[] = [44, 65, 87];

/** connect() until it does not wait for a promise, for which a synchronous provider has no reason. */
async function connect(ssl: Ssl, { synchronous }: CryptoProvider): Promise<void> {
  for (let ret = ssl.connect(); ret !== 1 && ssl.getError(ret) === SslErrorCode.wantAsync; ret = ssl.connect()) {
    expect(synchronous).toBe(false);
    await ssl.asyncReady;
  }
}

async function attempt(
  identity: MlDsaIdentity,
  crypto: CryptoProvider,
  options: ContextOptions,
  tamper = (signature: Uint8Array): Uint8Array => signature,
): Promise<Ssl> {
  const it = scene(options, { crypto, identity: { ...identity, sign: (message) => tamper(identity.sign(message)) } });
  await connect(it.ssl, crypto);
  it.server.readHello();
  it.server.answer();
  it.server.encryptedExtensions();
  it.server.authenticate();
  it.server.finish();
  await connect(it.ssl, crypto);
  return it.ssl;
}

describe.each(providers)('$name', (crypto) => {
  it.each(levels)(
    'verifies a server with an ML-DSA-%i key, under a CA of its own kind and under a classical one, by default',
    async (level) => {
      const authority = await issueMlDsa(level, undefined, { subject: 'CN=post-quantum root', ca: true });
      const intermediate = await issueMlDsa(level, authority, { subject: 'CN=post-quantum intermediate', ca: true });
      for (const issuer of [intermediate, await pki('intermediate')]) {
        const ssl = await attempt(await issueMlDsa(level, issuer, { names: LEAF_NAMES }), crypto, {
          trustAnchors: [root, authority.certificate],
        });
        expect(ssl.failure?.error.message).toBeUndefined();
        expect([ssl.established, ssl.peerSignatureAlgorithm, ssl.verifyResult]).toEqual([
          true,
          0x0904 + levels.indexOf(level),
          X509V.OK,
        ]);
      }
    },
  );

  it('refuses a wrong signature of the server, and of the issuer', async () => {
    const authority = await issueMlDsa(65, undefined, { subject: 'CN=post-quantum root', ca: true });
    const impostor = await issueMlDsa(65, undefined, { subject: 'CN=post-quantum root', ca: true });
    const [good, forged] = [
      await issueMlDsa(65, authority, { names: LEAF_NAMES }),
      await issueMlDsa(65, { ...authority, sign: impostor.sign }, { names: LEAF_NAMES }),
    ];
    const options = { trustAnchors: [authority.certificate] };
    const changed = await attempt(good, crypto, options, (signature) =>
      signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    );
    expect(changed.failure?.error.code).toBe('BAD_SIGNATURE');
    expect((await attempt(forged, crypto, options)).failure?.error.code).toBe('CERT_SIGNATURE');
  });

  it('is held to the security level: ML-DSA-44 has 128 bits', async () => {
    const authority = await issueMlDsa(87, undefined, { subject: 'CN=post-quantum root', ca: true });
    const identity = await issueMlDsa(44, authority, { names: LEAF_NAMES });
    const options = { trustAnchors: [authority.certificate] };
    expect((await attempt(identity, crypto, { ...options, securityLevel: 3 })).established).toBe(true);
    expect((await attempt(identity, crypto, { ...options, securityLevel: 4 })).failure?.error).toMatchObject({
      code: 'CERT_WEAK_KEY',
      verify: { code: X509V.EE_KEY_TOO_SMALL },
    });
  });
});

it('signs nothing in TLS 1.2', () => {
  const schemes = SIGNATURE_SCHEMES.filter(({ key }) => key.startsWith('ml-dsa'));
  expect(
    schemes.map((scheme) => [schemeFits(scheme, scheme.key, 'TLSv1.3'), schemeFits(scheme, scheme.key, 'TLSv1.2')]),
  ).toEqual(schemes.map(() => [true, false]));
  expect(schemes).toHaveLength(3);
});
