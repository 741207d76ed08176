/**
 * @module What the suite uses of node:assert/strict, in a page. The port of it on npm brings forty packages, and needs
 * globals of Node.
 */
type Expected = RegExp | Error | object | ((error: unknown) => unknown) | (new (...args: never[]) => object);

class AssertionError extends Error {
  override readonly name: 'AssertionError' = 'AssertionError';
}

function fail(message: string | Error = 'failed'): never {
  throw message instanceof Error ? message : new AssertionError(message);
}

const require = (is: boolean, message: string | Error | undefined, or: () => string): void =>
  is ? undefined : fail(message ?? or());

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${[...value.subarray(0, 40)].join(' ')}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const ok = (value: unknown, message?: string): void =>
  require(Boolean(value), message, () => `${shown(value)} is false`);
const equal = (a: unknown, b: unknown, message?: string): void =>
  require(Object.is(a, b), message, () => `${shown(a)} in place of ${shown(b)}`);
const notEqual = (a: unknown, b: unknown, message?: string): void =>
  require(!Object.is(a, b), message, () => `${shown(a)}, which it must not be`);
const deepEqual = (a: unknown, b: unknown, message?: string): void =>
  require(same(a, b), message, () => `${shown(a)} in place of ${shown(b)}`);
const notDeepEqual = (a: unknown, b: unknown, message?: string): void =>
  require(!same(a, b), message, () => `${shown(a)}, which it must not be`);
const match = (text: string, pattern: RegExp, message?: string): void =>
  require(pattern.test(text), message, () => `${shown(text)} does not match ${String(pattern)}`);
const doesNotMatch = (text: string, pattern: RegExp, message?: string): void =>
  require(!pattern.test(text), message, () => `${shown(text)} matches ${String(pattern)}`);

function throws(act: () => unknown, expected?: Expected | string, message?: string): void {
  try {
    act();
  } catch (caught) {
    return isExpected(caught, expected, message);
  }
  fail(`nothing was thrown: ${String((typeof expected === 'string' ? expected : message) ?? '')}`);
}

async function rejects(promise: Promise<unknown>, expected?: Expected, message?: string): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) return fail(message ?? 'it did not reject');
  isExpected(outcome.error, expected, message);
}

function isExpected(error: unknown, expected: Expected | string | undefined, message: string | undefined): void {
  const or = (): string => `an unexpected error: ${String(error)}`;
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) return require(expected.test(String(error)), message, or);
  if (typeof expected === 'function') {
    if (expected.prototype instanceof Error || (expected as unknown) === Error)
      return require(error instanceof (expected as new () => object), message, or);
    return require((expected as (error: unknown) => unknown)(error) === true, message, or);
  }
  const names = expected instanceof Error ? ['name', 'message'] : Object.keys(expected);
  for (const name of names) {
    const [got, wanted] = [error, expected].map((each) => (each as Record<string, unknown>)[name]);
    const is = wanted instanceof RegExp && typeof got === 'string' ? wanted.test(got) : same(got, wanted);
    require(is, message, () => `${or()}: ${name} is ${shown(got)} in place of ${shown(wanted)}`);
  }
}

/** As deepStrictEqual() has it, of what the suite compares. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof Map || a instanceof Set) return same([...a], [...(b as typeof a)]);
  if (a instanceof Error && (a.name !== (b as Error).name || a.message !== (b as Error).message)) return false;
  const [ours, theirs] = [Object.keys(a), Object.keys(b)];
  return (
    ours.length === theirs.length &&
    ours.every((name) => Object.hasOwn(b, name) && same((a as Fields)[name], (b as Fields)[name]))
  );
}

type Fields = Record<string, unknown>;

const assert: object = { ok, equal, notEqual, deepEqual, notDeepEqual, match, doesNotMatch, throws, rejects, fail };

export default assert;
