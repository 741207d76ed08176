import { bioPair, type PairedBio } from '@ferrule/bio';
import { ContentType, Version } from '@ferrule/result/numbers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, isGiven } from '../../test/progress.ts';
import { toyProtection, type ToyOptions } from '../../test/toy-aead.ts';
import type { Protection } from './protect.ts';
import { FLUSHED, WANT_WRITE } from './progress.ts';
import { RecordReader } from './reader.ts';
import { RecordWriter } from './writer.ts';

const { handshake, alert, application_data, change_cipher_spec } = ContentType;

/** A writer in front of a BIO pair, and everything that came out at the other end. */
class Outlet {
  readonly writer = new RecordWriter();
  readonly bio: PairedBio;
  readonly #network: PairedBio;
  readonly bytes: number[] = [];

  constructor(size = 100_000) {
    [this.bio, this.#network] = bioPair(size);
    this.writer.legacyVersion = Version.tls12;
  }

  drain(): void {
    const view = this.#network.nread0();
    this.bytes.push(...view);
    this.#network.nread(view.length);
  }

  /** Flushes, draining whenever the BIO is full. */
  flush(): void {
    for (let progress = this.writer.flush(this.bio); progress !== FLUSHED; progress = this.writer.flush(this.bio)) {
      expect(progress).toBe(WANT_WRITE);
      this.drain();
    }
    this.drain();
  }

  /** Writes all of it, draining whenever the BIO is full. */
  write(from: Uint8Array): void {
    for (let at = 0; at < from.length;) {
      const progress = this.writer.write(this.bio, from.subarray(at));
      if (progress.kind === 'written') at += progress.count;
      else expect(progress).toBe(WANT_WRITE);
      this.drain();
    }
  }

  /** Type and body length of each record. */
  get records(): [number, number][] {
    const list: [number, number][] = [];
    for (let at = 0; at < this.bytes.length;) {
      const [type = 0, , , high = 0, low = 0] = this.bytes.slice(at, at + 5);
      list.push([type, high * 256 + low]);
      at += 5 + high * 256 + low;
    }
    return list;
  }
}

/** What a peer with the given keys reads; keys change where `switches` says so, after so many records. */
function readBack(
  bytes: readonly number[],
  keys: ReadonlyMap<number, Protection>,
  version: 'TLSv1.3' | 'TLSv1.2' = 'TLSv1.3',
): [number, number[]][] {
  const reader = new RecordReader({ handshake: { leftover: 0 }, emptyRecordsInARow: 1000 });
  reader.version = version;
  const [bio, network] = bioPair(bytes.length + 1);
  network.write(Uint8Array.from(bytes));
  const list: [number, number[]][] = [];
  for (;;) {
    const next = keys.get(list.length);
    if (next !== undefined) reader.install(next);
    const came = reader.next(bio);
    if (!isGiven(came)) return list;
    list.push(contentOf(came));
  }
}

describe('handshake messages', () => {
  it('of one flight share a record', () => {
    const outlet = new Outlet();
    outlet.writer.handshake(new Uint8Array(100));
    outlet.writer.handshake(new Uint8Array(50));
    outlet.flush();
    expect(outlet.records).toEqual([[handshake, 150]]);
  });

  it('carry 0x0301 in an initial ClientHello and 0x0303 after it', () => {
    const outlet = new Outlet();
    expect(new RecordWriter().legacyVersion).toBe(Version.tls10);
    outlet.writer.legacyVersion = Version.tls10;
    outlet.writer.handshake(new Uint8Array(1));
    outlet.flush();
    outlet.writer.legacyVersion = Version.tls12;
    outlet.writer.handshake(new Uint8Array(1));
    outlet.flush();
    expect(outlet.bytes).toEqual([22, 3, 1, 0, 1, 0, 22, 3, 3, 0, 1, 0]);
  });

  it('carry 0x0303 in an alert even before a version is known', () => {
    const outlet = new Outlet();
    outlet.writer.legacyVersion = Version.tls10;
    outlet.writer.alert(2, 47);
    outlet.flush();
    expect(outlet.bytes).toEqual([21, 3, 3, 0, 2, 2, 47]);
  });

  it('longer than a record are split at 2^14 bytes', () => {
    const outlet = new Outlet();
    outlet.writer.handshake(new Uint8Array(40_000));
    outlet.flush();
    expect(outlet.records).toEqual([
      [handshake, 16384],
      [handshake, 16384],
      [handshake, 40_000 - 2 * 16384],
    ]);
  });

  it('before a change of keys leave under the old ones', () => {
    const outlet = new Outlet();
    outlet.writer.handshake(Uint8Array.of(1));
    outlet.writer.install(toyProtection(1));
    outlet.writer.handshake(Uint8Array.of(2));
    outlet.writer.install(toyProtection(2));
    outlet.writer.handshake(Uint8Array.of(3));
    outlet.writer.install(undefined);
    outlet.writer.handshake(Uint8Array.of(4));
    outlet.flush();
    const { records, bytes } = outlet;
    expect(records.map(([type]) => type)).toEqual([handshake, application_data, application_data, handshake]);
    const read = readBack(
      bytes.slice(0, -6),
      new Map([
        [1, toyProtection(1)],
        [2, toyProtection(2)],
      ]),
    );
    expect(read.map(([, content]) => content)).toEqual([[1], [2], [3]]);
  });

  it('leave in front of an alert and a change_cipher_spec, which is never protected', () => {
    const outlet = new Outlet();
    outlet.writer.install(toyProtection(1));
    outlet.writer.handshake(Uint8Array.of(1));
    outlet.writer.changeCipherSpec();
    outlet.writer.handshake(Uint8Array.of(2));
    outlet.writer.alert(2, 40);
    outlet.flush();
    expect(outlet.records.map(([type]) => type)).toEqual([
      application_data,
      change_cipher_spec,
      application_data,
      application_data,
    ]);
    const read = readBack(outlet.bytes, new Map([[0, toyProtection(1)]]));
    expect(read).toEqual([
      [handshake, [1]],
      [handshake, [2]],
      [alert, [2, 40]],
    ]);
  });
});

describe('application data', () => {
  it('is taken in records of 2^14 bytes as far as the BIO has room', () => {
    const outlet = new Outlet(40_000);
    outlet.writer.install(toyProtection(1));
    expect(outlet.writer.write(outlet.bio, new Uint8Array(100_000))).toEqual({ kind: 'written', count: 2 * 16384 });
    expect(outlet.writer.idle).toBe(true);
  });

  it('waits with WANT_WRITE when the BIO is smaller than a record, and is reported once all of it has gone', () => {
    const outlet = new Outlet(1000);
    outlet.writer.install(toyProtection(1));
    const data = Uint8Array.from({ length: 2500 }, (_, i) => i);
    expect(outlet.writer.write(outlet.bio, data)).toBe(WANT_WRITE);
    expect(outlet.writer.idle).toBe(false);
    outlet.drain();
    expect(outlet.writer.write(outlet.bio, data)).toBe(WANT_WRITE);
    outlet.drain();
    expect(outlet.writer.write(outlet.bio, data)).toEqual({ kind: 'written', count: 2500 });
    outlet.drain();
    expect(outlet.records).toHaveLength(1);
    expect(readBack(outlet.bytes, new Map([[0, toyProtection(1)]]))).toEqual([[application_data, [...data]]]);
  });

  it('must be repeated with no fewer bytes after a wait', () => {
    const outlet = new Outlet(10);
    outlet.writer.install(toyProtection(1));
    expect(outlet.writer.write(outlet.bio, new Uint8Array(50))).toBe(WANT_WRITE);
    expect(() => outlet.writer.write(outlet.bio, new Uint8Array(49))).toThrow(TypeError);
    outlet.write(new Uint8Array(60));
    expect(readBack(outlet.bytes, new Map([[0, toyProtection(1)]])).map(([, content]) => content.length)).toEqual([
      50, 10,
    ]);
  });

  it('does not leave memory of the caller behind in what waits', () => {
    const outlet = new Outlet(10);
    outlet.writer.install(toyProtection(1));
    const data = Uint8Array.of(1, 2, 3);
    outlet.writer.write(outlet.bio, data);
    const again = data.slice();
    data.fill(9);
    outlet.write(again);
    expect(readBack(outlet.bytes, new Map([[0, toyProtection(1)]]))).toEqual([[application_data, [1, 2, 3]]]);
  });

  it.each([1, 2, 17, 1024])('passes a BIO of %i bytes unharmed', (size) => {
    const outlet = new Outlet(size);
    outlet.writer.install(toyProtection(1));
    const data = Uint8Array.from({ length: 3000 }, (_, i) => i * 7);
    outlet.write(data);
    outlet.writer.alert(1, 0);
    outlet.flush();
    expect(readBack(outlet.bytes, new Map([[0, toyProtection(1)]]))).toEqual([
      [application_data, [...data]],
      [alert, [1, 0]],
    ]);
  });

  it('is padded to a multiple, which counts the content type, and never beyond the largest record', () => {
    const padded = (length: number, multiple: number): number => {
      const outlet = new Outlet();
      outlet.writer.install(toyProtection(1));
      outlet.writer.padding = multiple;
      outlet.write(new Uint8Array(length));
      return (outlet.records[0]?.[1] ?? 0) - 16;
    };
    expect(padded(1, 0)).toBe(2);
    expect(padded(1, 64)).toBe(64);
    expect(padded(63, 64)).toBe(64);
    expect(padded(64, 64)).toBe(128);
    expect(padded(16384, 1000)).toBe(16385);
    expect(padded(16000, 10_000)).toBe(16385);
  });

  it('keeps to the record_size_limit of the peer, padding and content type included in TLS 1.3', () => {
    for (const [version, most] of [
      ['TLSv1.3', 99],
      ['TLSv1.2', 100],
    ] as const) {
      const outlet = new Outlet();
      outlet.writer.install(toyProtection(1, {}, version));
      outlet.writer.limitRecords(100);
      outlet.writer.padding = 70;
      outlet.write(new Uint8Array(250));
      outlet.writer.handshake(new Uint8Array(150));
      outlet.flush();
      const lengths = readBack(outlet.bytes, new Map([[0, toyProtection(1, {}, version)]]), version).map(
        ([, content]) => content.length,
      );
      expect(lengths).toEqual([most, most, 250 - 2 * most, most, 150 - most]);
      for (const [, length] of outlet.records) expect(length - 16).toBeLessThanOrEqual(100);
    }
  });

  it('is refused without keys', () => {
    const { writer, bio } = new Outlet();
    expect(() => writer.write(bio, Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: 'INTERNAL_ERROR' }) as Error,
    );
  });
});

