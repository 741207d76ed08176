import { describe, expect, it, vi } from 'vitest';
import { asciiHost, authority, destinationOption, hostOption, isIpAddress, parseHost } from './host.ts';

describe('parseHost', () => {
  it('converts DNS names to lower case without their trailing dot', () => {
    expect(parseHost('WWW.Example.COM.')).toEqual({ kind: 'dns', name: 'www.example.com' });
    expect(parseHost('localhost')).toEqual({ kind: 'dns', name: 'localhost' });
    expect(parseHost('xn--bcher-kva.example')).toEqual({ kind: 'dns', name: 'xn--bcher-kva.example' });
    expect(parseHost('_dmarc.a_b.test')).toEqual({ kind: 'dns', name: '_dmarc.a_b.test' });
    expect(parseHost('-a.b-.test')).toEqual({ kind: 'dns', name: '-a.b-.test' });
  });
  it('converts addresses to their bytes and canonical text', () => {
    expect(parseHost('192.0.2.1')).toEqual({ kind: 'ip', name: '192.0.2.1', bytes: Uint8Array.of(192, 0, 2, 1) });
    expect(parseHost('2001:DB8:0:0:0:0:0:1')).toMatchObject({ kind: 'ip', name: '2001:db8::1' });
    expect(parseHost('[::1]')).toMatchObject({ kind: 'ip', name: '::1' });
    expect(parseHost('::ffff:1.2.3.4')).toMatchObject({ name: '::ffff:102:304' });
    expect(parseHost('1:0:0:2:0:0:0:3')).toMatchObject({ name: '1:0:0:2::3' });
  });
  it.each([
    '',
    '.',
    'a..b',
    'bücher.example',
    '\u212aelvin.test',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '0x7f.1',
    'a.0x10',
    'x'.repeat(64),
    `${'a.'.repeat(127)}a`,
    '1::2::3',
    '1:2:3:4:5:6:7',
    ':1',
    '::1%eth0',
    '[1.2.3.4]',
    'a b',
    'a/b',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3',
    '1.2.3.4::',
    '*.example.com',
  ])('refuses %j with a TypeError', (host) => {
    expect(() => parseHost(host)).toThrow(TypeError);
  });
  it('recognises addresses', () => {
    expect(['1.2.3.4', '::', 'fe80::1', '1.2.3', 'a.b', ''].map(isIpAddress)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a host as users write it', () => {
  it.each([
    ['example.org', 'example.org'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['MÜNCHEN。example', 'xn--mnchen-3ya.example'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    // Not only a host: parseHost() rejects them
    ['münchen.example:443', 'münchen.example:443'],
    ['ü/../a', 'ü/../a'],
    ['ü@a.example', 'ü@a.example'],
    ['a b.ü', 'a b.ü'],
    ['xn--.ü', 'xn--.ü'],
  ])('%j is %j', (given, host) => {
    expect(asciiHost(given)).toBe(host);
  });

  it('is unchanged where there is no URL to convert it', () => {
    vi.stubGlobal('URL', undefined);
    expect(asciiHost('münchen.example')).toBe('münchen.example');
    vi.unstubAllGlobals();
  });

  it('is rejected with the name of the option', () => {
    expect(hostOption('münchen.example', 'servername')).toBe('xn--mnchen-3ya.example');
    expect(() => hostOption('a b', 'servername')).toThrow(/^servername: "a b" is neither a DNS name /);
    expect(() => hostOption(undefined)).toThrow('host: must be a non-empty string, not undefined');
  });

  it('has brackets before a port if it is an IPv6 address', () => {
    expect(authority({ host: '::1', port: 1 })).toBe('[::1]:1');
    expect(authority(destinationOption({ host: '[::1]', port: 2 }))).toBe('[::1]:2');
    expect(() => destinationOption(null as never)).toThrow('to: must be an object');
  });
});
