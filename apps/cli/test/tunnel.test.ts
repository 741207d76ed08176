import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { echo, TestServer } from '@ferrule/conformance/server';
import { describe, expect, it } from 'vitest';
import { ferrule } from './run.ts';

/** What a plain client gets for `text`. */
async function ask(address: string, text: string): Promise<string> {
  const socket = connect(Number(address.trim().split(':')[1]), '127.0.0.1');
  socket.write(text);
  const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
  socket.destroy();
  return Buffer.isBuffer(answer) ? answer.toString() : 'closed';
}

describe('ferrule tunnel', () => {
  it.each([
    ['leads plain text through TLS and back, until Ctrl-C', 'p256', 'ping', /^$/],
    ['lets nothing through to a server that is not trusted, and says why', 'selfSigned', 'closed', /CERT_SELF_SIGNED/],
  ] as const)('%s', async (_title, identity, expected, stderr) => {
    const folder = mkdtempSync(join(tmpdir(), 'ferrule-tunnel-'));
    const ca = join(folder, 'root.pem');
    writeFileSync(ca, (await pki('root')).certificatePem);
    const server = await TestServer.make({ identity: await pki(identity) });
    const port = await server.listen();
    void server.accepted().then(echo, () => {});
    let answer: string | undefined;
    const outcome = await ferrule(['tunnel', `localhost:${port}`, '--ca', ca], {
      whenSpoken: async (address) => (answer = await ask(address, 'ping').catch(() => 'closed')),
    });
    server.close();
    rmSync(folder, { recursive: true });
    expect([outcome.code, answer]).toEqual([0, expected]);
    expect(outcome.stdout).toMatch(/^127\.0\.0\.1:\d+\n$/);
    expect(outcome.stderr).toMatch(stderr);
  });
});
