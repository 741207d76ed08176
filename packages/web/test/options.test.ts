/** Wrong options are told at the call that takes them, by their names. */
import {
  encodeWisp,
  openWebSocket,
  openWisp,
  WispClose,
  WispExtension,
  wispDial,
  webSocketDial,
  webSocketPipe,
} from '../src/index.ts';
import { describe, expect, it } from 'vitest';
import { Fake, FakeSocket } from './fakes.ts';

const relay = 'wss://relay.example/';

it.each([
  [{ relay, maxQueue: 1 }, /^maxQueue: unknown option$/],
  [{ relay, protocols: ['x'] }, /^protocols: unknown option$/],
  [{}, /^relay: /],
  [null, /^options: /],
  [{ relay: 1 }, /^relay: /],
  [{ relay: 'relay.example' }, /^relay: /],
  [{ relay: 'http://relay.example/' }, /^relay: .*http:/],
  [{ relay: 'wss://ada:countess@relay.example/' }, /^relay: .*credentials: \{ username, password \}/],
  [{ relay, version: 3 }, /^version: /],
  [{ relay, maxQueued: 0 }, /^maxQueued: /],
  [{ relay, WebSocket: {} }, /^WebSocket: /],
  [{ relay, credentials: null }, /^credentials: /],
  [{ relay, credentials: { username: 'ada' } }, /^credentials: /],
  [{ relay, credentials: { user: 'ada', password: 'countess' } }, /^credentials\.user: unknown option$/],
  [{ relay, credentials: { username: 'ada', password: 'countess' }, version: 1 }, /^credentials: /],
])('wispDial(%j)', async (options, said) => {
  expect(() => wispDial(options as never)).toThrow(TypeError);
  expect(() => wispDial(options as never)).toThrow(said);
  expect(() => wispDial(options as never)).not.toThrow(/countess/);
  await expect(openWisp(options as never)).rejects.toThrow(said);
});

it.each([
  [{ relay, adress: 'neon' }, /^adress: unknown option$/],
  [{ relay, address: 'socks' }, /^address: /],
  [{}, /^relay: /],
  [undefined, /^options: /],
  [{ relay: 'https://relay.example/{host}' }, /^relay: .*https:/],
  [{ relay: 'wss://ada:countess@relay.example/', address: 'neon' }, /^relay: /],
  [{ relay, protocols: 'binary' }, /^protocols: /],
  [{ relay, credentials: {} }, /^credentials: unknown option$/],
  [{ relay, maxQueued: '1' }, /^maxQueued: /],
])('webSocketDial(%j)', (options, said) => {
  expect(() => webSocketDial(options as never)).toThrow(TypeError);
  expect(() => webSocketDial(options as never)).toThrow(said);
});

it('openWebSocket() and webSocketPipe() know theirs, too', async () => {
  await expect(openWebSocket(relay, { maxQueue: 1 } as never)).rejects.toThrow(/^maxQueue: unknown option$/);
  expect(() => webSocketPipe(new FakeSocket(), 'relay', { maxQueue: 1 } as never)).toThrow(
    /^maxQueue: unknown option$/,
  );
});

it('options are those at the call', async () => {
  const credentials = { username: 'ada', password: 'countess' };
  const opening = openWisp({ relay, credentials, WebSocket: Fake });
  credentials.password = 'changed';
  const socket = FakeSocket.last as FakeSocket;
  const extensions = new Map([[WispExtension.password, Uint8Array.of(1)]]);
  socket.message(encodeWisp({ type: 'info', stream: 0, major: 2, minor: 0, extensions }));
  socket.message(encodeWisp({ type: 'continue', stream: 0, credit: 1 }));
  await opening;
  expect(String.fromCharCode(...(socket.sent[0] as Uint8Array))).toContain('countess');
});

describe('what a refusal advises', () => {
  const opened = async (version: 1 | 2) => {
    const opening = openWisp({ relay, version, WebSocket: Fake });
    opening.catch(() => {});
    const socket = FakeSocket.last as FakeSocket;
    return { opening, socket };
  };

  it.each([WispClose.badPassword, WispClose.authenticationRequired])('credentials, for 0x%s', async (reason) => {
    const { opening, socket } = await opened(2);
    socket.message(encodeWisp({ type: 'close', stream: 0, reason }));
    await expect(opening).rejects.toMatchObject({
      code: 'PROXY_AUTHENTICATION_REQUIRED',
      hint: expect.stringContaining('credentials: { username, password }') as string,
    });
  });

  it.each([
    [WispClose.unreachable, 'cannot reach', 'may not be reachable from the relay'],
    [WispClose.timeout, 'did not answer', 'may not be reachable from the relay'],
    [WispClose.refused, 'refused', 'may not be reachable from the relay'],
    [WispClose.blocked, 'does not allow', '--allow'],
  ])('for 0x%s', async (reason, said, hint) => {
    const { opening, socket } = await opened(2);
    const extensions = new Map([[WispExtension.confirmation, new Uint8Array(0)]]);
    socket.message(encodeWisp({ type: 'info', stream: 0, major: 2, minor: 0, extensions }));
    socket.message(encodeWisp({ type: 'continue', stream: 0, credit: 1 }));
    const pipe = (await opening).open({ host: 'db.example.org', port: 1 });
    const stream = new DataView((socket.sent[1] as Uint8Array).buffer).getUint32(1, true);
    socket.message(encodeWisp({ type: 'close', stream, reason }));
    await expect(pipe).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      message: expect.stringContaining(said) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });
});
