import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pki } from '@ferrule/conformance/pki';
import { createNative, credentialFromDer, credentialFromPem, credentialFromPkcs12 } from './index.ts';

const { chain, key, chainPem, keyPem } = await pki('client');
const other = await pki('p256');
const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.from(a).equals(b);

describe('credentials from PEM', () => {
  it('have the whole chain and the key as PKCS#8', () => {
    const credential = credentialFromPem({ cert: chainPem, key: keyPem });
    expect(credential.chain.map((der) => Buffer.from(der).toString('hex'))).toEqual(
      chain.map((der) => Buffer.from(der).toString('hex')),
    );
    expect(same(credential.key as Uint8Array, key)).toBe(true);
  });

  it('may have certificate and key in one file, and the key in its older forms', () => {
    const sec1 = createPrivateKey(keyPem).export({ type: 'sec1', format: 'pem' }).toString();
    expect(same(credentialFromPem({ cert: sec1 + chainPem }).key as Uint8Array, key)).toBe(true);
  });

  it('may have an encrypted key, whose passphrase must be right', () => {
    const encrypted = createPrivateKey(keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    expect(
      same(credentialFromPem({ cert: chainPem, key: encrypted, passphrase: 'secret' }).key as Uint8Array, key),
    ).toBe(true);
    expect(() => credentialFromPem({ cert: chainPem, key: encrypted, passphrase: 'wrong' })).toThrow(
      /^key: cannot be read with this passphrase \(/,
    );
    expect(() => credentialFromPem({ cert: chainPem, key: encrypted })).toThrow(
      new TypeError('key: is encrypted; give its `passphrase`'),
    );
  });

  it('are read from PEM as by every other reader', () => {
    for (const label of ['X509 CERTIFICATE', 'CERTIFICATE'])
      expect(credentialFromPem({ cert: chainPem.replaceAll('CERTIFICATE', label), key: keyPem }).chain).toHaveLength(
        chain.length,
      );
    expect(() => credentialFromPem({ cert: chainPem.replace('\nMII', '\n!!MII'), key: keyPem })).toThrow(
      /^cert: PEM: bad/,
    );
    expect(() => credentialFromPem({ cert: chainPem.replace('END CERT', 'END RSA CERT'), key: keyPem })).toThrow(
      /^cert: /,
    );
    const encrypted =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';
    expect(() => credentialFromPem({ cert: encrypted + chainPem })).toThrow(/^key: is encrypted/);
  });

  it('are read from the bytes of files', () => {
    const read = credentialFromPem({ cert: Buffer.from(chainPem), key: Buffer.from(keyPem) });
    expect(read.chain).toHaveLength(chain.length);
    for (const cert of [null, 5, {}, [chainPem]])
      expect(() => credentialFromPem({ cert: cert as never })).toThrow(/^cert: must be PEM, as text or bytes/);
    expect(() => credentialFromPem({ cert: chainPem, key: 5 as never })).toThrow(/^key: must be PEM, as text or bytes/);
  });

  it('are refused with a TypeError that names the part that is missing or does not match', () => {
    expect(() => credentialFromPem({ cert: keyPem })).toThrow('cert: holds no PEM certificate');
    expect(() => credentialFromPem({ cert: chainPem })).toThrow('key: holds no PEM private key');
    expect(() => credentialFromPem({ cert: chainPem, key: other.keyPem })).toThrow('key: does not belong to chain[0]');
  });
});

describe('credentials from DER', () => {
  it('are checked, and copied', () => {
    const bytes = key.slice();
    const credential = credentialFromDer(chain, bytes);
    bytes.fill(0);
    expect(same(credential.key as Uint8Array, key)).toBe(true);
    for (const type of ['sec1', 'pkcs8'] as const) {
      const form = createPrivateKey(keyPem).export({ type, format: 'der' });
      expect(credentialFromDer(chain, new Uint8Array(form)).chain).toHaveLength(chain.length);
    }
  });

  it('are TypeErrors when invalid', () => {
    expect(() => credentialFromDer([], key)).toThrow('chain: must not be empty');
    expect(() => credentialFromDer([key], key)).toThrow('chain[0]: is not a DER certificate');
    expect(() => credentialFromDer(chain, chain[0] as Uint8Array)).toThrow('key: is not a DER private key');
  });

  it('that do not match are a TypeError of the context, which names them', () => {
    const backend = createNative();
    expect(() => backend.createContext({ credentials: [{ chain, key: other.key }] })).toThrow(
      'credentials[0].key: does not belong to chain[0]',
    );
    expect(() => backend.createContext({ credentials: [{ chain: [key], key }] })).toThrow(
      'credentials[0].chain[0]: is not a DER certificate',
    );
  });
});

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl)
  console.log('credential.test.ts: no openssl command here, so no PKCS#12 file can be made; its tests are skipped');

describe.skipIf(!openssl)('credentials from PKCS#12', () => {
  const make = (...options: string[]): Uint8Array => {
    const directory = mkdtempSync(join(tmpdir(), 'ferrule-'));
    try {
      const [cert, keyFile, out] = ['cert.pem', 'key.pem', 'out.p12'].map((name) => join(directory, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(cert, chainPem);
      writeFileSync(keyFile, keyPem);
      const { status, stderr } = spawnSync(
        'openssl',
        ['pkcs12', '-export', '-in', cert, '-inkey', keyFile, '-out', out, '-passout', 'pass:secret', ...options],
        { encoding: 'utf8' },
      );
      if (status !== 0) throw new Error(stderr);
      return new Uint8Array(readFileSync(out));
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it.each([
    ['of today (AES, PBKDF2)', []],
    [
      'of old (RC2, 3DES, SHA-1), which the default provider does not read',
      ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    ],
  ])('%s are read', (_, options) => {
    const credential = credentialFromPkcs12(make(...options), 'secret');
    expect(same(credential.chain[0], chain[0])).toBe(true);
    expect(credential.chain).toHaveLength(chain.length);
    expect(() =>
      createNative()
        .createContext({ credentials: [credential] })
        .dispose(),
    ).not.toThrow();
  });

  it('need the right passphrase, and to be PKCS#12', () => {
    expect(() => credentialFromPkcs12(make(), 'wrong')).toThrow(/^PKCS#12: .*passphrase/);
    expect(() => credentialFromPkcs12(key)).toThrow(TypeError);
    expect(() => credentialFromPkcs12(new Uint8Array(0))).toThrow(TypeError);
  });

  it('need a key', () => {
    expect(() => credentialFromPkcs12(make('-nokeys'), 'secret')).toThrow(/no private key/);
  });
});
