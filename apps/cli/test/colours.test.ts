/** Colours on dark and light terminals, and without. `test/screens/*-colours.txt` has them as words. */
import { expect, describe, it } from 'vitest';
import { diagnose, diagnosisReport } from '../src/doctor.ts';
import { Exit } from '../src/exit.ts';
import { type Colors, colorsFor, inspectionReport, watchLine, wrongLine } from '../src/report.ts';
import { scanReport } from '../src/scan-report.ts';
import type { Scan } from '../src/scanned.ts';
import type { Screen } from '../src/screen.ts';
import { healthy, sick } from './inspections.ts';

const strengths = {
  good: 'TLS_AES_128_GCM_SHA256',
  dated: 'TLS_RSA_WITH_AES_128_CBC_SHA',
  broken: 'TLS_RSA_WITH_RC4_128_MD5',
};
const scan: Scan = {
  target: 'old.example.org:443',
  name: 'old.example.org',
  versions: [
    { code: 0x0303, name: 'TLS 1.2', strength: 'good', taken: true },
    { code: 0x0302, name: 'TLS 1.1', strength: 'broken', taken: true },
    { code: 0x0300, name: 'SSL 3.0', strength: 'broken', taken: false, why: 'protocol_version' },
  ],
  cipherSuites: [
    {
      version: 'TLS 1.2',
      taken: (['good', 'dated', 'broken'] as const).map((strength) => ({
        code: 0,
        name: strengths[strength],
        strength,
      })),
      order: 'client',
    },
  ],
  groups: [],
  signatureAlgorithms: [],
  certificates: healthy.chain.slice(0, 1).map((der) => ({ chain: [der], versions: ['TLS 1.2'] })),
  extensions: [],
  primeBits: 1024,
  compression: undefined,
  downgrade: undefined,
  stapled: undefined,
  connections: 30,
  milliseconds: 900,
  notAsked: ['compression'],
};
const diagnosis = await diagnose();
const SCREEN: Screen = { columns: 80, rows: 24 };

/** With the part of each that must be seen: the verdict. */
const REPORTS: readonly (readonly [string, (c: Colors) => string, RegExp])[] = [
  ['a healthy server', (c) => inspectionReport(healthy, c, SCREEN), /✓ \S+ is trusted/],
  ['an untrusted one', (c) => inspectionReport(sick, c, SCREEN), /✗ \S+: the chain ends in/],
  ['a scan', (c) => scanReport(scan, c, SCREEN), /grade C, 1 high/],
  [
    'a list',
    (c) =>
      [
        watchLine(healthy, Exit.ok, 40, c),
        watchLine(healthy, Exit.expiring, 4, c),
        watchLine(sick, Exit.untrusted, 40, c),
        wrongLine({ line: 7, text: 'a b', wrong: 'expected host' }, c),
      ].join(''),
    /✓ .*\n! .*\n✗ .*\n✗ line 7/,
  ],
  ['a diagnosis', (c) => diagnosisReport(diagnosis, c, SCREEN), /engine +\w+: /],
];

/** What a terminal is told (ECMA-48, SGR), in words. */
const WORDS: Readonly<Record<string, string>> = {
  1: '‹bold›',
  2: '‹dim›',
  22: '‹›',
  31: '‹red›',
  32: '‹green›',
  33: '‹yellow›',
  36: '‹cyan›',
  39: '‹›',
};
const inWords = (text: string): string =>
  text.replace(/\u001b\[([\d;]*)m/g, (_, code: string) => WORDS[code] ?? `‹SGR ${code}›`);
const steady = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\d/g, '2027-01-01').replace(/\d+(?=\s+days left)/g, 'NN');

const terminal = { isTTY: true };
const colored = colorsFor(terminal, {});

describe.each(REPORTS)('%s', (name, report, verdict) => {
  it('has no colour that is the background of a dark or of a light terminal', () => {
    const codes = new Set([...report(colored).matchAll(/\u001b\[([\d;]*)m/g)].map(([, code = '']) => code));
    expect([...codes].filter((code) => WORDS[code] === undefined)).toEqual([]);
    expect(codes.size).toBeGreaterThan(0);
  });

  it('says the same without colours', () => {
    for (const plain of [
      colorsFor(terminal, { NO_COLOR: '1' }),
      colorsFor(terminal, { TERM: 'dumb' }),
      colorsFor({}, {}),
    ]) {
      const text = report(plain);
      expect(text).not.toContain('\u001b');
      expect(text).toBe(report(colored).replace(/\u001b\[[\d;]*m/g, ''));
      expect(text).toMatch(verdict);
    }
  });

  it('has its verdict in the colour of the text, so that it is seen on both', () => {
    const told = inWords(report(colored));
    // The mark may have a colour; the words after it have none
    for (const [, words = ''] of told.matchAll(/^‹(?:red|green)›[✓✗]‹› (.*)$/gm))
      expect(words).not.toMatch(/^‹(?!bold|›)/);
    if (name !== 'a diagnosis')
      return expect(steady(told)).toMatchFileSnapshot(`screens/80x24-${name.replaceAll(' ', '-')}-colours.txt`);
  });
});

it('FORCE_COLOR has colours in a pipe, and NO_COLOR does not count when it is empty', () => {
  expect(colorsFor({}, { FORCE_COLOR: '1' }).red('x')).toContain('\u001b');
  expect(colorsFor({}, { FORCE_COLOR: '0' }).red('x')).toBe('x');
  expect(colorsFor(terminal, { NO_COLOR: '' }).red('x')).toContain('\u001b');
});
