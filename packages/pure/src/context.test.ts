import { describe, expect, it } from 'vitest';
import { parseOptions } from './context.ts';
import { nobleCrypto } from './crypto/noble.ts';
import type { CryptoProvider } from './crypto/provider.ts';

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
