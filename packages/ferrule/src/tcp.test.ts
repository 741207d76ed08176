import net from 'node:net';
import { expect, it } from 'vitest';
import { openTcp } from './tcp.ts';

const RECEIVE = 262_144;
const SENT = 64 * RECEIVE;

it.each([
  ['goes on', true],
  ['is stopped, and resumed by a microtask, as for a reader who waits for a promise', false],
])('a socket that has more to read gives others their turn after each buffer: it %s', async (_, more) => {
  const server = net.createServer((socket) => socket.end(Buffer.alloc(SENT))).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const transport = await openTcp(
    { host: '127.0.0.1', port, path: undefined, family: undefined, localAddress: undefined, noDelay: true },
    () => {},
  );
  // Let the system buffer much of it before the first read
  await new Promise((resolve) => setTimeout(resolve, 50));

  let [total, inTurn, most] = [0, 0, 0];
  const turn = (): void => {
    inTurn = 0;
    if (total < SENT) setImmediate(turn);
  };
  turn();
  await new Promise<void>((resolve, reject) => {
    transport.start({
      data: ({ length }) => {
        total += length;
        most = Math.max(most, (inTurn += length));
        if (!more) queueMicrotask(() => transport.resume());
        return more;
      },
      end: resolve,
      failed: reject,
    });
  });
  transport.destroy();
  server.close();
  expect(total).toBe(SENT);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(RECEIVE);
});
