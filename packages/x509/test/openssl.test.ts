/**
 * What OpenSSL makes is understood, and what is made here for tests is understood by OpenSSL: neither proves itself.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { webcryptoVerifier } from '@ferrule/x509/crypto/webcrypto';
import {
  decodePem,
  encodePem,
  parsePkcs7,
  trustStore,
  validatePathAsync,
  validatePath,
  type PathResult,
  type ValidationInput,
} from '@ferrule/x509';
import { DAY, extension, make, makeCrl, makeOcsp, oid, seq, type Made } from './make.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-x509-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const available = ((): boolean => {
  try {
    return openssl('version').startsWith('OpenSSL 3');
  } catch {
    return false;
  }
})();
if (!available) console.warn('skipped: there is no openssl 3 command');

const now = Date.now();
const dates = { notBefore: now - DAY, notAfter: now + DAY };
const root = make({ ca: true, subject: 'Root', ...dates });
const leaf = make({ issuer: root, serial: 0x1234n, ...dates });
const responder = make({
  issuer: root,
  subject: 'Responder',
  dns: [],
  ...dates,
  extensions: { '2.5.29.37': extension('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.9'))) },
});

function write(name: string, { der, keys }: Made): void {
  writeFileSync(at(`${name}.pem`), encodePem('CERTIFICATE', der));
  writeFileSync(at(`${name}.key`), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
}
for (const [name, made] of Object.entries({ root, leaf, responder })) write(name, made);

const utc = (time: number): string =>
  `${new Date(time)
    .toISOString()
    .slice(2)
    .replace(/[-:T]|\.\d+/g, '')}`;
/** OpenSSL's database of one certificate. */
function index(revoked: boolean): void {
  const state = revoked ? `R\t${utc(now + DAY)}\t${utc(now - 1000)},keyCompromise` : `V\t${utc(now + DAY)}\t`;
  writeFileSync(at('index.txt'), `${state}\t1234\tunknown\t/CN=example.com\n`);
}
/** A moment later: what OpenSSL makes is valid from this very second. */
const validate = (rest: Partial<ValidationInput>): PathResult =>
  validatePath({
    chain: [leaf.der],
    trustAnchors: trustStore([root.der]),
    verifier: nodeVerifier,
    now: Date.now() + 2000,
    ...rest,
  });

