/**
 * @module The cryptography of the host that this runs on: the table of policy, and the provider that follows from it.
 *
 * Which source is first goes by what is there; whether it is sound goes by probing it (ADR 0110).
 */
import { composeCrypto, type ComposedCrypto, type Source } from './compose.ts';

export type { ComposedCrypto, Origin, StepDown } from './compose.ts';
export type { CryptoProvider } from './provider.ts';

export type SourceName = 'node:crypto' | 'WebCrypto' | 'tuned' | 'noble';

export interface PolicyRow {
  /** What the host has, for people. */
  readonly host: string;
  /** Fastest first. */
  readonly sources: readonly SourceName[];
  /** Measured, or why. */
  readonly because: string;
}

interface Row extends PolicyRow {
  readonly fits: (host: Host) => boolean;
}

/** The first row that fits is the host's. */
export const POLICY: readonly PolicyRow[] = Object.freeze<Row[]>([
  {
    host: 'node:crypto and WebCrypto on Rust (`process.versions.deno`)',
    sources: ['WebCrypto', 'node:crypto', 'tuned', 'noble'],
    because: 'its WebCrypto opens records three times as fast as its node:crypto',
    fits: ({ versions, subtle }) => versions['deno'] !== undefined && subtle,
  },
  {
    host: 'node:crypto on OpenSSL or BoringSSL (`process.versions.openssl`): Node, Bun, Electron',
    sources: ['node:crypto', 'tuned', 'noble'],
    because: 'it answers at once, and nothing else is as fast',
    // workerd has an empty one.
    fits: ({ versions, nodeCrypto }) => nodeCrypto && Boolean(versions['openssl']),
  },
  {
    host: '`crypto.subtle`: browsers with HTTPS, workers, edge runtimes',
    sources: ['WebCrypto', 'tuned', 'noble'],
    because: 'AES-GCM in JavaScript takes 3 to 30 times as long',
    fits: ({ subtle }) => subtle,
  },
  {
    host: 'nothing but JavaScript: pages without HTTPS, embedded engines',
    sources: ['tuned', 'noble'],
    because: 'the kernels of `tuned` are two to six times as fast as those of noble',
    fits: () => true,
  },
]);

/** What of this host the table asks for. */
interface Host {
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly nodeCrypto: boolean;
  readonly subtle: boolean;
}

/** The row of this host, or of one with other globals; `without` node:crypto, where it cannot be loaded. */
export function policyOfHost(globals: object = globalThis, without?: 'node:crypto'): PolicyRow {
  const { process, crypto } = globals as {
    readonly process?: {
      readonly versions?: Host['versions'];
      readonly getBuiltinModule?: (id: string) => unknown;
    };
    readonly crypto?: { readonly subtle?: unknown };
  };
  const host = {
    versions: process?.versions ?? {},
    nodeCrypto: without === undefined && process?.getBuiltinModule?.('node:crypto') !== undefined,
    subtle: crypto?.subtle !== undefined,
  };
  return POLICY.find((row) => (row as Row).fits(host)) as PolicyRow;
}

let made: Promise<ComposedCrypto> | undefined;

/**
 * The provider of this host, made once: by the table of policy, each primitive from the first source that has it and
 * computes it soundly here.
 * @throws TypeError (as a rejection) where the host has no `crypto.getRandomValues` or no `TextEncoder`, naming it.
 */
export const hostCrypto = (): Promise<ComposedCrypto> => (made ??= make());

async function make(): Promise<ComposedCrypto> {
  const { crypto, TextEncoder, TextDecoder } = globalThis as {
    readonly crypto?: { readonly getRandomValues?: unknown };
    readonly TextEncoder?: unknown;
    readonly TextDecoder?: unknown;
  };
  const needed = { 'crypto.getRandomValues': crypto?.getRandomValues, TextEncoder, TextDecoder };
  for (const [name, value] of Object.entries(needed)) {
    if (typeof value !== 'function')
      throw new TypeError(`this host has no ${name}, which TLS needs: define it before ferrule is imported`);
  }
  let order = policyOfHost().sources;
  if (order[0] === 'node:crypto' && !(await loads('node:crypto')))
    // Tried again in its place, so that the step down is told.
    order = ['node:crypto', ...policyOfHost(globalThis, 'node:crypto').sources];
  return composeCrypto(order.map((name) => SOURCES[name]));
}

// By their public names: a bundler that leaves one out leaves a source out, and the next one is taken.
const SOURCES: Readonly<Record<SourceName, Source>> = {
  'node:crypto': {
    name: 'node:crypto',
    load: async () => required((await import('@ferrule/pure/crypto/node')).nodeCrypto, '@ferrule/pure/crypto/node'),
  },
  WebCrypto: {
    name: 'WebCrypto',
    load: async () => {
      const { createWebCryptoAlone } = await import('@ferrule/pure/crypto/webcrypto');
      return required(createWebCryptoAlone, '@ferrule/pure/crypto/webcrypto')();
    },
  },
  tuned: {
    name: 'tuned',
    load: async () => required((await import('@ferrule/pure/crypto/tuned')).tunedCrypto, '@ferrule/pure/crypto/tuned'),
  },
  noble: {
    name: 'noble',
    load: async () => required((await import('@ferrule/pure/crypto/noble')).nobleCrypto, '@ferrule/pure/crypto/noble'),
  },
};

const loads = (name: SourceName): Promise<boolean> =>
  SOURCES[name].load().then(
    () => true,
    () => false,
  );

/** A bundle in which a module is mapped to nothing has an empty one in its place. */
function required<T>(value: T | undefined, module: string): T {
  if (value === undefined) throw new TypeError(`${module} is not in this bundle`);
  return value;
}
