import { TlsError } from 'ferrule';
import { describe, expect, it } from 'vitest';
import { healthy, info, sick } from '../test/inspections.ts';
import { colorsFor, connectionReport, failureReport, inspectionReport } from './report.ts';
import { ENDLESS, laidOut, type Screen, widthOf, wrapped } from './screen.ts';
import { Timeline } from './timeline.ts';

const SCREENS: readonly (readonly [string, Screen])[] = [
  ['80x24', { columns: 80, rows: 24 }],
  ['120x40', { columns: 120, rows: 40 }],
  ['40x24', { columns: 40, rows: 24 }],
];
const [plain, colored] = [colorsFor({}, {}), colorsFor({ isTTY: true }, {})];
const steady = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\d/g, '2027-01-01').replace(/\d+(?=\s+days left)/g, 'NN');

/** What stays on the screen when the prompt is back. */
const visible = (text: string, { rows }: Screen): string[] =>
  text
    .trimEnd()
    .split('\n')
    .slice(1 - rows);

describe.each(SCREENS)('at %s', (title, screen) => {
  it.each([
    ['a healthy server', healthy, /✓ service-77\S+ is trusted/],
    ['an untrusted one', sick, /✗ service-77\S+[^]*try +If you trust this/],
  ] as const)('the verdict of %s stays in sight, and no word is broken', async (name, inspection, verdict) => {
    const text = inspectionReport(inspection, plain, screen);
    const shown = visible(text, screen);
    expect(shown.join(' ').replace(/\s+/g, ' ')).toMatch(verdict);
    for (const line of text.split('\n'))
      if (line.trim().includes(' ')) expect(widthOf(line), line).toBeLessThanOrEqual(screen.columns);
    const words = new Set(text.split(/\s+/));
    for (const message of healthy.handshake.flatMap(({ messages = [] }) => messages))
      expect(
        [...words].some((word) => word.replace(/,$/, '') === message),
        message,
      ).toBe(true);
    // Of 121 names a few, and how many more there are
    expect(text.replace(/\s+/g, ' ')).toMatch(/names service-77\.department\.example\.org[^+]* \+ 1\d\d more/);
    await expect(steady(text)).toMatchFileSnapshot(`../test/screens/${title}-${name.replace(/\W+/g, '-')}.txt`);
  });

  it('colours take no room', () => {
    const text = inspectionReport(healthy, colored, screen);
    expect(text).toContain('\u001b[');
    expect(text.replace(/\u001b\[[\d;]*m/g, '')).toBe(inspectionReport(healthy, plain, screen));
  });

  it('a failure and a connection fit, too', () => {
    const [failed, connected] = [
      failureReport(new TlsError('CERT_EXPIRED', `${'a long story '.repeat(20)}.`), healthy.target, plain, screen),
      connectionReport(info, new Timeline(), plain, screen),
    ];
    for (const line of `${failed}\n${connected}`.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(screen.columns);
    expect(visible(failed, screen).join('\n')).toMatch(/✗ [^]*try /);
    expect(visible(connected, screen).join(' ').replace(/\s+/g, ' ')).toMatch(/✓ .* is verified/);
  });
});

describe('wrapped()', () => {
  it('breaks at spaces, goes on below the value, and puts a long word as far to the right as it fits', () => {
    const line = { text: '  label   one two three four-and-a-very-long-word five', hang: 10 };
    expect(wrapped(line, 20)).toEqual([
      '  label   one two',
      '          three',
      'four-and-a-very-long-word',
      '          five',
    ]);
    expect(wrapped('short', 20)).toEqual(['short']);
  });

  it('counts wide characters as two', () => {
    expect(widthOf('株式会社 example')).toBe(16);
  });
});

describe('laidOut()', () => {
  it('repeats the verdict where the beginning scrolls away, and nowhere else', () => {
    const lines = ['verdict', 'a', 'b', 'c'];
    expect(laidOut(lines, ['verdict'], { columns: 80, rows: 4 })).toBe('verdict\na\nb\nc\nverdict\n');
    expect(laidOut(lines, ['verdict'], { columns: 80, rows: 5 })).toBe('verdict\na\nb\nc\n');
    expect(laidOut(lines, ['verdict'], ENDLESS)).toBe('verdict\na\nb\nc\n');
  });
});
