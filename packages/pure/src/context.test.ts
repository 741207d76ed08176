import type { ContextOptions } from '@ferrule/contract';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './context.ts';
import { nobleCrypto } from './crypto/noble.ts';
import { nodeCrypto } from './crypto/node.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const parse = (options?: ContextOptions) => parseOptions(nodeCrypto, options);
const ids = (list: readonly { readonly id: number }[]): number[] => list.map(({ id }) => id);

// Wrong options, one by one, are the conformance suite's.
describe('options', () => {
  it('that are not given are the defaults of the contract', () => {
    expect(parse()).toMatchObject({
      versions: ['TLSv1.3', 'TLSv1.2'], verify: 'peer', trustAnchors: [], ocsp: 'off', alpn: [], extendedMasterSecret: 'require', renegotiation: 'refuse',
      securityLevel: 2, recordPadding: 0, limits: DEFAULT_LIMITS, grease: false, middleboxCompatibility: true,
    }); // prettier-ignore
  });

  it('become a config that nobody can change', () => {
    const alpn = ['h2'];
    const anchor = new Uint8Array([1, 2]);
    const config = parse({ alpn, trustAnchors: [anchor] });
    alpn[0] = 'other';
    anchor[0] = 9;
    expect([config.alpn, config.trustAnchors]).toEqual([['h2'], [new Uint8Array([1, 2])]]);
    expect([config, config.alpn, config.suites, config.versions].every(Object.isFrozen)).toBe(true);
  });

  it('that name suites of one version leave the other one out', () => {
    expect(parse({ cipherSuites: [0x1301] }).versions).toEqual(['TLSv1.3']);
    expect(parse({ cipherSuites: [0xc02b] }).versions).toEqual(['TLSv1.2']);
    expect(ids(parse({ maxVersion: 'TLSv1.2' }).suites)).not.toContain(0x1301);
    expect(() => parse({ cipherSuites: [0x1301], maxVersion: 'TLSv1.2' })).toThrow(/cipherSuites/);
  });

  it('give the first group a key share, and any that are named in the order of groups', () => {
    expect(ids(parse({ groups: [23, 29] }).keyShares)).toEqual([23]);
    expect(ids(parse({ groups: [23, 29], keyShares: [] }).keyShares)).toEqual([]);
    expect(ids(parse({ groups: [23, 29], keyShares: [23, 29] }).keyShares)).toEqual([23, 29]);
    expect(() => parse({ groups: [23, 29], keyShares: [29, 23] })).toThrow(/keyShares/);
    expect(() => parse({ groups: [23], keyShares: [29] })).toThrow(/keyShares/);
  });

  it('prefer what is fast with the provider', () => {
    expect(parseOptions(nobleCrypto).suites[0]?.name).toBe('TLS_CHACHA20_POLY1305_SHA256');
    expect(parse().suites[0]?.name).toBe('TLS_AES_128_GCM_SHA256');
  });

  it('change the limits that they name, and no others', () => {
    expect(parse({ limits: { tickets: 1 } }).limits).toEqual({ ...DEFAULT_LIMITS, tickets: 1 });
  });

  it.each<[string, unknown]>([
    ['unknown option: cipherSuite', { cipherSuite: [1] }],
    ['unknown option: limits.ticket', { limits: { ticket: 1 } }],
    ['unknown option: externalPsks[0].id', { externalPsks: [{ id: 1 }] }],
    ['credentials[0].chain: must be empty beside a rawPublicKey', { credentials: [{ chain: [new Uint8Array(1)], rawPublicKey: new Uint8Array(1), key: new Uint8Array(1) }] }],
    ['credentials[0].key.schemes: must be a list of SignatureSchemes', { credentials: [{ chain: [new Uint8Array(1)], key: { sign() {} } }] }],
    ['alpn: has an entry twice', { alpn: ['a', 'a'] }],
    ['minVersion: is above maxVersion', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }],
    ['ech: needs TLS 1.3', { ech: 'grease', maxVersion: 'TLSv1.2' }],
  ])('that are wrong say where: %s', (message, options) => {
    expect(() => parse(options as ContextOptions)).toThrow(new TypeError(message));
  });
});

describe('the key shares of a first ClientHello, where the caller names none', () => {
  const hybridFirst: CryptoProvider = { ...nobleCrypto, defaultGroups: [0x11ec, 0x1d, 0x17] };
  const shares = (provider: CryptoProvider, options: object = {}): readonly number[] => parseOptions(provider, options).keyShares.map(({ id }) => id);

  it('are one for the first group', () => {
    expect(shares(nobleCrypto)).toEqual([0x1d]);
    expect(shares(nobleCrypto, { groups: [0x17, 0x1d] })).toEqual([0x17]);
  });

  it('are two when the platform begins with a hybrid: most servers want the classical one', () => {
    expect(shares(hybridFirst)).toEqual([0x11ec, 0x1d]);
    expect(shares(hybridFirst, { groups: [0x11ec, 0x1d] })).toEqual([0x11ec]);
    expect(shares(hybridFirst, { keyShares: [0x11ec] })).toEqual([0x11ec]);
    expect(shares(hybridFirst, { maxVersion: 'TLSv1.2' })).toEqual([0x1d]);
  });
});
