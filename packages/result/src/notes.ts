/**
 * @module @ferrule/result/notes: notes about callers' objects, shared by all copies of a package, which may be loaded by
 * both `import` and `require()`, or in two versions.
 */

/** The notes of this name, shared by every copy in this realm. */
export function notes<Of extends object, Value>(name: string): WeakMap<Of, Value> {
  const all = globalThis as unknown as Record<symbol, WeakMap<Of, Value> | undefined>;
  return (all[Symbol.for(`ferrule.${name}`)] ??= new WeakMap());
}
