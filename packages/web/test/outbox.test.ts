/** What is inside a WebSocket has not gone: who wrote it is told when it has. */
import type { Transport } from 'ferrule';
import { expect, it } from 'vitest';
import { type WebSocketConstructor, webSocketPipe, wispDial } from '../src/index.ts';
import { FakeSocket } from './fakes.ts';

/** A WebSocket that keeps what it is given, until the test lets some go. */
class Slow extends FakeSocket {
  override readonly bufferedAmount: number = 0;
  override send(bytes: Uint8Array): void {
    super.send(bytes);
    this.let(-bytes.length);
  }
  let(go: number): void {
    (this as { bufferedAmount: number }).bufferedAmount -= go;
  }
}

/** Turns in which it is looked. */
async function looks(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => void setImmediate(resolve));
}
/** CONTINUE on stream 0: Wisp 1 is open. */
const OPEN = Uint8Array.of(3, 0, 0, 0, 0, 9, 0, 0, 0);

it('a write of a WebSocket is done when its bytes have left it, and no sooner', async () => {
  const socket = new Slow();
  const pipe = webSocketPipe(socket);
  const done: string[] = [];
  pipe.send(new Uint8Array(1000), () => done.push('first'));
  pipe.send(new Uint8Array(500), () => done.push('second'));
  pipe.end(() => done.push('end'));
  await looks();
  expect(done).toEqual([]);
  socket.let(999);
  await looks();
  expect(done).toEqual([]);
  socket.let(1);
  await expect.poll(() => done).toEqual(['first']);
  socket.let(500);
  await expect.poll(() => done).toEqual(['first', 'second', 'end']);
});

it('a write whose bytes are in a WebSocket that is lost fails', () => {
  const socket = new Slow();
  const pipe = webSocketPipe(socket);
  const done: (string | undefined)[] = [];
  pipe.send(new Uint8Array(1000), (error) => done.push(error?.message));
  socket.emit('close', { code: 1006 });
  pipe.end((error) => done.push(error?.message));
  expect(done).toEqual(Array(2).fill('WebSocket: the WebSocket was closed (1006)'));
});

it('a write of a Wisp stream is done when the WebSocket has sent it, and fails with the WebSocket', async () => {
  const dial = wispDial({ relay: 'ws://relay/', WebSocket: class extends Slow {} as unknown as WebSocketConstructor });
  const opening = dial({ host: 'server.test', port: 443 });
  const socket = FakeSocket.last as Slow;
  socket.message(OPEN);
  const pipe = (await opening) as Transport;
  socket.let(socket.bufferedAmount);
  const done: (string | undefined)[] = [];
  pipe.send(new Uint8Array(1000), (error) => done.push(error?.message));
  await looks();
  expect(done).toEqual([]);
  socket.let(socket.bufferedAmount);
  await expect.poll(() => done).toEqual([undefined]);
  pipe.send(new Uint8Array(1000), (error) => done.push(error?.message));
  socket.emit('close', { code: 1006 });
  expect(done).toEqual([undefined, 'the relay closed the WebSocket (1006)']);
});

it.each([2, 3])('a WebSocket of readyState %i is a pipe that has failed', (readyState) => {
  class Closed extends FakeSocket {
    override readonly readyState: number = readyState;
  }
  const pipe = webSocketPipe(new Closed());
  const told: string[] = [];
  const hear = (error?: Error | null): void => void told.push(error?.message ?? 'no error');
  pipe.start({ data: () => true, end: hear, failed: hear });
  pipe.send(Uint8Array.of(1), hear);
  pipe.end(hear);
  expect(told).toEqual(Array(3).fill('WebSocket: the WebSocket was closed (1006)'));
});

/** The relay has sent a Close frame, and its end of TCP is long in coming. */
class Closing extends Slow {
  override readonly readyState: number = 1;
  begin(): void {
    (this as { readyState: number }).readyState = 2;
  }
}

it('what is given to a WebSocket that closes, or is inside it then, fails: nothing of it is sent', async () => {
  const socket = new Closing();
  const pipe = webSocketPipe(socket);
  const told: (string | undefined)[] = [];
  const hear = (error?: Error | null): void => void told.push(error?.message);
  pipe.start({ data: () => true, end: hear, failed: hear });
  pipe.send(new Uint8Array(1000), hear);
  socket.begin();
  await expect.poll(() => told).toHaveLength(2);
  pipe.send(new Uint8Array(1000), hear);
  pipe.end(hear);
  expect(told).toEqual(Array(4).fill('WebSocket: the other end closes the WebSocket'));
  expect(socket.sent).toHaveLength(1);
});

it('a Wisp connection whose WebSocket closes makes no streams, and another one takes its place', async () => {
  const dial = wispDial({
    relay: 'ws://relay/',
    WebSocket: class extends Closing {} as unknown as WebSocketConstructor,
  });
  const opening = dial({ host: 'server.test', port: 443 });
  const first = FakeSocket.last as Closing;
  first.message(OPEN);
  const pipe = (await opening) as Transport;
  first.begin();
  const told: (string | undefined)[] = [];
  pipe.start({ data: () => true, end: () => {}, failed: (error) => told.push(error.message) });
  await expect(dial({ host: 'server.test', port: 443 })).rejects.toMatchObject({ code: 'TRANSPORT_ERROR' });
  expect(told).toEqual(['the relay closes the WebSocket']);
  const again = dial({ host: 'server.test', port: 443 });
  expect(FakeSocket.last).not.toBe(first);
  FakeSocket.last?.message(OPEN);
  await again;
});
