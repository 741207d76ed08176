/** Every block of code in a README is a whole program: it compiles strictly, and it runs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GO_AHEAD, type World, world } from './world.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'apps/release/build/readmes');
const modules = join(root, 'node_modules');
const redirect = new URL('redirect.mjs', import.meta.url).href;

interface Block {
  /** `pure 2`: the second block of packages/pure/README.md. */
  readonly name: string;
  readonly code: string;
  readonly file: string;
}

/** What each prints; `in a test` is one of vitest, and `beside` a file that another block starts. */
const PRINTS: Readonly<Record<string, RegExp | 'in a test' | 'beside'>> = {
  'ferrule-monorepo 1': /^TLSv1\.3 \w+ [^]*hello$/,
  'ferrule-monorepo 2': /kind: 'want', want: 'read'/,
  'bio 1': /^\x01\x02\x03$/,
  'bio 2': 'beside',
  'bio 3': /^hello$/,
  'conformance 1': 'in a test',
  'conformance 2': 'in a test',
  'contract 1': /^$/,
  'ferrule 1': /^TLSv1\.3 TLS_\w+ \w+[^]*hello$/,
  'ferrule 2': /^false$/,
  'ferrule 3': /^TLSv1\.3$/,
  'native 1': /^TLSv1\.3$/,
  'node 1': /^HTTP\/1\.1 200 OK[^]*hello$/,
  'node 2': /^HTTP\/1\.1 200 OK[^]*hello$/,
  'node 3': /^$/,
  'node 4': /redis\.sock/,
  'pure 1': /^TLSv1\.3 /,
  'pure 2': /./,
  'result 1': /^read$/,
  'result 2': /^$/,
  'roots 1': /^true$/,
  'starttls 1': /^TLSv1\.3$/,
  'x509 1': /^CERT_NAME_MISMATCH - .*www\.example\.com[^]*X509v3 extensions:/,
  'x509 2': /^no filters$/,
  // A page with a relay: compiled alone
  'web 1': 'beside',
  'web 2': 'beside',
  'web 3': 'beside',
  'web 4': 'beside',
  'web 5': 'beside',
  'web 6': 'beside',
};

const blocks = [
  '.',
  ...['packages', 'apps'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name))),
].flatMap(blocksOf);

function blocksOf(place: string): Block[] {
  const readme = join(root, place, 'README.md');
  if (!existsSync(readme)) return [];
  const title = place === '.' ? 'ferrule-monorepo' : place.split('/').at(-1);
  return [...readFileSync(readme, 'utf8').matchAll(/^```(?:ts|js|mts|mjs|cjs)\n([^]*?)^```/gm)].map(
    ([, code = ''], index) => {
      const name = `${title} ${index + 1}`;
      const own = /^\/\/ (\S+\.m[tj]s)\n/.exec(code)?.[1];
      const extension = PRINTS[name] === 'in a test' ? '.test.mts' : '.mts';
      return { name, code, file: own ?? `${name.replace(' ', '-')}${extension}` };
    },
  );
}

let hosts: World;
beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { code, file } of blocks) writeFileSync(join(folder, file), code);
  hosts = await world(folder, GO_AHEAD);
});
afterAll(() => hosts.close());

const run = (
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [program, ...args], { cwd: folder, env, timeout: 150_000 });
const example = (file: string, env: NodeJS.ProcessEnv): Promise<{ stdout: string; stderr: string }> =>
  run('--conditions=@ferrule/source', ['--import', 'tsx', file], { ...env, NODE_OPTIONS: `--import ${redirect}` });

it('each block is known here, and each that is known here is a block', () => {
  expect(blocks.map(({ name }) => name).toSorted()).toEqual(Object.keys(PRINTS).toSorted());
});

// What TypeScript takes by itself has the DOM's types beside Node's
it.each([
  ['', {}],
  [
    ' and with the types of the DOM',
    { lib: ['es2023', 'dom', 'dom.asynciterable', 'dom.iterable'], skipLibCheck: true },
  ],
])('all compile, strictly%s', { timeout: 180_000 }, async (_, more) => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tooling/tsconfig/node.json'),
      compilerOptions: { isolatedDeclarations: false, declaration: false, allowJs: true, checkJs: true, ...more },
      files: blocks.map(({ file }) => file),
    }),
  );
  await run(join(modules, 'typescript/bin/tsc'), ['-p', 'tsconfig.json'], process.env).catch(
    ({ stdout }: { stdout: string }) => {
      // Sources of ours are compiled without the DOM elsewhere
      const wrong = stdout.split('\n').filter((line) => line !== '' && !/^(\.\.\/|\s)/.test(line));
      if (wrong.length > 0 || !('lib' in more)) throw new Error(stdout);
    },
  );
});

it.each(blocks.filter(({ name }) => PRINTS[name] instanceof RegExp))('$name runs', async ({ name, code, file }) => {
  const { stdout } = await (code.includes('node:worker_threads') ? bundled(file) : example(file, hosts.env));
  expect(stdout.trim()).toMatch(PRINTS[name] as RegExp);
});

/** Worker threads cannot load TypeScript: the example and the file beside it are bundled for them. */
async function bundled(file: string): Promise<{ stdout: string }> {
  await build({
    entryPoints: [file, ...blocks.filter(({ name }) => PRINTS[name] === 'beside').map((block) => block.file)],
    absWorkingDir: folder,
    outdir: 'bundled',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@ferrule/source'],
  });
  return await run(join('bundled', file.replace('.mts', '.mjs')), [], process.env);
}

it.each([
  { smtp: '454 not now\r\n', code: 'STARTTLS_REFUSED' },
  { smtp: '220 go ahead\r\n250 injected\r\n', code: 'STARTTLS_INJECTION' },
])('starttls 1 ends with $code for a server that says so', async ({ smtp, code }) => {
  const other = await world(folder, smtp);
  await expect(example('starttls-1.mts', other.env)).rejects.toThrow(code);
  other.close();
});

it.each(['pure-1.mts', 'native-1.mts', 'ferrule-1.mts'])('%s refuses a server that has another name', async (file) => {
  const elsewhere = `elsewhere-${file}`;
  writeFileSync(
    join(folder, elsewhere),
    readFileSync(join(folder, file), 'utf8').replaceAll('example.org', 'elsewhere.example'),
  );
  const ports = JSON.parse(hosts.env['REDIRECT'] ?? '') as Record<string, number>;
  const env = { ...hosts.env, REDIRECT: JSON.stringify({ 'elsewhere.example:443': ports['example.org:443'] }) };
  await expect(example(elsewhere, env)).rejects.toThrow('CERT_NAME_MISMATCH');
});

it('the tests run in vitest', { timeout: 120_000 }, async () => {
  writeFileSync(
    join(folder, 'vitest.config.mjs'),
    `import { testing } from '@ferrule/vitest-config';\nexport default testing({ include: ['*.test.mts'] });\n`,
  );
  const chosen = ['-t', 'connects to a server of TLS 1.2|cipher suites', '--reporter=json'];
  const { stdout } = await run(join(modules, 'vitest/vitest.mjs'), ['run', ...chosen], process.env);
  const { testResults } = JSON.parse(stdout) as {
    testResults: { name: string; assertionResults: { status: string }[] }[];
  };
  const passed = testResults.map(
    ({ assertionResults }) => assertionResults.filter(({ status }) => status === 'passed').length,
  );
  expect(passed).toHaveLength(2);
  expect(Math.min(...passed)).toBeGreaterThan(0);
});
