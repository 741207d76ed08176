/**
 * @module The message for a rejected certificate: one sentence and one hint, from the facts known about it. Both
 * engines, the node:tls API and the command use this text; anything more an engine knows goes into the error's `cause`.
 */
import { CERTIFICATES } from '@ferrule/result/texts';
import type { CommonCode } from './codes.ts';
import type { RevocationStatus } from './revocation-status.ts';
import { x509VSentence } from './x509-v.ts';

/** The fault, and what is known about the certificate. All text is safe for a terminal. */
export interface CertificateFault {
  readonly code: CommonCode;
  /** X509_V number. */
  readonly verify: number;
  /** Its position in the chain; 0 is the server's own. */
  readonly depth: number;
  /** Its RFC 4514 names; `undefined` if it has none, or they cannot be read. */
  readonly subject?: string | undefined;
  readonly issuer?: string | undefined;
  /** The URL it gives for its issuer's certificate (RFC 5280 section 4.2.2.1). */
  readonly issuerUrl?: string | undefined;
  /** Its validity, in milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
  readonly notAfter?: number | undefined;
  /** It is one of the trust anchors. */
  readonly trusted?: boolean | undefined;
  /** The host names and addresses of the server's certificate. */
  readonly names?: readonly string[] | undefined;
  /** The host that the caller connects to. */
  readonly host?: string | undefined;
  /** Whether any trust anchors were given. */
  readonly anchored?: boolean | undefined;
  /** The status from a filter of revoked certificates. */
  readonly crlite?: RevocationStatus | undefined;
}

export interface CertificateText {
  readonly message: string | undefined;
  /** `undefined`: the remedy of the code. */
  readonly hint: string | undefined;
}

/** The message and the hint of a `TlsError` about a certificate; without a hint, use the remedy of its code. */
export function certificateText(fault: CertificateFault): CertificateText & { readonly message: string } {
  const brief = { ...fault, subject: short(fault.subject, 200), issuer: short(fault.issuer, 200) };
  const said = CERTIFICATES[fault.code]?.(brief);
  return { message: short(said?.message ?? sentenceOf(brief), 1000), hint: short(said?.hint, 1000) };
}

function sentenceOf({ verify, depth, subject }: CertificateFault): string {
  const place =
    subject === undefined ? (depth === 0 ? undefined : `certificate ${depth}`) : `certificate ${depth}, ${subject}`;
  return `${x509VSentence(verify)}${place === undefined ? '' : ` (${place})`}`;
}

/** A name in a certificate may be a megabyte long; a message should not. */
function short<T extends string | undefined>(text: T, length: number): T;
function short(text: string | undefined, length: number): string | undefined {
  return text === undefined || text.length <= length ? text : `${text.slice(0, length)}…`;
}
