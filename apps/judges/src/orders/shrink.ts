/**
 * @module The smallest sequence that still breaks the same rule: steps left out, the configuration plainer, numbers
 * smaller.
 */
import { PLAIN, type Config, type Sequence, type Step } from './sequence.ts';

/** @param fails - whether this sequence breaks the rule. @param tries - how often it may be asked. */
export async function shrink(
  sequence: Sequence,
  fails: (candidate: Sequence) => Promise<boolean>,
  tries: number,
): Promise<Sequence> {
  let best = sequence;
  let left = tries;
  const better = async (candidate: Sequence): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let before: Sequence | undefined; before !== best && left > 0;) {
    before = best;
    for (let size = Math.max(1, best.steps.length >> 1); size >= 1; size >>= 1) {
      for (let at = 0; at < best.steps.length && left > 0;) {
        const steps = best.steps.toSpliced(at, size);
        if (!(await better({ ...best, steps }))) at += size;
      }
    }
    for (const key of Object.keys(PLAIN) as (keyof Config)[]) {
      if (JSON.stringify(best.config[key]) !== JSON.stringify(PLAIN[key]))
        await better({ ...best, config: { ...best.config, [key]: PLAIN[key] } });
    }
    for (let i = 0; i < best.config.inside.length; i++)
      await better({ ...best, config: { ...best.config, inside: best.config.inside.toSpliced(i, 1) } });
    for (let i = 0; i < best.steps.length; i++) await smaller(i);
  }
  return best;

  async function smaller(index: number): Promise<void> {
    const arity = (best.steps[index]?.length ?? 1) - 1;
    for (let arg = 1; arg <= arity; arg++) {
      for (;;) {
        const step = best.steps[index];
        const value = step?.[arg];
        if (step === undefined || typeof value !== 'number' || value <= 1 || left <= 0) break;
        const candidates = [1, value >> 1, Math.floor(value * 0.9), value - 1].filter(
          (each, i, all) => each < value && all.indexOf(each) === i,
        );
        let found = false;
        for (const candidate of candidates) {
          const changed = step.with(arg, candidate) as unknown as Step;
          if (await better({ ...best, steps: best.steps.with(index, changed) })) {
            found = true;
            break;
          }
        }
        if (!found) break;
      }
    }
  }
}
