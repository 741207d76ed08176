import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { bioErrorCode } from '@ferrule/bio';
import { blockingConnect, setTcpNoDelay, type BlockingConnectOptions, type BlockingSocket } from '@ferrule/node';
import { afterEach, describe, expect, it } from 'vitest';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

async function serve(act: string, path?: string): Promise<{ readonly worker: Worker; readonly port: number }> {
  const worker = new Worker(new URL('../../test/echo-server.mjs', import.meta.url), { workerData: { act, path } });
  cleanup.push(() => worker.terminate());
  const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
  return { worker, port };
}

function open(options: BlockingConnectOptions): BlockingSocket {
  const socket = blockingConnect({ timeout: 20_000, ...options });
  cleanup.push(() => socket.close());
  return socket;
}

function readAll(socket: BlockingSocket, length: number): Buffer {
  const into = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const n = socket.read(into.subarray(at));
    if (n <= 0) throw socket.error ?? new Error('ended');
    at += n;
  }
  return into;
}

describe('blockingConnect', () => {
  it('writes and reads by plain synchronous calls', async () => {
    const { port } = await serve('echo');
    const socket = open({ host: '127.0.0.1', port });
    expect(socket.blocking).toBe(true);
    for (let round = 0; round < 20; round++) {
      socket.write(Buffer.from(`ping ${round}`));
      expect(readAll(socket, `ping ${round}`.length).toString()).toBe(`ping ${round}`);
    }
  });

  it('carries more than all buffers hold, either way, by writing and reading in turn', async () => {
    const { port } = await serve('echo');
    const socket = open({ host: '127.0.0.1', port, size: 1000 });
    for (let round = 0; round < 100; round++) {
      const block = Buffer.alloc(3000, round);
      expect(socket.write(block)).toBe(3000);
      expect(readAll(socket, 3000).equals(block)).toBe(true);
    }
  });

  it('waits while the peer reads nothing, and loses nothing at close', async () => {
    const { worker, port } = await serve('slowSink');
    const socket = open({ host: '127.0.0.1', port });
    const block = new Uint8Array(100_000);
    for (let i = 0; i < 100; i++) expect(socket.write(block)).toBe(block.length);
    socket.close();
    const [{ bytes }] = (await once(worker, 'message')) as [{ bytes: number }];
    expect(bytes).toBe(10_000_000);
  });

  it('loses nothing at close when received data was not read', async () => {
    const { worker, port } = await serve('floodingSink');
    const socket = open({ host: '127.0.0.1', port });
    const block = new Uint8Array(100_000);
    for (let i = 0; i < 10; i++) expect(socket.write(block)).toBe(block.length);
    socket.close();
    expect((await once(worker, 'message'))[0]).toEqual({ bytes: 1_000_000 });
  });

  it('reads the end of the stream, and can still write', async () => {
    const { port } = await serve('greetAndEnd');
    const socket = open({ host: '127.0.0.1', port });
    expect(Buffer.from(socket.nread0(5)).toString()).toBe('hello');
    socket.nread(5);
    expect(socket.read(new Uint8Array(1))).toBe(0);
    expect(socket.write(Uint8Array.of(1))).toBe(1);
  });

  it('half-closes', async () => {
    const { port } = await serve('echo');
    const socket = open({ host: '127.0.0.1', port });
    socket.write(Buffer.from('last'));
    socket.shutdownWrite();
    expect(readAll(socket, 4).toString()).toBe('last');
    expect(socket.read(new Uint8Array(1))).toBe(0);
  });

  it('reports a refused connection as a failed transport', async () => {
    const { worker, port } = await serve('echo');
    await worker.terminate();
    const socket = open({ host: '127.0.0.1', port });
    expect(socket.read(new Uint8Array(1))).toBe(-1);
    expect(socket.error).toMatchObject({
      code: 'ECONNREFUSED',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(bioErrorCode(socket.error!)).toBe('TRANSPORT_ERROR');
  });

  it('says what went wrong when no address of a name answers', async () => {
    const { worker, port } = await serve('echo');
    await worker.terminate();
    const socket = open({ host: 'localhost', port });
    expect(socket.read(new Uint8Array(1))).toBe(-1);
    expect(socket.error?.message).toContain('ECONNREFUSED');
  });

  it('reports a reset as a failed transport, reading and writing', async () => {
    const { port } = await serve('reset');
    const socket = open({ host: '127.0.0.1', port });
    socket.write(Uint8Array.of(1));
    expect(socket.read(new Uint8Array(1))).toBe(-1);
    expect(socket.error).toMatchObject({ code: 'ECONNRESET' });
    expect(socket.write(Uint8Array.of(1))).toBe(-1);
  });

  it('fails after the timeout with the code TIMEOUT, and releases the socket', async () => {
    const { worker, port } = await serve('silent');
    const socket = open({ host: '127.0.0.1', port, timeout: 50 });
    expect(socket.read(new Uint8Array(1))).toBe(-1);
    expect(bioErrorCode(socket.error!)).toBe('TIMEOUT');
    expect((await once(worker, 'message')) as unknown[]).toEqual([{ closed: true }]);
  });

  it('is aborted by close(), which may be called again, before or after the peer has spoken', async () => {
    const { worker, port } = await serve('echo');
    const socket = open({ host: '127.0.0.1', port });
    socket.write(Buffer.from('x'));
    readAll(socket, 1);
    socket.close();
    socket.close();
    setTcpNoDelay(socket, false);
    expect(bioErrorCode(socket.error!)).toBe('ABORTED');
    // The server ends as soon as this side has: EOF before the failure is still reported
    expect([-1, 0]).toContain(socket.read(new Uint8Array(1)));
    expect((await once(worker, 'message')) as unknown[]).toEqual([{ closed: true }]);
  });

  it('turns TCP_NODELAY off and on while in use', async () => {
    const { port } = await serve('echo');
    const socket = open({ host: '127.0.0.1', port, noDelay: false });
    for (const on of [true, false]) {
      setTcpNoDelay(socket, on);
      socket.write(Uint8Array.of(1));
      expect(readAll(socket, 1)).toEqual(Buffer.of(1));
    }
  });

  it.skipIf(process.platform === 'win32')('takes a unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ferrule-'));
    cleanup.push(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'echo');
    await serve('echo', path);
    const socket = open({ path });
    socket.write(Buffer.from('hello'));
    expect(readAll(socket, 5).toString()).toBe('hello');
  });

  it('refuses invalid options', () => {
    for (const [options, named] of [
      [{}, /^port: required/],
      [{ port: 1, path: 'x' }, /^port: has no effect beside `path`/],
      [{ port: 0 }, /port/],
      [{ port: 70_000 }, /port/],
      [{ port: '443' }, /port/],
      [{ port: 443, hots: 'x' }, /hots/],
      [{ port: 443, family: 5 }, /family/],
      [{ port: 443, noDelay: 1 }, /noDelay/],
      [{ port: 443, timeout: 0 }, /timeout/],
      [{ port: 443, size: 0 }, /size/],
      [Object.create({ port: '443' }), /port/],
      [new Map(), /options/],
    ] as const) {
      expect(() => blockingConnect(options as unknown as BlockingConnectOptions)).toThrow(named);
    }
  });
});
