import { describe, expect, it } from 'vitest';
import { isGood, RunnerOutput, score, type Result } from './score.ts';
import { matcher, select, type Test } from './tests.ts';

const test = (name: string, tier: 'core' | 'optional' = 'core', group = 'basics'): Test => ({
  name,
  tier,
  group,
  mustFail: false,
});
const passed = (name: string): Result => ({ name, outcome: 'passed', detail: '' });
const failed = (name: string): Result => ({ name, outcome: 'failed', detail: 'unexpected failure' });

describe('RunnerOutput', () => {
  it('reads results however the output is cut, with the lines after a failure as its detail', () => {
    const text =
      'PASSED (A)\nFAILED (B-TLS13)\nunexpected failure\ngot:\n\tstderr: x\n\nUNIMPLEMENTED (C)\nPASSED (D)\nFAIL\n';
    for (const size of [1, 7, text.length]) {
      const results: Result[] = [];
      const output = new RunnerOutput((result) => results.push(result));
      for (let i = 0; i < text.length; i += size) output.push(text.slice(i, i + size));
      output.end();
      expect(results).toEqual([
        passed('A'),
        { name: 'B-TLS13', outcome: 'failed', detail: 'unexpected failure\ngot:\n\tstderr: x' },
        { name: 'C', outcome: 'unimplemented', detail: '' },
        passed('D'),
      ]);
    }
  });
});

describe('score', () => {
  it('counts by tier and by group', () => {
    const tests = [test('A'), test('B', 'core', 'SNI'), test('C', 'optional', 'ECH')];
    const { tiers, groups } = score(
      tests,
      [passed('A'), failed('B'), { ...passed('C'), outcome: 'unimplemented' }],
      {},
    );
    expect(tiers).toEqual({
      core: { total: 2, passed: 1, failed: 1, unimplemented: 0 },
      optional: { total: 1, passed: 0, failed: 0, unimplemented: 1 },
    });
    expect(groups['core / SNI']).toMatchObject({ total: 1, failed: 1 });
  });

  it('accepts a failure that an expectation explains, and nothing else', () => {
    const result = score([test('A-1'), test('B')], [failed('A-1'), failed('B')], { 'OpenSSL does not': ['A-*'] });
    expect(result.known).toEqual([{ ...failed('A-1'), reason: 'OpenSSL does not' }]);
    expect(result.unexpected).toEqual([failed('B')]);
    expect(isGood(result)).toBe(false);
  });

  it('finds an expectation stale as soon as one of its tests passes, but not when none was run', () => {
    const result = score([test('A-1'), test('A-2')], [failed('A-1'), passed('A-2')], {
      'a reason': ['A-*'],
      'not run': ['B-*'],
    });
    expect(result.stale).toEqual(['A-*']);
    expect(isGood(result)).toBe(false);
  });

  it('does not take silence for success', () => {
    const result = score([test('A'), test('B')], [passed('A')], {});
    expect(result.missing).toEqual(['B']);
    expect(isGood(result)).toBe(false);
  });

  it('is good when all passed', () => {
    expect(isGood(score([test('A')], [passed('A')], {}))).toBe(true);
  });
});

describe('select', () => {
  it('takes a tier and a glob with alternatives', () => {
    const tests = [test('TLS13-A'), test('TLS12-B', 'optional'), test('C')];
    expect(select(tests, 'all', 'TLS1?-*').map(({ name }) => name)).toEqual(['TLS13-A', 'TLS12-B']);
    expect(select(tests, 'core', undefined).map(({ name }) => name)).toEqual(['TLS13-A', 'C']);
    expect(select(tests, 'all', 'C;TLS12-*').map(({ name }) => name)).toEqual(['TLS12-B', 'C']);
  });

  it('takes nothing in a name for a pattern but * and ?', () => {
    expect(matcher('A.B')('AxB')).toBe(false);
    expect(matcher('A(1)')('A(1)')).toBe(true);
  });
});
