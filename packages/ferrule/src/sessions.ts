/** @module ferrule/sessions: keeps sessions so that later connections resume them. */
import type { Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { bytesOf, functionOption, integerOption, refuseOption } from '@ferrule/result/arguments';
import { notes } from '@ferrule/result/notes';

/**
 * Where serialised sessions are kept. They hold secrets: a shared cache must be as private as a key store. A ticket is
 * used once (RFC 9846 appendix C.4), so `take` removes what it returns; the caller puts reusable sessions back. A cache
 * that throws, rejects, takes too long or returns what is not a session costs a full handshake and nothing else.
 */
export interface SessionCache {
  take(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** @param expiresAt milliseconds since the epoch. */
  put(key: string, session: Uint8Array, expiresAt: number): void | Promise<void>;
}

/** The minimal interface: a `Map`, which keeps one session per key in this process's memory. */
export interface SessionStore {
  get(key: string): TlsSession | undefined | Promise<TlsSession | undefined>;
  set(key: string, session: TlsSession): unknown;
  /** Without it, a taken session is only marked as used. */
  delete?(key: string): unknown;
}

/** Tickets kept per server; servers commonly send two. */
const TICKETS_PER_KEY = 4;

/**
 * A cache in this process's memory. @param max keys kept, evicting the least recently used; default 256.
 * @throws TypeError when `max` is not a positive integer.
 */
export function memorySessionCache(max = 256): SessionCache {
  integerOption(max, 'max', 1, Number.MAX_SAFE_INTEGER);
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

/** The part of keyv's interface that a shared cache needs. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  /** keyv: whether anything was deleted. */
  delete(key: string): Promise<unknown>;
}

/**
 * A cache on keyv, and so on any store that keyv reaches: one session per key. Of concurrent readers of a session, only
 * the one whose `delete` removed it uses it, if the store reports that; if another session was put in between, both are
 * lost.
 * @throws TypeError if `store` is not such a store, or the prefix is not a string.
 */
export function keyvSessionCache(store: KeyvLike, prefix: string = 'ferrule:'): SessionCache {
  const given = (typeof store === 'object' && store !== null ? store : {}) as Partial<KeyvLike>;
  for (const method of ['get', 'set', 'delete'] as const) functionOption(given[method], `store.${method}`);
  if (typeof prefix !== 'string') refuseOption(prefix, 'prefix', 'a string');
  return {
    async take(key): Promise<Uint8Array | undefined> {
      const found = await store.get(prefix + key);
      if (typeof found !== 'string' || (await store.delete(prefix + key)) === false) return undefined;
      return Uint8Array.from(atob(found), (char) => char.charCodeAt(0));
    },
    async put(key, session, expiresAt): Promise<void> {
      const text = btoa(Array.from(session, (byte) => String.fromCharCode(byte)).join(''));
      await store.set(prefix + key, text, Math.max(1, expiresAt - Date.now()));
    },
  };
}

/** The checked option `sessions`; `undefined` if absent or `false`. @throws TypeError */
export function sessionsOption(value: unknown): SessionCache | SessionStore | undefined {
  if (value === undefined || value === false) return undefined;
  return has(value, 'take', 'put') || has(value, 'get', 'set')
    ? (value as SessionCache | SessionStore)
    : refuseOption(value, 'sessions', 'a SessionCache (take, put), a Map, what has get and set as a Map has, or false');
}

/** The sessions of one connection: takes one to resume, and stores those the server issues. */
export class SessionKeeper {
  readonly #shelf: Shelf;
  readonly #context: SslContext;
  readonly #key: string;
  #taken: TlsSession | undefined;
  #renewed = false;

  /**
   * @param host the certificate must match.
   * @param address the server's address: `host:port`, a path, or any other name.
   */
  constructor(sessions: SessionCache | SessionStore, context: SslContext, host: string | undefined, address: string) {
    this.#shelf = 'take' in sessions ? cacheShelf(sessions) : storeShelf(sessions);
    this.#context = context;
    // Includes the session ID context, so that incompatible contexts do not share sessions.
    this.#key = `${context.backend.name} ${context.sessionIdContext} ${host ?? ''} ${address}`;
  }

  /**
   * Sets a matching session, if any, on a connection that has not begun. Never rejects.
   * @param patience milliseconds to wait for the cache.
   * @param over whether the connection has ended meanwhile; the session is then put back.
   */
  async offer(ssl: Ssl, patience: number, over: () => boolean): Promise<void> {
    let late = false;
    const taking = this.#take().then((session) => {
      if (session !== undefined && (late || over())) this.#put(session);
      else if (session !== undefined) this.#set(ssl, session);
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    // Keeping the process alive is up to the connection
    (timer as { unref?: () => void } | undefined)?.unref?.();
    await Promise.race([taking, enough]);
    late = true;
    clearTimeout(timer);
  }

  /** Stores a session that the server issued. */
  keep(session: TlsSession): void {
    this.#renewed = true;
    this.#put(session);
  }

  /** The handshake is done. A TLS 1.2 session may be reused, unless the server issued another instead. */
  established(ssl: Ssl): void {
    const taken = this.#taken;
    this.#taken = undefined;
    if (taken?.version === 'TLSv1.2' && ssl.sessionReused && !this.#renewed) this.#put(taken);
  }

  async #take(): Promise<TlsSession | undefined> {
    try {
      const found = await this.#shelf.take(this.#key);
      const bytes = bytesOf(found);
      return bytes === undefined ? (found as TlsSession | undefined) : this.#context.sessionFromBytes(bytes);
    } catch {
      return undefined;
    }
  }

  #set(ssl: Ssl, session: TlsSession): void {
    try {
      ssl.setSession(session);
      this.#taken = session;
    } catch {
      // Of another host or engine, or not a session: dropped.
    }
  }

  #put(session: TlsSession): void {
    try {
      Promise.resolve(this.#shelf.put(this.#key, session)).catch(() => undefined);
    } catch {
      // Best-effort: a session that cannot be stored is not resumed.
    }
  }
}

/** How long a connection waits for its session, milliseconds, given its total timeout (0 = no limit). */
export const sessionPatience = (timeout: number): number => (timeout === 0 ? LONGEST : Math.min(timeout / 4, LONGEST));
const LONGEST = 5000;

/** Common interface of caches and stores. */
interface Shelf {
  take(key: string): TlsSession | Uint8Array | undefined | Promise<TlsSession | Uint8Array | undefined>;
  put(key: string, session: TlsSession): unknown;
}

const cacheShelf = (cache: SessionCache): Shelf => ({
  take: (key) => cache.take(key),
  put: (key, session) => cache.put(key, session.toBytes(), session.expiresAt),
});

/** Sessions taken from stores that cannot delete them. */
const USED = notes<TlsSession, true>('usedSessions');

const storeShelf = (store: SessionStore): Shelf => ({
  take(key) {
    const found = store.get(key);
    return isPromise(found)
      ? found.then((session) => remove(store, key, session, false))
      : remove(store, key, found, true);
  },
  put(key, session) {
    USED.delete(session);
    return store.set(key, session);
  },
});

/** Gives a session to only one of the connections that found it. @param atOnce nothing has run since it was found. */
function remove(
  store: SessionStore,
  key: string,
  session: TlsSession | undefined,
  atOnce: boolean,
): TlsSession | undefined | Promise<TlsSession | undefined> {
  if (session === undefined || session === null) return undefined;
  const deleted = typeof store.delete === 'function' ? store.delete(key) : undefined;
  if (atOnce && deleted === true) return session;
  if (deleted === false || USED.has(session)) return undefined;
  USED.set(session, true);
  return isPromise(deleted) ? deleted.then((was) => (was === false ? undefined : session)) : session;
}

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

const has = (value: unknown, ...methods: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');
