import { describe, expect, it } from 'vitest';
import { parseOptions } from '../context.ts';
import { nobleCrypto } from '../crypto/noble.ts';
import { chooseEchConfig, isHostName, parseEchConfigList } from './config.ts';

const vector = (width: 1 | 2, bytes: readonly number[]): number[] => [
  ...(width === 2 ? [bytes.length >> 8] : []),
  bytes.length & 0xff,
  ...bytes,
];

interface Parts {
  readonly version?: number;
  readonly kem?: number;
  readonly suites?: readonly number[];
  readonly name?: string;
  readonly extensions?: readonly number[];
}
function configOf({
  version = 0xfe0d,
  kem = 0x20,
  suites = [0, 1, 0, 1],
  name = 'public.test',
  extensions = [],
}: Parts = {}): number[] {
  const contents = [
    7,
    kem >> 8,
    kem & 0xff,
    ...vector(2, Array<number>(32).fill(9)),
    ...vector(2, suites),
    64,
    ...vector(1, [...Buffer.from(name)]),
    ...vector(2, extensions),
  ];
  return [version >> 8, version & 0xff, ...vector(2, contents)];
}
const listOf = (...configs: readonly (readonly number[])[]): Uint8Array => new Uint8Array(vector(2, configs.flat()));
const choose = (...configs: readonly Parts[]) =>
  chooseEchConfig(parseEchConfigList(listOf(...configs.map(configOf))), nobleCrypto);

describe('an ECHConfigList', () => {
  it('is read with each configuration as it stands', () => {
    const [config, ...others] = parseEchConfigList(listOf(configOf()));
    expect(others).toEqual([]);
    expect(config).toMatchObject({
      id: 7,
      kem: 0x20,
      symmetric: [{ kdf: 1, aead: 1 }],
      maximumNameLength: 64,
      publicName: 'public.test',
      mandatory: false,
    });
    expect(config?.raw).toEqual(new Uint8Array(configOf()));
  });

  it('passes over configurations of another version, whatever they hold', () => {
    expect(parseEchConfigList(listOf([0xfe, 0x0a, 0, 1, 0], configOf()))).toHaveLength(1);
  });

  it('is refused with one typed error when it is cut, extended or malformed', () => {
    const list = listOf(configOf());
    for (let i = 0; i < list.length; i++)
      expect(() => parseEchConfigList(list.subarray(0, i))).toThrow(expect.objectContaining({ code: 'DECODE_ERROR' }));
    expect(() => parseEchConfigList(new Uint8Array([...list, 0]))).toThrow(
      expect.objectContaining({ code: 'DECODE_ERROR' }),
    );
    expect(() => parseEchConfigList(listOf(configOf({ suites: [0, 1, 0] })))).toThrow(
      expect.objectContaining({ code: 'DECODE_ERROR' }),
    );
    expect(() => parseEchConfigList(listOf(configOf({ extensions: [0, 1, 0, 0, 0, 1, 0, 0] })))).toThrow(
      expect.objectContaining({ code: 'DECODE_ERROR' }),
    );
  });
});

describe('the configuration to use', () => {
  it('is the first with a suite that the provider has', () => {
    expect(choose({ kem: 0x12 }, { suites: [0, 9, 0, 1] }, { suites: [0, 1, 0xff, 0xff, 0, 1, 0, 3] })?.suite).toEqual({
      kem: 0x20,
      kdf: 1,
      aead: 3,
    });
    expect(choose({ kem: 0x12 })).toBeUndefined();
  });

  it('has no mandatory extension, all of which are unknown', () => {
    expect(choose({ extensions: [0x80, 1, 0, 0] })).toBeUndefined();
    expect(choose({ extensions: [0x00, 1, 0, 0] })).toBeDefined();
  });

  it('has a public name that is a host name and no address', () => {
    for (const name of ['public.test', 'a', 'xn--bcher-kva.test', '1.a', '0xg'])
      expect(isHostName(name), name).toBe(true);
    for (const name of [
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      '-a',
      'a-',
      'a_b',
      'ä',
      'a b',
      '1.2.3.4',
      'a.0x',
      'a.0X1f',
      '7',
      'x'.repeat(64),
    ])
      expect(isHostName(name), name).toBe(false);
    expect(choose({ name: '192.0.2.1' })).toBeUndefined();
  });
});

describe('a list of which nothing can be used', () => {
  const ech = (echUnusable?: 'refuse' | 'grease' | 'omit') =>
    parseOptions(nobleCrypto, { ech: listOf(configOf({ kem: 0x7777 })), ...(echUnusable && { echUnusable }) }).ech;

  it('is kept, for the connection to fail with it, unless the caller says otherwise', () => {
    expect(ech()).toHaveLength(1);
    expect(ech('grease')).toBe('grease');
    expect(ech('omit')).toBeUndefined();
  });

  it('is told from one that can', () => {
    expect(parseOptions(nobleCrypto, { ech: listOf(configOf()), echUnusable: 'omit' }).ech).toHaveLength(1);
  });
});
