/** @module Certificate errors of OpenSSL, and of our checks after it, as a `TlsError`. */
import { certificateCode, type CertificateFault, certificateText, TlsError } from '@ferrule/result';
import { hostNameText } from '@ferrule/result/host';
import { printable, withoutControls } from '@ferrule/result/bytes';
import { type NativeFailure, OwnReason, type PeerName } from './binding.ts';

/** Facts besides OpenSSL's numbers; read only on failure. */
export interface PeerFacts {
  readonly host: string | undefined;
  /** Whether any trust anchors were given. */
  readonly anchored: boolean;
  /** The names in the server's certificate. */
  names(): readonly PeerName[];
}

/** The error for a rejected certificate. */
export function certificateError(native: NativeFailure, peer: PeerFacts): TlsError {
  const { verifyResult: verify, verifyDepth: depth, alertSent, own } = native;
  const code = own === OwnReason.pinMismatch ? 'CERT_PIN_MISMATCH' : certificateCode(verify, depth);
  const { host, anchored } = peer;
  const names = peer.names().map(([isAddress, value]) => hostNameText(value, isAddress));
  const fault = { ...concerned(native), code, verify, depth, host, anchored, names };
  const { message, hint } = certificateText(fault);
  return new TlsError(code, message, {
    verify: { code: verify, depth, subject: fault.subject },
    alert: alertSent > 0 ? { description: alertSent, origin: 'local' } : undefined,
    hint,
  });
}

/** The facts known of the certificate concerned. */
export function concerned({ certificate }: NativeFailure): Partial<CertificateFault> {
  if (certificate === undefined) return {};
  const { subject, issuer, issuerUrl, notBefore, notAfter, trusted } = certificate;
  return {
    subject: withoutControls(subject) || undefined,
    issuer: withoutControls(issuer) || undefined,
    issuerUrl: issuerUrl.length === 0 ? undefined : printable(issuerUrl),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    trusted,
  };
}

/**
 * Milliseconds since the epoch of a UTCTime or a GeneralizedTime (RFC 5280 section 4.1.2.5); `undefined` for other
 * forms.
 */
function timeOf(text: string): number | undefined {
  const parts = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, years = '', month, day, hour, minute, second] = parts;
  const year = years.length === 4 ? years : `${years < '50' ? '20' : '19'}${years}`;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}
