/** @module UTCTime and GeneralizedTime as RFC 5280 section 4.1.2.5 allows them: to the second, in Zulu time. */
import type { DerReader } from './der.ts';
import * as Tag from './tag.ts';

export interface Time {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. `false` if the other form was used. */
  readonly form: boolean;
}

/**
 * Clock skew allowed for CRLs and OCSP responses, milliseconds: openssl-ocsp(1)'s -validity_period. The native engine
 * has the same, which its tests compare.
 */
export const CLOCK_SKEW = 300_000;

/**
 * RFC 5019 section 4: without nextUpdate newer information is always available, so this is an OCSP response's lifetime,
 * milliseconds. The native engine has the same, which its tests compare.
 */
export const LONGEST_RESPONSE: number = 7 * 86_400_000;

const MALFORMED = 'time is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ';

export function readTime(reader: DerReader): Time {
  const utc = reader.peek() === Tag.UTC_TIME;
  const stop = reader.header(utc ? Tag.UTC_TIME : Tag.GENERALIZED_TIME);
  const { bytes } = reader;
  const start = stop - 11;
  if (reader.position !== start - (utc ? 2 : 4) || bytes[stop - 1] !== 0x5a) reader.fail(MALFORMED);
  const two = (at: number): number => {
    const tens = (bytes[at] as number) - 0x30;
    const ones = (bytes[at + 1] as number) - 0x30;
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) reader.fail(MALFORMED);
    return tens * 10 + ones;
  };
  const low = two(start - 2);
  const year = low + (utc ? (low < 50 ? 2000 : 1900) : 100 * two(start - 4));
  const [month, day, hour, minute, second] = [
    two(start),
    two(start + 2),
    two(start + 4),
    two(start + 6),
    two(start + 8),
  ];
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  date.setUTCFullYear(year);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    reader.fail(MALFORMED);
  reader.position = stop;
  return { at: date.getTime(), form: utc || year >= 2050 };
}
