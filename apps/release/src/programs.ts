/** @module What a project does with a package that it has installed: imports all of it, in three ways, and connects. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installer } from './installers.ts';
import { plainEnv, run } from './steps.ts';
import type { Tools } from './tools.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
  /** What its `exports` offers but for files of JSON, e.g. `ferrule/tcp`. */
  readonly entries: readonly string[];
  /** ESM alone, as its `exports` says. */
  readonly esmOnly: boolean;
  /** Those that are, for Node, one file with other modules, and give the names of those too (ADR 0135). */
  readonly joined: readonly string[];
}

/** The other side of the handshakes. */
export interface Server {
  readonly port: number;
  /** PEM. */
  readonly root: string;
}

/** What needs a package that the user chooses, a peer: it is tried where the peers are. */
const NEEDS_PEERS =
  /^@ferrule\/node\/adapters\/(?!https$|http2$)|^@ferrule\/conformance$|^@ferrule\/x509\/crypto\/(?!node$)/;
/** The noble libraries are ESM alone, and @ferrule/pure requires them. */
const ON_ESM_ALONE: readonly string[] = ['@ferrule/pure'];
/** Types alone, and what is imported for what it does. */
const NAMELESS: readonly string[] = ['@ferrule/contract', '@ferrule/node/register'];

export const entriesOf = ({ entries }: Package, withPeers = false): readonly string[] =>
  entries.filter((entry) => withPeers || !NEEDS_PEERS.test(entry));

/**
 * `import` and `require()` of every entry give the same names; of one that is joined, `import` may give more. What is ESM alone is required too, as Node 20.19 and
 * 22.12 can, but not under Plug'n'Play, whose files are in archives: there require() finds no module.
 */
export async function importsAll(installer: Installer, folder: string, given: Package): Promise<string> {
  const esmAlone = given.esmOnly || ON_ESM_ALONE.includes(given.name);
  const ways = esmAlone && installer.name === 'yarn-pnp' ? (['mjs'] as const) : (['mjs', 'cjs'] as const);
  const [esm, cjs] = await Promise.all(
    ways.map(async (extension) => {
      const load = extension === 'mjs' ? 'await import' : 'require';
      const names = entriesOf(given).map((entry) => `${JSON.stringify(entry)}: namesOf(${load}('${entry}'))`);
      writeFileSync(
        join(folder, `all.${extension}`),
        `${NAMES_OF}console.log(JSON.stringify({ ${names.join(', ')} }));\n`,
      );
      const printed = await installer.node(folder, [`all.${extension}`]);
      return JSON.parse(printed) as Record<string, string[]>;
    }),
  );
  let count = 0;
  for (const [entry, names] of Object.entries(esm ?? {})) {
    const own = names.filter((name) => !['default', 'module.exports', '__esModule'].includes(name));
    const required = (cjs?.[entry] ?? []).filter((name) => !['default', 'module.exports', '__esModule'].includes(name));
    const alone = given.joined.includes(entry) ? [] : own.filter((name) => !required.includes(name));
    const missing = required.filter((name) => !own.includes(name));
    if (cjs !== undefined && alone.length + missing.length > 0)
      throw new Error(`${entry}: import alone gives ${alone.join()}, require() alone ${missing.join()}`);
    if (own.length === 0 && !NAMELESS.includes(entry)) throw new Error(`${entry} exports nothing`);
    count += own.length;
  }
  return `${count} names${cjs === undefined ? ', imported only' : ''}`;
}

const MODES = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const;

