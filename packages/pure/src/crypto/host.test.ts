import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Host from './host.ts';
import { policyOfHost } from './host.ts';
import { createPure } from '../index.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock('@ferrule/pure/crypto/node');
  vi.resetModules();
});

/** The module anew, on a host with other globals. */
async function onHost(globals: object): Promise<typeof Host> {
  vi.resetModules();
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  return import('./host.ts');
}
const process_ = (versions: object): object => ({ versions, getBuiltinModule: () => ({}) });
const subtle = {};
function getRandomValues(): void {}

describe('the cryptography of the host', () => {
  it.each([
    [
      'Node',
      { process: process_({ node: '20.20.2', openssl: '3.0.19' }), crypto: { subtle, getRandomValues } },
      'node:crypto tuned noble',
    ],
    [
      'Bun',
      { process: process_({ node: '26.3.0', bun: '1.4.5', openssl: '1.1.0' }), crypto: { subtle, getRandomValues } },
      'node:crypto tuned noble',
    ],
    [
      'Deno',
      { process: process_({ node: '26.3.0', deno: '2.9.6', openssl: '3.5' }), crypto: { subtle, getRandomValues } },
      'WebCrypto node:crypto tuned noble',
    ],
    [
      'workerd with nodejs_compat',
      { process: process_({ node: '22.19.0', openssl: '' }), crypto: { subtle, getRandomValues } },
      'WebCrypto tuned noble',
    ],
    ['a browser', { crypto: { subtle, getRandomValues } }, 'WebCrypto tuned noble'],
    [
      'a polyfill of process',
      { process: { versions: { node: '18' } }, crypto: { subtle, getRandomValues } },
      'WebCrypto tuned noble',
    ],
    ['a page without HTTPS', { crypto: { getRandomValues } }, 'tuned noble'],
  ])('on %s is tried in the order of the table', (_name, globals, order) => {
    expect(policyOfHost(globals).sources.join(' ')).toBe(order);
  });

  it('is made once', async () => {
    const { hostCrypto } = await onHost({});
    const crypto = await hostCrypto();
    expect(crypto.name).toBe('node:crypto');
    expect(await hostCrypto()).toBe(crypto);
  });

  it('goes on with the next source where a bundle has nothing in the place of one', async () => {
    vi.doMock('@ferrule/pure/crypto/node', () => ({ nodeCrypto: undefined }));
    const { hostCrypto } = await onHost({});
    const { name, stepsDown } = await hostCrypto();
    expect(name).toMatch(/^WebCrypto/);
    expect(stepsDown[0]?.reason).toMatch('@ferrule/pure/crypto/node is not in this bundle');
  });

  it.each([
    ['crypto.getRandomValues', { crypto: {} }],
    ['crypto.getRandomValues', { crypto: undefined }],
    ['TextEncoder', { TextEncoder: undefined }],
    ['TextDecoder', { TextDecoder: undefined }],
  ])('is refused where there is no %s', async (name, globals) => {
    const { hostCrypto } = await onHost(globals);
    await expect(hostCrypto()).rejects.toThrow(`this host has no ${name}`);
  });
});

it('createPure() without a provider is the engine on it', async () => {
  expect((await createPure()).engine).toBe('TypeScript, node:crypto');
});

it('createPure() refuses what is not a provider', () => {
  expect(() => createPure({ crypto: undefined as never })).toThrow(/crypto: not a crypto provider/);
});
