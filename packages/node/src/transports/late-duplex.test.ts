/** Writes to a stream that is returned before it is connected are called back on failure. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { dialer } from './index.ts';
import { LateDuplex } from './late-duplex.ts';

const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** The arguments of the callbacks of two writes and of end(), or `never`. */
async function told(duplex: Duplex, act: () => void): Promise<readonly string[]> {
  const said = ['never', 'never', 'never'];
  const say =
    (at: number) =>
    (error?: Error | null): void =>
      void (said[at] = error ? 'error' : 'done');
  duplex.on('error', () => undefined);
  duplex.write('one', say(0));
  duplex.write('two', say(1));
  duplex.end(say(2));
  const closed = new Promise((resolve) => duplex.once('close', resolve));
  act();
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  return said;
}

it('a write fails when the server is unreachable', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const duplex = dialer(`tcp://127.0.0.1:${port}`)({ host: 'a.example', port: 1 });
  expect(await told(duplex, () => undefined)).toEqual(['error', 'error', 'error']);
});

it('a write fails when the stream is destroyed, before and after it is connected', async () => {
  for (const attached of [false, true]) {
    const duplex = new LateDuplex();
    // Accepts nothing
    const writable = new PassThrough({ write: () => undefined });
    if (attached) duplex.attach({ readable: new PassThrough(), writable, close: () => undefined });
    expect(await told(duplex, () => duplex.destroy())).toEqual(['error', 'error', 'error']);
  }
});

it('a write is called back once', async () => {
  const duplex = new LateDuplex();
  const inner = new PassThrough();
  duplex.attach({ readable: inner, writable: inner, close: () => void inner.destroy() });
  duplex.resume();
  expect(await told(duplex, () => undefined)).toEqual(['done', 'done', 'done']);
});
