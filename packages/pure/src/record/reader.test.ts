import { bioPair } from '@ferrule/bio';
import { TlsError } from '@ferrule/result';
import { ContentType } from '@ferrule/result/numbers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, isGiven } from '../../test/progress.ts';
import { toyProtection } from '../../test/toy-aead.ts';
import { MAX_HANDSHAKE_RECORDS_IN_A_ROW } from '../limits.ts';
import { giveBack, takeBuffer } from './pool.ts';
import { RECORD_HEADER, type Protection } from './protect.ts';
import { ENDED, WANT_READ } from './progress.ts';
import { RecordReader, type ReadProgress } from './reader.ts';

const { handshake, alert, application_data, change_cipher_spec } = ContentType;
const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

/** A record without protection. */
const clear = (type: number, content: Uint8Array | number[], version = 0x0303): Uint8Array =>
  Uint8Array.of(type, version >> 8, version, content.length >> 8, content.length, ...content);

/** A protected one. */
function sealed(protection: Protection, type: number, content: Uint8Array | number[], padding = 0): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + protection.overhead + content.length + padding);
  record.set(content, RECORD_HEADER + protection.prefix);
  protection.seal(record, type, content.length, padding);
  return record;
}

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

interface Setup {
  readonly version?: 'TLSv1.3' | 'TLSv1.2' | undefined;
  readonly keys?: Protection;
  readonly established?: boolean;
  readonly leftover?: number;
  readonly trace?: (type: number, content: Uint8Array) => void;
}

function makeReader({ version, keys, established = false, leftover = 0, trace }: Setup = {}): RecordReader {
  const reader = new RecordReader({ handshake: { leftover }, emptyRecordsInARow: 32, trace });
  reader.version = version;
  reader.established = established;
  if (keys !== undefined) reader.install(keys);
  return reader;
}

/** What a reader makes of bytes that come through a BIO of some size, in pieces. */
function readAll(
  reader: RecordReader,
  stream: Uint8Array,
  size = 40_000,
  piece = stream.length || 1,
): [number, number[]][] {
  const [bio, network] = bioPair(size);
  const records: [number, number[]][] = [];
  let at = 0;
  let ended = false;
  for (;;) {
    const progress = reader.next(bio);
    if (isGiven(progress)) {
      records.push(contentOf(progress));
      continue;
    }
    if (progress === ENDED) return records;
    expect(progress).toBe(WANT_READ);
    if (at < stream.length) {
      const count = network.write(stream.subarray(at, Math.min(at + piece, stream.length)));
      expect(count).toBeGreaterThan(0);
      at += count;
    } else if (ended) throw new Error('it waits although the stream is at its end');
    else {
      ended = true;
      network.shutdownWrite();
    }
  }
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (TlsError.is(error)) return `${error.code} ${error.alert?.name ?? '-'}`;
    throw error;
  }
  return 'none';
}

