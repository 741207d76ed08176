/** @module Who is measured. */
import type { Load, Need } from './client.ts';
import { byHand, type EngineName, throughConnect, throughDuplex } from './clients/ferrule.ts';
import { nodeFresh, nodeOverDuplex, nodeShared } from './clients/node-tls.ts';
import { lemonTls, subtls } from './clients/others.ts';

export interface Subject {
  readonly id: string;
  readonly title: string;
  readonly load: Load;
  readonly lacks: readonly Need[];
  /** A mebibyte takes it so long that hundreds of them say nothing new. */
  readonly slow: boolean;
  /** Measured where nobody names subjects. */
  readonly usual: boolean;
  /** What a bundler is given to find out how large it is. */
  readonly entry: string | undefined;
}

/** Everybody's ratio is to this one. */
export const REFERENCE = 'nodetls-shared';

const ENGINES: Readonly<
  Record<EngineName, { readonly title: string; readonly slow: boolean; readonly signs: boolean; readonly from: string }>
> = {
  native: { title: 'native', slow: false, signs: true, from: "export { createNative } from '@ferrule/native';" },
  node: {
    title: 'pure, node:crypto',
    slow: false,
    signs: true,
    from: "export { createPure } from '@ferrule/pure'; export { nodeCrypto } from '@ferrule/pure/crypto/node';",
  },
  webcrypto: {
    title: 'pure, WebCrypto',
    slow: true,
    signs: true,
    from: "export { createPure } from '@ferrule/pure'; export { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';",
  },
  noble: {
    title: 'pure, noble',
    slow: true,
    signs: false,
    from: "export { createPure } from '@ferrule/pure'; export { nobleCrypto } from '@ferrule/pure/crypto/noble';",
  },
  tuned: {
    title: 'pure, tuned',
    slow: true,
    signs: false,
    from: "export { createPure } from '@ferrule/pure'; export { tunedCrypto } from '@ferrule/pure/crypto/tuned';",
  },
};

/** Through other faces than the Duplex, the two engines that Node users have stand for the rest. */
const BOTH: ReadonlySet<string> = new Set(['native', 'node']);

const ours = (
  face: string,
  title: string,
  load: (engine: EngineName) => Load,
  from: string,
  usual: (engine: string) => boolean,
): readonly Subject[] =>
  (Object.keys(ENGINES) as EngineName[]).map((engine) => ({
    id: engine === 'native' ? `native-${face}` : `pure-${engine}-${face}`,
    title: `${ENGINES[engine].title}, ${title}`,
    load: load(engine),
    lacks: ENGINES[engine].signs ? [] : ['clientCertificate'],
    slow: ENGINES[engine].slow,
    usual: usual(engine),
    entry: `${ENGINES[engine].from} ${from}`,
  }));

const theirs = (
  id: string,
  title: string,
  load: Load,
  others: Partial<Pick<Subject, 'lacks' | 'slow' | 'entry'>> = {},
): Subject => ({ id, title, load, lacks: [], slow: false, usual: true, entry: undefined, ...others });

export const SUBJECTS: readonly Subject[] = [
  theirs('nodetls', 'node:tls', nodeFresh),
  theirs(REFERENCE, 'node:tls, shared context', nodeShared),
  theirs('nodetls-duplex', 'node:tls over a Duplex', nodeOverDuplex),
  theirs('lemon-tls', 'lemon-tls', lemonTls, { entry: "export * from 'lemon-tls';" }),
  theirs('subtls', 'subtls', subtls, {
    slow: true,
    // It takes the first full record of a download for the end
    lacks: ['resumption', 'clientCertificate', 'download'],
    entry: "export { startTls, TrustedCert } from 'subtls';",
  }),
  ...ours('duplex', 'Duplex', throughDuplex, "export { TlsConnector } from '@ferrule/node/duplex';", () => true),
  ...ours('connect', 'connect()', throughConnect, "export { connect } from 'ferrule';", (engine) => BOTH.has(engine)),
  ...ours('bio', 'BIOs by hand', byHand, "export { bioPair } from '@ferrule/bio';", (engine) => BOTH.has(engine)),
];

/** @throws TypeError for a name that is none. */
export function subjectsNamed(names: string | undefined): readonly Subject[] {
  if (names === undefined) return SUBJECTS.filter(({ usual }) => usual);
  if (names === 'all') return SUBJECTS;
  return names.split(',').map((name) => {
    const found = SUBJECTS.find(({ id }) => id === name);
    if (found === undefined)
      throw new TypeError(`--subjects: ${name} is none of ${SUBJECTS.map(({ id }) => id).join(', ')}`);
    return found;
  });
}
