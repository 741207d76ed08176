/** @module What a RecordReader gave out, as tests compare it. */
import { ContentType } from '@ferrule/result/numbers';
import type { ReadAlert, ReadRecord } from '../src/record/progress.ts';
import type { ReadProgress } from '../src/record/reader.ts';

/** True for a record and an alert. */
export const isGiven = (progress: ReadProgress): progress is ReadRecord | ReadAlert =>
  progress.kind === 'record' || progress.kind === 'alert';

/** ContentType and content; of an alert, too. */
export const contentOf = (came: ReadRecord | ReadAlert): [number, number[]] =>
  came.kind === 'record'
    ? [came.type, [...came.fragment]]
    : [ContentType.alert, [came.alert.level, came.alert.description]];
