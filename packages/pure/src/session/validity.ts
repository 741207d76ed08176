/** @module Until when what a handshake verified of the peer holds: a session must not outlive it. */
import type { Facts } from '@ferrule/ssl';
import { firstToCome } from '@ferrule/ssl/session-binding';
import { bytesEqual } from '@ferrule/result/bytes';
import { CLOCK_SKEW, DerError, LONGEST_RESPONSE, parseOcspResponse } from '@ferrule/x509';
import { trustOf } from '../auth/chain.ts';
import { readCertificate } from '../auth/parsed.ts';
import type { Config } from '../context.ts';

/**
 * Milliseconds since the epoch: the first end of a certificate of the path (where none was built, of those that the
 * peer sent), of the stapled OCSP response and its responder's certificates, and of the CRLs that were given. Infinity
 * where nothing of that says when it ends, or all of it had ended and was accepted all the same.
 */
export function verifiedUntil(config: Config, facts: Readonly<Partial<Facts>>, now: number): number {
  const certificates = facts.verifiedChain ?? facts.peerCertificates ?? [];
  const ends = certificates.flatMap((der) => readable(() => endOf(der)));
  const staple = facts.ocspResponse;
  if (staple !== undefined) ends.push(...readable(() => stapleEnds(staple, certificates[0])));
  if (typeof config.verify !== 'function')
    for (const { thisUpdate, nextUpdate } of trustOf(config).crls ?? []) {
      // One that has not begun counts from then on, and may revoke
      ends.push(thisUpdate - CLOCK_SKEW);
      if (nextUpdate !== undefined) ends.push(...twice(nextUpdate));
    }
  return firstToCome(now, ends);
}

const endOf = (der: Uint8Array): number[] => [readCertificate(der).notAfter];

/**
 * RFC 6960 section 4.2.2.1, of what it says about this certificate; where it does not say when that ends it holds for
 * {@link LONGEST_RESPONSE}, as in the path's own check.
 */
function stapleEnds(staple: Uint8Array, leaf: Uint8Array | undefined): number[] {
  const { responses, certificates } = parseOcspResponse(staple);
  const { serial } = leaf === undefined ? {} : readCertificate(leaf);
  const ours = serial === undefined ? responses : responses.filter((each) => bytesEqual(each.serial, serial));
  return [
    ...ours.flatMap(({ thisUpdate, nextUpdate }) => twice(nextUpdate ?? thisUpdate + LONGEST_RESPONSE)),
    ...certificates.flatMap((der) => readable(() => endOf(der))),
  ];
}

/** What has ended and counted all the same, for the clocks' sake, ends when it no longer does. */
const twice = (end: number): readonly [number, number] => [end, end + CLOCK_SKEW];

/** Where no path was built, or none was needed, nobody has read these bytes yet. */
function readable(ends: () => number[]): number[] {
  try {
    return ends();
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}
