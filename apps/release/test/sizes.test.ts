/**
 * What a page loads of us, and that it loads nothing else: the entry and all that it imports statically, minified, as
 * gzip has it. What an `import()` would load later is not counted.
 */
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const NONE = '@ferrule/pure/parts/none';
const LEFT_OUT = {
  '@ferrule/pure/parts/client-certificates': NONE,
  '@ferrule/pure/parts/ech': NONE,
  '@ferrule/pure/parts/revocation': NONE,
  '@ferrule/pure/parts/tls12': NONE,
  '@ferrule/result/texts': '@ferrule/result/no-texts',
};
const NOBLE = /@noble\/(curves|ciphers|post-quantum)/;
const PARTS = /flow\/(client12|ech)\.ts|ech\/|auth\/sign\.ts|x509\/src\/(crl|status)\.ts|texts\/(codes|alerts)\.ts/;

interface Row {
  readonly name: string;
  readonly program: string;
  /** What the page has anyway: only what is loaded beyond it counts. */
  readonly beside?: string;
  readonly alias?: Readonly<Record<string, string>>;
  /** KiB of gzip. */
  readonly limit: number;
  /** What must not be in it. */
  readonly without: readonly RegExp[];
}

const ENGINE = `export { createPure } from '@ferrule/pure';
  export { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';`;

const ROWS: readonly Row[] = [
  {
    name: 'connectOver() on WebCrypto with every part left out',
    program: `import { connectOver } from 'ferrule';
      import { createPure } from '@ferrule/pure';
      import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
      export const open = async (pipe, host, ca) =>
        connectOver(pipe, { host, ca, backend: createPure({ crypto: await createWebCrypto() }) });`,
    alias: LEFT_OUT,
    limit: 91,
    without: [NOBLE, PARTS],
  },
  {
    name: 'connectOver() with the provider of the host',
    program: `export { connectOver } from 'ferrule';`,
    limit: 34,
    without: [NOBLE, /packages\/pure/, /packages\/native/, /packages\/x509/],
  },
  {
    name: 'the engine on WebCrypto',
    program: ENGINE,
    limit: 98.5,
    without: [NOBLE, /packages\/(ferrule|native)/],
  },
  {
    name: 'the engine on noble',
    program: `export { createPure } from '@ferrule/pure'; export { nobleCrypto } from '@ferrule/pure/crypto/noble';`,
    limit: 134.5,
    without: [/packages\/(ferrule|native)/, /tuned/, /crypto\/webcrypto/],
  },
  {
    name: 'paths of certificates',
    program: `export { parseCertificate, trustStore, validatePath } from '@ferrule/x509';`,
    limit: 24.6,
    without: [/@noble/, /packages\/(pure|ssl|ferrule)/, /crlite|pem|pkcs7/],
  },
  {
    name: 'CRLite filters, beside the engine',
    beside: ENGINE,
    program: `${ENGINE} export { crlite } from '@ferrule/x509/crlite';`,
    limit: 2,
    without: [NOBLE, /packages\/(ferrule|native)/],
  },
  {
    name: 'BIO pairs',
    program: `export { bioPair } from '@ferrule/bio';`,
    limit: 2,
    without: [/packages\/(ssl|pure)/, /memory|recording/],
  },
  {
    name: 'roots of Mozilla',
    program: `export { mozillaRoots } from '@ferrule/roots';`,
    limit: 49,
    without: [/packages\/(x509|ssl|pure|ferrule)/],
  },
  {
    name: 'STARTTLS',
    program: `export { starttls } from '@ferrule/starttls';`,
    limit: 14,
    without: [/packages\/(ssl|pure|ferrule)/],
  },
];

describe('no more than its limit, and nothing that it does not need, is loaded of', () => {
  it.each(ROWS.map((row) => [row.name, row] as const))('%s', async (_, { program, beside, alias, limit, without }) => {
    const { size, inputs } = await loaded(program, alias);
    for (const pattern of without) expect(inputs.filter((input) => pattern.test(input))).toEqual([]);
    expect(size - (beside === undefined ? 0 : (await loaded(beside, alias)).size)).toBeLessThanOrEqual(limit);
  });
});

/** KiB of gzip, and the sources. */
async function loaded(
  program: string,
  alias: Row['alias'] = {},
): Promise<{ readonly size: number; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL('../../judges', import.meta.url)) },
    absWorkingDir: fileURLToPath(new URL('../../..', import.meta.url)),
    alias: { ...alias },
    conditions: ['@ferrule/source'],
    bundle: true,
    minify: true,
    splitting: true,
    metafile: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    outdir: 'out',
    logLevel: 'silent',
  });
  const names = new Set(['out/stdin.js']);
  for (const name of names)
    for (const { path, kind } of metafile.outputs[name]?.imports ?? [])
      if (kind === 'import-statement') names.add(path);
  const bytes = outputFiles.filter(({ path }) => [...names].some((name) => path.endsWith(`/${name}`)));
  return {
    size: gzipSync(Buffer.concat(bytes.map(({ contents }) => contents)), { level: 9 }).length / 1024,
    inputs: [...names].flatMap((name) => Object.keys(metafile.outputs[name]?.inputs ?? {})),
  };
}
