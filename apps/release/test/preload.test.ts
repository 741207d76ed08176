/** Which threads and programs `@ferrule/node/register` reaches, by each way to load it (docs/migrating-from-node-tls.md). */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const REGISTER = '@ferrule/node/register';

/** Says in each place whether `tls.TLSSocket` is a class, as ferrule's is, and Node's is not. */
const SAY = `console.log(JSON.stringify([WHERE, /^class/.test(require('node:tls').TLSSocket.toString())]));`;
const say = (where: string): string => SAY.replace('WHERE', JSON.stringify(where));
const data = (code: string): string => `new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(code)}`)})`;
const IN_MODULE = `import { createRequire } from 'node:module'; const require = createRequire('file:///');`;

const PROGRAM = `
${say('main')}
const { Worker } = require('node:worker_threads');
const { spawn } = require('node:child_process');
new Worker(${data(`${IN_MODULE} ${say('worker')}`)});
new Worker(${JSON.stringify(say('worker, eval'))}, { eval: true });
new Worker(${JSON.stringify(say('worker, execArgv'))}, { eval: true, execArgv: [] });
new Worker(${JSON.stringify(say('worker, env'))}, { eval: true, env: {} });
spawn(process.execPath, ['--eval', ${JSON.stringify(say('program'))}], { stdio: 'inherit' });
`;

async function reached(args: readonly string[], options: string): Promise<Readonly<Record<string, boolean>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--eval', PROGRAM], {
    // Where the package is found
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, NODE_OPTIONS: options },
  });
  const lines = stdout.trim().split('\n');
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, boolean])) as Record<string, boolean>;
}

it('by --import: this program, and workers that are modules', async () => {
  expect(await reached(['--import', REGISTER], '')).toEqual({
    main: true,
    worker: true,
    'worker, eval': false,
    'worker, execArgv': false,
    'worker, env': false,
    program: false,
  });
});

it('by NODE_OPTIONS and --require: all that it starts with its own environment', async () => {
  expect(await reached([], `--require ${REGISTER}`)).toEqual({
    main: true,
    worker: true,
    'worker, eval': true,
    'worker, execArgv': true,
    'worker, env': false,
    program: true,
  });
});
