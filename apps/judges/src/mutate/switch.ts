/** @module What instrumented code asks at each of its mutants. Loaded once in each worker, before any source. */

export interface Switch {
  /** The mutant that is active; '' for none. */
  active: string;
  /** Mutants that would have made a difference since it was last emptied. */
  readonly met: Set<string>;
  /** Operands that are not booleans, which are not mutants. */
  readonly foreign: Set<string>;
  /** Whether a refusal is to be left out. */
  skip(id: string): boolean;
  /** An operand: true counts for nothing in &&, false in ||. */
  operand<T>(id: string, neutral: boolean, value: T): T | boolean;
  /** A comparison, which differs from its neighbour where both sides are equal. */
  edge(id: string, relation: '<' | '<=' | '>' | '>=', left: number, right: number): boolean;
}

declare global {
  var $mutants: Switch;
}

export function installSwitch(active = ''): Switch {
  const met = new Set<string>();
  const foreign = new Set<string>();
  const one: Switch = {
    active,
    met,
    foreign,
    skip(id) {
      met.add(id);
      return one.active === id;
    },
    operand(id, neutral, value) {
      if (typeof value !== 'boolean') foreign.add(id);
      if (typeof value !== 'boolean' || value === neutral) return value;
      met.add(id);
      return one.active === id ? neutral : value;
    },
    edge(id, relation, left, right) {
      // Not "left !== right": an undefined side, or NaN, compares as it would without us.
      if (left !== right)
        return { '<': left < right, '<=': left <= right, '>': left > right, '>=': left >= right }[relation];
      met.add(id);
      return relation.endsWith('=') !== (one.active === id);
    },
  };
  globalThis.$mutants = one;
  return one;
}
