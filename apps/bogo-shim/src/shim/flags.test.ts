import { describe, expect, it } from 'vitest';
import { parseFlags, Unimplemented, UsageError } from './flags.ts';

describe('parseFlags', () => {
  it('applies a bare flag to every connection and a scoped one to its own', () => {
    const { initial, resume, retry } = parseFlags([
      '-async',
      '-on-resume-verify-fail',
      '-on-retry-expect-no-session',
      '-on-initial-expect-cipher',
      '4865',
    ]);
    expect([initial.async, resume.async, retry.async]).toEqual([true, true, true]);
    expect([initial['verify-fail'], resume['verify-fail'], retry['verify-fail']]).toEqual([false, true, false]);
    expect([initial['expect-no-session'], resume['expect-no-session'], retry['expect-no-session']]).toEqual([
      false,
      false,
      true,
    ]);
    expect([initial['expect-cipher'], resume['expect-cipher']]).toEqual([4865, undefined]);
  });

  it('reads numbers, 64-bit numbers, base64 and text', () => {
    const { initial } = parseFlags([
      '-port',
      '4433',
      '-shim-id',
      '18446744073709551615',
      '-expect-ocsp-response',
      'AQID',
      '-host-name',
      'example.com',
    ]);
    expect(initial.port).toBe(4433);
    expect(initial['shim-id']).toBe(18446744073709551615n);
    expect(initial['expect-ocsp-response']).toEqual(Uint8Array.of(1, 2, 3));
    expect(initial['host-name']).toBe('example.com');
  });

  it('appends what is repeated', () => {
    expect(parseFlags(['-curves', '29', '-curves', '23']).initial.curves).toEqual([29, 23]);
  });

  it('tells no key shares from none named', () => {
    expect(parseFlags(['-no-key-shares']).initial['key-shares']).toEqual([]);
    expect(parseFlags([]).initial['key-shares']).toBeUndefined();
  });

  it('gives the flags of a credential to the latest new one, and to the default one before any', () => {
    const { initial } = parseFlags([
      '-cert-file',
      'default.pem',
      '-new-x509-credential',
      '-cert-file',
      'first.pem',
      '-signing-prefs',
      '1027',
      '-new-rpk-credential',
      '-key-file',
      'second.pem',
      '-must-match-issuer',
    ]);
    expect(initial.defaultCredential['cert-file']).toBe('default.pem');
    expect(initial.credentials.map(({ type }) => type)).toEqual(['x509', 'raw-public-key']);
    expect(initial.credentials[0]).toMatchObject({
      'cert-file': 'first.pem',
      'signing-prefs': [1027],
      'must-match-issuer': false,
    });
    expect(initial.credentials[1]).toMatchObject({
      'cert-file': undefined,
      'key-file': 'second.pem',
      'must-match-issuer': true,
    });
  });

  it('keeps the credentials of the connections apart', () => {
    const { initial, resume } = parseFlags(['-on-resume-new-x509-credential', '-on-resume-key-file', 'key.pem']);
    expect([initial.credentials.length, resume.credentials.length]).toEqual([0, 1]);
  });

  it('calls an unknown flag unimplemented, by its name', () => {
    expect(() => parseFlags(['-false-start'])).toThrow(Unimplemented);
    expect(() => parseFlags(['-on-resume-fips-202205'])).toThrow('-fips-202205');
  });

  it('refuses a missing or malformed value', () => {
    expect(() => parseFlags(['-port'])).toThrow(UsageError);
    expect(() => parseFlags(['-port', 'x'])).toThrow(UsageError);
    expect(() => parseFlags(['-ech-config-list', '!'])).toThrow(UsageError);
    expect(() => parseFlags(['stray'])).toThrow(UsageError);
  });
});
