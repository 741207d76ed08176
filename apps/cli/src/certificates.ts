/** @module What people want to know of a certificate. */
import { createHash, X509Certificate } from 'node:crypto';
import { describeCertificate, generalNameText, matchesHost, parseCertificate } from '@ferrule/x509';
import { printable } from './printable.ts';

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days until it expires, or, negative, since it expired: never 0 then, but -1 on the first day, too. */
  readonly daysLeft: number;
  readonly key: string;
  readonly serialNumber: string;
  readonly sha256: string;
}

export function certificateFacts(der: Uint8Array, now: number = Date.now()): CertificateFacts {
  const certificate = new X509Certificate(der);
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails = {} } = certificate.publicKey;
  const detail =
    asymmetricKeyDetails.namedCurve ??
    (asymmetricKeyDetails.modulusLength === undefined ? undefined : `${asymmetricKeyDetails.modulusLength} bits`);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: namesIn(der),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    daysLeft: daysUntil(Date.parse(certificate.validTo), now),
    key: detail === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${detail}`,
    serialNumber: certificate.serialNumber,
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** Each as one, whatever it has in it; none where the extension cannot be read. */
function namesIn(der: Uint8Array): string[] {
  try {
    return (parseCertificate(der).subjectAltName ?? []).map((name) =>
      generalNameText(name).replace(/^(DNS|IP Address):/, ''),
    );
  } catch {
    return [];
  }
}

function daysUntil(end: number, now: number): number {
  const days = Math.trunc((end - now) / 86_400_000);
  return end < now ? Math.min(days, -1) : days;
}

/** `5 days left`, `expired 1 day ago` */
export function daysText(daysLeft: number): string {
  const days = `${Math.abs(daysLeft)} day${Math.abs(daysLeft) === 1 ? '' : 's'}`;
  return daysLeft < 0 ? `expired ${days} ago` : `${days} left`;
}

/** What a server shows may be no certificate at all. */
export function readableFacts(der: Uint8Array): CertificateFacts[] {
  try {
    return [certificateFacts(der)];
  } catch {
    return [];
  }
}

/** With everything else that the certificate says, for `--text --json`. */
export const detailedFacts = (der: Uint8Array): object[] =>
  readableFacts(der).map((facts) => ({ ...facts, details: describeCertificate(parseCertificate(der)) }));

/** What `openssl x509 -text` shows of each certificate, and its fingerprint. */
export function detailsText(chain: readonly Uint8Array[]): string {
  return chain
    .map((der) => {
      const fingerprint = createHash('sha256')
        .update(der)
        .digest('hex')
        .toUpperCase()
        .replace(/..(?=.)/g, '$&:');
      return `${String(describeCertificate(parseCertificate(der))).trimEnd()}\nSHA-256 Fingerprint: ${fingerprint}\n\n`;
    })
    .join('');
}

/** The name of the certificate that the host matches, as it stands there: `*.example.org`. */
export function matchedName(der: Uint8Array, host: string): string | undefined {
  try {
    const certificate = parseCertificate(der);
    const name = certificate.subjectAltName?.find((each) =>
      matchesHost({ ...certificate, subjectAltName: [each] }, host),
    );
    return name && printable(generalNameText(name).replace(/^[^:]*:/, ''));
  } catch {
    return undefined;
  }
}

/** Node writes one attribute per line, the least significant last. */
const oneLine = (name: string | undefined): string =>
  printable((name ?? '').split('\n').reverse().join(', ')) || '(empty)';
