import { describe, expect, it } from 'vitest';
import { matchesHost, parseCertificate } from './index.ts';
import { extension, make, seq, text, tlv } from '../test/make.ts';

const withNames = (...names: readonly Uint8Array[]) =>
  parseCertificate(
    make({ subject: 'cn.test', extensions: { '2.5.29.17': extension('2.5.29.17', seq(...names)) } }).der,
  );
const dns = (...names: readonly string[]) => withNames(...names.map((name) => tlv(0x82, text(name))));

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
  it('ignores the common name and other kinds of names', () => {
    expect(matchesHost(parseCertificate(make({ subject: 'cn.test', dns: [] }).der), 'cn.test')).toBe(false);
    expect(matchesHost(withNames(tlv(0x86, text('https://cn.test/')), tlv(0x81, text('a@cn.test'))), 'cn.test')).toBe(
      false,
    );
  });
  it('finds a name among many', () => {
    expect(matchesHost(dns('a.test', 'b.test', '*.c.test'), 'x.c.test')).toBe(true);
  });
});
