/**
 * The conformance suite notices engines that are wrong in one thing each. It stands here because engines may be
 * imported here.
 */
import type { Backend, ContextOptions, Ssl } from '@ferrule/contract';
import { suite } from '@ferrule/conformance';
import { patience } from '@ferrule/conformance/server';
import { failed, SslErrorCode, TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { chooseBackend } from 'ferrule';

patience.milliseconds = 1000;

const { backend: sound } = await chooseBackend('pure');

/** The engine with other options, or another connection. */
const mutant = (
  options: (options: ContextOptions) => ContextOptions,
  connection: (ssl: Ssl) => Partial<Ssl> = () => ({}),
): Backend => ({
  ...sound,
  createContext: (given = {}) => {
    const context = sound.createContext(options(given));
    return { ...context, newConnection: () => changed(context.newConnection(), connection) };
  },
});

/** The real object behind, but for what is changed. */
function changed(ssl: Ssl, change: (ssl: Ssl) => Partial<Ssl>): Ssl {
  const changes = change(ssl);
  return new Proxy(ssl, {
    get: (target, key) => {
      if (key in changes) return changes[key as keyof Ssl];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const same = (options: ContextOptions): ContextOptions => options;

const MUTANTS: readonly (readonly [title: string, engine: Backend, group: string, check: string])[] = [
  [
    'verifies nobody',
    mutant((options) => ({ ...options, verify: 'none' })),
    'certificates that are refused',
    'an expired certificate',
  ],
  [
    'checks no names',
    mutant(same, () => ({ setHost: () => {} })),
    'certificates that are refused',
    'a certificate for another name',
  ],
  ['forgets the pins', mutant(({ pins: _, ...options }) => options), 'pins', 'CERT_PIN_MISMATCH'],
  ['forgets the CRLs', mutant(({ crls: _, ...options }) => options), 'CRLs', 'list it refuse'],
  [
    'drops options that it does not know',
    mutant(({ trustAnchor: _, ...options }: ContextOptions & { trustAnchor?: unknown }) => options),
    'wrong options',
    'an unknown key',
  ],
  ['ignores ALPN', mutant(({ alpn: _, ...options }) => options), 'ALPN', 'agrees on one protocol'],
  [
    'calls every failure a protocol error',
    mutant(same, (ssl) => ({
      getError: (ret) =>
        ret > 0 ? SslErrorCode.none : ssl.getError(ret) === SslErrorCode.syscall ? SslErrorCode.ssl : ssl.getError(ret),
    })),
    'the return table',
    'fails during the handshake',
  ],
  [
    'never returns 0 from a handshake',
    mutant(same, (ssl) => ({ connect: () => ssl.connect() || -1 })),
    'the return table',
    "the peer's fatal alert",
  ],
  [
    'makes a new failure each time',
    mutant(same, (ssl) =>
      Object.defineProperty({}, 'failure', {
        get: () => ssl.failure && failed(new TlsError(ssl.failure.error)),
        enumerable: true,
      }),
    ),
    'the return table',
    'the same failure',
  ],
  [
    'is done with its close when it has sent it',
    mutant(same, (ssl) => ({ shutdown: () => ssl.shutdown() || 1 })),
    'closing',
    'shutdown() is 0',
  ],
  [
    'exports the same to everybody',
    mutant(same, () => ({ exportKeyingMaterial: (_label, _context, length) => new Uint8Array(length) })),
    'exporters',
    'give both sides',
  ],
  [
    'exports after its secrets are gone',
    mutant(same, (ssl) => ({
      exportKeyingMaterial: (label, context, length) =>
        ssl.failure === undefined ? ssl.exportKeyingMaterial(label, context, length) : new Uint8Array(length),
    })),
    'secrets that are gone',
    'a record that does not open',
  ],
  [
    'leaves lines out of the key log',
    mutant(({ onKeylog, ...options }) => ({
      ...options,
      ...(onKeylog && { onKeylog: (line, ssl) => line.startsWith('CLIENT_H') || onKeylog(line, ssl) }),
    })),
    'the key log',
    'has the lines',
  ],
];

describe('the conformance suite notices an engine that', () => {
  it.each(MUTANTS)('%s', async (_title, engine, groupTitle, checkTitle) => {
    const checks = suite
      .filter(({ title }) => title.includes(groupTitle))
      .flatMap(({ checks }) => checks)
      .filter(({ title }) => title.includes(checkTitle));
    expect(checks).not.toHaveLength(0);
    for (const { run } of checks) {
      await expect(Promise.resolve(run(sound))).resolves.toBeUndefined();
      await expect(Promise.resolve(run(engine))).rejects.toThrow();
    }
  });
});
