/** @module What a connection that has failed returns, and how getError() explains it. */
import { failed, SslErrorCode, TlsError, type Failed } from '@ferrule/result';

/**
 * @param established the handshake was done when it happened.
 * @param closing shutdown() was called: nothing follows close_notify (RFC 9846 section 6.1), so no alert was sent.
 */
export function failureOf(given: TlsError, established: boolean, closing: boolean): Failed {
  const error =
    closing && given.alert?.origin === 'local'
      ? new TlsError(given, given.message, { verify: given.verify, cause: given.cause })
      : given;
  // SSL_connect(3): 0 when the peer ended the handshake by the protocol's own rules
  const ret = !established && error.alert?.origin === 'peer' ? 0 : -1;
  return failed(error, ret, isTransport(error) ? SslErrorCode.syscall : SslErrorCode.ssl);
}

const isTransport = ({ code }: TlsError): boolean =>
  code === 'TRANSPORT_ERROR' || code === 'TIMEOUT' || code === 'ABORTED' || code === 'BLOCKING_FORBIDDEN';
