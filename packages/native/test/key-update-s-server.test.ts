/**
 * Against the s_server of this machine's OpenSSL, which sends KeyUpdates when told to ("K" asks for ours, "k" does
 * not).
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Bio, bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import { createNative } from '@ferrule/native';
import { SslErrorCode } from '@ferrule/result';

const installed = spawnSync('openssl', ['version']).status === 0;
if (!installed) console.log('skipped: there is no openssl command on this machine');

const UPDATED = 'SSL_do_handshake -> ';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function reach(port: number) {
  for (;;) {
    const socket = connectTcp(port, '127.0.0.1');
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      once(socket, 'error').then(() => ['error']),
    ]).catch(() => ['error']);
    if (event === 'connect') return socket;
    await turn();
  }
}

describe.skipIf(!installed)('openssl s_server, its KeyUpdates and ours', () => {
  it.each([64, 2048, 17_408])(
    'gets every byte that was told written, through BIOs of %i bytes',
    { timeout: 60_000 },
    async (size) => {
      const directory = mkdtempSync(join(tmpdir(), 'ferrule-s-server-'));
      const { chainPem, keyPem } = await pki('p256');
      const [cert, key] = [join(directory, 'chain.pem'), join(directory, 'key.pem')];
      writeFileSync(cert, chainPem);
      writeFileSync(key, keyPem);
      const port = await freePort();
      const server = spawn(
        'openssl',
        [
          's_server',
          '-accept',
          `127.0.0.1:${port}`,
          '-cert',
          cert,
          '-cert_chain',
          cert,
          '-key',
          key,
          '-tls1_3',
          '-naccept',
          '2',
        ],
        { stdio: ['pipe', 'pipe', 'ignore'] },
      );
      try {
        const heard: Buffer[] = [];
        server.stdout.on('data', (chunk: Buffer) => heard.push(chunk));
        const socket = await reach(port);
        const ssl = createNative()
          .createContext({ trustAnchors: [(await pki('root')).certificate] })
          .newConnection();
        const [engine, network] = bioPair(size);
        ssl.setBio(engine, engine);
        ssl.setHost('server.test');
        const received: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => received.push(chunk));
        const move = async (): Promise<void> => {
          pour(network, (bytes) => socket.write(bytes));
          await turn();
          const waiting = Buffer.concat(received.splice(0));
          const taken = waiting.length === 0 ? 0 : Math.max(0, network.write(waiting));
          if (taken < waiting.length) received.unshift(waiting.subarray(taken));
        };
        while (ssl.connect() !== 1) await move();
        const message = Buffer.from(
          Array.from({ length: 20_000 }, (_, i) =>
            i % 64 === 63 ? '\n' : String.fromCharCode(97 + ((i * 7) % 26)),
          ).join(''),
        );
        const into = new Uint8Array(1000);
        for (let at = 0, step = 0; at < message.length; step++) {
          if (step % 5 === 0) server.stdin.write(step % 10 === 0 ? 'K\n' : 'k\n');
          const ret = ssl.write(message.subarray(at, at + 700));
          if (ret > 0) at += ret;
          ssl.read(into);
          expect(ssl.failure?.error).toBeUndefined();
          if (step % 3 === 0) ssl.keyUpdate(step % 2 === 0);
          await move();
        }
        for (let ret = ssl.shutdown(); ret < 0 && ssl.getError(ret) === SslErrorCode.wantWrite; ret = ssl.shutdown())
          await move();
        await move();
        socket.end();
        // Between our bytes it says that it has sent KeyUpdates, and has read others; and in the end that it is done.
        const text = (): string => Buffer.concat(heard).toString('latin1');
        while (!text().includes('DONE')) await once(server.stdout, 'data');
        expect(text()).toContain(UPDATED);
        expect(text().replaceAll(new RegExp(`${UPDATED}\\d+\n|Read BLOCK\n`, 'g'), '')).toContain(
          message.toString('latin1'),
        );
        ssl.dispose();
        socket.destroy();
      } finally {
        server.kill();
        rmSync(directory, { recursive: true });
      }
    },
  );
});

function pour(network: Bio, send: (bytes: Buffer) => void): void {
  while (network.pending > 0) {
    const view = network.nread0();
    const copy = Buffer.from(view);
    network.nread(view.length);
    send(copy);
  }
}
