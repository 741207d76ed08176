/** @module UTCTime and GeneralizedTime as RFC 5280 section 4.1.2.5 allows them: to the second, in Zulu time. */
import { DerReader, latin1 } from './der.ts';
import * as Tag from './tag.ts';

export interface Time {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. `false` where the other one was used. */
  readonly form: boolean;
}

const PATTERN = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

export const readTime = (reader: DerReader): Time => {
  const utc = reader.peek() === Tag.UTC_TIME;
  const text = latin1(reader.contents(utc ? Tag.UTC_TIME : Tag.GENERALIZED_TIME));
  const full = utc ? (text < '5' ? '20' : '19') + text : text;
  const match = PATTERN.exec(full);
  if (!match) reader.fail('time is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) reader.fail('time does not exist');
  return { at: date.setUTCHours(hour, minute, second), form: utc || year >= 2050 };
};
