/** The table of rows: each wrong server is argued, or it is said why no client is judged by it. */
import { BEHAVIOURS_12 } from '@ferrule/wrong-servers/behaviours12';
import { BEHAVIOURS_13 } from '@ferrule/wrong-servers/behaviours13';
import { BEHAVIOURS_RESUMED } from '@ferrule/wrong-servers/behaviours-resumed';
import { BEHAVIOURS_RSA } from '@ferrule/wrong-servers/behaviours-rsa';
import { describe, expect, it } from 'vitest';
import { ARGUED_12, UNASKED_12 } from '../src/arguments12.ts';
import { ARGUED_13, UNASKED_13 } from '../src/arguments13.ts';
import { isShort, ROWS } from '../src/rows.ts';

const BEHAVIOURS = [...BEHAVIOURS_13, ...BEHAVIOURS_12, ...BEHAVIOURS_RSA, ...BEHAVIOURS_RESUMED];

it.each([
  ['TLSv1.3', ARGUED_13, UNASKED_13],
  ['TLSv1.2', ARGUED_12, UNASKED_12],
] as const)('each wrong server of %s is argued or left out with a reason, once', (version, argued, unasked) => {
  const names = BEHAVIOURS.filter((each) => each.version === version).map(({ name }) => name);
  expect([...Object.keys(argued), ...Object.keys(unasked)].toSorted()).toEqual(names.toSorted());
});

describe('the rows', () => {
  it('have titles of their own', () => {
    const titles = ROWS.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('name a section; what no RFC asks for can only be advice', () => {
    for (const { title, rfc, rule } of ROWS) {
      const cites = /^RFC \d{4} §[A-Z\d][\d.]*$/.test(rfc);
      expect(cites || (rfc === 'no RFC has a limit' && rule === 'should'), `${title}: ${rfc}`).toBe(true);
    }
  });

  it('are of every kind and both versions, and the short form is the smaller part', () => {
    for (const kind of ['certificate', 'protocol', 'order', 'flood'])
      for (const version of ['TLSv1.3', 'TLSv1.2'])
        expect(ROWS.some((row) => row.kind === kind && row.version === version)).toBe(true);
    expect(ROWS.filter(isShort).length).toBeLessThan(ROWS.length / 3);
  });

  it('are never without an alert where an RFC says MUST of what is signed or encrypted', () => {
    for (const { title, severity, rule, alerts } of ROWS)
      if (severity === 'high' && rule === 'must') expect(alerts, title).not.toBe('any');
  });
});
