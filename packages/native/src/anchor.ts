/**
 * @module Trust anchors for OpenSSL, which supports only certificates: an anchor given as subject, key and constraints
 * (RFC 5280 section 6.1.1 d) becomes a certificate with just these. Its signature is empty: OpenSSL does not check an
 * anchor's signature, and the certificate is never exposed.
 */
import type { TrustAnchor } from '@ferrule/contract';

/** DER of the certificate for OpenSSL's store. @throws TypeError for a malformed part */
export function anchorCertificate(anchor: TrustAnchor, i: number): Uint8Array {
  if (anchor instanceof Uint8Array) return anchor;
  const { subject, spki, nameConstraints } = anchor;
  for (const [name, der] of Object.entries({ subject, spki, nameConstraints }))
    if (der !== undefined && !isSequence(der))
      throw new TypeError(`trustAnchors[${i}]: ${name} must be one DER SEQUENCE, with nothing behind it`);
  return certificate(subject, spki, nameConstraints);
}

/** Whether a certificate of the verified chain was made here. */
export const isMade = (der: Uint8Array): boolean =>
  Buffer.from(der.buffer, der.byteOffset, der.byteLength).includes(SERIAL);

function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 0xff]
          : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

/** Whether these bytes are exactly one element. OpenSSL checks its content. */
function isSequence(der: Uint8Array): boolean {
  const [tag, first = 0x80] = der;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  let length = first;
  if (octets > 0) length = der.subarray(2, 2 + octets).reduce((size, octet) => size * 256 + octet, 0);
  return tag === SEQUENCE && first !== 0x80 && octets <= 4 && der.length === 2 + octets + length;
}

const [BIT_STRING, OCTET_STRING, SEQUENCE, GENERALIZED_TIME, VERSION, EXTENSIONS] = [
  0x03, 0x04, 0x30, 0x18, 0xa0, 0xa3,
] as const;
const TRUE = Buffer.from([0x01, 0x01, 0xff]);
/** A positive INTEGER of 20 bytes that {@link isMade} recognises: "ferrule trust anchor" in ASCII. */
const SERIAL = tlv(0x02, Buffer.from('ferrule trust anchor', 'latin1'));
/** sha256WithRSAEncryption; arbitrary, since it is never used. */
const ALGORITHM = tlv(SEQUENCE, Buffer.from('06092a864886f70d01010b0500', 'hex'));
const VALIDITY = tlv(
  SEQUENCE,
  tlv(GENERALIZED_TIME, Buffer.from('19700101000000Z')),
  tlv(GENERALIZED_TIME, Buffer.from('99991231235959Z')),
);
/** basicConstraints, critical, cA TRUE. */
const CA = tlv(SEQUENCE, Buffer.from('0603551d13', 'hex'), TRUE, tlv(OCTET_STRING, tlv(SEQUENCE, TRUE)));

function certificate(subject: Uint8Array, spki: Uint8Array, nameConstraints: Uint8Array | undefined): Uint8Array {
  const constraints =
    nameConstraints && tlv(SEQUENCE, Buffer.from('0603551d1e', 'hex'), TRUE, tlv(OCTET_STRING, nameConstraints));
  const extensions = tlv(EXTENSIONS, tlv(SEQUENCE, CA, ...(constraints ? [constraints] : [])));
  const v3 = tlv(VERSION, Buffer.from([0x02, 0x01, 0x02]));
  const tbs = tlv(SEQUENCE, v3, SERIAL, ALGORITHM, subject, VALIDITY, subject, spki, extensions);
  return tlv(SEQUENCE, tbs, ALGORITHM, tlv(BIT_STRING, Buffer.from([0x00, 0x00])));
}
