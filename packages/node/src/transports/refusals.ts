/** @module Errors of proxies and relays, with the same messages for every protocol. */
import { TlsError } from '@ferrule/result';
import { authority, type Destination } from '@ferrule/result/host';

export const nameOfProxy = (proxy: Destination): string => `the proxy ${authority(proxy)}`;

/**
 * @param given whether credentials were sent.
 * @param answer its own message, if any.
 */
export const credentialsRefused = (name: string, given: boolean, answer = '', cause?: Error): TlsError =>
  new TlsError(
    'PROXY_AUTHENTICATION_REQUIRED',
    `${name} ${given ? 'refused these credentials' : 'requires credentials'}${answer === '' ? '' : `: ${answer}`}`,
    { cause },
  );

/** @param to host and port of the server. */
export const refused = (name: string, to: string, why: string, cause?: Error): TlsError =>
  new TlsError('PROXY_REFUSED', `${name} refused to connect to ${to}: ${why}`, { cause });

/** The proxy is reachable, the server is not. @param to host and port of the server. */
export const unreachable = (name: string, to: string, why: string, cause?: Error): TlsError =>
  new TlsError('TRANSPORT_ERROR', `${name} cannot reach ${to}: ${why}`, {
    cause,
    hint: 'Check host and port; the proxy may see another DNS and other networks than this machine.',
  });
