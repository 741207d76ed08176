/** @module From X509_V codes to `CERT_*`: one table, with a hint that says what to do about this very certificate. */
import { TlsError, type CommonCode, X509V, x509VSentence } from '@ferrule/result';
import { type NativeFailure, OwnReason } from './binding.ts';

/** What a hint is made of; asked for only when there is something to say. */
export interface PeerFacts {
  readonly host: string | undefined;
  /** Whether any trust anchors were given. */
  readonly anchored: boolean;
  /** The names that the server's certificate has. */
  names(): readonly string[];
}

const CODE_OF: ReadonlyMap<number, CommonCode> = new Map<number, CommonCode>([
  [X509V.UNABLE_TO_GET_ISSUER_CERT, 'CERT_UNTRUSTED_ROOT'],
  [X509V.UNABLE_TO_GET_CRL, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.UNABLE_TO_DECRYPT_CERT_SIGNATURE, 'CERT_SIGNATURE'],
  [X509V.UNABLE_TO_DECRYPT_CRL_SIGNATURE, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.CERT_SIGNATURE_FAILURE, 'CERT_SIGNATURE'],
  [X509V.CRL_SIGNATURE_FAILURE, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.CERT_NOT_YET_VALID, 'CERT_NOT_YET_VALID'],
  [X509V.CERT_HAS_EXPIRED, 'CERT_EXPIRED'],
  [X509V.CRL_NOT_YET_VALID, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.CRL_HAS_EXPIRED, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.ERROR_IN_CRL_LAST_UPDATE_FIELD, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.ERROR_IN_CRL_NEXT_UPDATE_FIELD, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.DEPTH_ZERO_SELF_SIGNED_CERT, 'CERT_SELF_SIGNED'],
  [X509V.SELF_SIGNED_CERT_IN_CHAIN, 'CERT_UNTRUSTED_ROOT'],
  [X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 'CERT_UNTRUSTED_ROOT'],
  [X509V.UNABLE_TO_VERIFY_LEAF_SIGNATURE, 'CERT_MISSING_INTERMEDIATE'],
  [X509V.CERT_CHAIN_TOO_LONG, 'CERT_CHAIN_TOO_LONG'],
  [X509V.CERT_REVOKED, 'CERT_REVOKED'],
  [X509V.INVALID_PURPOSE, 'CERT_PURPOSE'],
  [X509V.KEYUSAGE_NO_DIGITAL_SIGNATURE, 'CERT_PURPOSE'],
  [X509V.CERT_UNTRUSTED, 'CERT_UNTRUSTED_ROOT'],
  [X509V.CERT_REJECTED, 'CERT_UNTRUSTED_ROOT'],
  [X509V.UNABLE_TO_GET_CRL_ISSUER, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.KEYUSAGE_NO_CRL_SIGN, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.UNHANDLED_CRITICAL_CRL_EXTENSION, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.DIFFERENT_CRL_SCOPE, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.CRL_PATH_VALIDATION_ERROR, 'CERT_REVOCATION_UNKNOWN'],
  [X509V.PERMITTED_VIOLATION, 'CERT_NAME_CONSTRAINT'],
  [X509V.EXCLUDED_VIOLATION, 'CERT_NAME_CONSTRAINT'],
  [X509V.SUBTREE_MINMAX, 'CERT_NAME_CONSTRAINT'],
  [X509V.UNSUPPORTED_CONSTRAINT_TYPE, 'CERT_NAME_CONSTRAINT'],
  [X509V.UNSUPPORTED_CONSTRAINT_SYNTAX, 'CERT_NAME_CONSTRAINT'],
  [X509V.UNSUPPORTED_NAME_SYNTAX, 'CERT_NAME_CONSTRAINT'],
  [X509V.APPLICATION_VERIFICATION, 'CERT_REJECTED'],
  [X509V.HOSTNAME_MISMATCH, 'CERT_NAME_MISMATCH'],
  [X509V.IP_ADDRESS_MISMATCH, 'CERT_NAME_MISMATCH'],
  [X509V.EE_KEY_TOO_SMALL, 'CERT_WEAK_KEY'],
  [X509V.CA_KEY_TOO_SMALL, 'CERT_WEAK_KEY'],
  [X509V.CA_MD_TOO_WEAK, 'CERT_WEAK_KEY'],
  [X509V.NO_VALID_SCTS, 'CERT_TRANSPARENCY'],
  [X509V.OCSP_VERIFY_NEEDED, 'CERT_OCSP_MISSING'],
  [X509V.OCSP_VERIFY_FAILED, 'CERT_OCSP_INVALID'],
  [X509V.OCSP_CERT_UNKNOWN, 'CERT_OCSP_INVALID'],
  [X509V.PATH_LOOP, 'CERT_INVALID'],
]);

/** The error of a refused certificate, from what OpenSSL found. */
export function certificateError(native: NativeFailure, peer: PeerFacts): TlsError {
  const { verifyResult, verifyDepth: depth, subject, alertSent, own } = native;
  const code = own === OwnReason.pinMismatch ? 'CERT_PIN_MISMATCH' : codeOf(native);
  const sentence =
    own === OwnReason.pinMismatch ? 'no key of the verified chain matches a pin' : x509VSentence(verifyResult);
  const place = subject === '' ? '' : ` (certificate ${depth}, ${subject})`;
  return new TlsError(code, `Refused the server: ${sentence}${place}.`, {
    verify: { code: verifyResult, depth, subject: subject === '' ? undefined : subject },
    alert: alertSent > 0 ? { description: alertSent, origin: 'local' } : undefined,
    hint: hintOf(code, native, peer),
  });
}

function codeOf({ verifyResult, verifyDepth }: NativeFailure): CommonCode {
  // The issuer of the server's own certificate is neither trusted nor among what was sent: it is the intermediate that
  // is missing.
  if (verifyResult === X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY && verifyDepth === 0) return 'CERT_MISSING_INTERMEDIATE';
  return CODE_OF.get(verifyResult) ?? 'CERT_INVALID';
}

function hintOf(code: CommonCode, { subject }: NativeFailure, peer: PeerFacts): string | undefined {
  const { host, anchored } = peer;
  switch (code) {
    case 'CERT_NAME_MISMATCH': {
      const names = peer.names();
      const has =
        names.length === 0
          ? 'no name at all'
          : `${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
      return `${host ?? 'The host'} was asked for; the certificate has ${has}. Connect with one of its names, or have this name added to the certificate.`;
    }
    case 'CERT_MISSING_INTERMEDIATE':
    case 'CERT_UNTRUSTED_ROOT':
      if (!anchored) return 'No trust anchors were given: name those that you trust in trustAnchors.';
      return code === 'CERT_UNTRUSTED_ROOT'
        ? undefined
        : `The server did not send the issuer of ${subject === '' ? 'its certificate' : subject}: if that is a CA of your own, give it as a trust anchor (\`ca\`, \`trustAnchors\`); else have the server send its whole chain (fullchain.pem).`;
    default:
      return undefined;
  }
}
