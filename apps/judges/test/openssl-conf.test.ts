/**
 * What the machine's openssl.cnf says does not decide: under configurations that turn on everything that is unsafe, or
 * off everything that is on, the native engine says, accepts and refuses the same. A process reads its configuration
 * once, so each is a process of its own; Node reads the section `nodejs_conf`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Effects } from './openssl-conf-child.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

/** The lines of the section `system_default`, for files in a directory. */
const CONFIGURATIONS: Record<string, (directory: string) => readonly string[]> = {
  'everything unsafe is on': (directory) => [
    'Options = UnsafeLegacyRenegotiation,UnsafeLegacyServerConnect,IgnoreUnexpectedEOF,AllowNoDHEKEX,Bugs,StrictCertCheck,KTLS,CANames,PrioritizeChaCha',
    'VerifyMode = None',
    `VerifyCAFile = ${join(directory, 'root.pem')}`,
    `Certificate = ${join(directory, 'chain.pem')}`,
    `PrivateKey = ${join(directory, 'key.pem')}`,
    `RequestCAFile = ${join(directory, 'root.pem')}`,
    'RecordPadding = 512',
    'CipherString = ALL:eNULL:@SECLEVEL=0',
    'NumTickets = 0',
  ],
  'everything that is on by itself is off': () => [
    'Options = -ExtendedMasterSecret,-EncryptThenMac,-SessionTicket,-MiddleboxCompat,-EmptyFragments',
    'Ciphersuites = TLS_AES_256_GCM_SHA384',
    'CipherString = ECDHE-RSA-AES256-GCM-SHA384',
    'Groups = P-384',
    'SignatureAlgorithms = RSA-PSS+SHA512',
    'ClientSignatureAlgorithms = RSA-PSS+SHA512',
    'MinProtocol = TLSv1.3',
  ],
  'TLS 1.3 is off, and the rest is for SuiteB': () => [
    'Protocol = -TLSv1.3',
    'MaxProtocol = TLSv1.2',
    'CipherString = SUITEB192',
    'Options = -CANames,ServerPreference,NoRenegotiation',
  ],
};

describe.skipIf(!loaded.ok)('native under an openssl.cnf where', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ferrule-conf-'));
  let expected: Effects;

  function effects(lines: readonly string[]): Effects {
    const file = join(directory, 'openssl.cnf');
    const sections = [
      'nodejs_conf = application',
      'openssl_conf = application',
      '[application]',
      'ssl_conf = ssl',
      '[ssl]',
      'system_default = machine',
      '[machine]',
    ];
    writeFileSync(file, lines.length === 0 ? '' : [...sections, ...lines, ''].join('\n'));
    const child = fileURLToPath(new URL('openssl-conf-child.ts', import.meta.url));
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@ferrule/source', '--import', 'tsx', child, directory],
      {
        encoding: 'utf8',
        env: { ...process.env, OPENSSL_CONF: file },
      },
    );
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout) as Effects;
  }

  beforeAll(async () => {
    const identity = await pki('p256');
    writeFileSync(join(directory, 'root.pem'), (await pki('root')).certificatePem);
    writeFileSync(join(directory, 'chain.pem'), identity.chainPem);
    writeFileSync(join(directory, 'key.pem'), identity.keyPem);
    expected = effects([]);
  }, 60_000);
  afterAll(() => rmSync(directory, { recursive: true }));

  it('nothing is said, truncation is told, legacy servers are refused, nobody is trusted, and no certificate is sent', () => {
    const { hellos: _, supported: __, ...rest } = expected;
    expect(rest).toEqual({
      truncated: { 'TLSv1.2': 'UNEXPECTED_EOF', 'TLSv1.3': 'UNEXPECTED_EOF' },
      legacyServer: 'RENEGOTIATION_MISMATCH',
      withoutAnchors: 'CERT_UNTRUSTED_ROOT',
      certificates: { 'TLSv1.2': 0, 'TLSv1.3': 0 },
      recordOfFiveBytes: 22,
    });
  });

  it.each(Object.keys(CONFIGURATIONS))('%s, all is the same', { timeout: 60_000 }, (name) => {
    expect(effects(CONFIGURATIONS[name]?.(directory) ?? [])).toEqual(expected);
  });
});
