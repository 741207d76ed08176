/**
 * @module Host names and addresses against certificates: RFC 9525. subjectAltName only; the subject's CN never counts.
 */
import { bytesEqual, latin1 } from '@ferrule/result/bytes';
import { isDnsName, isIpAddress, parseHost, type Host } from '@ferrule/result/host';
import type { Certificate } from './certificate.ts';
import * as NameType from './name-type.ts';

/**
 * A valid dNSName of a certificate, lower-case; `undefined` if it is not a DNS name (RFC 5280 section 4.2.1.6) and so
 * matches nothing.
 */
export function presentedDnsName(value: Uint8Array, wildcard = true): string | undefined {
  const name = latin1(value).toLowerCase();
  return isDnsName(wildcard && name.startsWith('*.') ? name.slice(2) : name) && !isIpAddress(name) ? name : undefined;
}

/**
 * Whether the certificate is for this host. A wildcard matches exactly one leftmost label, followed by at least two.
 * @throws TypeError when {@link parseHost} rejects `host`.
 */
export const matchesHost = (certificate: Certificate, host: Host | string): boolean =>
  namesHost(certificate, typeof host === 'string' ? parseHost(host) : host, false);

/** {@link matchesHost}; `strict` allows no underscores in a certificate's names, as in RFC 5280 section 4.2.1.6. */
export function namesHost(certificate: Certificate, reference: Host, strict: boolean): boolean {
  for (const { type, value } of certificate.subjectAltName ?? []) {
    if (
      reference.kind === 'ip'
        ? type === NameType.ip && value.length > 0 && bytesEqual(value, reference.bytes)
        : type === NameType.dns && matchesDns(value, reference.name) && !(strict && value.includes(0x5f))
    )
      return true;
  }
  return false;
}

/** Compares lengths and letters first: a certificate may have a hundred names, and only a match has to be validated. */
function matchesDns(value: Uint8Array, reference: string): boolean {
  const dot = reference.indexOf('.');
  const wildcard = value[0] === 0x2a;
  const skipped = wildcard ? dot : 0;
  const offset = wildcard ? 1 : 0;
  if (skipped < 0 || value.length - offset !== reference.length - skipped) return false;
  for (let i = reference.length - 1; i >= skipped; i--) {
    const letter = value[i - skipped + offset] as number;
    if ((letter >= 0x41 && letter <= 0x5a ? letter | 0x20 : letter) !== reference.charCodeAt(i)) return false;
  }
  // At least two labels after a wildcard
  return presentedDnsName(value) !== undefined && (!wildcard || reference.indexOf('.', dot + 1) > 0);
}
