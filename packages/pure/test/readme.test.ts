/** The README's first example, against a server on loopback. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pki } from '@ferrule/conformance/pki';
import { TestServer } from '@ferrule/conformance/server';
import { expect, it } from 'vitest';

it.each(['server.test', 'elsewhere.test'])('the loop of the README runs, for the host %s', async (host) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const root = Buffer.from((await pki('root')).certificate).toString('base64');
  const server = await TestServer.make();
  const port = await server.listen();
  const program = `const root = Buffer.from('${root}', 'base64');\n${code}socket.destroy();`
    .replace("setHost('example.org')", `setHost('${host}')`)
    .replace("connect(443, 'example.org')", `connect(${port}, '127.0.0.1')`);
  expect(program).not.toContain('example.org');
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const run = promisify(execFile)(
    process.execPath,
    ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', program],
    { cwd },
  );
  if (host === 'server.test') expect((await run).stdout).toMatch(/^TLSv1\.3 /);
  else await expect(run).rejects.toThrow(/CERT_NAME_MISMATCH|not valid for this host name|certificate/);
  server.close();
});
