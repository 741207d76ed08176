/** @module What a fuzz target has against what it saw. */

/**
 * Something that no input may bring about. Its message begins with what it is; the cause is what was thrown, if
 * anything was.
 */
export class Finding extends Error {
  override readonly name: string = 'Finding';
}

/** Runs what may refuse its input, in the one way that is documented. Returns `undefined` when it has. */
export function tried<T>(what: string, run: () => T, refusals: (error: unknown) => boolean): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof Finding || !refusals(error)) throw error instanceof Finding ? error : untyped(what, error);
    return undefined;
  }
}

export const untyped = (what: string, error: unknown): Finding =>
  new Finding(`${what} threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`, {
    cause: error,
  });
