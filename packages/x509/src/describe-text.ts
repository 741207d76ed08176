/** @module Text for people, as OpenSSL writes it. */

/** Control and formatting characters escaped: they must not reach a terminal. */
export const visible = (text: string): string => text.replace(/\p{Cc}|\p{Cf}/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);

/** `Jun  4 11:04:38 2015 GMT` */
export const timeText = (at: number): string => {
  const date = new Date(at);
  return `${date.toUTCString().slice(8, 11)} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(-13, -5)} ${date.getUTCFullYear()} GMT`;
};
