import { CERTIFICATES } from '@ferrule/result/no-texts';
import { describe, expect, it } from 'vitest';
import { printable, withoutControls } from './bytes.ts';
import { type CertificateFault, certificateText } from './certificate-text.ts';
import { certificateCode } from './certificate-code.ts';
import { CODES } from './texts/codes.ts';
import { X509V } from './x509-v.ts';

const fault = (of: Partial<CertificateFault>): CertificateFault => ({
  code: 'CERT_INVALID',
  verify: X509V.UNSPECIFIED,
  depth: 0,
  ...of,
});

describe('certificateText()', () => {
  it('uses the sentence of the X509_V code, and names the certificate, where facts are missing', () => {
    const told = (of: Partial<CertificateFault>): string => certificateText(fault(of)).message;
    expect(told({ code: 'CERT_EXPIRED', verify: X509V.CERT_HAS_EXPIRED })).toBe('the certificate has expired');
    expect(told({ code: 'CERT_EXPIRED', verify: X509V.CERT_HAS_EXPIRED, depth: 2 })).toBe(
      'the certificate has expired (certificate 2)',
    );
    expect(told({ verify: X509V.INVALID_CA, depth: 1, subject: 'CN=a' })).toBe(
      'a certificate that signed another is not a CA (certificate 1, CN=a)',
    );
    for (const code of Object.keys(CODES) as (keyof typeof CODES)[])
      expect(told({ code, verify: X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY })).not.toContain('undefined');
  });

  it('quotes the options of a hint', () => {
    const unknown = fault({ code: 'CERT_UNTRUSTED_ROOT', verify: X509V.SELF_SIGNED_CERT_IN_CHAIN, subject: 'CN=root' });
    expect(certificateText(unknown).hint).toContain('(`ca`, `trustAnchors`)');
  });

  it('is short, however long the names are', () => {
    const long = fault({
      code: 'CERT_NAME_MISMATCH',
      verify: X509V.HOSTNAME_MISMATCH,
      host: 'a.test',
      subject: 'x'.repeat(5000),
      names: ['n'.repeat(5000)],
    });
    expect(certificateText(long).message).toHaveLength(1001);
    expect(certificateText({ ...long, code: 'CERT_INVALID' }).message.length).toBeLessThan(300);
  });

  it('reports an address that the certificate lists as a host name', () => {
    const fault = {
      code: 'CERT_NAME_MISMATCH',
      verify: X509V.IP_ADDRESS_MISMATCH,
      depth: 0,
      host: '127.0.0.1',
    } as const;
    expect(certificateText({ ...fault, names: ['127.0.0.1'] }).message).toContain(
      'as a host name, and not as an address',
    );
    expect(certificateText({ ...fault, names: ['::1'] }).message).toBe('the certificate is for ::1, not for 127.0.0.1');
  });

  it('has no text in a bundle without texts', () => {
    expect(Object.keys(CERTIFICATES)).toEqual([]);
  });
});

describe('certificateCode()', () => {
  it('distinguishes a missing intermediate from an unknown root by the position', () => {
    expect(certificateCode(X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0)).toBe('CERT_MISSING_INTERMEDIATE');
    expect(certificateCode(X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1)).toBe('CERT_UNTRUSTED_ROOT');
  });

  it('is CERT_INVALID for faults without their own code', () => {
    expect([X509V.PATH_LOOP, X509V.UNSPECIFIED, 4711].map((verify) => certificateCode(verify, 0))).toEqual(
      Array.from({ length: 3 }, () => 'CERT_INVALID'),
    );
  });
});

it('text and bytes of a certificate cannot control a terminal', () => {
  expect(withoutControls('a\u001b[2J\u202e\u0085é')).toBe('a\\1B[2J\\E2\\80\\AE\\C2\\85é');
  expect(printable(Uint8Array.of(0x61, 0x1b, 0xe9))).toBe('a\\x1b\\xe9');
});
