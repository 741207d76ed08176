import { spawnSync } from 'node:child_process';
import { createPrivateKey, type KeyExportOptions } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readCredential } from './credential.ts';
import { UsageError } from './usage.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-credential-'));
const at = (name: string): string => join(folder, name);
const { key, keyPem, chainPem, chain } = await pki('p256');
const rsa = await pki('rsa');
const ours = createPrivateKey(keyPem);
const theirs = createPrivateKey(rsa.keyPem);
const encrypted = { cipher: 'aes-256-cbc', passphrase: 'open sésame' } as const;

beforeAll(() => {
  const write = (name: string, options: KeyExportOptions<'pem'> | KeyExportOptions<'der'>, from = ours): void =>
    writeFileSync(at(name), from.export(options as KeyExportOptions<'pem'>));
  writeFileSync(at('chain.pem'), chainPem);
  writeFileSync(at('rsa.pem'), rsa.chainPem);
  writeFileSync(at('both.pem'), keyPem + chainPem);
  writeFileSync(at('leaf.der'), chain[0] ?? '');
  writeFileSync(at('right'), 'open sésame\r\nmore\n');
  writeFileSync(at('wrong'), 'open barley\n');
  write('plain.pem', { format: 'pem', type: 'pkcs8' });
  write('sec1.pem', { format: 'pem', type: 'sec1' });
  write('sec1.der', { format: 'der', type: 'sec1' });
  write('pkcs8.der', { format: 'der', type: 'pkcs8' });
  write('encrypted.pem', { format: 'pem', type: 'pkcs8', ...encrypted });
  write('encrypted.der', { format: 'der', type: 'pkcs8', ...encrypted });
  write('old.pem', { format: 'pem', type: 'pkcs1', ...encrypted }, theirs);
  write('pkcs1.der', { format: 'der', type: 'pkcs1' }, theirs);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

describe('readCredential()', () => {
  it.each([
    ['chain.pem', 'plain.pem'],
    ['chain.pem', 'sec1.pem'],
    ['chain.pem', 'sec1.der'],
    ['leaf.der', 'pkcs8.der'],
    ['chain.pem', 'encrypted.pem'],
    ['chain.pem', 'encrypted.der'],
    ['both.pem', undefined],
  ])('takes %s with the key %s', async (cert, name) => {
    const got = await readCredential(at(cert), name && at(name), at('right'));
    expect(got).toEqual({ chain: cert === 'leaf.der' ? chain.slice(0, 1) : chain, key });
  });

  it.each(['old.pem', 'pkcs1.der'])('takes RSA keys: %s', async (name) => {
    expect((await readCredential(at('rsa.pem'), at(name), at('right'))).key).toEqual(rsa.key);
  });

  it('takes the passphrase of the environment where no file has it', async () => {
    vi.stubEnv('FERRULE_PASSPHRASE', 'open sésame');
    expect((await readCredential(at('chain.pem'), at('encrypted.pem'), undefined)).key).toEqual(key);
  });

  it.each([
    ['encrypted.pem', 'wrong', /encrypted\.pem: the passphrase is wrong/],
    ['encrypted.der', 'wrong', /the passphrase is wrong/],
    ['old.pem', 'wrong', /the passphrase is wrong/],
    ['encrypted.pem', undefined, /encrypted\.pem: is encrypted/],
    ['pkcs1.der', undefined, /is not the key of the certificate in/],
    ['chain.pem', undefined, /holds no private key, but a certificate/],
    ['right', undefined, /holds no private key/],
  ])('says what is wrong with %s and the passphrase %s', async (name, passphrase, said) => {
    const failed = readCredential(at('chain.pem'), at(name), passphrase && at(passphrase));
    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(said);
  });

  it('takes PKCS#12 as openssl makes it, old and new, with and without a passphrase', async () => {
    writeFileSync(at('order.pem'), `${keyPem}${chainPem}`);
    const made = (name: string, passphrase: string, ...more: readonly string[]): boolean => {
      const { status, stderr } = spawnSync(
        'openssl',
        ['pkcs12', '-export', '-in', at('order.pem'), '-out', at(name), '-passout', `pass:${passphrase}`, ...more],
        { encoding: 'utf8' },
      );
      if (status !== 0) console.info(`skipped: no openssl pkcs12 ${more.join(' ')}: ${stderr}`);
      return status === 0;
    };
    const TRIPLE = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
    const kinds = [
      ['new.p12', 'open sésame'],
      ['triple.p12', 'open sésame', ...TRIPLE],
      ['sha512.p12', 'open sésame', '-macalg', 'sha512', '-certpbe', 'AES-128-CBC'],
      ['plain.p12', 'open sésame', '-keypbe', 'NONE', '-certpbe', 'NONE'],
      ['none.p12', ''],
    ] as const;
    for (const [name, passphrase, ...more] of kinds) {
      if (!made(name, passphrase, ...more)) continue;
      expect(await readCredential(at(name), undefined, at('right')), name).toEqual({ chain, key });
      if (passphrase === '') continue;
      await expect(readCredential(at(name), undefined, at('wrong')), name).rejects.toThrow(/the passphrase is wrong/);
      await expect(readCredential(at(name), at('plain.pem'), undefined)).rejects.toThrow(/holds its key/);
    }
  });
});
