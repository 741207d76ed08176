/** @module The engine: probes the abilities of this process's OpenSSL, and creates contexts. */
import type { Backend, ContextOptions, Feature, SslContext } from '@ferrule/contract';
import { CertificateCompressionId } from '@ferrule/result/numbers';
import { byPreference, GROUPS, isKem, SIGNATURE_SCHEMES, SUITES } from '@ferrule/result/preference';
import type { Binding, Library } from './binding.ts';
import { makeContext } from './context.ts';
import {
  defaultGroups,
  mayUseGroup,
  mayUseScheme,
  mayUseSchemeOfProvider,
  PROFILES,
  type Scheme,
  SCHEMES,
} from './names.ts';

/** The abilities of this library, by its own names. */
export interface Abilities {
  /** OpenSSL's name of each supported cipher suite. In order of preference, like the others. */
  readonly suiteNames: ReadonlyMap<number, string>;
  readonly groupNames: ReadonlyMap<number, string>;
  /** Offered when the caller names none. */
  readonly defaultGroups: readonly number[];
  readonly schemeNames: ReadonlyMap<number, string>;
  readonly schemes: readonly Scheme[];
  readonly compressions: ReadonlySet<string>;
  /** OpenSSL 3.5: `*` in the list of groups marks those that get a key share. */
  readonly keyShareChoice: boolean;
}

/**
 * Features of every OpenSSL 3. Absent, with reasons in docs/adr/0012: external-signer, seeded-random, ech, grease and
 * others.
 */
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
  'revocation-filter',
  'renegotiation-ignored',
  'secure-renegotiation-policy',
  'session-ticket-policy',
];

export function makeBackend(library: Library): Backend {
  const { binding } = library;
  const abilities = probe(binding);
  const features = new Set<Feature>(FEATURES);
  if ([...abilities.groupNames.keys()].some(isKem)) features.add('mlkem');
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

/** The versions of Node and OpenSSL do not determine what a build supports; OpenSSL itself reports it. */
function probe(binding: Binding): Abilities {
  const suites = new Map(binding.cipherSuites());
  const groups = new Map<number, string>();
  for (const { id, name } of binding.groups().filter(mayUseGroup))
    if (!groups.has(id) && binding.accepts('groups', name)) groups.set(id, name);
  const usableGroups = byPreference(GROUPS, groups.keys());
  const schemes = schemesOf(binding);
  return {
    suiteNames: picked(suites, byPreference(SUITES, suites.keys())),
    groupNames: picked(groups, usableGroups),
    // The name of OpenSSL 3.5 for its defaults; earlier ones were those that we offer plus finite fields.
    defaultGroups: defaultGroups(usableGroups, binding.offer('DEFAULT', '').groups),
    schemeNames: new Map(schemes.map(({ id, name }) => [id, name])),
    schemes,
    compressions: new Set(
      Object.entries(CertificateCompressionId).flatMap(([name, id]) =>
        binding.accepts('certificateCompression', id) ? [name] : [],
      ),
    ),
    keyShareChoice: binding.accepts('groups', 'X25519:*P-256'),
  };
}

const picked = (names: ReadonlyMap<number, string>, ids: readonly number[]): ReadonlyMap<number, string> =>
  new Map(ids.map((id) => [id, names.get(id) ?? '']));

function schemesOf(binding: Binding): readonly Scheme[] {
  const { builtin, ofProviders } = binding.schemes();
  const known = new Map(SCHEMES.map((scheme) => [scheme.name, scheme]));
  const names = builtin === '' ? [...known.keys()] : builtin.split(':');
  const found = [
    // An unknown name: its code point is read from a ClientHello that offers it.
    ...names.flatMap((name): readonly Scheme[] => {
      const scheme = known.get(name);
      return scheme === undefined ? binding.offer('', name).schemes.map((id) => ({ id, name, kind: '' })) : [scheme];
    }),
    ...ofProviders
      .filter(mayUseSchemeOfProvider)
      .map(({ id, name, keyType }): Scheme => ({ id, name, kind: keyType, only: 'TLSv1.3' })),
  ].filter(({ id, name }) => mayUseScheme(id) && binding.accepts('signatureAlgorithms', name));
  const ids = byPreference(
    SIGNATURE_SCHEMES,
    found.map(({ id }) => id),
  );
  return ids.flatMap((id) => found.find((scheme) => scheme.id === id) ?? []);
}
