/** @module Checks that every factory here makes. */
import { integerOption } from '@ferrule/result/arguments';

/** 2^30: more is a mistake. */
const LARGEST = 1 << 30;

/** @throws TypeError when `size` is not an integer from 1 to 2^30. */
export const checkSize = (name: string, size: number): number => integerOption(size, name, 1, LARGEST);
