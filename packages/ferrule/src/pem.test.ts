import { rootCertificates } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { platformAnchors } from './anchors.ts';
import { certificatesOf } from './pem.ts';

const [first = '', second = ''] = rootCertificates;

describe('certificatesOf()', () => {
  it('finds every certificate of a text, whatever is in between', () => {
    expect(certificatesOf(`# a comment\n${first}\nand\r\n${second.replaceAll('\n', '\r\n')}`)).toHaveLength(2);
  });

  it('reads PEM from bytes, and takes DER as it is', () => {
    const [der] = certificatesOf(new TextEncoder().encode(first));
    expect(der?.[0]).toBe(0x30);
    expect(certificatesOf(der ?? new Uint8Array(0))).toEqual([der]);
  });

  it('throws a TypeError where there is none', () => {
    expect(() => certificatesOf('')).toThrow(TypeError);
    expect(() => certificatesOf('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----')).toThrow(TypeError);
    expect(() => certificatesOf('-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----')).toThrow(/base64/);
  });
});

describe('platformAnchors()', () => {
  it("are the platform's roots as DER, without duplicates, the same array each time", () => {
    const anchors = platformAnchors();
    expect(anchors.length).toBeGreaterThan(50);
    expect(new Set(anchors.map((der) => Buffer.from(der).toString('base64'))).size).toBe(anchors.length);
    expect(platformAnchors()).toBe(anchors);
  });

  afterEach(() => void vi.restoreAllMocks());

  it('are read again after tls.setDefaultCACertificates()', () => {
    let told = [first];
    const node = { rootCertificates, getCACertificates: (): readonly string[] => told };
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((id: string) =>
      id === 'node:tls' ? node : undefined) as typeof process.getBuiltinModule);
    const anchors = platformAnchors();
    expect(anchors).toEqual(certificatesOf(first));
    expect(platformAnchors()).toBe(anchors);
    told = [second];
    expect(platformAnchors()).toEqual(certificatesOf(second));
  });
});
