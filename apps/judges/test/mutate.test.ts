/** A sample of the mutations of `npm run mutate`: refusals that are left out are noticed. */
import { expect, it } from 'vitest';
import { EQUIVALENT } from '../src/mutate/equivalent.ts';
import { mutantsOf, mutate, sample } from '../src/mutate/run.ts';
import { instrument } from '../src/mutate/sites.ts';
import { TARGETS, type Engine, type Target } from '../src/mutate/targets.ts';

const target = (engine: Engine): Target => TARGETS.find((each) => each.engine === engine) as Target;
const quick: readonly Target[] = [
  {
    engine: 'pure',
    sources: ['packages/pure/src/flow'],
    tests: [
      { folder: 'packages/pure', files: ['test/flow', 'test/after13', 'test/ech-refusals', 'test/refusals'] },
      { folder: 'apps/judges', files: ['test/hostile.test'], only: 'node:crypto' },
    ],
  },
  {
    engine: 'x509',
    sources: ['packages/x509/src/rules.ts', 'packages/x509/src/webpki.ts'],
    tests: [{ folder: 'packages/x509', files: ['test/rules', 'src/path'] }],
  },
];

it.each(quick)(
  'a sample of the refusals of $engine does not survive',
  async (each) => {
    const refusals = mutantsOf(each)
      .filter(({ id, kind }) => kind === 'refusal' && EQUIVALENT[id] === undefined)
      .map(({ id }) => id);
    expect(refusals.length).toBeGreaterThan(30);
    const chosen = sample(refusals, 10, '1');
    const { killed, survivors } = await mutate(each, chosen);
    expect(survivors.map(({ id }) => id)).toEqual([]);
    expect(killed.size).toBe(10);
  },
  300_000,
);

it('every row of the table of mutants that make no difference has one', () => {
  const all = new Set(
    (['pure', 'x509', 'native'] as const).flatMap((engine) => mutantsOf(target(engine)).map(({ id }) => id)),
  );
  expect(Object.keys(EQUIVALENT).filter((id) => !all.has(id))).toEqual([]);
});

it('finds refusals, operands and bounds, and names them by their text', () => {
  const source = `
function check(length: number, known: boolean): void {
  if (!known || length >= 9) throw fail('DECODE_ERROR');
  if (length === 1) throw new TypeError('ours');
}
`;
  const { code, mutants } = instrument('a.ts', source);
  expect(mutants.map(({ id }) => id)).toEqual([
    'a.ts check: operand !known',
    'a.ts check: edge length >= 9',
    'a.ts check: operand length >= 9',
    "a.ts check: refusal throw fail('DECODE_ERROR');",
  ]);
  expect(code).toContain(
    `$mutants.operand("a.ts check: operand length >= 9", false, $mutants.edge("a.ts check: edge length >= 9", '>=', length ,  9))`,
  );
});
