/** @module What pg asks of Node's modules, in a page. The rest of them is asked for, and not used. */
export const webcrypto: typeof globalThis.crypto = globalThis.crypto;
export const deprecate = <T>(method: T): T => method;
export const isDate = (value: unknown): boolean => value instanceof Date;
export function inherits(child: { prototype: object }, parent: { prototype: object }): void {
  Object.setPrototypeOf(child.prototype, parent.prototype);
}
