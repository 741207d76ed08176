/** @module The parts of a root certificate that the list has. */
import { fromHex } from '@ferrule/result/bytes';
import { nameText, parseCertificate } from '@ferrule/x509';
import { certificatesOf } from 'ferrule';

export interface Line {
  /** For readers of the list. */
  readonly name: string;
  /** Base64 of subject, SubjectPublicKeyInfo and NameConstraints, if any; separated by dots. */
  readonly line: string;
}

const NAME_CONSTRAINTS = '2.5.29.30';

/**
 * Constraints imposed by Mozilla's library, not by the root itself: by name, DER NameConstraints. One government root
 * is limited to names under `.tr`.
 */
const IMPOSED: Readonly<Record<string, Uint8Array>> = {
  'TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1': fromHex('3009a00730058203' + '2e7472'),
};

/** The roots of a PEM text that have not expired at `now`, sorted by name. */
export function linesOf(pem: string, now: number): Line[] {
  return certificatesOf(pem)
    .map(parseCertificate)
    .filter(({ notAfter }) => notAfter > now)
    .map(({ subject, spki, extensions }) => {
      const name = nameText(subject);
      const imposed = Object.entries(IMPOSED).find(([whose]) => name.includes(`CN=${whose}`))?.[1];
      const own = extensions.find(({ oid }) => oid === NAME_CONSTRAINTS)?.value;
      if (own !== undefined && imposed !== undefined) throw new Error(`${name}: has constraints of its own by now`);
      const parts = [subject, spki, own ?? imposed].filter((part) => part !== undefined);
      return { name, line: parts.map((part) => Buffer.from(part).toString('base64')).join('.') };
    })
    .sort((a, b) => (a.name + a.line < b.name + b.line ? -1 : 1));
}
