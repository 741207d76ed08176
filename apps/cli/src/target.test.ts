import { describe, expect, it } from 'vitest';
import { parseTarget, parseUrl } from './target.ts';

describe('parseTarget()', () => {
  it.each([
    ['example.org', 'example.org', 443],
    ['example.org:8443', 'example.org', 8443],
    ['192.0.2.1:1', '192.0.2.1', 1],
    ['[2001:db8::1]:993', '2001:db8::1', 993],
    ['[2001:db8::1]', '2001:db8::1', 443],
    ['2001:db8::1', '2001:db8::1', 443],
    ['https://example.org/x', 'example.org', 443],
    ['https://[::1]:8443/', '::1', 8443],
  ])('reads %s', (text, host, port) => {
    expect(parseTarget(text)).toEqual({ host, port });
  });

  it.each(['', ':443', 'example.org:', 'example.org:0', 'example.org:65536', 'example.org:https'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseTarget(text)).toThrow(/expected/);
    },
  );
});

describe('parseUrl()', () => {
  it('adds https, and refuses every other scheme', () => {
    expect(parseUrl('example.org/x').href).toBe('https://example.org/x');
    expect(() => parseUrl('ftp://example.org')).toThrow(/https/);
    expect(() => parseUrl('https://')).toThrow(/expected/);
  });
});
