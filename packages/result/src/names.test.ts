import { describe, expect, test } from 'vitest';
import {
  cipherSuiteName,
  everyCipherSuite,
  everyGroup,
  everySignatureScheme,
  extensionName,
  groupName,
  signatureSchemeName,
  versionName,
} from './names.ts';
import { CipherSuiteId, ExtensionType, greaseValue, NamedGroup, SignatureScheme } from './numbers.ts';

describe('names of code points', () => {
  test.each([
    [cipherSuiteName, CipherSuiteId, 0x1304, 'TLS_AES_128_CCM_SHA256'],
    [extensionName, ExtensionType, 15, 'heartbeat'],
    [groupName, NamedGroup, 256, 'ffdhe2048'],
    [signatureSchemeName, SignatureScheme, 0x0202, 'dsa_sha1'],
  ] as const)(
    '%o knows what engines speak and what they do not, and shows the rest in hexadecimal',
    (nameOf, spoken, other, name) => {
      for (const [ours, code] of Object.entries(spoken)) expect(nameOf(code)).toBe(ours);
      expect(nameOf(other)).toBe(name);
      expect(nameOf(0xbbbc)).toBe('0xbbbc');
      expect(nameOf(greaseValue(3))).toBe('GREASE 0x3a3a');
    },
  );

  test('each list has every code point once, most preferred first, and no signal', () => {
    const { tls13, tls12 } = everyCipherSuite();
    for (const list of [tls13, tls12, everyGroup(), everySignatureScheme()])
      expect(new Set(list).size).toBe(list.length);
    expect(tls13[0]).toBe(CipherSuiteId.TLS_AES_128_GCM_SHA256);
    expect(tls12[0]).toBe(CipherSuiteId.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    expect(everyGroup()[0]).toBe(NamedGroup.X25519MLKEM768);
    expect(everySignatureScheme()[0]).toBe(SignatureScheme.ecdsa_secp256r1_sha256);
    expect(tls12).not.toContain(CipherSuiteId.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    expect(tls12).not.toContain(CipherSuiteId.TLS_FALLBACK_SCSV);
    expect([...tls13, ...tls12].map(cipherSuiteName)).not.toContain(expect.stringMatching(/^0x/));
  });

  test('versions have their common names', () => {
    expect([0x0300, 0x0303, 0x0304, 0x0305].map(versionName)).toEqual(['SSL 3.0', 'TLS 1.2', 'TLS 1.3', '0x0305']);
  });
});
