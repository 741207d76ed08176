/** Copies of this package, such as ESM and CommonJS, share what they note about an object. */
import type { Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { notes } from '@ferrule/result/notes';
import { starttls } from '@ferrule/starttls';
import { expect, it, vi } from 'vitest';
import * as beforeTls from './before-tls.ts';
import * as sessions from './sessions.ts';

/** Another copy of all modules. */
async function another<T>(load: () => Promise<T>): Promise<T> {
  vi.resetModules();
  return load();
}

it('notes of the same name are shared between copies, those of another name are not', async () => {
  const other = await another(() => import('@ferrule/result/notes'));
  expect(other.notes).not.toBe(notes);
  expect(other.notes('test')).toBe(notes('test'));
  expect(notes('test')).not.toBe(notes('test 2'));
});

it('a dialogue that one copy has used is restarted in the other', async () => {
  const dialogue = starttls('smtp');
  expect(beforeTls.unused(dialogue)).toBe(dialogue);
  const other = await another(() => import('./before-tls.ts'));
  expect(other.unused(dialogue)).not.toBe(dialogue);
});

it('a session that one copy has taken from a store without delete() is not offered by the other', async () => {
  const context = { backend: { name: 'none' }, sessionIdContext: 'x' } as unknown as SslContext;
  const store = new Map([['none x host address', { version: 'TLSv1.3' } as TlsSession]]);
  const without: sessions.SessionStore = { get: (key) => store.get(key), set: () => undefined };
  const offered = async ({ SessionKeeper }: typeof sessions): Promise<number> => {
    let count = 0;
    const ssl = { setSession: () => void count++ } as unknown as Ssl;
    await new SessionKeeper(without, context, 'host', 'address').offer(ssl, 1000, () => false);
    return count;
  };
  expect(await offered(sessions)).toBe(1);
  expect(await offered(await another(() => import('./sessions.ts')))).toBe(0);
});
