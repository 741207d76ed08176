/** @module The conformance suite for pages: what of it is Node's, servers and certificates, is asked of Node. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { FOR_PAGES } from '../for-pages.ts';
import { FAR } from './far.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PEERS = here('peers.ts');
const PEER = fileURLToPath(new URL('server/peer.ts', import.meta.resolve('@ferrule/conformance')));
const REMOTE = 'remote';

/** A module whose every export is Node's. */
const remote = (module: string): string =>
  [
    `import { exported } from ${JSON.stringify(here('near.ts'))};`,
    ...Object.keys(FAR[module] as object)
      .filter((name) => name !== 'default')
      .map((name) => `export const ${name} = exported('${module}', '${name}');`),
  ].join('\n');

const inPage: Plugin = {
  name: 'the suite in a page',
  setup(bundler) {
    const to = (filter: RegExp, path: string, namespace: string = 'file'): void =>
      bundler.onResolve({ filter }, ({ importer }) =>
        importer.startsWith(here('.')) || importer === 'peer' ? undefined : { path, namespace },
      );
    to(/^node:assert\/strict$/, here('assert.ts'));
    to(/^node:crypto$/, 'crypto', REMOTE);
    to(/^node:vm$|\/blocking\.ts$|\/server\/(?:index|tls-server|openssl-server)\.ts$/, PEERS);
    to(/\/pki\/(?:index|issue|crlite|ml-dsa|revocation)\.ts$/, 'pki', REMOTE);
    to(/\/server\/peer\.ts$/, 'peer', REMOTE);
    to(/^(?:vitest|node:net|node:stream)$/, 'nothing', REMOTE);
    bundler.onLoad({ filter: /.*/, namespace: REMOTE }, ({ path }) => ({
      contents: contentsOf(path),
      resolveDir: here('.'),
    }));
    bundler.onLoad({ filter: /\/packages\/conformance\/src\/.*\.ts$/ }, async ({ path }) => ({
      contents: `import { Buffer, process, setImmediate } from ${JSON.stringify(here('globals.ts'))};\n${await readFile(path, 'utf8')}`,
      loader: 'ts',
    }));
  },
};

function contentsOf(module: string): string {
  switch (module) {
    case 'peer':
      return `export * from ${JSON.stringify(PEERS)};\nexport { ScriptedPeer } from ${JSON.stringify(PEER)};`;
    case 'nothing':
      return 'export const describe = undefined, it = undefined, connect = undefined; export class Duplex {}';
    default:
      return remote(module);
  }
}

/** The page's files, by their paths. */
export async function suiteFiles(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    ...FOR_PAGES,
    entryPoints: [here('worker.ts')],
    plugins: [inPage],
  });
  const worker = outputFiles[0]?.text ?? '';
  const page = "new Worker('/worker.js', { type: 'module' });";
  return new Map([
    ['/worker.js', worker],
    ['/page.js', page],
  ]);
}
