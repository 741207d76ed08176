/** @module Alerts as records carry them, RFC 9846 section 6. */
import { fail } from '../reason.ts';

export interface AlertMessage {
  /** 1 warning, 2 fatal, as it stood on the wire. */
  readonly level: number;
  readonly description: number;
}

export const encodeAlert = (level: number, description: number): Uint8Array => Uint8Array.of(level, description);

/**
 * From a record's whole content: alerts are neither split nor joined (RFC 9846 section 5.1). @throws TlsError
 * BAD_ALERT, UNKNOWN_ALERT_LEVEL.
 */
export function decodeAlert(content: Uint8Array): AlertMessage {
  const [level = 0, description = 0] = content;
  if (content.length !== 2) throw fail('BAD_ALERT', `an alert record of ${content.length} bytes`);
  if (level !== 1 && level !== 2) throw fail('UNKNOWN_ALERT_LEVEL', `an alert of level ${level}`);
  return { level, description };
}
