import { describe, expect, it } from 'vitest';
import { nobleHashes } from '../crypto/hash.ts';
import { nobleCrypto } from '../crypto/noble.ts';
import type { CipherSuite } from '../crypto/provider.ts';
import { extendedMasterSecret, keyBlock, masterSecret, prf, verifyData, writeKeys } from './schedule12.ts';
import { Secret } from './secret.ts';

const { sha256 } = nobleHashes;
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const suite = (id: number): CipherSuite => nobleCrypto.suites.find((candidate) => candidate.id === id) as CipherSuite;

describe('the key schedule of TLS 1.2', () => {
  it('has the PRF that the TLS working group published vectors for', () => {
    const output = prf(
      sha256,
      bytes('9bbe436ba940f017b17652849a71db35'),
      'test label',
      bytes('a0ba9f936cda311827a6f796ffd5198c'),
      100,
    );
    expect(hex(output)).toBe(
      'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af' +
        '0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
    );
  });

  it('wipes the premaster secret that it consumes', () => {
    const premaster = Secret.copyOf(new Uint8Array(32).fill(7));
    expect(extendedMasterSecret(sha256, premaster, new Uint8Array(32))).toHaveLength(48);
    expect(premaster.disposed).toBe(true);
    const other = Secret.copyOf(new Uint8Array(32).fill(7));
    expect(masterSecret(sha256, other, new Uint8Array(32), new Uint8Array(32))).toHaveLength(48);
    expect(other.disposed).toBe(true);
  });

  it('cuts the key block into keys first, then IVs, client before server', () => {
    const [master, clientRandom, serverRandom] = [
      Secret.copyOf(new Uint8Array(48).fill(1)),
      new Uint8Array(32).fill(2),
      new Uint8Array(32).fill(3),
    ];
    const block = hex(prf(sha256, master.bytes, 'key expansion', bytes('03'.repeat(32) + '02'.repeat(32)), 88));
    const keysOf = (id: number): string => {
      const keys = keyBlock(suite(id), master, clientRandom, serverRandom);
      const [client, server] = [writeKeys(suite(id), keys, 'client'), writeKeys(suite(id), keys, 'server')];
      return hex(client.key) + hex(server.key) + hex(client.iv) + hex(server.iv);
    };
    expect(keysOf(0xc02f)).toBe(block.slice(0, 80));
    expect(keysOf(0xcca8)).toBe(block);
  });

  it('makes verify_data of 12 bytes that tell the sender', () => {
    const master = Secret.copyOf(new Uint8Array(48).fill(1));
    const client = verifyData(sha256, master, 'client', new Uint8Array(32));
    expect(client).toHaveLength(12);
    expect(client).not.toEqual(verifyData(sha256, master, 'server', new Uint8Array(32)));
  });
});
