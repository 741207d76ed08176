/** @module Why a transport failed, with codes that `TlsError` also uses. */

/** The codes of {@link BioError}; each is a `TlsErrorCode` of @ferrule/result. */
export type BioErrorCode = 'TRANSPORT_ERROR' | 'TIMEOUT' | 'ABORTED' | 'BLOCKING_FORBIDDEN';

const CODES: ReadonlySet<unknown> = new Set<BioErrorCode>([
  'TRANSPORT_ERROR',
  'TIMEOUT',
  'ABORTED',
  'BLOCKING_FORBIDDEN',
]);

/** A failure that a BIO detects itself, or that its driver distinguishes from a socket error. */
export class BioError extends Error {
  override readonly name: 'BioError' = 'BioError';
  readonly code: BioErrorCode;

  constructor(code: BioErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The argument of `fail()` as an Error, even if it is not one. */
export function failureOf(given: unknown): Error {
  if (given instanceof Error) return given;
  // From another realm
  if (Object.prototype.toString.call(given) === '[object Error]') return given as Error;
  return new BioError('TRANSPORT_ERROR', 'the transport failed', given);
}

/**
 * The `TlsError` code with which an engine reports {@link Bio.error}: the code of a {@link BioError} (recognised by
 * name, so that two copies of this package agree), `TRANSPORT_ERROR` for anything else, e.g. an ECONNRESET.
 */
export function bioErrorCode(error: Error): BioErrorCode {
  const code: unknown = error.name === 'BioError' ? (error as { readonly code?: unknown }).code : undefined;
  return CODES.has(code) ? (code as BioErrorCode) : 'TRANSPORT_ERROR';
}