describe.each(VERSIONS)('reading records of %s', (version) => {
  const given: [number, number[]][] = [
    [handshake, [1, 2, 3, 4, 5]],
    [application_data, [6]],
    [application_data, []],
    [application_data, Array.from({ length: 300 }, (_, i) => i & 0xff)],
  ];
  const stream = (): Uint8Array => {
    const sender = toyProtection(1, {}, version);
    return join(...given.map(([type, content], i) => sealed(sender, type, content, version === 'TLSv1.3' ? i : 0)));
  };
  const receiver = (): RecordReader => makeReader({ version, keys: toyProtection(1, {}, version), established: true });

  it('gives the same records wherever the stream is split', () => {
    const bytes = stream();
    for (let at = 1; at < bytes.length; at++) {
      const reader = receiver();
      const [bio, network] = bioPair(40_000);
      const records: [number, number[]][] = [];
      for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
        network.write(part);
        for (let came = reader.next(bio); isGiven(came); came = reader.next(bio)) records.push(contentOf(came));
      }
      expect(records).toEqual(given);
    }
  });

  it.each([1, 2, 17, 1024])('gives the same records through a BIO of %i bytes', (size) => {
    expect(readAll(receiver(), stream(), size)).toEqual(given);
  });

  it('gives the same records whatever their number, lengths and pieces', () => {
    const contents = fc.array(
      fc.tuple(
        fc.constantFrom(handshake, application_data),
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.nat(20),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        contents,
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 900 }),
        fc.boolean(),
        (list, size, piece, ownMemory) => {
          const sender = toyProtection(3, {}, version);
          const bytes = join(
            ...list.map(([type, content, padding]) =>
              sealed(sender, type, content, version === 'TLSv1.3' ? padding : 0),
            ),
          );
          const reader = makeReader({ version, keys: toyProtection(3, { ownMemory }, version), established: true });
          expect(readAll(reader, bytes, size, piece)).toEqual(list.map(([type, content]) => [type, [...content]]));
        },
      ),
    );
  });

  it('ends in a TlsError, or in what was sent before, at every flipped bit', () => {
    const bytes = stream();
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const records: [number, number[]][] = [];
      const reader = receiver();
      const [bio, network] = bioPair(40_000);
      network.write(changed);
      const outcome = codeOf(() => {
        for (let came = reader.next(bio); isGiven(came); came = reader.next(bio)) records.push(contentOf(came));
      });
      expect(records).toEqual(given.slice(0, records.length));
      // A longer length makes it wait for bytes that do not come.
      if (outcome === 'none') expect(records.length).toBeLessThan(given.length);
    }
  });

  it('takes 2^14 bytes in a record and refuses one more', () => {
    const most = new Uint8Array(16384);
    const keys = (): Protection => toyProtection(1, {}, version);
    expect(readAll(receiver(), sealed(keys(), application_data, most))[0]?.[1].length).toBe(16384);
    const tooMuch = sealed(keys(), application_data, new Uint8Array(16385));
    expect(codeOf(() => readAll(receiver(), tooMuch))).toBe('RECORD_TOO_LARGE record_overflow');
  });

  it('takes no more than the record_size_limit that was asked for (RFC 8449)', () => {
    const read = (length: number): string =>
      codeOf(() => {
        const reader = receiver();
        reader.limitRecords(100);
        readAll(reader, sealed(toyProtection(1, {}, version), application_data, new Uint8Array(length)));
      });
    const most = version === 'TLSv1.3' ? 99 : 100;
    expect(read(most)).toBe('none');
    expect(read(most + 1)).toBe('RECORD_TOO_LARGE record_overflow');
  });

  it('starts at sequence number 0 with new keys', () => {
    const reader = receiver();
    const old = toyProtection(1, {}, version);
    const next = toyProtection(2, {}, version);
    const [bio, network] = bioPair(40_000);
    network.write(join(sealed(old, handshake, [1]), sealed(next, application_data, [2])));
    expect(reader.next(bio)).toMatchObject({ kind: 'record', type: handshake });
    reader.install(toyProtection(2, {}, version));
    expect(reader.next(bio)).toEqual({ kind: 'record', type: application_data, fragment: Uint8Array.of(2) });
  });
});

