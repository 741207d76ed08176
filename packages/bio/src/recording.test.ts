import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bioErrorCode,
  bioPair,
  formatRecording,
  parseRecording,
  recordingBio,
  replayBio,
  type RecordedEvent,
} from './index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('recordingBio', () => {
  it('reports what passes at the engine end, with direction and time', () => {
    const [inner, net] = bioPair();
    const events: RecordedEvent[] = [];
    let time = 1000;
    const bio = recordingBio(inner, (event) => events.push(event), { now: () => time });
    bio.write(bytes(1, 2));
    time += 5;
    bio.nwrite0().set([3]);
    bio.nwrite(1);
    net.write(bytes(9, 8, 7));
    bio.nread0();
    bio.nread(2);
    bio.read(new Uint8Array(5));
    bio.shutdownWrite();
    net.shutdownWrite();
    expect(bio.read(new Uint8Array(5))).toBe(0);
    expect(bio.eof).toBe(true);
    expect(events).toEqual([
      { at: 0, kind: 'sent', bytes: bytes(1, 2) },
      { at: 5, kind: 'sent', bytes: bytes(3) },
      { at: 5, kind: 'received', bytes: bytes(9, 8) },
      { at: 5, kind: 'received', bytes: bytes(7) },
      { at: 5, kind: 'shutdown' },
      { at: 5, kind: 'eof' },
    ]);
  });

  it('keeps the directions of the engine when it wraps the network end', () => {
    const [engine, inner] = bioPair();
    const events: RecordedEvent[] = [];
    const net = recordingBio(inner, (event) => events.push(event), { end: 'network', now: () => 0 });
    net.write(bytes(1));
    engine.write(bytes(2));
    net.nread(net.nread0().length);
    net.shutdownWrite();
    net.fail(new Error('read ECONNRESET'));
    expect(events).toEqual([
      { at: 0, kind: 'received', bytes: bytes(1) },
      { at: 0, kind: 'sent', bytes: bytes(2) },
      { at: 0, kind: 'eof' },
      { at: 0, kind: 'failure', message: 'read ECONNRESET' },
    ]);
  });

  it('reports only what passed, and forwards every call', () => {
    const [inner, net] = bioPair(2);
    const events: RecordedEvent[] = [];
    const bio = recordingBio(inner, (event) => events.push(event));
    expect(bio.blocking).toBe(false);
    expect(bio.read(new Uint8Array(1))).toBe(-1);
    expect(bio.write(bytes(1, 2, 3))).toBe(2);
    expect(bio.write(bytes(3))).toBe(-1);
    expect(() => bio.nread(1)).toThrow(RangeError);
    net.fail(new Error('gone'));
    expect(bio.error?.message).toBe('gone');
    expect(events.map(({ kind }) => kind)).toEqual(['sent', 'failure']);
  });

  it('refuses unknown options', () => {
    expect(() => recordingBio(bioPair()[0], () => undefined, { ends: 'engine' } as object)).toThrow(/ends/);
    expect(() => recordingBio(bioPair()[0], () => undefined, { end: 'middle' } as object)).toThrow(/end/);
  });
});

const event = fc.oneof(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('received' as const, 'sent' as const),
    bytes: fc.uint8Array({ maxLength: 50 }),
  }),
  fc.record({ at: fc.nat(), kind: fc.constantFrom('eof' as const, 'shutdown' as const) }),
  fc.record({ at: fc.nat(), kind: fc.constant('failure' as const), message: fc.string() }),
);

describe('a recording as JSON lines', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(event), (events) => void expect(parseRecording(formatRecording(events))).toEqual(events)),
    );
  });

  it('is refused by line when it is none', () => {
    const header = formatRecording([]).split('\n')[0]!;
    for (const [text, expected] of [
      ['', /line 1/],
      ['{}', /line 1/],
      [`${header}\nx`, /line 2: not JSON/],
      [`${header}\n\n7`, /line 3: not an object/],
      [`${header}\n{"kind":"eof"}`, /line 2: `at`/],
      [`${header}\n{"at":1,"kind":"sent","bytes":"abc"}`, /line 2: `bytes`/],
      [`${header}\n{"at":1,"kind":"sent","bytes":"AB"}`, /line 2: `bytes`/],
      [`${header}\n{"at":1,"kind":"failure"}`, /line 2: `message`/],
      [`${header}\n{"at":1,"kind":"other"}`, /line 2: unknown/],
    ] as const) {
      expect(() => parseRecording(text)).toThrow(expected);
    }
  });
});