/** Every entry, in a module and (where the package has one) from CommonJS, with all declarations checked. */
export async function compilesAll(tools: Tools, folder: string, given: Package, withPeers = false): Promise<string> {
  const lines = entriesOf(given, withPeers).map(
    (entry, index) => `import * as entry${index} from '${entry}';\nexport const used${index} = entry${index};\n`,
  );
  const files = given.esmOnly ? ['all.mts'] : ['all.mts', 'all.cts'];
  for (const file of files) writeFileSync(join(folder, file), lines.join(''));
  for (const [mode, options] of Object.entries(MODES)) {
    const compilerOptions = {
      ...options,
      target: 'es2022',
      lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable', 'ESNext.Disposable'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      // TypeScript's own declarations are not ours to check
      skipDefaultLibCheck: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [tools.typeRoots],
    };
    const config = `tsconfig.${mode}.json`;
    writeFileSync(
      join(folder, config),
      JSON.stringify({ compilerOptions, files: mode === 'bundler' ? ['all.mts'] : files }),
    );
    await run(process.execPath, [tools.tsc, '-p', config], { cwd: folder, env: plainEnv });
  }
  return Object.keys(MODES).join(', ');
}

const CONTEXT = `const { PORT, ROOT } = process.env;
const port = Number(PORT);
`;

/** By an engine itself, over a BIO pair. */
const byHand = (make: string): string => `import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { bioPair } from '@ferrule/bio';
${make}
${CONTEXT}const root = new X509Certificate(ROOT).raw;
const ssl = backend.createContext({ trustAnchors: [root] }).newConnection();
const [internal, network] = bioPair();
ssl.setBio(internal, internal);
ssl.setHost('localhost');
const socket = connect(port, '127.0.0.1');
let received = new Uint8Array(0);
for (;;) {
  const ret = ssl.connect();
  for (let view = network.nread0(); view.length > 0; view = network.nread0()) {
    socket.write(view.slice());
    network.nread(view.length);
  }
  if (ret === 1) break;
  if (ssl.getError(ret) !== 2) throw ssl.failure?.error;
  if (received.length === 0) [received] = await once(socket, 'data');
  received = received.subarray(Math.max(0, network.write(received)));
}
console.log(ssl.version);
socket.destroy();
`;

/** What a handshake by hand needs beside the engine. */
export const BESIDE: Readonly<Record<string, readonly string[]>> = {
  '@ferrule/pure': ['@ferrule/bio'],
  '@ferrule/native': ['@ferrule/bio'],
};

/** Programs that print the version of TLS which they got, by package. */
export const HANDSHAKES: Readonly<Record<string, string>> = {
  ferrule: `import { connect } from 'ferrule';
${CONTEXT}for (const backend of ['native', 'pure']) {
  const tls = await connect({ host: 'localhost', port, ca: ROOT, backend });
  const writer = tls.writable.getWriter();
  await writer.write(new TextEncoder().encode('GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'));
  let text = '';
  for await (const chunk of tls.readable) text += new TextDecoder().decode(chunk);
  if (!text.endsWith('hello')) throw new Error('no page: ' + text);
  console.log(backend, tls.info.backend, tls.info.version);
  await tls.close();
}
`,
  '@ferrule/node': `import { get } from 'node:https';
import { TlsConnector } from '@ferrule/node/duplex';
import { TlsAgent } from '@ferrule/node/adapters/https';
${CONTEXT}const agent = new TlsAgent(new TlsConnector({ ca: ROOT }));
const text = await new Promise((resolve, reject) =>
  get({ host: 'localhost', port, agent }, async (response) => resolve(Buffer.concat(await response.toArray()).toString())).on('error', reject));
if (text !== 'hello') throw new Error('no page: ' + text);
console.log('TLSv1.3');
process.exit(0);
`,
  '@ferrule/pure': byHand(`import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
const backend = createPure({ crypto: nodeCrypto });`),
  '@ferrule/native': byHand(`import { loadNative } from '@ferrule/native';
const loaded = loadNative();
if (!loaded.ok) throw new Error(loaded.code + ': ' + loaded.reason);
const backend = loaded.backend;`),
};

/**
 * Of what has a value: with what is inherited and not enumerable, since what require() gives of a face of a module of
 * Node has that module behind it.
 */
const NAMES_OF = `const namesOf = (module) => {
  const names = new Set();
  for (let each = module; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each))
    for (const name of Object.getOwnPropertyNames(each)) if (module[name] !== undefined) names.add(name);
  return [...names].sort();
};
`;
