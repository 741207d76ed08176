/** The README's example, against servers that say yes, no and too much. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8')) ?? [];

it.each([
  { answer: '220 go ahead\r\n', outcome: /^TLS begins/ },
  { answer: '454 not now\r\n', outcome: /STARTTLS_REFUSED/ },
  { answer: '220 go ahead\r\n250 injected\r\n', outcome: /STARTTLS_INJECTION/ },
])('the example of the README meets $answer', async ({ answer, outcome }) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('data', (data: Buffer) =>
      socket.write(data.toString().startsWith('EHLO') ? '250-mail.example\r\n250 STARTTLS\r\n' : answer),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const program = `${code.replace("connect(587, 'mail.example')", `connect(${port}, '127.0.0.1')`)}socket.destroy(); console.log('TLS begins');`;
  expect(program).toContain(String(port));
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const said = await promisify(execFile)(
    process.execPath,
    ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', program],
    { cwd },
  ).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
  expect(said).toMatch(outcome);
  server.close();
});
