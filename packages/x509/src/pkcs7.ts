/** @module Bags of certificates: the certs-only SignedData of PKCS #7 (RFC 5652 section 5, RFC 8551 section 3.2.2). */
import { readWhole, type DerReader } from './der.ts';
import * as Tag from './tag.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
/** Size limit of a bag, bytes. */
const MAX_BAG_SIZE = 0x100_0000;

/**
 * The DER certificates in a DER PKCS #7 SignedData (`.p7b`, `.p7c`), in order. Signatures, if any, are ignored.
 * @throws DerError
 */
export function parsePkcs7(der: Uint8Array): Uint8Array[] {
  const reader = readWhole(der, Tag.SEQUENCE, MAX_BAG_SIZE);
  if (reader.oid() !== SIGNED_DATA) reader.fail('PKCS #7: not SignedData');
  const content = reader.open(0xa0);
  const signed = reader.open(Tag.SEQUENCE);
  reader.smallInteger();
  reader.skip(Tag.SET);
  reader.skip(Tag.SEQUENCE);
  const certificates = reader.peek() === 0xa0 ? readCertificates(reader) : [];
  if (reader.peek() === 0xa1) reader.skip();
  reader.skip(Tag.SET);
  reader.close(signed);
  reader.close(content);
  reader.finish();
  return certificates;
}

/** CertificateSet: other kinds of certificates have context tags and are skipped. */
function readCertificates(reader: DerReader): Uint8Array[] {
  const found: Uint8Array[] = [];
  const outer = reader.open(0xa0);
  while (reader.more) {
    const isCertificate = reader.peek() === Tag.SEQUENCE;
    const element = reader.element();
    if (isCertificate) found.push(element);
  }
  reader.close(outer);
  return found;
}
