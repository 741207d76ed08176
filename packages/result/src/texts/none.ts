/**
 * @module @ferrule/result/no-texts: replaces `@ferrule/result/texts` in small bundles. Codes, alerts and X509_V numbers
 * are the same; texts consist of the code and where to look it up.
 */
import type { CodeEntries, CodeEntry, CommonCode } from '../codes.ts';
import type { CERTIFICATES as TEXTS } from './certificates.ts';
import type { TABLE } from './codes.ts';
import { ALERTS } from './none-alerts.ts';
import type { AlertMeaning } from '../peer-alert.ts';
import type { X509VName } from '../x509-v.ts';

/** Has an entry for any key, and enumerates none. */
export const CODES: CodeEntries<typeof TABLE> = new Proxy({} as CodeEntries<typeof TABLE>, {
  get: (_, code): CodeEntry => ({
    code: code as CommonCode,
    meaning: `${String(code)}.`,
    remedy: `See docs/codes.md of ferrule: ${String(code)}.`,
    alert: ALERTS[code as CommonCode],
  }),
});
export const SENTENCES: { readonly [K in X509VName]?: string } = {};
export const CERTIFICATES: typeof TEXTS = {};
export const MEANINGS: Readonly<Record<number, AlertMeaning>> = {};
export const OTHER_SUITES_13: Readonly<Record<number, string>> = {};
export const OTHER_SUITES_12: readonly (readonly [number, string])[] = [];
export const OTHER_GROUPS: Readonly<Record<number, string>> = {};
export const OTHER_SCHEMES: Readonly<Record<number, string>> = {};
export const OTHER_EXTENSIONS: Readonly<Record<number, string>> = {};
export const VERSION_NAMES: Readonly<Record<number, string>> = {};
