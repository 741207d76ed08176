import { describe, expect, it } from 'vitest';
import {
  bytes,
  checkKeyShares,
  codePoint,
  externalPsk,
  flag,
  integer,
  list,
  oneOf,
  optionsOf,
  pin,
  profileOption,
  protocolName,
  record,
} from './options.ts';

const psk = (bytes: number): object => ({ identity: new Uint8Array(1), key: new Uint8Array(bytes), hash: 'sha256' });
const given = (o: object) => new Map<string, unknown>(Object.entries(o));

describe('an invalid option', () => {
  it.each<[string, () => unknown]>([
    ['options: must be an object', () => optionsOf([], new Set())],
    ['colour: unknown option', () => optionsOf({ colour: undefined }, new Set(['color']))],
    ['limits: must be an object', () => record(1, 'limits', [])],
    ['limits.tikets: unknown option', () => record({ tikets: 1 }, 'limits', ['tickets'])],
    ['groups: must be an array, not 29', () => list(given({ groups: 29 }), 'groups', codePoint)],
    ['groups: must not be empty', () => list(given({ groups: [] }), 'groups', codePoint)],
    [
      'groups[1]: must be a 16-bit code point, as @ferrule/result/numbers has them, not 65536',
      () => list(given({ groups: [29, 65_536] }), 'groups', codePoint),
    ],
    [
      'key.groups: contains a duplicate',
      () => list(given({ groups: [29, 29] }), 'groups', codePoint, { prefix: 'key' }),
    ],
    [
      'limits.tickets: must be an integer from 1 to 9, not 1.5',
      () => integer(given({ tickets: 1.5 }), 'tickets', 1, 9, 'limits'),
    ],
    ['grease: must be a boolean, not 0', () => flag(given({ grease: 0 }), 'grease')],
    [
      'ocsp: must be one of off, require, not "of"',
      () => oneOf(given({ ocsp: 'of' }), 'ocsp', ['off', 'require'], 'off'),
    ],
    [
      'profile: this backend does not have webpki; it has compatible, rfc5280',
      () => profileOption('webpki', ['compatible', 'rfc5280']),
    ],
    ['crls[0]: must be a Uint8Array that is not empty', () => bytes(new Uint8Array(), 'crls[0]')],
    ['keyShares: 0x0017 is not in groups', () => checkKeyShares([23], [29])],
    ['keyShares: not in the order of groups (RFC 9846 section 4.3.8)', () => checkKeyShares([23, 29], [29, 23])],
    ['pins[0]: must be a SHA-256 digest of 32 bytes', () => pin(new Uint8Array(31), 'pins[0]')],
    [
      'externalPsks[0].key: must be at least 16 bytes (RFC 9257 section 6), this one has 15',
      () => externalPsk(psk(15), 'externalPsks[0]'),
    ],
    ['alpn[0]: must be 1 to 255 bytes of UTF-8', () => protocolName('é'.repeat(128), 'alpn[0]')],
  ])('is reported with its name: %s', (message, check) => {
    expect(check).toThrow(new TypeError(message));
  });
});

describe('a valid option', () => {
  it('is accepted, and absent ones are left out', () => {
    const o = optionsOf(
      { groups: [29, 23], keyShares: [], tickets: undefined },
      new Set(['groups', 'keyShares', 'tickets']),
    );
    expect([...o.keys()]).toEqual(['groups', 'keyShares']);
    expect(() => checkKeyShares([29, 23], [29, 24, 23])).not.toThrow();
    expect(integer(o, 'tickets', 1, 9)).toBeUndefined();
    expect(flag(o, 'grease', true)).toBe(true);
    expect(protocolName('é'.repeat(127), 'alpn[0]')).toHaveLength(127);
    expect(externalPsk(psk(16), 'externalPsks[0]').key).toHaveLength(16);
  });

  it('is copied if it is bytes, even a Buffer, whose slice() does not copy', () => {
    const buffer = Buffer.from([1, 2]);
    const copy = bytes(buffer, 'crls[0]');
    buffer[0] = 9;
    expect([...copy]).toEqual([1, 2]);
  });
});
