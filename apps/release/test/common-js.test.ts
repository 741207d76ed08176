/** What require() gives of the face of node:tls is what can be assigned to, as node:tls itself. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

it('a lowest version that is set on what require() gave is that of node:tls', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--eval',
      `const tls = require('@ferrule/node/tls');
       tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
       const names = ['connect', 'TLSSocket', 'createServer', 'TLS_OPTIONS', 'defaults'];
       console.log(JSON.stringify([require('node:tls').DEFAULT_MIN_VERSION, tls.default === tls, names.filter((name) => !(name in tls))]));`,
    ],
    { cwd: join(root, 'apps/judges'), env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(JSON.parse(stdout)).toEqual(['TLSv1.3', true, []]);
});

it('import gives every name that node:tls has, as require() does', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import * as nodes from 'node:tls';
       import * as ours from '@ferrule/node/tls';
       import { createRequire } from 'node:module';
       const required = createRequire(process.cwd() + '/x.js')('@ferrule/node/tls');
       const lacksIn = (module) => Object.keys(nodes).filter((name) => module[name] === undefined);
       console.log(JSON.stringify([lacksIn(ours), lacksIn(required), ours.SecureContext === nodes.SecureContext]));`,
    ],
    { cwd: join(root, 'apps/judges'), env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(JSON.parse(stdout)).toEqual([[], [], true]);
});
