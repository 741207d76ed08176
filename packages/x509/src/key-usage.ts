/** @module KeyUsage bits: bit n of RFC 5280 section 4.2.1.3 is 1 << n. Netscape's certificate type, likewise. */
export const digitalSignature = 1;
export const keyEncipherment = 4;
export const keyAgreement = 16;
export const keyCertSign = 32;
export const cRLSign = 64;
export const netscapeClient = 1;
export const netscapeServer = 2;
export const netscapeCa = 32;
