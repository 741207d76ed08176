/** @module Which sources are mutated, and which tests have to kill their mutants. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instrument, type Instrumented } from './sites.ts';

/** The repository. */
export const ROOT: string = fileURLToPath(new URL('../../../..', import.meta.url));

export type Engine = 'pure' | 'x509' | 'native';

export interface Tests {
  /** The package whose tests they are, as a path in the repository. */
  readonly folder: string;
  /** Parts of the names of test files, as vitest filters by them. */
  readonly files: readonly string[];
  /** Only tests whose name matches this pattern. */
  readonly only?: string;
}

export interface Target {
  readonly engine: Engine;
  /** Folders and files in the repository. */
  readonly sources: readonly string[];
  /** In the order in which they are run: a mutant that an early one kills is not tried by a later one. */
  readonly tests: readonly Tests[];
}

const PURE = 'packages/pure/src';
const X509 = 'packages/x509/src';
/** What describes, and decides nothing. */
const NO_RULES = /\/(describe[\w-]*|explain|oid-names|index|options|pem|x509-v|noble|webcrypto|node)\.ts$/;

export const TARGETS: readonly Target[] = [
  {
    engine: 'pure',
    sources: [
      'flow',
      'auth',
      'session',
      'record',
      'wire',
      'ech',
      'quic',
      'connection.ts',
      'handshake.ts',
      'negotiated.ts',
    ].map((name) => `${PURE}/${name}`),
    tests: [
      {
        folder: 'packages/pure',
        files: [
          'src/flow',
          'src/auth',
          'src/session',
          'src/record',
          'src/wire',
          'src/ech',
          'src/engine',
          'test/flow',
          'test/after13',
          'test/ech-refusals',
          'test/refusals',
          'test/quic',
        ],
      },
      { folder: 'apps/judges', files: ['test/hostile.test'] },
      { folder: 'packages/pure', files: ['test/conformance.node'] },
      {
        folder: 'apps/judges',
        files: ['test/native-rules', 'test/oracle', 'test/external-psk', 'test/unfinished-write', 'test/short-record'],
      },
    ],
  },
  {
    engine: 'x509',
    sources: [X509],
    tests: [
      { folder: 'packages/x509', files: ['test/rules', 'test/malformed', 'test/responses', 'test/webs'] },
      {
        folder: 'packages/x509',
        files: [
          'src/path',
          'src/status',
          'src/constraints',
          'src/der',
          'src/general-name',
          'src/host',
          'src/public-key',
          'src/trust',
          'src/remember',
        ],
      },
      {
        folder: 'packages/x509',
        files: ['test/openssl-codes', 'test/search', 'test/roots', 'test/compatible', 'test/crlite'],
      },
      { folder: 'packages/pure', files: ['test/signatures.test'] },
      { folder: 'packages/x509', files: ['test/hostile'] },
    ],
  },
  {
    engine: 'native',
    sources: ['packages/native/core'],
    tests: [
      { folder: 'apps/judges', files: ['test/hostile-native', 'test/native-rules'] },
      { folder: 'packages/native', files: ['test/engine', 'test/conformance'] },
      { folder: 'apps/judges', files: ['test/constraints', 'test/crlite', 'test/chains', 'test/homemade-pki'] },
    ],
  },
];

/** The mutated sources of a target in TypeScript, as absolute paths. */
export function sourcesOf({ sources }: Target): string[] {
  const files = (path: string): string[] => {
    if (/\.\w+$/.test(path)) return [path];
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? files(join(path, entry.name)) : [join(path, entry.name)],
    );
  };
  return sources
    .map((source) => join(ROOT, source))
    .filter((path) => existsSync(path))
    .flatMap(files)
    .filter(
      (path) =>
        path.endsWith('.ts') &&
        !path.endsWith('.test.ts') &&
        !path.endsWith('.d.ts') &&
        !(path.includes(X509) && NO_RULES.test(path)),
    );
}

/** A source with its switches. */
export function instrumentFile(path: string): Instrumented {
  return instrument(relative(join(ROOT, 'packages'), path), readFileSync(path, 'utf8'));
}
