/**
 * @module @ferrule/result/arguments: how every package reads its arguments. Options are read once, by name, including
 * inherited ones; an invalid one is a TypeError that begins with its name, the same in every package (ADR 0101). On
 * bytes: `instanceof` trusts a prototype and fails for arrays of another realm, and `length` may be a caller's getter
 * that overstates; only the getters of ECMA-262's prototypes are used (sections 23.2.3 and 25.3.4).
 */

/**
 * As {@link plainOptions}, but rejects unknown options.
 * @param prefix the prefix of an option's name in messages; by default `name.`, for an option that contains options.
 * @throws TypeError `NAME: unknown option` for the first unknown one, and as {@link plainOptions}.
 */
export function knownOptions<T extends object>(
  options: T,
  known: Iterable<string>,
  name: string = 'options',
  prefix: string = name === 'options' ? '' : `${name}.`,
): T {
  const names: ReadonlySet<string> = known instanceof Set ? known : new Set(known);
  const given = plainOptions(options, names, name);
  for (const key of Object.keys(given)) if (!names.has(key)) throw new TypeError(`${prefix}${key}: unknown option`);
  return given;
}

/**
 * A plain copy of the given options: every own enumerable one, and every known one that is inherited, a class getter or
 * not enumerable, just as `options.name` would read it. Properties of Object.prototype are not options. The caller
 * decides whether a name is known.
 * @throws TypeError that begins with `name` if it is null, a Map, an array, a Date, a function or the like.
 */
export function plainOptions<T extends object>(options: T, known: Iterable<string>, name: string = 'options'): T {
  const given: unknown = options;
  // A module namespace is accepted
  if (typeof given !== 'object' || given === null || !PLAIN.has(Object.prototype.toString.call(given)))
    throw new TypeError(`${name}: must be an object`);
  // No prototype, so that absent options stay absent
  const plain = Object.create(null) as Record<string, unknown>;
  const values = given as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) plain[key] = values[key];
  // Most are absent, and few are inherited
  for (const key of known) if (key in given && !(key in plain) && holds(given, key)) plain[key] = values[key];
  return plain as T;
}

const PLAIN: ReadonlySet<string> = new Set(['[object Object]', '[object Module]']);

function holds(value: object, key: string): boolean {
  for (
    let holder: object | null = value;
    holder !== null && (holder === value || !isRoot(holder));
    holder = Object.getPrototypeOf(holder) as object | null
  ) {
    if (Object.hasOwn(holder, key)) return true;
  }
  return false;
}

/** Whether it is Object.prototype, of any realm. */
const isRoot = (holder: object): boolean =>
  Object.getPrototypeOf(holder) === null && Object.hasOwn(holder, 'isPrototypeOf');

/** @throws TypeError */
export function integerOption(value: unknown, name: string, least: number, most: number): number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
    ? (value as number)
    : refuseOption(value, name, `an integer from ${least} to ${most}`);
}

/** A TCP port. @throws TypeError */
export const portOption = (value: unknown, name: string = 'port', least: number = 1): number =>
  integerOption(value, name, least, 65_535);

/** The maximum delay of a timer, in milliseconds; Node replaces longer ones with 1. */
export const MAX_TIMER: number = 2 ** 31 - 1;

/** At most {@link MAX_TIMER}. @throws TypeError */
export function millisecondsOption(value: unknown, name: string, least: number = 0): number {
  return typeof value === 'number' && value >= least && value <= MAX_TIMER
    ? value
    : refuseOption(value, name, `a number of milliseconds from ${least} to ${MAX_TIMER}`);
}

/** @throws TypeError */
export function booleanOption(value: unknown, name: string): boolean {
  return typeof value === 'boolean' ? value : refuseOption(value, name, 'a boolean');
}

/** @param what for the message. @throws TypeError */
export function functionOption(value: unknown, name: string, what: string = 'a function'): void {
  if (typeof value !== 'function') refuseOption(value, name, what);
}

/** @throws TypeError */
export function textOption(value: unknown, name: string): string {
  return typeof value === 'string' && value !== '' ? value : refuseOption(value, name, 'a non-empty string');
}

/** @throws TypeError */
export function choiceOption<T extends string | number>(value: unknown, name: string, choices: readonly T[]): T {
  return choices.includes(value as T) ? (value as T) : refuseOption(value, name, `one of ${choices.join(', ')}`);
}

/** @throws TypeError if it is not an AbortSignal, of any realm. */
export function signalOption(value: unknown, name: string = 'signal'): void {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const listens = ['addEventListener', 'removeEventListener'].every((each) => typeof given[each] === 'function');
  if (typeof given['aborted'] !== 'boolean' || !listens) refuseOption(value, name, 'an AbortSignal');
}

/** @throws TypeError, always: `NAME: must be WHAT, not VALUE`. An object is described only by its kind. */
export function refuseOption(value: unknown, name: string, what: string): never {
  throw new TypeError(`${name}: must be ${what}, not ${shown(value)}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}

type Getter<T> = (this: unknown) => T;
const getter = <T>(prototype: object, name: string | symbol): Getter<T> =>
  Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter<T>;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter<string | undefined>(typedArray, Symbol.toStringTag);
const typedView = viewReader(typedArray);
const dataView = viewReader(DataView.prototype);

/** Whether it is a Uint8Array of any class or realm. */
export const isBytes = (value: unknown): value is Uint8Array => tagOf.call(value) === 'Uint8Array';

/**
 * The same memory as a plain Uint8Array; `undefined` for anything but a Uint8Array of any class or realm, and for one
 * whose buffer is detached.
 */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (!isBytes(value)) return undefined;
  try {
    return typedView(value);
  } catch {
    // Detached, or out of bounds
    return undefined;
  }
}

/** As {@link bytesOf}, for anything that holds bytes: an ArrayBuffer, a SharedArrayBuffer or any view of one. */
export function memoryOf(value: unknown): Uint8Array | undefined {
  try {
    if (!ArrayBuffer.isView(value)) return dataView(new DataView(value as ArrayBuffer));
    return tagOf.call(value) === undefined ? dataView(value) : typedView(value);
  } catch {
    return undefined;
  }
}

/** A copy outside V8's heap, which can be wiped; `undefined` as {@link bytesOf}. */
export function copyOf(value: unknown): Uint8Array | undefined {
  const bytes = bytesOf(value);
  if (bytes === undefined) return undefined;
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

function viewReader(prototype: object): (value: unknown) => Uint8Array {
  const buffer = getter<ArrayBuffer>(prototype, 'buffer');
  const offset = getter<number>(prototype, 'byteOffset');
  const length = getter<number>(prototype, 'byteLength');
  return (value) => new Uint8Array(buffer.call(value), offset.call(value), length.call(value));
}
