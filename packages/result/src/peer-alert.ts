/** @module Alerts of the peer as failures of the connection. */
import { MEANINGS } from '@ferrule/result/texts';
import { alertName } from './alert.ts';
import { TlsError } from './tls-error.ts';

/** What a server's alert means for this connection. */
export interface AlertMeaning {
  /** A clause whose subject, `it`, is the server: `it supports none of the offered TLS versions`. */
  readonly what: string;
  /** A sentence: what to do. */
  readonly hint: string;
}

/** What an alert means; `undefined` if it has no meaning here or is unassigned. */
export const alertMeaning = (description: number): AlertMeaning | undefined => MEANINGS[description];

/** The failure of a connection whose peer sent a fatal alert. */
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
