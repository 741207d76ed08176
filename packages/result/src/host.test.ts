import { describe, expect, it } from 'vitest';
import { isIpAddress, parseHost } from './host.ts';

describe('parseHost', () => {
  it('takes DNS names in lower case without their trailing dot', () => {
    expect(parseHost('WWW.Example.COM.')).toEqual({ kind: 'dns', name: 'www.example.com' });
    expect(parseHost('localhost')).toEqual({ kind: 'dns', name: 'localhost' });
    expect(parseHost('xn--bcher-kva.example')).toEqual({ kind: 'dns', name: 'xn--bcher-kva.example' });
    expect(parseHost('_dmarc.a_b.test')).toEqual({ kind: 'dns', name: '_dmarc.a_b.test' });
  });
  it('takes addresses to their bytes and canonical text', () => {
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
    '-a.test',
    'a-.test',
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
  it('knows addresses', () => {
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
