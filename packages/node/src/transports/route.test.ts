import { describe, expect, it } from 'vitest';
import { dialer, nameOfRoute, parseRoute } from './index.ts';

describe('parseRoute()', () => {
  it.each([
    ['tcp://127.0.0.1:443', { scheme: 'tcp', host: '127.0.0.1', port: 443 }],
    ['tcp://[::1]:21', { scheme: 'tcp', host: '::1', port: 21 }],
    ['unix:/run/some.sock', { scheme: 'unix', path: '/run/some.sock' }],
    ['unix:///run/some.sock', { scheme: 'unix', path: '/run/some.sock' }],
    ['unix:./here.sock', { scheme: 'unix', path: './here.sock' }],
    ['socks5://proxy.example', { scheme: 'socks5', host: 'proxy.example', port: 1080, credentials: undefined }],
    [
      'socks5h://me:p%40ss@[::1]:9050',
      { scheme: 'socks5', host: '::1', port: 9050, credentials: { username: 'me', password: 'p@ss' } },
    ],
    ['http://proxy.example:3128/', { scheme: 'http', host: 'proxy.example', port: 3128, credentials: undefined }],
    ['HTTP://proxy.example', { scheme: 'http', host: 'proxy.example', port: 80, credentials: undefined }],
    [
      'ws://relay.example:8080/v1?address={host}:{port}',
      { scheme: 'ws', url: 'ws://relay.example:8080/v1?address={host}:{port}' },
    ],
    [
      `exec:ssh -o 'ProxyCommand none' -W {host}:{port} jump"er"`,
      { scheme: 'exec', command: ['ssh', '-o', 'ProxyCommand none', '-W', '{host}:{port}', 'jumper'] },
    ],
  ] as const)('reads %s', (url, route) => {
    expect(parseRoute(url)).toEqual(route);
  });

  it.each([
    ['tcp://host', /no port/],
    ['tcp:host:1', /expected tcp:\/\/host:port/],
    ['tcp://me:secret@host:1', /^((?!secret).)*credentials((?!secret).)*$/],
    ['tcp://host:1/path', /neither path nor query/],
    ['tcp://host:1?query', /neither path nor query/],
    ['tcp://host:0', /port 0/],
    ['http://proxy.example:0', /port 0/],
    ['socks5://proxy.example:0', /port 0/],
    ['ws://relay.example:0', /port 0/],
    ['unix:', /no path/],
    ['exec: ', /no command/],
    ['http://proxy.example/path', /neither path nor query/],
    ['socks5://%zz@proxy.example', /percent-encoded/],
    ['https://proxy.example', /TLS to the proxy/],
    ['wss://relay.example', /TLS to the proxy or relay/],
    ['example.org:443', /expected a URL/],
    ['gopher://x', /expected a URL/],
  ])('refuses %s', (url, message) => {
    expect(() => parseRoute(url)).toThrow(message);
  });

  it.each([
    'ws://user:p@secret@relay.test/x',
    'ws://user:p%40@relay.test/x#secret',
    'ws://relay.test?secret',
    'WS://user:secret@relay.test/',
    'ws:///user:secret@relay.test/x',
    'ws:////user:secret@relay.test/',
    'ws://\n/us\ter:secret@relay.test/',
    'ws://\\user:secret@relay.test/x',
  ])('shows nothing of %s but where it leads', (url) => {
    expect(nameOfRoute(parseRoute(url))).toMatch(/^ws:\/\/relay\.test(\/x?)?$/);
  });

  it('names a relay by its destination placeholders', () => {
    expect(nameOfRoute(parseRoute('ws://me:secret@{host}:{port}/to/{host}?{port}'))).toBe(
      'ws://{host}:{port}/to/{host}',
    );
  });

  it('an invalid route gets an error that describes valid ones, from dialer() too', () => {
    for (const none of [undefined, null, 1, Symbol('x')])
      expect(() => dialer(none as never)).toThrow(/^route: must be a URL with tcp, unix, socks5/);
  });

  it('never reveals credentials', () => {
    for (const url of [
      'socks5://me:secret@proxy',
      'http://me:secret@proxy',
      'ws://me:secret@relay/x?token=secret',
      'exec:nc secret',
    ]) {
      expect(nameOfRoute(parseRoute(url))).not.toContain('secret');
    }
    expect(() => parseRoute('http://me:secret@')).toThrow(/^((?!secret).)*$/);
  });
});
