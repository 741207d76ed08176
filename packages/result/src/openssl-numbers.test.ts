import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SslErrorCode, sslErrorName, X509V, x509VName, x509VSentence } from './index.ts';

// Node's own headers, one copy per architecture, all with the same numbers
const node = join(
  realpathSync(process.execPath),
  '../../include/node/openssl/archs/linux-x86_64/no-asm/include/openssl',
);
const headers = [node, '/usr/include/openssl'].find((path) => existsSync(join(path, 'x509_vfy.h')));
if (headers === undefined) console.log('skipped: no OpenSSL headers on this machine to compare the numbers with');

/** The `#define`s of a header, with their numbers. */
const defines = (file: string, pattern: RegExp): Map<string, number> =>
  new Map(
    [...readFileSync(join(headers!, file), 'utf8').matchAll(pattern)].map(([, name, number]) => [
      name!,
      Number(number),
    ]),
  );

describe('X509_V codes', () => {
  it('have the well-known numbers', () => {
    expect(X509V).toMatchObject({
      OK: 0,
      UNABLE_TO_GET_ISSUER_CERT: 2,
      CERT_SIGNATURE_FAILURE: 7,
      CERT_NOT_YET_VALID: 9,
      CERT_HAS_EXPIRED: 10,
      DEPTH_ZERO_SELF_SIGNED_CERT: 18,
      SELF_SIGNED_CERT_IN_CHAIN: 19,
      UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 20,
      UNABLE_TO_VERIFY_LEAF_SIGNATURE: 21,
      CERT_CHAIN_TOO_LONG: 22,
      CERT_REVOKED: 23,
      INVALID_PURPOSE: 26,
      APPLICATION_VERIFICATION: 50,
      HOSTNAME_MISMATCH: 62,
      IP_ADDRESS_MISMATCH: 64,
      EE_KEY_TOO_SMALL: 66,
      INVALID_CA: 79,
      EC_KEY_EXPLICIT_PARAMS: 94,
    });
    const numbers = Object.values(X509V);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('each have a name and a sentence, with a fallback for unknown ones', () => {
    expect(x509VName(X509V.OK)).toBe('X509_V_OK');
    expect(x509VName(X509V.CERT_HAS_EXPIRED)).toBe('X509_V_ERR_CERT_HAS_EXPIRED');
    for (const code of Object.values(X509V)) expect(x509VSentence(code)).not.toMatch(/unknown X509_V/);
    expect(x509VName(9999)).toBe('X509_V_9999');
    expect(x509VSentence(9999)).toBe('unknown X509_V code 9999');
  });
});

describe.skipIf(headers === undefined)('the numbers of OpenSSL 3', () => {
  it('are those of x509_vfy.h', () => {
    const theirs = defines('x509_vfy.h', /^#\s*define\s+(X509_V_(?:OK|ERR_\w+))\s+(\d+)/gm);
    expect(theirs.size).toBeGreaterThan(90);
    for (const code of Object.values(X509V))
      expect([x509VName(code), theirs.get(x509VName(code))]).toEqual([x509VName(code), code]);
  });

  it('are those of ssl.h', () => {
    const theirs = defines('ssl.h', /^#\s*define\s+(SSL_ERROR_\w+)\s+(\d+)/gm);
    for (const code of Object.values(SslErrorCode))
      expect([sslErrorName(code), theirs.get(sslErrorName(code))]).toEqual([sslErrorName(code), code]);
  });
});
