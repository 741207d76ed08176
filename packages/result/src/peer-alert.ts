/** @module The failure of a connection that its peer has ended by an alert. */
import { MEANINGS } from '@ferrule/result/texts';
import { alertName } from './alert.ts';
import { TlsError } from './tls-error.ts';

/** What an alert of a server says about this connection. */
export interface AlertMeaning {
  /** A clause about the server, which is its `it`: `it supports none of the offered TLS versions`. */
  readonly what: string;
  /** A sentence: what to do. */
  readonly hint: string;
}

/** What an alert means; `undefined` where the registry has no more than a name, or not even that. */
export const alertMeaning = (description: number): AlertMeaning | undefined => MEANINGS[description];

/** The failure of a connection that its peer has ended by an alert. */
export function peerAlert(description: number): TlsError {
  const meaning = alertMeaning(description);
  const name = `${alertName(description)} (${description})`;
  return new TlsError(
    'PEER_ALERT',
    `the peer sent the alert ${name}${meaning === undefined ? '' : `: ${meaning.what}`}`,
    {
      alert: { description, origin: 'peer' },
      hint: meaning?.hint,
    },
  );
}