const received = (...chunks: Uint8Array[]): RecordedEvent[] =>
  chunks.map((chunk) => ({ at: 0, kind: 'received', bytes: chunk }));

describe('replayBio', () => {
  it('lets one recorded chunk arrive at a time, then the recorded end', () => {
    const bio = replayBio([...received(bytes(1, 2), bytes(3)), { at: 0, kind: 'eof' }]);
    const into = new Uint8Array(9);
    expect(bio.read(into)).toBe(-1);
    expect(bio.advance()).toBe(true);
    expect(bio.read(into)).toBe(2);
    expect(bio.read(into)).toBe(-1);
    bio.advance();
    expect([...bio.nread0()]).toEqual([3]);
    expect(bio.advance()).toBe(true);
    expect(bio.eof).toBe(false);
    bio.nread(1);
    expect(bio.read(into)).toBe(0);
    expect(bio.advance()).toBe(false);
  });

  it('gives the same bytes whatever the chunking, blocking or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (chunks, chunk, blocking) => {
          const bio = replayBio([...received(...chunks), { at: 0, kind: 'eof' }], { chunk, blocking });
          const seen: number[] = [];
          for (;;) {
            const into = new Uint8Array(7);
            const n = bio.read(into);
            if (n === 0) break;
            if (n < 0) expect(bio.advance()).toBe(true);
            else seen.push(...into.subarray(0, n));
          }
          expect(seen).toEqual(chunks.flatMap((bytes) => [...bytes]));
        },
      ),
    );
  });

  it('plays on by itself when blocking, as far as is asked for', () => {
    const bio = replayBio(received(bytes(1, 2), bytes(3, 4), bytes(5)), { blocking: true });
    expect(bio.nread0().length).toBe(2);
    expect(bio.nread0(3).length).toBe(4);
  });

  it('when blocking, fails with TIMEOUT after a recording without an end', () => {
    const bio = replayBio(received(bytes(1)), { blocking: true });
    expect(bio.nread0(2).length).toBe(1);
    expect(bioErrorCode(bio.error!)).toBe('TIMEOUT');
    expect(bio.read(new Uint8Array(3))).toBe(1);
    expect(bio.read(new Uint8Array(3))).toBe(-1);
  });

  it('fails as the recorded transport failed', () => {
    const bio = replayBio([...received(bytes(1)), { at: 0, kind: 'failure', message: 'read ECONNRESET' }], {
      blocking: true,
    });
    expect(bio.read(new Uint8Array(3))).toBe(1);
    expect(bio.read(new Uint8Array(3))).toBe(-1);
    expect(bio.error?.message).toBe('read ECONNRESET');
    expect(bio.write(bytes(1))).toBe(-1);
  });

  it('says where the engine sent something else than was recorded', () => {
    const recorded: RecordedEvent[] = [
      { at: 0, kind: 'sent', bytes: bytes(1, 2) },
      { at: 0, kind: 'sent', bytes: bytes(3) },
    ];
    const same = replayBio(recorded);
    same.write(bytes(1));
    same.nwrite0().set([2, 3]);
    same.nwrite(2);
    expect(same.divergedAt).toBe(undefined);
    expect(same.sent).toBe(3);
    same.write(bytes(4));
    expect(same.divergedAt).toBe(3);
    const other = replayBio(recorded, { blocking: true });
    expect(other.write(bytes(1, 9, 3))).toBe(3);
    expect(other.divergedAt).toBe(1);
  });

  it('plays a recording of itself to the same end', () => {
    const events: RecordedEvent[] = [];
    const first = replayBio([...received(bytes(1, 2, 3), bytes(4)), { at: 3, kind: 'eof' }], {
      blocking: true,
      chunk: 2,
    });
    const bio = recordingBio(first, (e) => events.push(e), { now: () => 0 });
    while (bio.read(new Uint8Array(10)) > 0);
    const second = replayBio(parseRecording(formatRecording(events)), { blocking: true });
    expect([...second.nread0(4)]).toEqual([1, 2, 3, 4]);
    second.nread(4);
    expect(second.read(new Uint8Array(1))).toBe(0);
  });

  it('refuses unknown options', () => {
    expect(() => replayBio([], { chunks: 1 } as object)).toThrow(/chunks/);
    expect(() => replayBio([], { chunk: 0 })).toThrow(TypeError);
    expect(() => replayBio([], { blocking: 1 } as object)).toThrow(TypeError);
  });
});
