import { TlsError } from '@ferrule/result';
import { expect, it } from 'vitest';
import { Channel } from './channel.ts';
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
