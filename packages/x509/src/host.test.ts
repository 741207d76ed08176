import { describe, expect, it } from 'vitest';
import { isIpAddress, matchesHost, parseCertificate, parseHost } from './index.ts';
import { extension, make, seq, text, tlv } from '../test/make.ts';

const withNames = (...names: readonly Uint8Array[]) =>
  parseCertificate(
    make({ subject: 'cn.test', extensions: { '2.5.29.17': extension('2.5.29.17', seq(...names)) } }).der,
  );
const dns = (...names: readonly string[]) => withNames(...names.map((name) => tlv(0x82, text(name))));

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

describe('matchesHost', () => {
  it.each([
    ['example.com', 'example.com', true],
    ['example.com', 'EXAMPLE.com.', true],
    ['EXAMPLE.com', 'example.com', true],
    ['example.com', 'www.example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'xn--bcher-kva.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['*.com', 'example.com', false],
    ['*', 'example.com', false],
    ['*.', 'example.', false],
    ['w*.example.com', 'www.example.com', false],
    ['*w.example.com', 'www.example.com', false],
    ['www.*.com', 'www.example.com', false],
    ['*.*.com', 'www.example.com', false],
    ['xn--*.example.com', 'xn--a.example.com', false],
    ['example.com.', 'example.com', false],
    ['.example.com', 'www.example.com', false],
    ['foo_bar.example.com', 'foo_bar.example.com', true],
    ['*.my_zone.internal', 'a_b.my_zone.internal', true],
    ['*.zone.internal', 'my_service.zone.internal', true],
    ['foo bar.example.com', 'foobar.example.com', false],
    ['192.0.2.1', '192.0.2.1', false],
    ['example.com\0.evil.test', 'example.com', false],
  ])('%j names %j: %j', (presented, host, expected) => {
    expect(matchesHost(dns(presented), host)).toBe(expected);
  });
  it('compares addresses byte by byte, and with addresses only', () => {
    const four = withNames(tlv(0x87, Uint8Array.of(192, 0, 2, 1)));
    expect(matchesHost(four, '192.0.2.1')).toBe(true);
    expect(matchesHost(four, '192.0.2.2')).toBe(false);
    expect(matchesHost(four, '::ffff:192.0.2.1')).toBe(false);
    const six = withNames(tlv(0x87, Uint8Array.of(...new Array<number>(15).fill(0), 1)));
    expect(matchesHost(six, '0:0::1')).toBe(true);
    expect(matchesHost(six, '::2')).toBe(false);
    expect(matchesHost(dns('192.0.2.1'), '192.0.2.1')).toBe(false);
  });
  it('does not look at the common name, nor at other kinds of names', () => {
    expect(matchesHost(parseCertificate(make({ subject: 'cn.test', dns: [] }).der), 'cn.test')).toBe(false);
    expect(matchesHost(withNames(tlv(0x86, text('https://cn.test/')), tlv(0x81, text('a@cn.test'))), 'cn.test')).toBe(
      false,
    );
  });
  it('finds a name among many', () => {
    expect(matchesHost(dns('a.test', 'b.test', '*.c.test'), 'x.c.test')).toBe(true);
  });
});
