/** @module Details of a rejected certificate beyond its X509_V code: which names, which issuer, which day. By code. */
import type { CertificateFault, CertificateText } from '../certificate-text.ts';
import type { CommonCode } from '../codes.ts';
import * as V from '@ferrule/result/x509-v';

/** Absent where the sentence of the X509_V code and the remedy of the row suffice. */
export type CertificateWords = (fault: CertificateFault) => CertificateText | undefined;

export const CERTIFICATES: { readonly [K in CommonCode]?: CertificateWords } = {
  CERT_NAME_MISMATCH: ({ names = [], host = 'the host' }) =>
    names.length === 0
      ? {
          message: `the certificate has no subjectAltName with a host name or an address, and is not for ${host}`,
          hint: 'Have this name added to the certificate as a subjectAltName; its common name does not count.',
        }
      : names.includes(host)
        ? {
            message: `the certificate has ${host} as a host name, and not as an address`,
            hint: 'Have it added to the subjectAltName of the certificate as an iPAddress.',
          }
        : {
            message: `the certificate is for ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}, not for ${host}`,
            hint: 'Connect with one of its names, or have this name added to the certificate.',
          },

  CERT_EXPIRED: (fault) =>
    fault.notAfter === undefined
      ? undefined
      : {
          message: `${subjectOf(fault)} expired on ${timeText(fault.notAfter)}`,
          hint:
            fault.depth === 0
              ? 'Have it renewed; check the clock of this machine too.'
              : fault.trusted === true
                ? 'It is a trust anchor: trust its successor.'
                : "It is the certificate of a CA, not the server's own: have the server send the current one.",
        },

  CERT_NOT_YET_VALID: (fault) =>
    fault.notBefore === undefined
      ? undefined
      : { message: `${subjectOf(fault)} is not valid before ${timeText(fault.notBefore)}`, hint: undefined },

  CERT_SELF_SIGNED: (fault) => ({
    message: `${subjectOf(fault)} is self-signed and not a trust anchor`,
    hint: `If it is yours, make it a trust anchor (${TRUST_ANCHORS}); otherwise the server needs a certificate from a CA.`,
  }),

  CERT_MISSING_INTERMEDIATE: (fault) => ({
    message:
      fault.issuer === undefined
        ? undefined
        : `the server did not send ${fault.issuer}, which issued ${subjectOf(fault)}`,
    hint:
      noAnchors(fault) ??
      `Have the server send its whole chain (fullchain.pem)${placeOf(fault)}. If that CA is your own, make it a trust anchor (${TRUST_ANCHORS}).`,
  }),

  CERT_UNTRUSTED_ROOT(fault) {
    const { verify, subject, issuer } = fault;
    const isRoot = verify === V.SELF_SIGNED_CERT_IN_CHAIN;
    if (!isRoot && verify !== V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY && verify !== V.UNABLE_TO_GET_ISSUER_CERT)
      return undefined;
    const last = isRoot ? subject : issuer;
    return {
      message: last === undefined ? undefined : `the chain ends in ${last}, which is not a trust anchor`,
      hint:
        noAnchors(fault) ??
        `If you trust this CA, make it a trust anchor (${TRUST_ANCHORS}).${
          isRoot ? '' : ` If it is not a root, the server must send its certificate${placeOf(fault)}.`
        }`,
    };
  },

  CERT_SIGNATURE: () => ({
    message: undefined,
    hint: 'The certificate was altered, or another CA of the same name issued it: the server must send the intermediate that belongs to its certificate.',
  }),

  CERT_REVOKED: (fault) =>
    fault.crlite === undefined
      ? undefined
      : { message: `${subjectOf(fault)} has been revoked, according to CRLite`, hint: undefined },

  CERT_REVOCATION_UNKNOWN: (fault) =>
    fault.crlite === undefined
      ? undefined
      : { message: `${subjectOf(fault)} may have been revoked: CRLite says "${fault.crlite}"`, hint: undefined },

  CERT_PIN_MISMATCH: () => ({ message: 'no key of the chain matches a pin', hint: undefined }),
};

const subjectOf = ({ subject, depth }: CertificateFault): string =>
  subject ?? (depth === 0 ? "the server's certificate" : `certificate ${depth} of the chain`);

/** Where to find the issuer's certificate (RFC 5280 section 4.2.2.1, id-ad-caIssuers). */
const placeOf = ({ issuerUrl }: CertificateFault): string =>
  issuerUrl === undefined ? '' : `; the missing one is at ${issuerUrl}`;

const TRUST_ANCHORS = '`ca`, `trustAnchors`';

const noAnchors = ({ anchored }: CertificateFault): string | undefined =>
  anchored === false ? `No trust anchors were given: name those that you trust (${TRUST_ANCHORS}).` : undefined;

/** `2026-11-23 08:47:29 UTC` */
const timeText = (at: number): string => new Date(at).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
