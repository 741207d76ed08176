/** wispDial(): one WebSocket for all, and nobody waits for one that is given up. */
import { expect, it } from 'vitest';
import { wispDial } from '../src/index.ts';
import { Fake, FakeSocket } from './fakes.ts';

const to = { host: 'a', port: 1 };
/** CONTINUE on stream 0: Wisp 1 is open. */
const ready = (): void => FakeSocket.last?.message(Uint8Array.of(3, 0, 0, 0, 0, 16, 0, 0, 0));

it('an attempt ends with the last who waits for it, and the next one makes another', async () => {
  const dial = wispDial({ relay: 'ws://relay/', WebSocket: Fake });
  const first = new AbortController();
  const second = new AbortController();
  const dials = [dial(to, first.signal), dial(to, second.signal)];
  const silent = FakeSocket.last;
  first.abort();
  await expect(dials[0]).rejects.toMatchObject({ code: 'ABORTED' });
  expect(silent?.isClosed).toBe(false);
  second.abort();
  await expect(dials[1]).rejects.toMatchObject({ code: 'ABORTED' });
  expect(silent?.isClosed).toBe(true);
  const third = dial(to);
  expect(FakeSocket.last).not.toBe(silent);
  ready();
  await third;
  const later = new AbortController();
  await dial(to, later.signal);
  later.abort();
  expect(FakeSocket.last?.isClosed).toBe(false);
});

it('close() ends an attempt under way, and everybody who waits for it', async () => {
  const dial = wispDial({ relay: 'ws://relay/', WebSocket: Fake });
  const waiting = dial(to);
  const silent = FakeSocket.last;
  dial.close();
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  expect(silent?.isClosed).toBe(true);
  const next = dial(to);
  ready();
  await next;
  dial.close();
  await expect.poll(() => FakeSocket.last?.isClosed).toBe(true);
});
