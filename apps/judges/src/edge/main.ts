/**
 * @module `npm run edge`: pg and postgres.js in workerd, with the sockets of @ferrule/web, before a real PostgreSQL under
 * a private CA.
 *
 *     npm run edge
 *
 * FERRULE_WORKERD names workerd where it is not on PATH.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { build, type Plugin } from 'esbuild';
import { startWorkerd, versionOf } from '../matrix/places.ts';
import { startPostgres } from '../postgres.ts';
import { type Answer, BYTES, LIBRARIES, type Library, type Task } from './task.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The libraries' `cloudflare:sockets` are ours, ours are the platform's, and Node's modules come from nodejs_compat. */
const aliases: Plugin = {
  name: 'sockets of ours',
  setup(bundler) {
    bundler.onResolve({ filter: /^cloudflare:sockets$/ }, () => ({ path: here('sockets.ts') }));
    bundler.onResolve({ filter: /\/platform\.js$/ }, () => ({ path: 'cloudflare:sockets', external: true }));
    bundler.onResolve({ filter: /^[a-z_/]+$/ }, ({ path }) =>
      builtinModules.includes(path) ? { path: `node:${path}`, external: true } : undefined,
    );
  },
};

async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [here('worker.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@ferrule/source', 'workerd'],
    external: ['node:*', 'pg-native', '@ferrule/pure/crypto/node'],
    // For pg, which is CommonJS
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    plugins: [aliases],
    logLevel: 'error',
  });
}

const program = process.env['FERRULE_WORKERD'] ?? 'workerd';
if (versionOf(program) === undefined) {
  console.error('workerd is neither on PATH nor named by FERRULE_WORKERD; npm has it as workerd');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'ferrule-edge-'));
const server = await pki('p256');
const postgres = await startPostgres({ certificate: server.chainPem, key: server.keyPem });
try {
  await bundle(join(folder, 'bundle.js'));
  const workerd = await startWorkerd(program, folder, ['nodejs_compat']);
  try {
    const { port, user, password } = postgres;
    const ask = async (library: Library, host: string, ca: string): Promise<Answer> =>
      (await workerd.ask({ library, host, port, user, password, ca } satisfies Task)) as Answer;
    const [root, other] = [(await pki('root')).certificatePem, (await pki('otherRoot')).certificatePem];
    for (const library of LIBRARIES) {
      for (const host of ['localhost', '127.0.0.1'])
        tell(`${library}: a query under a private CA, ${host}`, await ask(library, host, root), isWhole);
      tell(`${library}: a CA that nobody named`, await ask(library, 'localhost', other), isRefused);
    }
  } finally {
    workerd.stop();
  }
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true });
}

function isWhole(answer: Answer): boolean {
  return 'bytes' in answer && answer.bytes === BYTES && answer.version === 'TLSv1.3';
}

function isRefused(answer: Answer): boolean {
  return 'code' in answer && answer.code === 'CERT_UNTRUSTED_ROOT';
}

function tell(name: string, answer: Answer, isRight: (answer: Answer) => boolean): void {
  if (isRight(answer)) return console.log(name);
  console.log(`FAILED, ${name}: ${JSON.stringify(answer)}`);
  process.exitCode = 1;
}
