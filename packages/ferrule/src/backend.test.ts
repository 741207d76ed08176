import type * as Module from './backend.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('@ferrule/native');
  vi.resetModules();
});

/** A fresh copy of the module, with the given native engine. */
async function withNative(load: () => unknown): Promise<typeof Module> {
  vi.resetModules();
  vi.doMock('@ferrule/native', () => ({ loadNative: load }));
  return import('./backend.ts');
}

describe('chooseBackend()', () => {
  it('takes native where it loads', async () => {
    const backend = { name: 'native' };
    const { chooseBackend } = await withNative(() => ({ ok: true, backend }));
    expect(await chooseBackend()).toEqual({ backend, fellBackBecause: [] });
  });

  it('falls back to pure with node:crypto, and says why', async () => {
    const { chooseBackend } = await withNative(() => ({ ok: false, code: 'NO_OPENSSL', reason: 'no OpenSSL here' }));
    const { backend, fellBackBecause } = await chooseBackend();
    expect([backend.name, backend.engine]).toEqual(['pure', 'TypeScript, node:crypto']);
    expect(fellBackBecause).toEqual([{ code: 'NO_OPENSSL', reason: 'no OpenSSL here' }]);
  });

  it('falls back when the package of the native engine is broken', async () => {
    const { chooseBackend } = await withNative(() => {
      throw new Error('half installed');
    });
    expect((await chooseBackend()).fellBackBecause).toMatchObject([{ code: 'NOT_INSTALLED' }]);
  });

  it('reports that a bundler has left out the native engine', async () => {
    const { chooseBackend } = await withNative(undefined as never);
    const reason = '@ferrule/native is not in this bundle';
    expect((await chooseBackend()).fellBackBecause).toEqual([{ code: 'NOT_INSTALLED', reason }]);
  });

  it('never falls back from an engine that was asked for', async () => {
    const { chooseBackend } = await withNative(() => ({ ok: false, code: 'NO_OPENSSL', reason: 'no OpenSSL here' }));
    await expect(chooseBackend('native')).rejects.toThrow(/no OpenSSL here/);
    expect((await chooseBackend('pure')).fellBackBecause).toEqual([]);
  });

  it('takes an engine that the caller made, and refuses anything else', async () => {
    const { chooseBackend } = await import('./backend.ts');
    const mine = { name: 'pure', createContext: () => ({}) } as never;
    expect((await chooseBackend(mine)).backend).toBe(mine);
    await expect(chooseBackend('openssl' as never)).rejects.toThrow(/openssl/);
    await expect(chooseBackend(null as never)).rejects.toThrow(TypeError);
  });
});
