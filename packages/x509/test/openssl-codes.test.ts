/** The X509_V code and depth of a failure are those that `openssl verify` gives for the same chain. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { encodePem, trustStore, validatePath } from '@ferrule/x509';
import {
  bits,
  DAY,
  extension,
  keyIdentifier,
  make,
  newKeys,
  NOW,
  oid,
  seq,
  text,
  tlv,
  type Made,
  type MakeOptions,
} from './make.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-codes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const available = (spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout ?? '').startsWith('OpenSSL 3');
if (!available) console.warn('skipped: there is no openssl 3 command');

const root = make({ ca: true, subject: 'Root' });
const ica = make({ ca: true, subject: 'ICA', issuer: root });
const icaWith = (options: MakeOptions): Made => make({ ca: true, subject: 'ICA', issuer: root, ...options });
const below = (issuer: Made, options: MakeOptions = {}): readonly Made[] => [make({ issuer, ...options }), issuer];
const ext = (id: string, value: Uint8Array, critical = false): MakeOptions => ({
  extensions: { [id]: extension(id, value, critical) },
});
const old = { notAfter: NOW - DAY };
const clientAuth = ext('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.2')));
const constraint = (tag: number, name: string): MakeOptions =>
  ext('2.5.29.30', seq(tlv(tag, seq(tlv(0x82, text(name))))), true);
const top = icaWith({ pathLength: 0 });
const middle = make({ ca: true, subject: 'Middle', issuer: top });
const rsaRoot = make({ ca: true, subject: 'RSA', keys: newKeys('rsa', 2048) });
const forged = { ...ica, keys: newKeys() };

const CASES: Readonly<Record<string, readonly [chain: readonly Made[], anchor?: Made]>> = {
  'a good chain': [below(ica)],
  'an expired leaf': [below(ica, old)],
  'a leaf of tomorrow': [below(ica, { notBefore: NOW + DAY })],
  'an expired intermediate': [below(icaWith(old))],
  'an expired leaf below an expired intermediate': [below(icaWith(old), old)],
  'an expired root': [below(ica), make({ ca: true, subject: 'Root', keys: root.keys, ...old })],
  'another host': [below(ica, { dns: ['other.test'] })],
  'another host, expired': [below(ica, { dns: ['other.test'], ...old })],
  'another purpose': [below(ica, clientAuth)],
  'another purpose and another host': [below(ica, { dns: ['other.test'], ...clientAuth })],
  'another purpose of the intermediate': [below(icaWith(clientAuth))],
  'a key usage that is not for TLS': [below(ica, ext('2.5.29.15', bits(3), true))],
  'a signature of another kind than the key of the issuer, which is weak': [
    [make({ issuer: forged }), icaWith({ keys: newKeys('rsa', 1024) })],
  ],
  'an intermediate that is not a CA': [below(icaWith(ext('2.5.29.19', seq(), true)))],
  'an intermediate without basicConstraints': [below(icaWith({ extensions: { '2.5.29.19': null } }))],
  'an intermediate that may not sign certificates': [below(icaWith(ext('2.5.29.15', bits(6), true)))],
  'an unknown critical extension in the leaf': [below(ica, ext('1.2.3', seq(), true))],
  'an unknown critical extension in the leaf, expired': [below(ica, { ...old, ...ext('1.2.3', seq(), true) })],
  'an unknown critical extension in the intermediate': [below(icaWith(ext('1.2.3', seq(), true)))],
  'a critical key identifier': [below(ica, ext('2.5.29.35', seq(tlv(0x80, keyIdentifier(ica.keys.spki))), true))],
  'a name that is not permitted': [below(icaWith(constraint(0xa0, 'other.test')))],
  'a name that is excluded': [below(icaWith(constraint(0xa1, 'example.com')))],
  'a path that is too long': [[make({ issuer: middle }), middle, top]],
  'a missing intermediate': [[make({ issuer: ica })]],
  'an untrusted root': [[...below(ica), root], rsaRoot],
  'an untrusted root that was not sent': [below(ica), rsaRoot],
  'a self-signed certificate': [[make({})]],
  'a wrong signature': [
    [make({ issuer: forged, ...ext('2.5.29.35', seq(tlv(0x80, keyIdentifier(ica.keys.spki)))) }), ica],
  ],
  'a wrong signature without key identifier': [[make({ issuer: forged, extensions: { '2.5.29.35': null } }), ica]],
  'a weak key of the leaf': [below(ica, { keys: newKeys('rsa', 1024) })],
  'a weak key of the intermediate': [below(icaWith({ keys: newKeys('rsa', 1024) }))],
  'a SHA-1 signature': [[make({ issuer: rsaRoot, signature: 'sha1' })], rsaRoot],
};

function theirs(chain: readonly Made[], anchor: Made): string {
  const file = (name: string, certificates: readonly Made[]): string => {
    writeFileSync(join(folder, name), certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join(''));
    return join(folder, name);
  };
  const untrusted = chain.length > 1 ? ['-untrusted', file('untrusted', chain.slice(1))] : [];
  const flags = [
    '-no-CApath',
    '-no-CAstore',
    '-partial_chain',
    '-auth_level',
    '2',
    '-purpose',
    'sslserver',
    '-verify_hostname',
    'example.com',
    '-attime',
    String(NOW / 1000),
  ];
  const { stderr } = spawnSync(
    'openssl',
    ['verify', ...flags, '-CAfile', file('anchors', [anchor]), ...untrusted, file('leaf', chain.slice(0, 1))],
    { encoding: 'utf8' },
  );
  const [, code, depth] = /error (\d+) at (\d+) depth/.exec(stderr) ?? [];
  return code === undefined ? 'valid' : `${code} at ${depth}`;
}

function ours(chain: readonly Made[], anchor: Made): string {
  const result = validatePath({
    chain: chain.map(({ der }) => der),
    trustAnchors: trustStore([anchor.der]),
    verifier: nodeVerifier,
    now: NOW,
    host: 'example.com',
  });
  return result.ok ? 'valid' : `${result.error.verify} at ${result.error.depth}`;
}

it.skipIf(!available).each(Object.entries(CASES))('%s', (_, [chain, anchor = root]) => {
  expect(ours(chain, anchor)).toBe(theirs(chain, anchor));
});
