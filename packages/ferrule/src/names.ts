/** @module IANA's names of code points; unknown ones in hexadecimal. */
export { cipherSuiteName, groupName, signatureSchemeName } from '@ferrule/result/names';

/** A code point and its name. */
export interface Named {
  readonly code: number;
  readonly name: string;
}
