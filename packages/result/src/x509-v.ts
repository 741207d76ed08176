/**
 * @module X509_V codes: the numbers and names of OpenSSL 3's `X509_V_*` (X509_STORE_CTX_get_error(3)), a sentence for
 * each.
 */
import { SENTENCES } from '@ferrule/result/texts';
import * as V from '@ferrule/result/x509-v';

/** `X509_V_*` by name, without the `X509_V_` and `X509_V_ERR_` prefixes: `X509V.CERT_HAS_EXPIRED === 10`. */
export const X509V: typeof V = Object.freeze({ ...V });

export type X509VName = keyof typeof V;

/** Any `X509_V_*` number. */
export type X509VCode = (typeof V)[X509VName];

const NAMES: ReadonlyMap<number, X509VName> = new Map(
  Object.entries(V).map(([name, code]) => [code, name as X509VName]),
);

/** OpenSSL's name of a code: `X509_V_ERR_CERT_HAS_EXPIRED`; `X509_V_<n>` for an unknown number. */
export function x509VName(code: number): string {
  const name = NAMES.get(code);
  return name === undefined ? `X509_V_${code}` : code === V.OK ? 'X509_V_OK' : `X509_V_ERR_${name}`;
}

/** One human-readable sentence, as X509_verify_cert_error_string(3). */
export function x509VSentence(code: number): string {
  const name = NAMES.get(code);
  return name === undefined ? `unknown X509_V code ${code}` : (SENTENCES[name] ?? x509VName(code));
}
