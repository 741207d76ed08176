import { describe, expect, it } from 'vitest';
import { eventLine, headerLine, keylogLine, randomLine, readRecording, type RecordingHeader } from './recording.ts';

const header: RecordingHeader = {
  target: 'localhost:443',
  host: 'localhost',
  remote: '127.0.0.1:443',
  engine: 'TypeScript, node:crypto',
  began: '2026-01-02T03:04:05.678Z',
  offer: { alpn: ['h2'] },
};
const bytes = Uint8Array.of(22, 3, 1, 0, 0);
const text = [
  headerLine(header),
  randomLine(0.5, Uint8Array.of(1, 2)),
  eventLine({ at: 1, kind: 'sent', bytes }),
  keylogLine(2, 'CLIENT_RANDOM 00 11'),
  randomLine(2.5, Uint8Array.of(3)),
  eventLine({ at: 3, kind: 'received', bytes }),
  eventLine({ at: 4, kind: 'eof' }),
].join('');

describe('a recorded connection', () => {
  it('is read as it was written: events, key log, and the randomness in its order', () => {
    expect(readRecording(text)).toEqual({
      header,
      events: [
        { at: 1, kind: 'sent', bytes },
        { at: 3, kind: 'received', bytes },
        { at: 4, kind: 'eof' },
      ],
      keylog: ['CLIENT_RANDOM 00 11'],
      random: Buffer.of(1, 2, 3),
    });
  });

  it('may be a plain recording of @ferrule/bio', () => {
    const plain = `{"recording":"ferrule-bio","version":1}\n${eventLine({ at: 1, kind: 'sent', bytes })}`;
    expect(readRecording(plain)).toMatchObject({ header: undefined, events: [{ kind: 'sent' }], keylog: [] });
  });

  it('names the line that is wrong, counted in the file', () => {
    const lines = text.split('\n');
    expect(() =>
      readRecording([...lines.slice(0, 5), '{"at":"now","kind":"eof"}', ...lines.slice(5)].join('\n')),
    ).toThrow(/^line 6: `at` is not a number$/);
    expect(() => readRecording(text.replace('"version":1', '"version":2'))).toThrow(
      /^line 1: a recording of version 2, where 1 is known$/,
    );
    expect(() => readRecording(text.replace('2026-01-02', 'one day'))).toThrow(/^line 1: not the header/);
    expect(() => readRecording(text.replace('{"alpn":["h2"]}', 'null'))).toThrow(/^line 1: not the header/);
  });

  it('is refused with one kind of error, however it is broken', () => {
    for (let at = 0; at < text.length; at++) {
      for (const change of ['', '"', 'x', '{', '0']) {
        try {
          readRecording(text.slice(0, at) + change + text.slice(at + 1));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }
    }
  });
});
