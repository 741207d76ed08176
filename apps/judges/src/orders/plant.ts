/**
 * @module Faults to find: an engine that misbehaves as engines have, made of one that does not. They prove the judge;
 * each was in an engine or a face once.
 */
import type { Backend, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import { SslErrorCode, X509V } from '@ferrule/result';

export const FAULTS = [
  'zeros',
  'early count',
  'lost close',
  'secret after the end',
  'session of another',
  'no session',
  'string context',
  'refusal accepted',
  'answer changed',
  'wrong wait',
  'another verdict',
  'truncation',
  'written after the end',
  'gap',
  'hang',
  'crash',
] as const;
export type Fault = (typeof FAULTS)[number];

type Wrap = (ssl: Ssl, swap: Swap) => Partial<Ssl>;

interface Swap {
  /** Whose session it is. */
  readonly contexts: WeakMap<TlsSession, SslContext>;
  /** Goes on with a connection of this context, and its session. */
  remake(context: SslContext, session: TlsSession): void;
}

/** The same engine with one fault. */
export function planted(backend: Backend, fault: Fault): Backend {
  const contexts = new WeakMap<TlsSession, SslContext>();
  return {
    ...backend,
    createContext: (options = {}) => {
      const context: SslContext = backend.createContext({
        ...options,
        ...(fault === 'refusal accepted' && typeof options.verify === 'function' && { verify: () => true }),
        onSession: (session, ssl) => {
          contexts.set(session, context);
          options.onSession?.(session, ssl);
        },
      });
      return {
        ...context,
        dispose: () => context.dispose(),
        newConnection: () => wrapped(context, WRAPS[fault], contexts),
      };
    },
  };
}

function wrapped(context: SslContext, wrap: Wrap, contexts: WeakMap<TlsSession, SslContext>): Ssl {
  let ssl = context.newConnection();
  const begun: [keyof Ssl, unknown[]][] = [];
  const own = wrap(ssl, {
    contexts,
    remake: (other, session) => {
      ssl = other.newConnection();
      for (const [name, args] of begun) (ssl[name] as (...args: unknown[]) => unknown)(...args);
      ssl.setSession(session);
    },
  });
  return new Proxy({} as Ssl, {
    get: (_, name: keyof Ssl) => {
      if (name in own) return own[name];
      const value = ssl[name] as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'setBio' || name === 'setHost') begun.push([name, args]);
        return (ssl[name] as (...args: unknown[]) => unknown)(...args);
      };
    },
    has: (_, name) => name in ssl,
  });
}

const waits = (ssl: Ssl, ret: number): boolean => ret < 0 && ssl.getError(ret) === SslErrorCode.wantWrite;

const WRAPS: Readonly<Record<Fault, Wrap>> = {
  // A write that waits, then a read: the write after the repeated one is of zeros.
  zeros: (ssl) => {
    let waited = false;
    let confused = false;
    let zero = false;
    return {
      read: (into) => ((confused ||= waited), ssl.read(into)),
      write: (from) => {
        const ret = ssl.write(zero ? new Uint8Array(from.length) : from);
        waited = waits(ssl, ret);
        zero ||= confused && ret > 0;
        return ret;
      },
    };
  },
  // Early data that waits is counted as if it had been written by the write() that comes after it.
  'early count': (ssl) => {
    let owed = 0;
    return {
      writeEarlyData: (from) => {
        const ret = ssl.writeEarlyData(from);
        owed = ret < 0 ? from.length : 0;
        return ret;
      },
      write: (from) => {
        if (!ssl.established || owed === 0 || owed >= from.length) return ssl.write(from);
        const ret = ssl.write(from.subarray(owed));
        if (ret <= 0) return ret;
        const all = ret + owed;
        owed = 0;
        return all;
      },
    };
  },
  // shutdown() behind a write that waits says nothing, for ever.
  'lost close': (ssl) => {
    let waited = false;
    let stuck = false;
    return {
      write: (from) => {
        const ret = ssl.write(from);
        waited = waits(ssl, ret);
        return ret;
      },
      shutdown: () => ((stuck ||= waited), stuck ? -1 : ssl.shutdown()),
      getError: (ret) => (stuck && ret < 0 && ssl.failure === undefined ? SslErrorCode.wantRead : ssl.getError(ret)),
    };
  },
  'secret after the end': (ssl) => ({
    exportKeyingMaterial: (label, context, length) => {
      try {
        return ssl.exportKeyingMaterial(label, context, length);
      } catch (error) {
        if (ssl.failure === undefined) throw error;
        return new Uint8Array(length).fill(7);
      }
    },
  }),
  // Whoever has the session is taken for whom it was given to.
  'session of another': (ssl, { contexts, remake }) => ({
    setSession: (session) => {
      const owner = contexts.get(session);
      if (owner === undefined) ssl.setSession(session);
      else remake(owner, session);
    },
  }),
  'no session': () => ({ setSession: () => undefined }),
  'string context': (ssl) => ({
    exportKeyingMaterial: (label, context, length) =>
      ssl.exportKeyingMaterial(label, typeof context === 'string' ? undefined : context, length),
  }),
  'refusal accepted': () => ({}),
  // After a failure, read() says that the peer has closed.
  'answer changed': (ssl) => {
    let asked = false;
    return {
      read: (into) => {
        asked = ssl.failure !== undefined;
        const ret = ssl.read(into);
        return asked ? 0 : ret;
      },
      getError: (ret) => (asked && ret === 0 ? SslErrorCode.zeroReturn : ssl.getError(ret)),
    };
  },
  // A question to the caller is told as one to the peer.
  'wrong wait': (ssl) => ({
    getError: (ret) => {
      const why = ssl.getError(ret);
      return why === SslErrorCode.wantX509Lookup ? SslErrorCode.wantRead : why;
    },
  }),
  // Why the certificate was refused is told as another reason.
  'another verdict': (ssl) => ({
    get verifyResult() {
      return ssl.verifyResult === X509V.OK ? X509V.OK : X509V.UNSPECIFIED;
    },
  }),
  // The transport's end is taken for close_notify.
  truncation: (ssl) => {
    let cut = false;
    return {
      read: (into) => {
        const ret = ssl.read(into);
        cut = ret <= 0 && ssl.failure?.error.code === 'UNEXPECTED_EOF';
        return cut ? 0 : ret;
      },
      getError: (ret) => (cut && ret === 0 ? SslErrorCode.zeroReturn : ssl.getError(ret)),
    };
  },
  // Once the peer has closed, what is written goes nowhere.
  'written after the end': (ssl) => ({
    write: (from) => ((ssl.shutdownState & 2) !== 0 && ssl.failure === undefined ? from.length : ssl.write(from)),
  }),
  // Sixteen KiB and more: one byte is dropped.
  gap: (ssl) => ({
    write: (from) => (from.length > 16_384 && ssl.established ? ssl.write(from.subarray(1)) : ssl.write(from)),
  }),
  hang: (ssl) => ({
    shutdown: () => {
      while (!ssl.established || ssl.shutdownState < 4);
      return -1;
    },
  }),
  crash: () => ({ shutdown: () => process.abort() }),
};