describe('a record is refused', () => {
  const keys = (): Protection => toyProtection(1);
  const protectedSetup = (): Setup => ({ version: 'TLSv1.3', keys: keys() });
  it.each<[string, Setup, Uint8Array, string]>([
    ['of an unknown type', {}, clear(24, [1]), 'UNEXPECTED_RECORD unexpected_message'],
    [
      'of another major version',
      {},
      join(clear(handshake, [1]), clear(handshake, [1], 0x0203)),
      'WRONG_VERSION_NUMBER protocol_version',
    ],
    [
      'of another version under protection',
      protectedSetup(),
      clear(application_data, new Uint8Array(40), 0x0301),
      'WRONG_VERSION_NUMBER protocol_version',
    ],
    ['that is too long for the clear', {}, Uint8Array.of(22, 3, 3, 0x40, 1), 'RECORD_TOO_LARGE record_overflow'],
    [
      'that is too long for any cipher of TLS 1.3',
      protectedSetup(),
      Uint8Array.of(23, 3, 3, 0x41, 1),
      'RECORD_TOO_LARGE record_overflow',
    ],
    [
      'that is too long for any cipher of TLS 1.2',
      { version: 'TLSv1.2', keys: toyProtection(1, {}, 'TLSv1.2') },
      Uint8Array.of(23, 3, 3, 0x48, 1),
      'RECORD_TOO_LARGE record_overflow',
    ],
    [
      'that is too short for its tag',
      protectedSetup(),
      clear(application_data, new Uint8Array(16)),
      'BAD_RECORD_MAC bad_record_mac',
    ],
    ['that is empty under protection', protectedSetup(), clear(application_data, []), 'BAD_RECORD_MAC bad_record_mac'],
    [
      'that is in the clear under protection',
      protectedSetup(),
      clear(handshake, new Uint8Array(40)),
      'BAD_RECORD_MAC bad_record_mac',
    ],
    [
      'whose alert is in the clear under protection',
      protectedSetup(),
      clear(alert, [2, 40]),
      'BAD_RECORD_MAC bad_record_mac',
    ],
    ['of nothing but padding', protectedSetup(), sealed(keys(), 0, [], 20), 'UNEXPECTED_RECORD unexpected_message'],
    [
      'of an empty handshake message',
      protectedSetup(),
      sealed(keys(), handshake, []),
      'UNEXPECTED_RECORD unexpected_message',
    ],
    ['of an unknown inner type', protectedSetup(), sealed(keys(), 99, [1]), 'UNEXPECTED_RECORD unexpected_message'],
    [
      'with a change_cipher_spec inside',
      protectedSetup(),
      sealed(keys(), change_cipher_spec, [1]),
      'UNEXPECTED_RECORD unexpected_message',
    ],
    ['with an alert of one byte', {}, clear(alert, [2]), 'BAD_ALERT decode_error'],
    ['with two alerts', {}, clear(alert, [1, 90, 1, 90]), 'BAD_ALERT decode_error'],
    ['with an alert of level 3', {}, clear(alert, [3, 40]), 'UNKNOWN_ALERT_LEVEL illegal_parameter'],
    [
      'with an error as a warning in TLS 1.3',
      protectedSetup(),
      sealed(keys(), alert, [1, 40]),
      'BAD_ALERT decode_error',
    ],
    [
      'with a no_renegotiation that nobody asked for',
      { version: 'TLSv1.2' },
      clear(alert, [1, 100]),
      'BAD_ALERT decode_error',
    ],
    [
      'in the middle of a handshake message',
      { leftover: 3 },
      clear(application_data, [1]),
      'UNEXPECTED_RECORD unexpected_message',
    ],
    [
      'as change_cipher_spec in the middle of a handshake message of TLS 1.2',
      { version: 'TLSv1.2', leftover: 3 },
      clear(change_cipher_spec, [1]),
      'UNEXPECTED_RECORD unexpected_message',
    ],
    [
      'as change_cipher_spec after the handshake',
      { ...protectedSetup(), established: true },
      clear(change_cipher_spec, [1]),
      'UNEXPECTED_RECORD unexpected_message',
    ],
    [
      'as change_cipher_spec of another value in TLS 1.3',
      protectedSetup(),
      clear(change_cipher_spec, [2]),
      'UNEXPECTED_RECORD unexpected_message',
    ],
  ])('%s', (_, setup, stream, expected) => {
    expect(codeOf(() => readAll(makeReader(setup), stream))).toBe(expected);
  });

  it('whose outer type is not application_data although it is authentic', () => {
    expect(codeOf(() => readAll(makeReader(protectedSetup()), sealOver(handshake, [7])))).toBe(
      'UNEXPECTED_RECORD unexpected_message',
    );
  });
});

/** A TLS 1.3 record that is authentic under an outer type which TLS 1.3 does not use. */
function sealOver(outer: number, content: number[]): Uint8Array {
  const { aead } = toyProtection(1);
  if (!aead.sync) throw new Error('the toy is synchronous');
  const plain = Uint8Array.of(...content, application_data);
  const header = Uint8Array.of(outer, 3, 3, 0, plain.length + 16);
  const nonce = new Uint8Array(12).fill(102);
  return join(header, aead.seal(nonce, header, plain, new Uint8Array(plain.length + 16)));
}

describe('change_cipher_spec', () => {
  it('is dropped during a TLS 1.3 handshake, but not without end', () => {
    const sender = toyProtection(1);
    const seen: number[] = [];
    const reader = makeReader({ version: 'TLSv1.3', keys: toyProtection(1), trace: (type) => seen.push(type) });
    const ccs = clear(change_cipher_spec, [1]);
    expect(readAll(reader, join(ccs, sealed(sender, handshake, [5]), ccs, sealed(sender, handshake, [6])))).toEqual([
      [handshake, [5]],
      [handshake, [6]],
    ]);
    expect(seen).toEqual([20, 20]);
    const flood = join(...Array<Uint8Array>(33).fill(ccs));
    expect(codeOf(() => readAll(makeReader({ version: 'TLSv1.3' }), flood))).toBe(
      'TOO_MANY_EMPTY_RECORDS unexpected_message',
    );
  });

  it('is given out in TLS 1.2, and while the version is not known', () => {
    for (const version of ['TLSv1.2', undefined] as const) {
      expect(readAll(makeReader({ version }), clear(change_cipher_spec, [1]))).toEqual([[change_cipher_spec, [1]]]);
    }
  });
});

