/**
 * @module Writes docs/images: what the command really prints, drawn as SVG. `npm run screenshots -w @ferrule/cli`
 *
 * Servers on loopback, under the test PKI; `shop.example` and its like are made to mean this machine for the command
 * alone.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { issue, type IssueOptions } from '@ferrule/conformance/pki';
import { drawing } from './drawing.ts';

const images = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const names = fileURLToPath(new URL('./example-names.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'ferrule-screenshots-'));
const servers: { close(): void }[] = [];

const root = await issue(undefined, {
  subject: 'O=Example, CN=Example Root CA',
  kind: 'rsa',
  ca: true,
  from: -1000,
  until: 2650,
});
const intermediate = await issue(root, {
  subject: 'O=Example, CN=Example TLS CA 1',
  kind: 'p384',
  ca: true,
  from: -500,
  until: 1325,
});

async function serve(options: IssueOptions, port: number, more: ServerOptions = {}): Promise<void> {
  const leaf = await issue(intermediate, options);
  const server = createServer(
    { key: leaf.keyPem, cert: leaf.certificatePem + intermediate.certificatePem, ...more },
    (_request, response) => response.setHeader('content-type', 'text/plain').end('In stock: 3 ferrules.\n'),
  );
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  if ((server.address() as AddressInfo).port !== port) throw new Error(`port ${port} is taken`);
}

/** Stdout and stderr as a terminal shows them, in colour. */
function printed(args: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@ferrule/source',
        '--import',
        import.meta.resolve('tsx'),
        '--import',
        names,
        main,
        ...args.split(' '),
      ],
      {
        cwd: folder,
        env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: '', SSLKEYLOGFILE: '' },
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', () => resolve(output));
  });
}

/** What is typed after `ferrule`, by the name of the image. */
const SHOTS: Readonly<Record<string, string>> = {
  inspect: 'inspect shop.example:8443 --ca root.pem --alpn h2,http/1.1',
  'inspect-expired': 'inspect old.example:8444 --ca root.pem',
  'inspect-wrong-name': 'inspect www.example:8443 --ca root.pem',
  get: 'get https://shop.example:8443/stock -v --ca root.pem',
  watch:
    'watch shop.example:8443 soon.example:8445 old.example:8444 www.example:8443 gone.example:8446 --ca root.pem --min-days 21',
  scan: 'scan shop.example:8443',
};

try {
  writeFileSync(join(folder, 'root.pem'), root.certificatePem);
  await serve({ names: ['shop.example', '*.shop.example'], until: 83 }, 8443, { ALPNProtocols: ['h2', 'http/1.1'] });
  await serve({ names: ['old.example'], from: -95, until: -5 }, 8444);
  await serve({ names: ['soon.example'], until: 12 }, 8445);
  mkdirSync(images, { recursive: true });
  for (const [name, typed] of Object.entries(SHOTS)) {
    const prompt = `\u001b[32m$\u001b[39m \u001b[1mferrule ${typed}\u001b[22m`;
    const svg = drawing([prompt, ...(await printed(typed)).trimEnd().split('\n')], `ferrule ${typed}`);
    writeFileSync(join(images, `${name}.svg`), svg);
    console.log(`${name}.svg: ${svg.length} bytes`);
  }
} finally {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
}
