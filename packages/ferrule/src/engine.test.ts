import type * as Engine from './engine.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('@ferrule/native');
  vi.resetModules();
});

/** The module anew, with another native engine behind it. */
async function withNative(load: () => unknown): Promise<typeof Engine> {
  vi.resetModules();
  vi.doMock('@ferrule/native', () => ({ load }));
  return import('./engine.ts');
}

describe('chooseEngine()', () => {
  it('takes native where it loads', async () => {
    const backend = { name: 'native' };
    const { chooseEngine } = await withNative(() => ({ ok: true, backend }));
    expect(await chooseEngine()).toEqual({ backend, fellBackBecause: [] });
  });

  it('falls back to pure with node:crypto, and says why', async () => {
    const { chooseEngine } = await withNative(() => ({ ok: false, code: 'NO_OPENSSL', reason: 'no OpenSSL here' }));
    const { backend, fellBackBecause } = await chooseEngine();
    expect([backend.name, backend.engine]).toEqual(['pure', 'TypeScript, node:crypto']);
    expect(fellBackBecause).toEqual([{ code: 'NO_OPENSSL', reason: 'no OpenSSL here' }]);
  });

  it('falls back when the package of the native engine is broken', async () => {
    const { chooseEngine } = await withNative(() => {
      throw new Error('half installed');
    });
    expect((await chooseEngine()).fellBackBecause).toMatchObject([{ code: 'NOT_INSTALLED' }]);
  });

  it('never falls back from an engine that was asked for', async () => {
    const { chooseEngine } = await withNative(() => ({ ok: false, code: 'NO_OPENSSL', reason: 'no OpenSSL here' }));
    await expect(chooseEngine('native')).rejects.toThrow(/no OpenSSL here/);
    expect((await chooseEngine('pure')).fellBackBecause).toEqual([]);
  });

  it('takes an engine that the caller made, and refuses what is none', async () => {
    const { chooseEngine } = await import('./engine.ts');
    const mine = { name: 'pure', createContext: () => ({}) } as never;
    expect((await chooseEngine(mine)).backend).toBe(mine);
    await expect(chooseEngine('openssl' as never)).rejects.toThrow(/openssl/);
    await expect(chooseEngine(null as never)).rejects.toThrow(TypeError);
  });
});
