/**
 * @module Differences between the engines that have a reason. A difference that is not here fails, and so does a row here
 * that explains nothing any more.
 */
export interface KnownDifference {
  readonly scenario: RegExp;
  readonly fields: readonly string[];
  readonly reason: string;
}

export const KNOWN: readonly KnownDifference[] = [
  {
    scenario: /OCSP .*staple revoked/,
    fields: ['alert', 'alert at the server'],
    reason: 'OpenSSL sends bad_certificate_status_response for whatever its status callback refuses; the pure engine says certificate_revoked, which is what it is. Code and X509_V result agree.',
  },
];
