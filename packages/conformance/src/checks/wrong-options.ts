/** @module Every wrong option is a TypeError that names it, when the context is made. One table for all engines. */
import assert from 'node:assert/strict';
import type { Backend, ContextOptions } from '@ferrule/contract';
import type { Check, CheckGroup } from '../check.ts';

/**
 * What is wrong, the options, and the name that the message must have; the key is the one that stands first where it is
 * not given.
 */
export type WrongOption = readonly [title: string, options: Readonly<Record<string, unknown>>, named?: string];

const yes = (): boolean => true;
const filter = { check: (): string => 'good' };

const psk = (identity: number): object => ({
  identity: new Uint8Array(identity),
  key: new Uint8Array(32),
  hash: 'sha256',
});

/** As `readFileSync()` gives it, with what openssl(1) writes in front. */
const pem = (label: string): Uint8Array => new TextEncoder().encode(`\n-----BEGIN ${label}-----\nMAA=\n`);

/** PEM where DER belongs: each says so, in the same words. */
export const PEM_OPTIONS: readonly WrongOption[] = [
  ['a trust anchor', { trustAnchors: [pem('CERTIFICATE')] }],
  ['a trust anchor as text', { trustAnchors: ['-----BEGIN CERTIFICATE-----'] }],
  ['the key of a trust anchor', { trustAnchors: [{ subject: new Uint8Array([0x30, 0x00]), spki: pem('PUBLIC KEY') }] }],
  ['a CRL', { crls: [pem('X509 CRL')] }],
  ['a chain of ours', { credentials: [{ chain: [pem('CERTIFICATE')], key: new Uint8Array(1) }] }],
  ['a key of ours', { credentials: [{ chain: [new Uint8Array(1)], key: pem('PRIVATE KEY') }] }],
  ['a key of ours as text', { credentials: [{ chain: [new Uint8Array(1)], key: '-----BEGIN PRIVATE KEY-----' }] }],
];

