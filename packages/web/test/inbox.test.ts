import { expect, it } from 'vitest';
import { webSocketPipe } from '../src/index.ts';
import { Queue } from '../src/queue.ts';
import { FakeSocket } from './fakes.ts';

const LIMIT = 1024 * 1024;

/** A pipe whose reader takes nothing until `flow` is true. */
function slowReader(maxQueued: number = LIMIT) {
  const socket = new FakeSocket();
  const pipe = webSocketPipe(socket, 'relay', { maxQueued });
  const reader = { pipe, socket, got: 0, flow: false, ended: false, failed: undefined as Error | undefined };
  pipe.start({
    data: (bytes) => {
      reader.got += bytes.length;
      return reader.flow;
    },
    end: () => (reader.ended = true),
    failed: (error) => (reader.failed = error),
  });
  return reader;
}

it('empty messages cost nothing and are told to nobody', () => {
  const { socket, pipe } = slowReader();
  socket.message(Uint8Array.of(1));
  for (let i = 0; i < 1_000_000; i++) socket.message(new Uint8Array(0));
  expect(socket.isClosed).toBe(false);
  pipe.destroy();
});

it('small messages count for what they cost: maxQueued bounds the memory', () => {
  const reader = slowReader();
  let sent = 0;
  while (!reader.socket.isClosed && sent < LIMIT) {
    reader.socket.message(Uint8Array.of(1));
    sent++;
  }
  expect(sent).toBeLessThan(LIMIT / 200);
  reader.pipe.resume();
  expect(reader.failed).toMatchObject({ code: 'TRANSPORT_ERROR' });
  expect(reader.failed?.message).toContain('maxQueued');
});

it('what waits below maxQueued comes in order, and then the end', () => {
  const reader = slowReader(64 * 1024 * 1024);
  const count = 200_000;
  for (let i = 0; i < count; i++) reader.socket.message(Uint8Array.of(1));
  reader.socket.emit('close', { code: 1000 });
  expect([reader.got, reader.ended]).toEqual([1, false]);
  reader.flow = true;
  reader.pipe.resume();
  expect([reader.got, reader.ended]).toEqual([count, true]);
});

it('a queue gives back what was put in, in order, however the two alternate', () => {
  const queue = new Queue<number>();
  let [next, expected] = [0, 0];
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < round; i++) queue.push(next++);
    for (let i = 0; i < round - 1; i++) expect(queue.shift()).toBe(expected++);
    expect(queue.length).toBe(next - expected);
    expect(queue.first).toBe(queue.length === 0 ? undefined : expected);
  }
  expect(queue.clear()).toEqual(Array.from({ length: next - expected }, (_, i) => expected + i));
  expect([queue.length, queue.shift()]).toEqual([0, undefined]);
});
