/**
 * @module @ferrule/roots: the root certificates of Mozilla's program for servers, as trust anchors. For platforms that
 * do not expose a trust store, such as browsers and edge workers; elsewhere prefer `platformAnchors()` of ferrule,
 * since the machine's owner keeps it up to date.
 */
import type { TrustAnchor } from '@ferrule/contract';
import { decodeBase64 } from '@ferrule/result/pem';
import { ANCHORS, GENERATED_AT, SOURCE } from './data.ts';

/** What RFC 5280 section 6.1.1 (d) requires of a trust anchor: its name, key and constraints. */
export type RootAnchor = Exclude<TrustAnchor, Uint8Array>;

/** The date on which the list was generated, as `YYYY-MM-DD`. */
export const generatedAt: string = GENERATED_AT;

/** The source of the list, e.g. `Node.js 26.12.1`. */
export const source: string = SOURCE;

let anchors: readonly RootAnchor[] | undefined;

/**
 * The roots, for `trustAnchors`. Decoded on the first call; the same frozen array each time, so that engines can cache
 * what they derive from it. Their bytes are shared too: changing them changes what the whole process trusts. Roots
 * expired at generation are omitted. Mozilla's limits on one root (only names under `.tr`) are in its
 * `nameConstraints`; Mozilla's distrust of a root's certificates from a given date on is not represented.
 */
export function mozillaRoots(): readonly RootAnchor[] {
  return (anchors ??= Object.freeze(ANCHORS.map(readAnchor)));
}

/**
 * Whether the list is older than `maxAgeDays`, by the clock or by `now`. An old list lacks new roots, and still trusts
 * roots that Mozilla has removed: update the package.
 * @param maxAgeDays - 183 by default, half a year
 * @param now - milliseconds since 1970, as `Date.now()` gives
 * @throws TypeError for an age that is not a positive number, or an invalid time
 */
export function isStale(maxAgeDays = 183, now: number = Date.now()): boolean {
  if (!(maxAgeDays > 0)) throw new TypeError(`maxAgeDays: must be a positive number of days, not ${maxAgeDays}`);
  if (!Number.isFinite(now)) throw new TypeError(`now: must be a time in milliseconds, not ${now}`);
  return now - Date.parse(GENERATED_AT) > maxAgeDays * 86_400_000;
}

/** One line of the data: subject, SubjectPublicKeyInfo and NameConstraints, if any. */
function readAnchor(line: string): RootAnchor {
  const [subject, spki, nameConstraints] = line.split('.').map(decodeBase64);
  if (subject === undefined || spki === undefined) throw new Error('@ferrule/roots: the list is damaged');
  return Object.freeze(nameConstraints === undefined ? { subject, spki } : { subject, spki, nameConstraints });
}
