import { describe, expect, it } from 'vitest';
import { nobleCrypto } from '../crypto/noble.ts';
import { nodeCrypto } from '../crypto/node.ts';
import type { KeyShare } from '../crypto/provider.ts';
import { createWebCrypto } from '../crypto/webcrypto.ts';
import { kemGroup, setupSender, supportsHpke } from './hpke.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const INFO = hex('4f6465206f6e2061204772656369616e2055726e');
const PLAIN = hex('4265617574792069732074727574682c20747275746820626561757479');

/** RFC 9180 appendices A.1.1, A.2.1, A.3.1 and A.4.1: sequence numbers 0 and 1. */
const VECTORS = [
  {
    name: 'X25519 and AES-128-GCM',
    suite: { kem: 0x20, kdf: 1, aead: 1 },
    skE: '52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736',
    pkR: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
    enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
    sealed: [
      'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
      'af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84',
    ],
  },
  {
    name: 'X25519 and ChaCha20-Poly1305',
    suite: { kem: 0x20, kdf: 1, aead: 3 },
    skE: 'f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600',
    pkR: '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a',
    enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
    sealed: [
      '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
      '6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c',
    ],
  },
  {
    name: 'P-256 and AES-128-GCM',
    suite: { kem: 0x10, kdf: 1, aead: 1 },
    skE: '4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb',
    pkR: '04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0',
    enc: '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
    sealed: [
      '5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434',
      'fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82',
    ],
  },
  {
    name: 'P-256, HKDF-SHA512 and AES-128-GCM',
    suite: { kem: 0x10, kdf: 3, aead: 1 },
    skE: '2292bf14bb6e15b8c81a0f45b7a6e93e32d830e48cca702e0affcfb4d07e1b5c',
    pkR: '04085aa5b665dc3826f9650ccbcc471be268c8ada866422f739e2d531d4a8818a9466bc6b449357096232919ec4fe9070ccbac4aac30f4a1a53efcf7af90610edd',
    enc: '0493ed86735bdfb978cc055c98b45695ad7ce61ce748f4dd63c525a3b8d53a15565c6897888070070c1579db1f86aaa56deb8297e64db7e8924e72866f9a472580',
    sealed: [
      'd3cf4984931484a080f74c1bb2a6782700dc1fef9abe8442e44a6f09044c88907200b332003543754eb51917ba',
      'd14414555a47269dfead9fbf26abb303365e40709a4ed16eaefe1f2070f1ddeb1bdd94d9e41186f124e0acc62d',
    ],
  },
];

describe.each([nobleCrypto, nodeCrypto, await createWebCrypto()])('HPKE with $name', (provider) => {
  const share = async (kem: number, secret: string): Promise<KeyShare> => {
    const group = kemGroup(provider, kem);
    if (group === undefined) throw new Error('a group');
    return group.keyShare((into) => into.set(hex(secret)));
  };

  it.each(VECTORS)('seals as RFC 9180 shows for $name', async ({ suite, skE, pkR, enc, sealed }) => {
    expect(supportsHpke(provider, suite)).toBe(true);
    let shown: number | undefined;
    const sender = await setupSender(provider, suite, await share(suite.kem, skE), hex(pkR), INFO, {
      reveal: (secret) => (shown = secret.length),
    });
    expect(shown).toBe(32);
    expect(sender?.enc && Buffer.from(sender.enc).toString('hex')).toBe(enc);
    for (const [i, expected] of sealed.entries()) {
      const ciphertext = await sender?.seal(Buffer.from(`Count-${i}`), PLAIN);
      expect(Buffer.from(ciphertext ?? []).toString('hex')).toBe(expected);
    }
    sender?.dispose();
    expect(() => sender?.seal(INFO, PLAIN)).toThrow(expect.objectContaining({ code: 'DISPOSED' }) as Error);
  });

  it('refuses a receiver whose key is not a valid one', async () => {
    expect(
      await setupSender(
        provider,
        { kem: 0x20, kdf: 1, aead: 1 },
        await share(0x20, '11'.repeat(32)),
        new Uint8Array(32),
        INFO,
      ),
    ).toBeNull();
    expect(
      await setupSender(
        provider,
        { kem: 0x10, kdf: 1, aead: 1 },
        await share(0x10, '11'.repeat(32)),
        new Uint8Array(65),
        INFO,
      ),
    ).toBeNull();
  });

  it('knows what it does not support', async () => {
    for (const suite of [
      { kem: 0x12, kdf: 1, aead: 1 },
      { kem: 0x20, kdf: 9, aead: 1 },
      { kem: 0x20, kdf: 1, aead: 0xffff },
    ])
      expect(supportsHpke(provider, suite)).toBe(false);
    const ephemeral = await share(0x20, '11'.repeat(32));
    expect(() => setupSender(provider, { kem: 0x20, kdf: 9, aead: 1 }, ephemeral, new Uint8Array(32), INFO)).toThrow(
      TypeError,
    );
  });
});