describe.skipIf(!available)('with OpenSSL', () => {
  const respond = (signer: string): Uint8Array => {
    openssl(
      'ocsp',
      '-index',
      'index.txt',
      '-CA',
      'root.pem',
      '-rsigner',
      `${signer}.pem`,
      '-rkey',
      `${signer}.key`,
      '-issuer',
      'root.pem',
      '-cert',
      'leaf.pem',
      '-ndays',
      '1',
      '-respout',
      'response.der',
      '-noverify',
    );
    return Uint8Array.from(readFileSync(at('response.der')));
  };

  it.each(['root', 'responder'])(
    'its OCSP responses by the %s are good, or say that the certificate was revoked',
    (signer) => {
      index(false);
      expect(validate({ ocsp: 'require', ocspResponse: respond(signer) })).toMatchObject({ ok: true });
      index(true);
      expect(validate({ ocsp: 'require', ocspResponse: respond(signer) })).toMatchObject({
        ok: false,
        error: { code: 'CERT_REVOKED', message: expect.stringContaining('key compromise') as string },
      });
    },
  );

  it('its CRLs are good, or list the certificate', () => {
    writeFileSync(at('crlnumber'), '01\n');
    writeFileSync(
      at('ca.cnf'),
      '[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=1\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n',
    );
    for (const revoked of [false, true]) {
      index(revoked);
      openssl('ca', '-gencrl', '-config', 'ca.cnf', '-cert', 'root.pem', '-keyfile', 'root.key', '-out', 'crl.pem');
      const [{ der } = { der: new Uint8Array() }] = decodePem(readFileSync(at('crl.pem'), 'utf8'), 'X509 CRL');
      const result = validate({ crls: [der] });
      expect(result.ok ? 'OK' : result.error.code).toBe(revoked ? 'CERT_REVOKED' : 'OK');
    }
  });

  it.each([
    ['RSA with SHA-384', ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], ['-sha384']],
    [
      'RSA-PSS with an RSA key',
      ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
      ['-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'],
    ],
    [
      'RSA-PSS with a key for nothing else',
      [
        'RSA-PSS',
        '-pkeyopt',
        'rsa_keygen_bits:2048',
        '-pkeyopt',
        'rsa_pss_keygen_md:sha512',
        '-pkeyopt',
        'rsa_pss_keygen_mgf1_md:sha512',
        '-pkeyopt',
        'rsa_pss_keygen_saltlen:64',
      ],
      ['-sha512'],
    ],
    ['ECDSA P-384', ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['-sha384']],
    ['ECDSA P-521', ['EC', '-pkeyopt', 'ec_paramgen_curve:P-521'], ['-sha512']],
    ['Ed25519', ['ED25519'], []],
    ['Ed448', ['ED448'], []],
  ])('its certificates signed by %s are verified by all verifiers', async (_, key, options) => {
    openssl('genpkey', '-algorithm', ...key, '-out', 'ca.key');
    writeFileSync(
      at('req.cnf'),
      '[req]\nprompt=no\ndistinguished_name=d\nx509_extensions=e\n[d]\nCN=CA\n[e]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n',
    );
    openssl('req', '-x509', '-config', 'req.cnf', '-key', 'ca.key', '-days', '2', '-out', 'ca.pem', ...options);
    openssl('req', '-new', '-config', 'req.cnf', '-key', 'leaf.key', '-subj', '/CN=leaf', '-out', 'leaf.csr');
    writeFileSync(at('leaf.cnf'), 'subjectAltName=DNS:example.com\nauthorityKeyIdentifier=keyid\n');
    openssl(
      'x509',
      '-req',
      '-in',
      'leaf.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-days',
      '1',
      '-extfile',
      'leaf.cnf',
      '-out',
      'signed.pem',
      '-set_serial',
      '7',
      ...options,
    );
    const [ca, signed] = ['ca.pem', 'signed.pem'].map(
      (name) => decodePem(readFileSync(at(name), 'utf8'))[0]?.der ?? new Uint8Array(),
    );
    for (const verifier of [nodeVerifier, nobleVerifier, webcryptoVerifier]) {
      const input = {
        chain: [signed as Uint8Array],
        trustAnchors: trustStore([ca as Uint8Array]),
        verifier,
        host: 'example.com',
        now: Date.now() + 2000,
      };
      expect(await validatePathAsync(input)).toMatchObject({ ok: true });
      const changed = (signed as Uint8Array).slice();
      changed[changed.length - 5] = (changed[changed.length - 5] as number) ^ 1;
      expect(await validatePathAsync({ ...input, chain: [changed] })).toMatchObject({ ok: false });
    }
  });

  it('its PKCS #7 bags are read', () => {
    openssl(
      'crl2pkcs7',
      '-nocrl',
      '-certfile',
      'leaf.pem',
      '-certfile',
      'root.pem',
      '-outform',
      'DER',
      '-out',
      'bag.p7b',
    );
    expect(parsePkcs7(Uint8Array.from(readFileSync(at('bag.p7b'))))).toEqual([leaf.der, root.der]);
  });

  it('it takes what the tests make', () => {
    expect(
      openssl('verify', '-x509_strict', '-CAfile', 'root.pem', '-verify_hostname', 'example.com', 'leaf.pem'),
    ).toContain('OK');
    writeFileSync(at('made.crl'), makeCrl(root, { revoked: [[1n, 1]] }));
    expect(openssl('crl', '-inform', 'DER', '-in', 'made.crl', '-noout', '-text', '-CAfile', 'root.pem')).toContain(
      'Key Compromise',
    );
    writeFileSync(at('made.ocsp'), makeOcsp(leaf, root, { thisUpdate: now - 1000, nextUpdate: now + DAY }));
    expect(
      openssl(
        'ocsp',
        '-respin',
        'made.ocsp',
        '-CAfile',
        'root.pem',
        '-issuer',
        'root.pem',
        '-cert',
        'leaf.pem',
        '-no_nonce',
        '-text',
      ),
    ).toContain('good');
  });
});
