/** @module Human-readable text, as OpenSSL writes it. */

/** ISO 8601. */
export const isoText = (at: number): string => (Number.isNaN(at) ? BAD_TIME : new Date(at).toISOString());
const BAD_TIME = 'Bad time value';

/** `Jun  4 11:04:38 2015 GMT` */
export function timeText(at: number): string {
  if (Number.isNaN(at)) return BAD_TIME;
  const date = new Date(at);
  return `${date.toUTCString().slice(8, 11)} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(-13, -5)} ${date.getUTCFullYear()} GMT`;
}