/** Everything that a connection may do with a writer. */
type Action =
  | { readonly kind: 'handshake' | 'data'; readonly content: Uint8Array }
  | { readonly kind: 'alert'; readonly description: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'keys' };
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('handshake' as const, 'data' as const),
    content: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  }),
  fc.record({ kind: fc.constant('alert' as const), description: fc.integer({ min: 0, max: 255 }) }),
  fc.constantFrom<Action>({ kind: 'flush' }, { kind: 'keys' }),
);

describe('a writer', () => {
  it('says the same through any BIO, whatever it is made to say', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 15 }),
        fc.integer({ min: 1, max: 700 }),
        fc.boolean(),
        (actions, size, ownMemory) => {
          const options: ToyOptions = { ownMemory };
          const outlet = new Outlet(size);
          const expected: [number, number[]][] = [];
          const keys = new Map([[0, toyProtection(1)]]);
          let generation = 1;
          let flight: number[] = [];
          const endFlight = (): void => {
            if (flight.length > 0) expected.push([handshake, flight]);
            flight = [];
          };
          outlet.writer.install(toyProtection(generation, options));
          for (const each of actions) {
            if (each.kind === 'handshake') {
              outlet.writer.handshake(each.content);
              flight.push(...each.content);
              continue;
            }
            endFlight();
            if (each.kind === 'flush') outlet.flush();
            else if (each.kind === 'alert') {
              outlet.writer.alert(2, each.description);
              expected.push([alert, [2, each.description]]);
            } else if (each.kind === 'keys') {
              outlet.writer.install(toyProtection(++generation, options));
              keys.set(expected.length, toyProtection(generation));
            } else {
              outlet.write(each.content);
              expected.push([application_data, [...each.content]]);
            }
          }
          endFlight();
          outlet.flush();
          expect(readBack(outlet.bytes, keys)).toEqual(expected);
        },
      ),
    );
  });

  it('forgets what has not gone when it is disposed of', () => {
    const outlet = new Outlet(10);
    outlet.writer.install(toyProtection(1));
    outlet.writer.write(outlet.bio, new Uint8Array(50));
    outlet.writer.handshake(new Uint8Array(50));
    outlet.writer.dispose();
    expect(outlet.writer.idle).toBe(true);
    expect(outlet.writer.flush(outlet.bio)).toBe(FLUSHED);
  });
});
