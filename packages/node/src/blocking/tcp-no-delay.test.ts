import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { setTcpNoDelay } from '@ferrule/node';

it('turns TCP_NODELAY on and off', () => {
  const seen: boolean[] = [];
  const socket = { setNoDelay: (on: boolean) => seen.push(on) };
  setTcpNoDelay(socket, true);
  setTcpNoDelay(socket, false);
  expect(seen).toEqual([true, false]);
  expect(() => setTcpNoDelay(socket, 1 as unknown as boolean)).toThrow(TypeError);
  for (const none of [{}, undefined, null])
    expect(() => setTcpNoDelay(none as never, true)).toThrow(/^socket: must be a net\.Socket/);
});

it('accepts a socket of Node', async () => {
  const server = createServer((peer) => peer.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const set = vi.spyOn(socket, 'setNoDelay');
  setTcpNoDelay(socket, true);
  setTcpNoDelay(socket, false);
  expect(set.mock.calls).toEqual([[true], [false]]);
  socket.destroy();
  server.close();
});
