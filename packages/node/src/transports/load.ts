/** @module Packages that only some routes need. */

/** @throws TypeError that names the package if it is not installed. */
export async function load<T>(scheme: string, name: string, importing: () => Promise<T>): Promise<T> {
  try {
    return await importing();
  } catch (cause) {
    throw new TypeError(`${scheme}: needs the package ${name}, which is not installed`, { cause });
  }
}
