/** What every provider does with a key that was wiped: nothing. Zeros are a key that everybody knows. */
import { describe, expect, it } from 'vitest';
import { nobleCrypto } from './noble.ts';
import { nodeCrypto } from './node.ts';
import type { Aead } from './provider.ts';
import { tunedCrypto } from './tuned.ts';
import { createWebCrypto } from './webcrypto.ts';

const DISPOSED = expect.objectContaining({ code: 'DISPOSED' }) as Error;
const [nonce, aad] = [new Uint8Array(12), new Uint8Array(5)];
const seal = async (key: Aead): Promise<Uint8Array> =>
  key.sync
    ? key.seal(nonce, aad, new Uint8Array(1), new Uint8Array(17)).slice()
    : key.seal(nonce, aad, new Uint8Array(1));
const open = async (key: Aead, cipher: Uint8Array): Promise<Uint8Array | null> =>
  key.sync ? key.open(nonce, aad, cipher, new Uint8Array(1)) : key.open(nonce, aad, cipher);

describe.each([nodeCrypto, nobleCrypto, tunedCrypto, await createWebCrypto()])('with $name', (provider) => {
  const aeads = new Map(provider.suites.map(({ aead }) => [aead.name, aead]));

  it.each([...aeads])('a key of %s that was disposed of neither seals nor opens', async (_name, aead) => {
    const key = aead.key(new Uint8Array(aead.keyLength).fill(1));
    const sealed = await seal(key);
    key.dispose();
    key.dispose();
    await expect(seal(key)).rejects.toThrow(DISPOSED);
    await expect(open(key, sealed)).rejects.toThrow(DISPOSED);
    const soon = aead.key(new Uint8Array(aead.keyLength).fill(1));
    soon.dispose();
    await expect(seal(soon)).rejects.toThrow(DISPOSED);
  });

  it.each(provider.groups.map((group) => [group.name, group] as const))(
    'a share of %s that was disposed of derives nothing',
    async (_name, group) => {
      const share = await group.keyShare(provider.random);
      // Of a KEM anything of the right length is a ciphertext; elsewhere a share of the peer's is one of ours.
      const peer =
        group.name === 'MLKEM1024'
          ? new Uint8Array(1568)
          : group.kem
            ? undefined
            : (await group.keyShare(provider.random)).publicKey;
      const answer =
        peer ??
        hybridAnswer(
          group.name,
          (
            await (
              provider.groups.find(
                ({ name }) => name === (group.name.startsWith('X25519') ? 'x25519' : 'secp256r1'),
              ) as (typeof provider.groups)[0]
            ).keyShare(provider.random)
          ).publicKey,
        );
      expect(await share.derive(answer)).not.toBeNull();
      share.dispose();
      share.dispose();
      await expect((async () => share.derive(answer))()).rejects.toThrow(DISPOSED);
    },
  );

  it('an HMAC is in memory of its own, that its caller may wipe', () => {
    for (const hash of Object.values(provider.hashes)) {
      const mac = hash.hmac(new Uint8Array(32), new Uint8Array(1));
      // What V8 has on its heap, and what is cut from a pool, has another buffer.
      expect([mac.length, mac.byteOffset, mac.buffer.byteLength]).toEqual([hash.size, 0, hash.size]);
    }
  });
});

/**
 * What a server sends for a hybrid (RFC 10024): any ciphertext of ML-KEM-768, and its share, in the order of the name.
 */
function hybridAnswer(name: string, share: Uint8Array): Uint8Array {
  const ciphertext = new Uint8Array(1088);
  return new Uint8Array(Buffer.concat(name.startsWith('X25519') ? [ciphertext, share] : [share, ciphertext]));
}
