/** @module CRLite filters of one issuer, and the timestamp of a log that they cover. */
import { createHash } from 'node:crypto';
import { concat } from '@ferrule/result/bytes';
import type { ExtensionOption, Identity } from './issue.ts';

const DAY_MS = 86_400_000;
const LOG = new Uint8Array(32).fill(0x4c);
/** Milliseconds since the epoch: when the log saw certificates with {@link LOGGED}, thirty days ago. */
export const SEEN: number = Date.now() - 30 * DAY_MS;

const big = (value: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256);
/** Behind its length. */
const sized = (length: number, bytes: Uint8Array): Uint8Array => concat([big(bytes.length, length), bytes]);

/** RFC 6962 section 3.3, as the extension has it: an OCTET STRING. */
function timestampList(): Uint8Array {
  const sct = concat([
    Uint8Array.of(0),
    LOG,
    big(SEEN, 8),
    big(0, 2),
    Uint8Array.of(4, 3),
    sized(2, new Uint8Array(8)),
  ]);
  const list = sized(2, sized(2, sct));
  return concat([Uint8Array.of(0x04, list.length), list]);
}

/** For `issue()`: the certificate was logged. */
export const LOGGED: ExtensionOption = { oid: '1.3.6.1.4.1.11129.2.4.2', value: timestampList() };

/**
 * A filter in which every certificate of the issuer that was logged is revoked, or none is.
 * @param made milliseconds since the epoch: the newest moment that it covers
 */
export function makeCrliteFilter({ spki }: Identity, revoked: boolean, made: number): Uint8Array {
  const coverage = concat([LOG, big(0, 8), big(made, 8)]);
  // An empty block, stored inverted or not, without exceptions
  const inverted = Uint8Array.of(revoked ? 1 : 0);
  const block = concat([createHash('sha256').update(spki).digest(), new Uint8Array(17), inverted, big(0, 2)]);
  return concat([Uint8Array.of(4, 0), big(1, 2), coverage, big(1, 4), block, big(0, 1), big(0, 4)]);
}
