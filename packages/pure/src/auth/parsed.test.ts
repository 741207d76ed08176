import { pki } from '@ferrule/conformance/pki';
import { parseCertificate } from '@ferrule/x509';
import { describe, expect, it } from 'vitest';
import { readCertificate } from './parsed.ts';

describe('a certificate read before', () => {
  it('is the same object, for the same bytes only', async () => {
    const [a, b] = [(await pki('p256')).certificate, (await pki('p384')).certificate];
    expect(readCertificate(a)).toBe(readCertificate(a.slice()));
    expect(readCertificate(a)).not.toBe(readCertificate(b));
    expect(readCertificate(a)).toEqual(parseCertificate(a));
    const changed = a.slice();
    changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
    expect(readCertificate(changed)).not.toBe(readCertificate(a));
  });

  it('shares no memory with what the caller gave', async () => {
    const der = (await pki('ed25519')).certificate.slice();
    const certificate = readCertificate(der);
    der.fill(0);
    expect(certificate.raw[0]).toBe(0x30);
  });
});
