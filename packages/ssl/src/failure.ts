/** @module What a failed connection returns, and the getError() code for it. */
import { failed, SslErrorCode, TlsError, type Failed } from '@ferrule/result';

/**
 * @param established the handshake was already done.
 * @param closing shutdown() was called: nothing may follow close_notify (RFC 9846 section 6.1), so no alert was sent.
 */
export function failureOf(given: TlsError, established: boolean, closing: boolean): Failed {
  const error =
    closing && given.alert?.origin === 'local'
      ? new TlsError(given, given.message, { verify: given.verify, cause: given.cause })
      : given;
  // SSL_connect(3): 0 when the peer ended the handshake according to the protocol
  const ret = !established && error.alert?.origin === 'peer' ? 0 : -1;
  return failed(error, ret, isTransport(error) ? SslErrorCode.syscall : SslErrorCode.ssl);
}

const isTransport = ({ code }: TlsError): boolean =>
  code === 'TRANSPORT_ERROR' || code === 'TIMEOUT' || code === 'ABORTED' || code === 'BLOCKING_FORBIDDEN';
