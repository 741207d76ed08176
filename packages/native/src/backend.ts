/** @module The engine: what this process's OpenSSL can do, found out by asking it, and contexts made of it. */
import type { Backend, ContextOptions, Feature, SslContext } from '@ferrule/contract';
import type { Binding, Library } from './binding.ts';
import { makeContext } from './context.ts';
import { CIPHER_SUITES, COMPRESSIONS, GROUPS, isHybrid, PROFILES, SCHEMES } from './names.ts';

/** What the library at hand can do, in its own names. */
export interface Abilities {
  /** OpenSSL's name of each cipher suite that we use and it has. */
  readonly suiteNames: ReadonlyMap<number, string>;
  readonly groupNames: ReadonlyMap<number, string>;
  readonly schemeNames: ReadonlyMap<number, string>;
  readonly compressions: ReadonlySet<string>;
  /** OpenSSL 3.5: `*` in the list of groups marks those that get a key share. */
  readonly keyShareChoice: boolean;
}

/** What every OpenSSL 3 can do. Absent, with reasons, in docs/adr/0012: external-signer, seeded-random, ech, grease and others. */
const FEATURES: readonly Feature[] = [
  'synchronous',
  'tls1.2',
  'early-data',
  'async-verify',
  'async-credential',
  'padding',
  'external-psk',
  'reverify',
  'extended-master-secret-policy',
  'post-handshake-auth',
  'crl',
  'ocsp',
  'renegotiation-ignored',
  'secure-renegotiation-policy',
  'session-ticket-policy',
];

export function makeBackend(library: Library): Backend {
  const { binding } = library;
  const abilities = probe(binding);
  const features = new Set<Feature>(FEATURES);
  if ([...abilities.groupNames.keys()].some(isHybrid)) features.add('mlkem');
  if (abilities.keyShareChoice) features.add('key-share-choice');
  if (abilities.compressions.size > 0) features.add('certificate-compression');
  const backend: Backend = Object.freeze({
    name: 'native',
    engine: `${binding.version().split(' ').slice(0, 2).join(' ')} (host process)`,
    features,
    supported: Object.freeze({
      cipherSuites: Object.freeze([...abilities.suiteNames.keys()]),
      groups: Object.freeze([...abilities.groupNames.keys()]),
      signatureAlgorithms: Object.freeze([...abilities.schemeNames.keys()]),
      profiles: PROFILES,
    }),
    createContext: (options?: ContextOptions): SslContext => makeContext(library, backend, abilities, options),
  } satisfies Backend);
  return backend;
}

/** Neither Node's version nor OpenSSL's tells which groups a build has; OpenSSL itself does. */
function probe(binding: Binding): Abilities {
  const names = new Map(binding.cipherSuites());
  const known = CIPHER_SUITES.flatMap(([id]): [number, string][] => {
    const name = names.get(id);
    return name === undefined ? [] : [[id, name]];
  });
  return {
    suiteNames: new Map(known),
    groupNames: new Map(GROUPS.flatMap(([id, name]): [number, string][] => (binding.accepts('groups', name) ? [[id, name]] : []))),
    schemeNames: new Map(SCHEMES.flatMap(({ id, name }): [number, string][] => (binding.accepts('signatureAlgorithms', name) ? [[id, name]] : []))),
    compressions: new Set(Object.entries(COMPRESSIONS).flatMap(([name, id]) => (binding.accepts('certificateCompression', id) ? [name] : []))),
    keyShareChoice: binding.accepts('groups', 'X25519:*P-256'),
  };
}