export const WRONG_OPTIONS: readonly WrongOption[] = [
  ['an unknown key', { trustAnchor: [] }],
  ['a key that only node:tls has', { rejectUnauthorized: false }],
  ['a misspelt key', { minversion: 'TLSv1.3' }],
  ['a number in place of trust anchors', { trustAnchors: 5 }],
  ['a trust anchor that is not a certificate', { trustAnchors: [new Uint8Array([0x30, 0x00])] }],
  ['an empty trust anchor', { trustAnchors: [new Uint8Array(0)] }],
  ['a trust anchor without its key', { trustAnchors: [{ subject: new Uint8Array([0x30, 0x00]) }] }],
  ['an empty list of CRLs', { crls: [] }],
  ['a CRL that is none', { crls: [new Uint8Array(8)] }],
  ['a filter that cannot be asked', { revocation: { crlite: {} } }, 'revocation'],
  ['a filter without a name', { revocation: () => 'good' }, 'revocation'],
  ['a word that unknown does not know', { revocation: { crlite: filter, unknown: 'ask' } }, 'revocation'],
  ['a word that ocsp does not know', { ocsp: 'always' }],
  ['an empty list of pins', { pins: [] }],
  ['a pin that is not 32 bytes', { pins: [new Uint8Array(20)] }],
  ['a pin in base64', { pins: ['AAAA'] }],
  ['a word that verify does not know', { verify: 'maybe' }],
  ['verify: false', { verify: false }],
  ['a verifyHost that is not a boolean', { verifyHost: 'no' }],
  ['an unknown minimum version', { minVersion: 'TLSv1.1' }],
  ['an unknown maximum version', { maxVersion: 'SSLv3' }],
  ['versions the wrong way round', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, 'minVersion'],
  ['an empty list of suites', { cipherSuites: [] }],
  ['a suite that does not exist', { cipherSuites: [0x1301, 0xfefe] }],
  ['a suite by name', { cipherSuites: ['TLS_AES_128_GCM_SHA256'] }],
  ['a suite with CBC', { cipherSuites: [0xc013] }],
  ['a suite without encryption', { cipherSuites: [0x0001] }],
  ['a suite twice', { cipherSuites: [0x1301, 0x1301] }],
  ['suites that fit no version asked for', { cipherSuites: [0xc02b], minVersion: 'TLSv1.3' }, 'cipherSuites'],
  ['an empty list of groups', { groups: [] }],
  ['a group that does not exist', { groups: [0x001d, 0xfefe] }],
  ['a group by name', { groups: ['x25519'] }],
  ['a curve of long ago', { groups: [0x0001] }],
  ['a group twice', { groups: [0x001d, 0x001d] }],
  ['key shares for a group that is not offered', { groups: [0x001d], keyShares: [0x0017] }, 'keyShares'],
  ['an empty list of signature algorithms', { signatureAlgorithms: [] }],
  ['a signature algorithm that does not exist', { signatureAlgorithms: [0xfefe] }],
  ['a signature algorithm with SHA-1', { signatureAlgorithms: [0x0201] }],
  ['an empty list of protocols', { alpn: [] }],
  ['an empty protocol name', { alpn: ['h2', ''] }],
  ['a protocol name of 256 bytes', { alpn: ['x'.repeat(256)] }],
  ['a protocol name of 128 characters that are 256 bytes', { alpn: ['é'.repeat(128)] }],
  ['one protocol in place of a list', { alpn: 'h2' }],
  ['protocols of more than 16,384 bytes', { alpn: Array.from({ length: 65 }, () => 'x'.repeat(255)) }],
  ['a record size below 64', { recordSizeLimit: 63 }],
  ['a record size above 16384', { recordSizeLimit: 16_385 }],
  ['an empty list of compressions', { certificateCompression: [] }],
  ['an unknown compression', { certificateCompression: ['gzip'] }],
  ['ECH that is not a list of configurations', { ech: new Uint8Array([1]) }],
  ['a word that ech does not know', { ech: 'yes' }],
  ['grease that is not a boolean', { grease: 1 }],
  ['a word that extendedMasterSecret does not know', { extendedMasterSecret: 'forbid' }],
  ['postHandshakeAuth that is not a boolean', { postHandshakeAuth: 'yes' }],
  ['an empty list of raw public keys', { rawPublicKeys: [] }],
  ['a raw public key that is none', { rawPublicKeys: [new Uint8Array(3)] }],
  ['an empty list of external PSKs', { externalPsks: [] }],
  ['an external PSK of less than 128 bits', { externalPsks: [{ ...psk(1), key: new Uint8Array(15) }] }],
  ['an imported PSK of less than 128 bits', { externalPsks: [{ ...psk(1), key: new Uint8Array(15), import: {} }] }],
  ['negative padding', { recordPadding: -1 }],
  ['padding beyond a record', { recordPadding: 16_385 }],
  ['a profile that does not exist', { profile: 'strict' }],
  ['security level 0', { securityLevel: 0 }],
  ['security level 6', { securityLevel: 6 }],
  ['security level 1.5', { securityLevel: 1.5 }],
  ['an empty list of credentials', { credentials: [] }],
  ['a credential without a key', { credentials: [{ chain: [] }] }],
  ['a credential callback that is none', { onCertificateRequest: {} }],
  ['a key log that is not a function', { onKeylog: 'keys.log' }],
  ['a session callback that is not a function', { onSession: new Map() }],
  ['a trace that is not a function', { onMessage: true }],
  ['limits that are not an object', { limits: 5 }],
  ['an unknown limit', { limits: { handshakeSize: 5 } }, 'handshakeSize'],
  ['a negative limit', { limits: { handshakeBytes: -1 } }, 'handshakeBytes'],
  ['a limit of zero', { limits: { chainLength: 0 } }, 'chainLength'],
  ['a broken limit', { limits: { tickets: 1.5 } }, 'tickets'],
  ['an endless limit', { limits: { keyUpdatesInARow: Number.POSITIVE_INFINITY } }, 'keyUpdatesInARow'],
  ['an anchor beside a verify function', { trustAnchors: [new Uint8Array([0x30, 0x00])], verify: yes }, 'trustAnchors'],
  ['CRLs beside a verify function', { crls: [new Uint8Array([0x30, 0x00])], verify: yes }, 'crls'],
  ['a verifyHost beside a verify function', { verifyHost: true, verify: yes }, 'verifyHost'],
  ['a profile beside a verify function', { profile: 'rfc5280', verify: yes }, 'profile'],
  ['a security level beside a verify function', { securityLevel: 3, verify: yes }, 'securityLevel'],
  ['a filter beside a verify function', { revocation: { crlite: filter }, verify: yes }, 'revocation'],
  ['a required response beside a verify function', { ocsp: 'require', verify: yes }, 'ocsp'],
  ['raw public keys beside a verify function', { rawPublicKeys: [new Uint8Array(1)], verify: yes }, 'rawPublicKeys'],
  [
    'credentials beside a callback that names them',
    { credentials: [{ chain: [new Uint8Array(1)], key: new Uint8Array(1) }], onCertificateRequest: () => undefined },
    'credentials',
  ],
  ['what to do with ECH that is not asked for', { echUnusable: 'refuse' }, 'echUnusable'],
  ['what to do with ECH that is no more than GREASE', { ech: 'grease', echUnusable: 'omit' }, 'echUnusable'],
  ['a key share without TLS 1.3', { groups: [0x1d], keyShares: [0x1d], maxVersion: 'TLSv1.2' }, 'keyShares'],
  ['a compression without TLS 1.3', { certificateCompression: ['zlib'], maxVersion: 'TLSv1.2' }],
  ['ECH without TLS 1.3', { ech: 'grease', maxVersion: 'TLSv1.2' }],
  ['authentication after a handshake without TLS 1.3', { postHandshakeAuth: true, maxVersion: 'TLSv1.2' }],
  ['an external PSK without TLS 1.3', { externalPsks: [psk(1)], maxVersion: 'TLSv1.2' }],
  ['padding with suites of TLS 1.2 alone', { recordPadding: 64, cipherSuites: [0xc02f] }],
  ['an external PSK of a hash that no suite has', { externalPsks: [psk(1)], cipherSuites: [0x1302] }],
  [
    'suites of RSA with signatures of ECDSA alone',
    { cipherSuites: [0xc02f], signatureAlgorithms: [0x0403], maxVersion: 'TLSv1.2' },
  ],
  [
    'suites of ECDSA with signatures of RSA alone',
    { cipherSuites: [0xc02b], signatureAlgorithms: [0x0804, 0x0401], maxVersion: 'TLSv1.2' },
  ],
  ['groups of which TLS 1.2 has none', { groups: [0x11ec], maxVersion: 'TLSv1.2' }],
  ['an external PSK whose identity no ClientHello has room for', { externalPsks: [psk(65_000)] }],
  ['a clock that is not a function', { now: 0 }],
  ['randomness that is not a function', { random: 4 }],
];

