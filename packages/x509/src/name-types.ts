/**
 * @module The kinds of GeneralName in one object, for users; inside the package the constants are used individually.
 */
import type * as types from './name-type.ts';

/** `GeneralName.type` by name: `name.type === NameType.dns`. */
export const NameType: { readonly [K in keyof typeof types]: (typeof types)[K] } = {
  other: 0,
  email: 1,
  dns: 2,
  x400: 3,
  directory: 4,
  ediParty: 5,
  uri: 6,
  ip: 7,
  registeredId: 8,
};
