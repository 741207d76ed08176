/** @module Option checks shared by the factories here. */
import { integerOption } from '@ferrule/result/arguments';

/** A larger size is assumed to be a mistake. */
const LARGEST = 1 << 30;

/** @throws TypeError when `size` is not an integer from 1 to 2^30. */
export const checkSize = (name: string, size: number): number => integerOption(size, name, 1, LARGEST);
