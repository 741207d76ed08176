/**
 * @module @ferrule/result/notes: notes about objects of callers, who may have two copies of a package: what was loaded by
 * `import` beside what was loaded by `require()`, or two versions. Each copy has the same notes.
 */

/** The notes of this name, the same for every copy in this realm. */
export function notes<Of extends object, Value>(name: string): WeakMap<Of, Value> {
  const all = globalThis as unknown as Record<symbol, WeakMap<Of, Value> | undefined>;
  return (all[Symbol.for(`ferrule.${name}`)] ??= new WeakMap());
}
