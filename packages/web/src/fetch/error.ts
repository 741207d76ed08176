/** @module How fetch() fails. */
import { TlsError, type TlsErrorCode } from '@ferrule/result';

export type FetchErrorCode = TlsErrorCode | 'HTTP_TRUNCATED' | 'HTTP_MALFORMED' | 'HTTP_REDIRECT';

/**
 * A `TypeError`, as fetch() has it for everything that network and server do, with a `code`. Of what happens below HTTP
 * the code is that of the `TlsError` in `cause`. The others: `HTTP_TRUNCATED`, the connection was closed within an
 * answer; `HTTP_MALFORMED`, what came is not HTTP/1.1; `HTTP_REDIRECT`, a redirect was refused.
 */
export class FetchError extends TypeError {
  override readonly name: string = 'FetchError';
  readonly code: FetchErrorCode;

  constructor(code: FetchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What came from below as this package tells it. Wrong options stay the `TypeError`s that they are. */
export function fetchError(error: unknown, where: string): unknown {
  if (error instanceof TypeError) return error;
  const code = TlsError.is(error) ? error.code : 'TRANSPORT_ERROR';
  const message = (error as Error | undefined)?.message ?? String(error);
  // What connect() says names the server already, with its port
  return new FetchError(code, message.startsWith(`${where}:`) ? message : `${where}: ${message}`, { cause: error });
}
