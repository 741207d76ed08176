/** @module Sessions kept between connections, so that reconnects resume. */

/**
 * Where serialised sessions are kept. They hold secrets: a shared store must be as private as a key store. A ticket is
 * used once (RFC 9846 appendix C.4), so `take` removes what it returns.
 */
export interface SessionCache {
  take(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** @param expiresAt milliseconds since the epoch. */
  put(key: string, session: Uint8Array, expiresAt: number): void | Promise<void>;
}

/** How many tickets of one server are kept; servers send two. */
const TICKETS_PER_KEY = 4;

/**
 * A cache in this process's memory. @param max servers remembered, the least recently used one goes first; default 256.
 * @throws RangeError when `max` is not a positive integer.
 */
export function memorySessionCache(max = 256): SessionCache {
  if (!Number.isInteger(max) || max < 1) throw new RangeError('memorySessionCache: `max` is not a positive integer');
  const entries = new Map<string, { readonly session: Uint8Array; readonly expiresAt: number }[]>();
  return {
    take(key): Uint8Array | undefined {
      const tickets = entries.get(key)?.filter(({ expiresAt }) => expiresAt > Date.now()) ?? [];
      entries.delete(key);
      const newest = tickets.pop();
      if (tickets.length > 0) entries.set(key, tickets);
      return newest?.session;
    },
    put(key, session, expiresAt): void {
      const tickets = entries.get(key) ?? [];
      tickets.push({ session, expiresAt });
      if (tickets.length > TICKETS_PER_KEY) tickets.shift();
      entries.delete(key);
      entries.set(key, tickets);
      const [oldest] = entries.keys();
      if (entries.size > max && oldest !== undefined) entries.delete(oldest);
    },
  };
}

/** The part of keyv's interface that a shared store needs. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** A cache on keyv, and so on any store that keyv reaches. One ticket a server; two takers may get the same one. */
export function keyvSessionCache(store: KeyvLike, prefix = 'ferrule:'): SessionCache {
  return {
    async take(key): Promise<Uint8Array | undefined> {
      const found = await store.get(prefix + key);
      if (typeof found !== 'string') return undefined;
      await store.delete(prefix + key);
      return Buffer.from(found, 'base64');
    },
    async put(key, session, expiresAt): Promise<void> {
      await store.set(prefix + key, Buffer.from(session).toString('base64'), Math.max(1, expiresAt - Date.now()));
    },
  };
}
