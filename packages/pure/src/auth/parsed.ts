/** @module Certificates that were read before: connections to the same server bring the same chain each time. */
import { bytesEqual } from '@ferrule/result/bytes';
import { type Certificate, parseCertificate } from '@ferrule/x509';

/** Certificates kept, some 2 to 4 KiB each. */
const MOST = 64;
/** A longer one is read anew each time, so that a hostile server cannot fill memory with what is kept. */
const LONGEST = 8192;

/** The one used last at the end. */
const kept: Certificate[] = [];

/** `parseCertificate`, of a copy that nobody changes. @throws DerError */
export function readCertificate(der: Uint8Array): Certificate {
  const at = kept.findIndex(({ raw }) => bytesEqual(raw, der));
  const known = kept[at];
  if (known !== undefined) {
    kept.splice(at, 1);
    kept.push(known);
    return known;
  }
  const certificate = parseCertificate(der.slice());
  if (der.length > LONGEST) return certificate;
  if (kept.length >= MOST) kept.shift();
  kept.push(certificate);
  return certificate;
}
