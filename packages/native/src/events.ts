/** @module Reports events inside a call of the addon to the caller's observers. */
import type { TlsSession } from '@ferrule/contract';
import type { Outlet } from '@ferrule/ssl';
import { EventKind, type NativeEvent } from './binding.ts';

/**
 * In order.
 * @param receive - converts the addon's session; if absent, the session is wiped.
 */
export function tellEvents(
  events: readonly NativeEvent[],
  outlet: Outlet,
  receive: ((session: Uint8Array) => TlsSession) | undefined,
): void {
  for (const [kind, contentType, bytes] of events) {
    if (kind === EventKind.keylog) outlet.keylog(takeLine(bytes));
    else if (kind !== EventKind.session)
      outlet.message(kind === EventKind.sent ? 'sent' : 'received', contentType, bytes);
    else if (receive === undefined) bytes.fill(0);
    else outlet.session(() => receive(bytes));
  }
}

/** Reads a key log line and wipes its bytes; the string cannot be wiped. */
function takeLine(bytes: Uint8Array): string {
  // The same memory: a copy would remain in Node's pool.
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  bytes.fill(0);
  return line;
}
