/**
 * @module UTF-8 as text, byte for byte: a TextDecoder takes a byte order mark away unless it is told not to, and then
 * two names would be one.
 */

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of these bytes; U+FFFD for what is not UTF-8. */
export const utf8Text = (bytes: Uint8Array): string => DECODER.decode(bytes);