export const wrongOptions: CheckGroup = {
  title: 'wrong options',
  checks: [
    ...WRONG_OPTIONS.map(([title, options, named = Object.keys(options)[0] as string]): Check => ({
      title: `${title} is a TypeError that names ${named}`,
      run: async (backend) => {
        assert.throws(
          () => backend.createContext(options as ContextOptions),
          (error) => {
            assert.ok(error instanceof TypeError, `${String(error)} is no TypeError`);
            assert.ok(error.message.includes(named), `"${error.message}" does not name ${named}`);
            return true;
          },
        );
        await Promise.resolve();
      },
    })),
    ...PEM_OPTIONS.map(([title, options]) => ({
      title: `${title} in PEM is told as that`,
      run: async (backend: Backend) => {
        const [option = ''] = Object.keys(options);
        const told = new RegExp(`^${option}\\[0\\].*: must be DER, not PEM; decodePem`);
        assert.throws(() => backend.createContext(options as ContextOptions), { name: 'TypeError', message: told });
        await Promise.resolve();
      },
    })),
    {
      title: 'options that are not an object are a TypeError',
      run: async (backend) => {
        for (const wrong of [null, 5, 'peer', []])
          assert.throws(() => backend.createContext(wrong as unknown as ContextOptions), TypeError, String(wrong));
        await Promise.resolve();
      },
    },
    {
      title: 'an option that is undefined is as one that is absent',
      run: async (backend) => {
        backend
          .createContext({ alpn: undefined, limits: undefined, minVersion: undefined } as unknown as ContextOptions)
          .dispose();
        await Promise.resolve();
      },
    },
    {
      title: 'beside a verify function, what asks for no more than the default is let through',
      run: async (backend) => {
        backend
          .createContext({
            verify: yes,
            trustAnchors: [],
            profile: 'compatible',
            securityLevel: 1,
            ocsp: 'request',
            pins: [new Uint8Array(32)],
          })
          .dispose();
        await Promise.resolve();
      },
    },
    {
      title: 'no options at all make a context that trusts nobody',
      run: async (backend) => {
        backend.createContext().dispose();
        await Promise.resolve();
      },
    },
    {
      title: 'a host that is neither a name nor an address is a TypeError, and so is one that comes too late',
      run: async (backend) => {
        const context = backend.createContext();
        for (const wrong of [
          '',
          'a..b',
          'a b',
          'host:443',
          'https://host',
          'ü.test',
          '1.2.3.4.5',
          '[::1]',
          'x'.repeat(64) + '.test',
          `${'a.'.repeat(130)}test`,
          5,
        ]) {
          assert.throws(() => context.newConnection().setHost(wrong as string), TypeError, JSON.stringify(wrong));
        }
        for (const right of ['a', '-', 'server.test', 'xn--tda.test', '10.0.0.1', '2001:db8::1'])
          context.newConnection().setHost(right);
        context.dispose();
        await Promise.resolve();
      },
    },
  ],
};
