/** @module Options of this package: read once, and refused by name where they are unknown. */
import { plainOptions } from '@ferrule/result/arguments';

/** @throws TypeError that names what is unknown, or `name` for what holds no options. */
export function knownOptions<T extends object>(options: T, known: readonly string[], name: string = 'options'): T {
  const given = plainOptions(options, known, name);
  for (const key of Object.keys(given)) if (!known.includes(key)) throw new TypeError(`${key}: unknown option`);
  return given;
}
