import type { Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { describe, expect, it } from 'vitest';
import { SessionKeeper, type SessionStore } from './sessions.ts';

const context = { backend: { name: 'none' }, sessionIdContext: 'x' } as unknown as SslContext;
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, 5, value));

/** What two concurrent connections get, then what a later one gets. */
async function taken(store: SessionStore): Promise<readonly (TlsSession | undefined)[]> {
  const given: (TlsSession | undefined)[] = [];
  const ask = async (): Promise<void> => {
    const at = given.push(undefined) - 1;
    const ssl = { setSession: (session: TlsSession) => (given[at] = session) } as unknown as Ssl;
    await new SessionKeeper(store, context, 'host', 'address').offer(ssl, 1000, () => false);
  };
  await Promise.all([ask(), ask()]);
  await ask();
  return given;
}

describe('a session is given to only one of several concurrent connections', () => {
  const session = (): TlsSession => ({ version: 'TLSv1.3' }) as TlsSession;
  it.each<[string, (map: Map<string, TlsSession>) => SessionStore]>([
    ['a Map', (map) => map],
    [
      'get() and delete() that take their time',
      (map) => ({ get: (key) => later(map.get(key)), set: () => undefined, delete: (key) => later(map.delete(key)) }),
    ],
    [
      'copies, and a delete() that tells',
      (map) => ({
        get: (key) => later(map.has(key) ? session() : undefined),
        set: () => undefined,
        delete: (key) => later(map.delete(key)),
      }),
    ],
    [
      'get() at once, and delete() that takes its time',
      (map) => ({
        get: (key) => map.get(key),
        set: () => undefined,
        delete: (key) => later(undefined).then(() => void map.delete(key)),
      }),
    ],
    ['no delete()', (map) => ({ get: (key) => later(map.get(key)), set: () => undefined })],
  ])('with %s', async (_what, make) => {
    const store = make(new Map([['none x host address', session()]]));
    const given = await taken(store);
    expect(given.filter((each) => each !== undefined)).toHaveLength(1);
    expect(given[2]).toBeUndefined();
  });
});
