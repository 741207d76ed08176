/** @module How each bundler is asked for a bundle, with no more settings than docs/bundlers.md tells. */

export type Target = 'node' | 'browser';

export interface Bundler {
  readonly name: string;
  readonly version: string;
  /** What a reader has to set, in the words of docs/bundlers.md. */
  readonly node: string;
  readonly browser: string;
  /** The command, the files of settings that it reads, and what it reads in the project's package.json. */
  build(
    target: Target,
    out: string,
  ): {
    readonly command: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    readonly manifest?: object;
  };
}

export const VERSIONS = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-json': '6.1.0',
  '@rollup/plugin-node-resolve': '16.0.3',
  esbuild: '0.27.7',
  parcel: '2.16.4',
  rollup: '4.68.8',
  vite: '7.3.8',
  webpack: '5.113.0',
  'webpack-cli': '6.0.1',
} as const;

/** What parcel reads in package.json. */
const PARCEL = {
  '@parcel/resolver-default': { packageExports: true },
  targets: {
    node: { context: 'node', outputFormat: 'esmodule', includeNodeModules: true, engines: { node: '>=20' } },
    browser: { context: 'browser', outputFormat: 'esmodule', engines: { browsers: 'last 2 Chrome versions' } },
  },
} as const;

/** What is bundled, and `runner`, which gives the bundle for browsers a pipe to the server. */
export const PROGRAMS: Readonly<Record<Target | 'runner', string>> = {
  node: `import { connect } from 'ferrule';
const { port, root } = JSON.parse(process.argv[2]);
for (const choice of [{}, { backend: 'pure' }]) {
  const tls = await connect({ host: '127.0.0.1', port, servername: 'server.test', ca: root, ...choice });
  const writer = tls.writable.getWriter();
  await writer.write(new TextEncoder().encode('there'));
  let text = '';
  for await (const bytes of tls.readable) text += new TextDecoder().decode(bytes);
  console.log(\`\${tls.info.backend}: \${text} \${JSON.stringify(tls.info.fellBackBecause)}\`);
  await tls.close();
}
process.exit();
`,
  browser: `import { connectOver } from 'ferrule';
globalThis.overPipe = async (pipe, ca) => {
  const tls = await connectOver(pipe, { host: 'server.test', ca });
  const writer = tls.writable.getWriter();
  await writer.write(new TextEncoder().encode('there'));
  let text = '';
  for await (const bytes of tls.readable) text += new TextDecoder().decode(bytes);
  return \`\${tls.info.backend}: \${text}\`;
};
`,
  runner: `import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';
const { port, root } = JSON.parse(process.argv[2]);
await import(pathToFileURL(process.argv[3]).href);
const socket = connect(port, '127.0.0.1');
const readable = new ReadableStream({
  start(controller) {
    socket.on('data', (data) => controller.enqueue(new Uint8Array(data)));
    socket.on('end', () => controller.close());
    socket.on('error', (error) => controller.error(error));
  },
});
const writable = new WritableStream({
  write: (bytes) => new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
  close: () => void socket.end(),
});
console.log(await globalThis.overPipe({ readable, writable }, root));
process.exit();
`,
};

const entry = (target: Target): string => `src/${target}.js`;

export const BUNDLERS: readonly Bundler[] = [
  {
    name: 'esbuild',
    version: VERSIONS.esbuild,
    node: '`--bundle --platform=node --format=esm`',
    browser: '`--bundle --format=esm`',
    build: (target, out) => ({
      command: [
        'esbuild',
        entry(target),
        '--bundle',
        `--platform=${target}`,
        '--format=esm',
        '--log-level=warning',
        `--outfile=${out}/main.mjs`,
      ],
    }),
  },
  {
    name: 'rollup',
    version: VERSIONS.rollup,
    node: 'node-resolve, commonjs, json',
    browser: 'node-resolve with `browser: true`, commonjs, json',
    build: (target, out) => ({
      command: ['rollup', '--silent', '-c', `rollup.${target}.js`],
      files: {
        [`rollup.${target}.js`]: `import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import resolve from '@rollup/plugin-node-resolve';
export default {
  input: '${entry(target)}',
  plugins: [resolve(${target === 'browser' ? '{ browser: true }' : ''}), commonjs(), json()],
  output: { dir: '${out}', format: 'es', entryFileNames: 'main.mjs' },
};
`,
      },
    }),
  },
  {
    name: 'vite',
    version: VERSIONS.vite,
    node: '`build.ssr` with `ssr.noExternal: true`',
    browser: 'none',
    build: (target, out) => ({
      command: ['vite', 'build', '--logLevel', 'warn', '-c', `vite.${target}.js`],
      files: {
        [`vite.${target}.js`]:
          target === 'node'
            ? `export default { ssr: { noExternal: true }, build: { ssr: '${entry(target)}', outDir: '${out}' } };\n`
            : `export default { build: { outDir: '${out}', lib: { entry: '${entry(target)}', formats: ['es'], fileName: 'main' } } };\n`,
      },
    }),
  },
  {
    name: 'webpack',
    version: VERSIONS.webpack,
    node: "`target: 'node20'`, `experiments.outputModule`",
    browser: '`experiments.outputModule`',
    build: (target, out) => ({
      command: ['webpack', 'build', '-c', `webpack.${target}.js`],
      files: {
        [`webpack.${target}.js`]: `import { resolve } from 'node:path';
export default {
  mode: 'production',
  target: '${target === 'node' ? 'node20' : 'web'}',
  entry: './${entry(target)}',
  experiments: { outputModule: true },
  output: { path: resolve('${out}'), filename: 'main.mjs', module: true, chunkFormat: 'module', chunkLoading: 'import' },
  stats: 'errors-warnings',
};
`,
      },
    }),
  },
  {
    name: 'parcel',
    version: VERSIONS.parcel,
    node: '`"@parcel/resolver-default": { "packageExports": true }`, `includeNodeModules`, `outputFormat: "esmodule"`',
    browser:
      '`"@parcel/resolver-default": { "packageExports": true }`, and `"alias": { "@ferrule/native": false, "@ferrule/pure/crypto/node": false }`',
    build: (target, out) => ({
      command: [
        'parcel',
        'build',
        entry(target),
        '--no-cache',
        '--no-source-maps',
        '--dist-dir',
        out,
        '--target',
        target,
      ],
      manifest: {
        ...PARCEL,
        alias: target === 'browser' ? { '@ferrule/native': false, '@ferrule/pure/crypto/node': false } : {},
      },
    }),
  },
];