describe('alerts', () => {
  it('of close_notify and of errors are given out, warnings without meaning are not', () => {
    const reader = makeReader({ version: 'TLSv1.2' });
    const [bio, network] = bioPair(1000);
    network.write(join(clear(alert, [1, 112]), clear(alert, [1, 0]), clear(alert, [2, 40])));
    expect(reader.next(bio)).toEqual({ kind: 'alert', alert: { level: 1, description: 0 } });
    expect(reader.next(bio)).toEqual({ kind: 'alert', alert: { level: 2, description: 40 } });
    expect(reader.next(bio)).toBe(WANT_READ);
  });

  it('that warn are dropped four times in a row, not five', () => {
    const warnings = (count: number): Uint8Array => join(...Array<Uint8Array>(count).fill(clear(alert, [1, 90])));
    expect(readAll(makeReader({ version: 'TLSv1.2' }), warnings(4))).toEqual([]);
    const interrupted = join(warnings(4), clear(application_data, [1]), warnings(4));
    expect(readAll(makeReader({ version: 'TLSv1.2' }), interrupted)).toEqual([[application_data, [1]]]);
    expect(codeOf(() => readAll(makeReader({ version: 'TLSv1.2' }), warnings(5)))).toBe(
      'TOO_MANY_WARNING_ALERTS unexpected_message',
    );
  });

  it('cannot make warnings or empty records endless by taking turns', () => {
    const turns = join(...Array.from({ length: 40 }, () => [clear(handshake, []), clear(alert, [1, 90])]).flat());
    expect(codeOf(() => readAll(makeReader({ version: 'TLSv1.2' }), turns))).toBe(
      'TOO_MANY_WARNING_ALERTS unexpected_message',
    );
  });
});

describe('handshake records', () => {
  it('of one byte each are given out, but not without end, and only data ends a row', () => {
    const reader = makeReader({ version: 'TLSv1.3' });
    const [bio, network] = bioPair();
    const next = (type: number, content: number[]): ReadProgress => {
      network.write(clear(type, content));
      return reader.next(bio);
    };
    const byte = (): ReadProgress => next(handshake, [1]);
    for (let i = 0; i < MAX_HANDSHAKE_RECORDS_IN_A_ROW; i++)
      if (!isGiven(byte())) throw new Error(`record ${i} was not given out`);
    expect(next(application_data, [1]).kind).toBe('record');
    for (let i = 0; i < MAX_HANDSHAKE_RECORDS_IN_A_ROW; i++)
      if (!isGiven(byte())) throw new Error(`record ${i} was not given out`);
    expect(next(application_data, []).kind).toBe('record');
    expect(codeOf(byte)).toBe('TOO_MANY_MESSAGES unexpected_message');
  });
});

describe('empty records', () => {
  it('are given out, so that a wrong type is noticed, but not without end', () => {
    const empty = (count: number): Uint8Array => join(...Array<Uint8Array>(count).fill(clear(application_data, [])));
    expect(readAll(makeReader(), empty(32))).toHaveLength(32);
    expect(codeOf(() => readAll(makeReader(), empty(33)))).toBe('TOO_MANY_EMPTY_RECORDS unexpected_message');
  });
});

describe('a peer that speaks something else', () => {
  it.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'HTTP_REQUEST protocol_version', 'HTTP/1.1 400 Bad Request'],
    ['220 mail.example ESMTP\r\n', 'PLAINTEXT_PEER protocol_version', '220 mail.example ESMTP'],
    ['* OK IMAP4rev1 ready\r\n', 'PLAINTEXT_PEER protocol_version', '* OK IMAP4rev1 ready'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'PLAINTEXT_PEER protocol_version', 'SSH-2.0-OpenSSH_9.2'],
    ['\x00\x00\x12\x04\x00\x00\x00', 'WRONG_VERSION_NUMBER protocol_version', 'not a TLS record'],
    ['\x80\x2e\x01\x03\x01\x00\x15', 'WRONG_VERSION_NUMBER protocol_version', 'not a TLS record'],
  ])('is recognised by %j', (text, expected, quoted) => {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    expect(codeOf(() => readAll(makeReader(), bytes))).toBe(expected);
    expect(() => readAll(makeReader(), bytes, 17)).toThrow(quoted.slice(0, 5));
    expect(() => readAll(makeReader(), bytes)).toThrow(quoted);
  });
});

describe('memory', () => {
  it('that was lent comes back wiped', () => {
    const buffer = takeBuffer();
    buffer.fill(7);
    giveBack(buffer);
    expect(takeBuffer().some((byte) => byte !== 0)).toBe(false);
  });

  it('holds nothing of a record after dispose', () => {
    const reader = makeReader({ version: 'TLSv1.3', keys: toyProtection(1) });
    const [bio, network] = bioPair(1000);
    network.write(sealed(toyProtection(1), application_data, [1, 2, 3]));
    const came = reader.next(bio);
    expect(came).toMatchObject({ fragment: Uint8Array.of(1, 2, 3) });
    reader.dispose();
    expect(came).toMatchObject({ fragment: new Uint8Array(3) });
  });
});
