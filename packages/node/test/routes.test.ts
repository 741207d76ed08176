/** What is no route is refused, and never taken for "straight there". */
import { type AddressInfo, createServer } from 'node:net';
import { dial, dialer, type Route } from '@ferrule/node/transports';
import { expect, it } from 'vitest';
import { once } from 'node:events';

const NOT_ROUTES: readonly unknown[] = [
  null,
  {},
  [],
  5,
  new URL('socks5://127.0.0.1:1080'),
  new String('socks5://127.0.0.1:1080'),
  ['socks5://127.0.0.1:1080'],
  { protocol: 'socks5:', host: '127.0.0.1', port: 1080 },
  { scheme: 'socks', host: '127.0.0.1', port: 1080 },
  { scheme: 'HTTP', host: '127.0.0.1', port: 1080 },
  { scheme: 'http', host: '127.0.0.1' },
  { scheme: 'http', host: '', port: 1080 },
  { scheme: 'http', host: '127.0.0.1', port: 0 },
  { scheme: 'http', host: '127.0.0.1', port: 80, url: 'x' },
  { scheme: 'exec', command: [] },
  { scheme: 'unix' },
  'example.org:80',
  '',
];

async function counting(): Promise<{
  readonly to: { readonly host: string; readonly port: number };
  asked(): number;
  close(): void;
}> {
  let asked = 0;
  const server = createServer((socket) => {
    asked++;
    socket.on('error', () => {}).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    to: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    asked: () => asked,
    close: () => void server.close(),
  };
}

it.each(NOT_ROUTES)('%j is a TypeError, and nobody is connected', async (way) => {
  const target = await counting();
  expect(() => dialer(way as Route)).toThrow(TypeError);
  await expect(dial(way as Route, target.to)).rejects.toThrow(TypeError);
  expect(target.asked()).toBe(0);
  target.close();
});

it('dialer() wants a route: undefined is a TypeError', () => {
  expect(() => dialer(undefined as unknown as Route)).toThrow(TypeError);
});

it('dial() takes a URL for what it says, and a route as it was when it was given', async () => {
  const [target, proxy] = [await counting(), await counting()];
  await expect(dial(`http://127.0.0.1:${proxy.to.port}`, target.to)).rejects.toThrow();
  const route = { scheme: 'http', ...proxy.to, credentials: undefined };
  const open = dialer(route as Route);
  route.scheme = '';
  await once(
    open(target.to).on('data', () => {}),
    'close',
  ).catch(() => {});
  expect([target.asked(), proxy.asked()]).toEqual([0, 2]);
  target.close();
  proxy.close();
});
