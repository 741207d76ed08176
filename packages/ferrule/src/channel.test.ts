import { TlsError } from '@ferrule/result';
import { expect, it } from 'vitest';
import { echoing } from '../test/support.ts';
import { Channel } from './channel.ts';
import { connect } from './connect.ts';
import { chooseEngine } from './engine.ts';

it('what ends before its handshake has begun leaves no connection of the engine behind', async () => {
  const { backend } = await chooseEngine('pure');
  const ssl = backend.createContext({ verify: () => true }).newConnection();
  const channel = new Channel(ssl, {
    name: 'none',
    start: () => {},
    send: () => {},
    resume: () => {},
    end: (done) => done(),
    destroy: () => {},
  });
  const reason = new TlsError('ABORTED');
  channel.destroy(reason);
  await expect(channel.connect()).rejects.toBe(reason);
  expect(ssl.failure?.error.code).toBe('DISPOSED');
});

it('a read whose memory is transferred is rejected, and the next one has the bytes', async () => {
  const { options } = await echoing();
  const connection = await connect({ ...options, backend: 'pure' });
  const into = new Uint8Array(4);
  const reading = connection.read(into);
  structuredClone(into.buffer, { transfer: [into.buffer] });
  await connection.write(new TextEncoder().encode('echo'));
  await expect(reading).rejects.toThrow('read: the memory of `into` was transferred');
  const next = new Uint8Array(4);
  let n = 0;
  while (n < 4) n += await connection.read(next.subarray(n));
  expect(new TextDecoder().decode(next)).toBe('echo');
  await connection.close();
});

it('a write whose memory is transferred before it is encrypted is rejected, not told as done', async () => {
  const { options } = await echoing();
  const connection = await connect({ ...options, backend: 'pure' });
  const from = new Uint8Array(4_000_000);
  const writing = connection.write(from);
  structuredClone(from.buffer, { transfer: [from.buffer] });
  await expect(writing).rejects.toThrow('write: the memory of `from` was transferred');
  await connection.close();
});
