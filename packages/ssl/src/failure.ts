/** @module What a connection that has failed returns, and how getError() explains it. */
import { failed, SslError, type Failed, type TlsError } from '@ferrule/result';

/** @param established the handshake was done when it happened. */
export function failureOf(error: TlsError, established: boolean): Failed {
  // SSL_connect(3): 0 when the peer ended the handshake by the protocol's own rules
  const ret = !established && error.alert?.origin === 'peer' ? 0 : -1;
  return failed(error, ret, isTransport(error) ? SslError.syscall : SslError.ssl);
}

const isTransport = ({ code }: TlsError): boolean =>
  code === 'TRANSPORT_ERROR' || code === 'TIMEOUT' || code === 'ABORTED' || code === 'BLOCKING_FORBIDDEN';
