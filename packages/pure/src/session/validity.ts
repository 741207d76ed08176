/** @module Until when what a handshake verified of the peer holds: a session must not outlive it. */
import type { Facts } from '@ferrule/ssl';
import { firstToCome } from '@ferrule/ssl/session-binding';
import { type Crl, DerError, parseOcspResponse } from '@ferrule/x509';
import { trustOf } from '../auth/chain.ts';
import { readCertificate } from '../auth/parsed.ts';
import type { Config } from '../context.ts';

/**
 * Milliseconds since the epoch: the first end of a certificate of the path (where none was built, of those that the
 * peer sent), of the stapled OCSP response and of the CRLs that were given. Infinity where nothing of that says when it
 * ends, or all of it had ended and was accepted all the same.
 */
export function verifiedUntil(config: Config, facts: Readonly<Partial<Facts>>, now: number): number {
  const certificates = facts.verifiedChain ?? facts.peerCertificates ?? [];
  const ends = certificates.map((der) => readable(() => readCertificate(der).notAfter));
  const staple = facts.ocspResponse;
  if (staple !== undefined) ends.push(readable(() => stapleEnd(staple)));
  if (typeof config.verify !== 'function')
    ends.push(...(trustOf(config).crls ?? []).map(({ nextUpdate }: Crl) => nextUpdate));
  return firstToCome(now, ends);
}

/**
 * RFC 6960 section 4.2.2.1; one that does not say when it ends holds for a week (RFC 5019 section 4), as in the path's
 * own check.
 */
function stapleEnd(der: Uint8Array): number {
  return Math.min(
    ...parseOcspResponse(der).responses.map(({ thisUpdate, nextUpdate }) => nextUpdate ?? thisUpdate + WEEK),
  );
}
const WEEK = 7 * 86_400_000;

/** Where no path was built, or none was needed, nobody has read these bytes yet. */
function readable(end: () => number): number | undefined {
  try {
    return end();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
