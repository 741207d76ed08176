/** @module The part of `SubtleCrypto` that is used here, declared here: the portable core has no DOM types. */

/** Keys are opaque objects, algorithms are names or dictionaries. */
export interface Subtle {
  importKey(
    format: string,
    data: Uint8Array | object,
    algorithm: string | object,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<object>;
  generateKey(
    algorithm: string | object,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<{ readonly publicKey: object; readonly privateKey: object }>;
  exportKey(format: string, key: object): Promise<ArrayBuffer>;
  deriveBits(algorithm: object, key: object, length: number): Promise<ArrayBuffer>;
  encrypt(algorithm: object, key: object, data: Uint8Array): Promise<ArrayBuffer>;
  decrypt(algorithm: object, key: object, data: Uint8Array): Promise<ArrayBuffer>;
  sign(algorithm: string | object, key: object, data: Uint8Array): Promise<ArrayBuffer>;
  /** Node 24.7 and later. */
  decapsulateBits?(algorithm: string | object, key: object, ciphertext: Uint8Array): Promise<ArrayBuffer>;
}

/** `undefined` on pages without HTTPS, and where JavaScript is embedded without a platform. */
export const subtleCrypto = (): Subtle | undefined =>
  (globalThis as { readonly crypto?: { readonly subtle?: Subtle } }).crypto?.subtle;
