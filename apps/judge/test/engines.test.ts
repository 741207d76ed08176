/** Our own engines before the judge: nothing but right; with FERRULE_LONG, no fault in any row. */
import { expect, it } from 'vitest';
import { isShort, ROWS } from '../src/rows.ts';
import { run } from '../src/run.ts';
import { authority, backends, engineClient, scratch } from './support.ts';

const fileAt = scratch();

const long = process.env['FERRULE_LONG'] === '1';
const rows = ROWS.filter((row) => row.expects === undefined && (long || isShort(row)));
const resumed = ROWS.filter((row) => row.expects === 'resumption');

it.each(['pure', 'native'] as const)(
  '%s refuses every server of the short form, with an alert that fits',
  { timeout: 240_000 },
  async (name) => {
    const results = await run({
      rows,
      client: engineClient(backends[name]()),
      files: await authority(fileAt),
      timeout: 20_000,
      signal: new AbortController().signal,
    });
    const wrong = results.filter(
      ({ row, verdict, fault }) => fault || (isShort(row) && verdict !== 'right' && verdict !== 'not applicable'),
    );
    expect(wrong.map(({ row, verdict, said }) => `${row.title}: ${verdict}: ${said}`)).toEqual([]);
    expect(results.filter(({ verdict }) => verdict === 'right').length).toBeGreaterThan(80);
  },
);

it.each(['pure', 'native'] as const)(
  '%s refuses every server that takes its session up wrongly',
  { timeout: 120_000 },
  async (name) => {
    const results = await run({
      rows: resumed,
      client: engineClient(backends[name](), 2),
      files: await authority(fileAt),
      timeout: 20_000,
      signal: new AbortController().signal,
    });
    expect(results.map(({ row, verdict, said }) => `${row.title}: ${verdict}: ${said}`)).toEqual(
      resumed.map(({ title }) => expect.stringContaining(`${title}: right: refused`)),
    );
  },
);
