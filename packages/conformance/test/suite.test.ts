import { describe, expect, it } from 'vitest';
import { patience } from '@ferrule/conformance/server';
import { suite, WRONG_OPTIONS } from '@ferrule/conformance';
import { yesMan } from './yes-man.ts';

patience.milliseconds = 100;

/** What only asks whether something is taken may be passed by an engine that takes everything. */
const ONLY_ASK_FOR_A_YES = new Set([
  'no options at all make a context that trusts nobody',
  'an option that is undefined is as one that is absent',
  'beside a verify function, what asks for no more than the default is let through',
]);

describe('the suite', () => {
  it('has titles that are unique within their group, and checks of every kind', () => {
    for (const { title, checks } of suite)
      expect(new Set(checks.map((check) => check.title)).size, title).toBe(checks.length);
    expect(suite.flatMap(({ checks }) => checks).length).toBeGreaterThan(250);
  });

  it('has a table of at least 30 wrong options', () => {
    expect(WRONG_OPTIONS.length).toBeGreaterThanOrEqual(30);
  });
});

describe.each(suite.map((group) => [group.title, group] as const))(
  'on an engine that says yes to everything: %s',
  (_title, { checks }) => {
    it('not one check passes', async () => {
      const passed: string[] = [];
      for (const { title, run, feature } of checks) {
        // That a feature which is listed is taken needs no more than a yes
        if (feature === undefined && yesMan.features.has(title as never)) continue;
        // One after the other: they share nothing, but the machine
        await Promise.resolve(run(yesMan)).then(
          () => passed.push(title),
          () => {},
        );
      }
      expect(passed.filter((title) => !ONLY_ASK_FOR_A_YES.has(title))).toEqual([]);
    });
  },
);
