/** serveBlocking() lets others run, whatever a pipe gives. */
import { describe, expect, it } from 'vitest';
import { blockingDial, serveBlocking } from '../src/worker/index.ts';
import { later, until } from './https-server.ts';

describe.each([
  ['empty chunks', 0],
  ['bytes that nobody keeps', 1_000],
])('a pipe that gives %s at once, and never ends', (_what, length) => {
  it('lets timers run, and is read no more when it has been closed', async () => {
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    let reads = 0;
    let closed = 0;
    serveBlocking(port1, async () => ({
      read: async () => {
        // Instead of for ever
        if (++reads > 2_000_000) throw new Error('nobody else has run');
        return new Uint8Array(length);
      },
      write: async () => {},
      close: () => void closed++,
    }));
    const pipe = blockingDial(port2, { host: 'a', port: 1 });
    await until(() => reads > 0);
    pipe.close();
    await until(() => closed > 0);
    const then = reads;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([pipe.error?.message, reads - then <= 1]).toEqual(['the pipe was closed', true]);
  });
});
