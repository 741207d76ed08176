import { pki } from '@ferrule/conformance/pki';
import type { CertificateDecompressor, Credential } from '@ferrule/contract';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './context.ts';
import { nobleCrypto } from './crypto/noble.ts';
import { nodeCrypto } from './crypto/node.ts';

describe('clientCertificateTypes', () => {
  it('are by default the types of the credentials, in their order', async () => {
    const { chain, key, spki } = await pki('client');
    const certificate: Credential = { chain, key };
    const raw: Credential = { chain: [], rawPublicKey: spki, key };
    const typesOf = (...credentials: Credential[]) => parseOptions(nodeCrypto, { credentials }).clientCertificateTypes;
    expect(parseOptions(nodeCrypto).clientCertificateTypes).toEqual(['x509']);
    expect(typesOf(certificate)).toEqual(['x509']);
    expect(typesOf(raw, certificate, { ...raw })).toEqual(['raw-public-key', 'x509']);
  });
});

describe('certificateCompression', () => {
  const taken = (decompress: CertificateDecompressor['decompress']) =>
    parseOptions(nobleCrypto, { certificateCompression: [{ id: 2, decompress }] }).decompressors[0];

  it('takes an algorithm that the provider lacks from the caller', async () => {
    const brotli = taken((data) => data.slice(1));
    expect(brotli?.id).toBe(2);
    expect(brotli?.decompress(Uint8Array.of(1, 2), 1)).toEqual(Uint8Array.of(2));
    expect(await taken(async (data) => Promise.resolve(data))?.decompress(Uint8Array.of(3), 1)).toEqual(
      Uint8Array.of(3),
    );
    expect(() => parseOptions(nobleCrypto, { certificateCompression: ['brotli'] })).toThrow(
      'certificateCompression: brotli',
    );
  });

  it('takes whatever such a function throws or gives back in error for bytes that are not intact', async () => {
    const failing = (): never => {
      throw new RangeError('no brotli');
    };
    expect(taken(failing)?.decompress(new Uint8Array(1), 1)).toBeNull();
    expect(
      await taken(async () => Promise.reject(new RangeError('no brotli')))?.decompress(new Uint8Array(1), 1),
    ).toBeNull();
    expect(taken((() => 'text') as never)?.decompress(new Uint8Array(1), 1)).toBeNull();
  });

  it('refuses what is not a decompressor', () => {
    expect(() => parseOptions(nobleCrypto, { certificateCompression: [{ id: 2 } as never] })).toThrow(
      'certificateCompression[0].decompress',
    );
    expect(() => parseOptions(nobleCrypto, { certificateCompression: [{ id: -1, decompress: () => null }] })).toThrow(
      'certificateCompression[0].id',
    );
  });
});
