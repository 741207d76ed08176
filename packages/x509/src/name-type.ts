/** @module The kinds of GeneralName by their context tag numbers (RFC 5280 section 4.2.1.6). */
export const other = 0;
export const email = 1;
export const dns = 2;
export const x400 = 3;
export const directory = 4;
export const ediParty = 5;
export const uri = 6;
export const ip = 7;
export const registeredId = 8;
