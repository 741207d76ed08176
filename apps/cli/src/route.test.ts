import { describe, expect, it } from 'vitest';
import { proxyFor, parseVia, routeTo } from './route.ts';

const env = { HTTPS_PROXY: 'http://secure:1', ALL_PROXY: 'socks5://all:2' };
const proxy = (host: string, port: number, more: NodeJS.ProcessEnv = {}, protocol?: 'smtp'): string | undefined =>
  proxyFor({ host, port }, protocol, { ...env, ...more });

describe('proxyFor()', () => {
  it('is HTTPS_PROXY, then ALL_PROXY, in lower case before upper case', () => {
    expect(proxy('example.org', 443)).toBe('http://secure:1');
    expect(proxy('example.org', 443, { HTTPS_PROXY: '' })).toBe('socks5://all:2');
    expect(proxy('example.org', 443, { https_proxy: 'lower:3' })).toBe('lower:3');
    expect(proxyFor({ host: 'example.org', port: 443 }, undefined, {})).toBeUndefined();
  });

  it('is not HTTPS_PROXY where another protocol comes before TLS', () => {
    expect(proxy('example.org', 25, {}, 'smtp')).toBe('socks5://all:2');
    expect(proxy('example.org', 25, { SMTP_PROXY: 'http://mail:4' }, 'smtp')).toBe('http://mail:4');
  });

  it.each([
    ['*', 'example.org', 443, true],
    ['example.org', 'example.org', 443, true],
    ['example.org', 'www.example.org', 443, true],
    ['.example.org', 'www.example.org', 443, true],
    ['*.example.org', 'www.Example.org', 443, true],
    ['example.org', 'notexample.org', 443, false],
    ['a.test, example.org:8443', 'example.org', 8443, true],
    ['a.test example.org:8443', 'example.org', 443, false],
    ['192.0.2.0/24', '192.0.2.77', 443, true],
    ['192.0.2.0/24', '192.0.3.77', 443, false],
    ['192.0.2.0/33,2001:db8::/129,x/8', '192.0.2.1', 443, false],
    ['2001:db8::/32', '2001:db8::1', 443, true],
    ['[2001:db8::1]:443', '2001:db8::1', 443, true],
    ['2001:db8::1', '2001:db8::1', 443, true],
    [',,', 'example.org', 443, false],
  ])('with NO_PROXY=%s, %s:%i goes straight: %s', (NO_PROXY, host, port, straight) => {
    expect(proxy(host, port, { NO_PROXY }) === undefined).toBe(straight);
  });

  it.each(['localhost', 'a.localhost', '127.0.0.1', '127.1.2.3', '::1'])(
    'is none for %s, whoever runs the proxy',
    (host) => {
      expect(proxy(host, 443)).toBeUndefined();
    },
  );
});

describe('routeTo()', () => {
  const target = { host: 'example.org', port: 443 };

  it('takes --via before all, and refuses it beside a target that is a way', () => {
    expect(routeTo(target, parseVia('tcp://192.0.2.1:443'), undefined)).toEqual({
      scheme: 'tcp',
      host: '192.0.2.1',
      port: 443,
    });
    expect(routeTo(target, 'direct', undefined)).toBeUndefined();
    expect(() => routeTo({ host: '', port: 0, route: { scheme: 'unix', path: '/x' } }, 'direct', undefined)).toThrow(
      /--via/,
    );
  });

  it('calls what is not a URL of a way a usage error', () => {
    expect(() => parseVia('ftp://proxy.example')).toThrow(/expected a URL/);
  });
});
