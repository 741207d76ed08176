/** A .p12 file is what openssl made of it, and its credential is what both engines take. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { describe, expect, it } from 'vitest';
import { credentialFromPkcs12, readPkcs12, WrongPassphrase } from '../src/pkcs12.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.log('skipped: tests of PKCS#12; there is no openssl command to make files with');

const { chain, key, chainPem, keyPem } = await pki('client');

/** @param pem what goes in, in this order */
function file(pem: string, passphrase: string, ...options: string[]): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'ferrule-p12-'));
  try {
    writeFileSync(join(directory, 'in.pem'), pem);
    execFileSync(
      'openssl',
      ['pkcs12', '-export', '-in', 'in.pem', '-out', 'out.p12', '-passout', `pass:${passphrase}`, ...options],
      {
        cwd: directory,
        stdio: 'ignore',
      },
    );
    return readFileSync(join(directory, 'out.p12'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.skipIf(!hasOpenssl)('a .p12 file', () => {
  it('holds its certificates, and its key still encrypted', () => {
    const { certificates, keys } = readPkcs12(file(keyPem + chainPem, 'secret'), 'secret');
    expect(certificates).toHaveLength(chain.length);
    expect(keys).toEqual([{ der: expect.any(Uint8Array) as Uint8Array, encrypted: true }]);
  });

  it.each(['secret', ''])('has a credential that an engine takes, passphrase %j', (passphrase) => {
    // The issuer comes first
    const [leaf = '', issuer = ''] = chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    const credential = credentialFromPkcs12(file(keyPem + issuer + leaf, passphrase), passphrase);
    expect(credential.chain.map((each) => Buffer.from(each))).toEqual(chain.map((each) => Buffer.from(each)));
    expect(Buffer.from(credential.key)).toEqual(Buffer.from(key));
    createPure({ crypto: nodeCrypto })
      .createContext({ trustAnchors: [], credentials: [credential] })
      .dispose();
  });

  it('is refused with the reason', () => {
    expect(() => credentialFromPkcs12(file(keyPem + chainPem, 'secret'), 'wrong')).toThrow(WrongPassphrase);
    expect(() => credentialFromPkcs12(file(chainPem, '', '-nokeys'))).toThrow('it holds no private key');
    expect(() => credentialFromPkcs12(Buffer.from(chainPem))).toThrow('it is not PKCS#12 in DER');
    expect(() => credentialFromPkcs12(file(keyPem + chainPem, '').subarray(0, 500))).toThrow(/cut off/);
    expect(() => credentialFromPkcs12(chainPem as never)).toThrow(/^bytes: must be a Uint8Array/);
  });
});
