/** @module Facts of a rejected certificate for its message (`certificateText` of `@ferrule/result`). */
import type { CertificateFault } from '@ferrule/result';
import { printable } from '@ferrule/result/bytes';
import { hostNameText } from '@ferrule/result/host';
import type { Certificate } from './certificate.ts';
import { accessUris, Oid } from './extensions.ts';
import { nameText } from './name.ts';
import * as NameType from './name-type.ts';

export type FaultFacts = Pick<
  CertificateFault,
  'subject' | 'issuer' | 'issuerUrl' | 'notBefore' | 'notAfter' | 'names'
>;

/** @param leaf - the server's own certificate, whose names count. */
export function faultFacts(certificate: Certificate | undefined, leaf: Certificate | undefined): FaultFacts {
  const [url] = accessUris(certificate?.authorityInfoAccess, Oid.caIssuers);
  return {
    subject: certificate && (nameText(certificate.subject) || undefined),
    issuer: certificate && (nameText(certificate.issuer) || undefined),
    issuerUrl: url && printable(url),
    notBefore: time(certificate?.notBefore),
    notAfter: time(certificate?.notAfter),
    names: (leaf?.subjectAltName ?? [])
      .filter(({ type }) => type === NameType.dns || type === NameType.ip)
      .map(({ type, value }) => hostNameText(value, type === NameType.ip)),
  };
}

/** `undefined` if unreadable. */
const time = (at: number | undefined): number | undefined => (Number.isNaN(at) ? undefined : at);
