/** @module `inspect --resume`: whether the server takes up a session again, asked by a second connection. */
import type { TlsSession } from '@ferrule/contract';
import { TlsError } from 'ferrule';
import type { CommonOptions } from './options.ts';
import { open } from './open.ts';
import type { Target } from './target.ts';
import { Timeline } from './timeline.ts';

export interface Resumption {
  /** The first connection was given a session: a ticket, or in TLS 1.2 a session ID. */
  readonly offered: boolean;
  /** The second one resumed it. */
  readonly resumed: boolean;
  /** Bytes that the server would take as early data (0-RTT, RFC 9846 section 2.3); 0 is none. */
  readonly maxEarlyData: number;
  /** Of the second connection's TLS. */
  readonly roundTrips: number;
  /** Why the second connection failed. */
  readonly error: TlsError | undefined;
}

/** What the first connection got: the last session of each key, as `connect()` keeps them. */
export class Sessions extends Map<string, TlsSession> {}

/** @param sessions that the first connection left. */
export async function resume(
  target: Target,
  options: CommonOptions,
  signal: AbortSignal,
  sessions: Sessions,
): Promise<Resumption> {
  const maxEarlyData = Math.max(0, ...[...sessions.values()].map((session) => session.maxEarlyData));
  if (sessions.size === 0) return { offered: false, resumed: false, maxEarlyData, roundTrips: 0, error: undefined };
  const timeline = new Timeline();
  try {
    const connection = await open(target, options, signal, timeline, {
      ocsp: options.ocsp ?? 'request',
      sessions,
    });
    const { sessionReused } = connection.info;
    const { roundTrips } = timeline;
    await connection.close();
    return { offered: true, resumed: sessionReused, maxEarlyData, roundTrips, error: undefined };
  } catch (error) {
    if (!TlsError.is(error)) throw error;
    return { offered: true, resumed: false, maxEarlyData, roundTrips: timeline.roundTrips, error };
  }
}

/** For a row of the report. */
export function resumptionText({ offered, resumed, maxEarlyData, roundTrips, error }: Resumption): string {
  if (!offered) return 'the server gives no session to resume';
  if (error !== undefined) return `the session was given, and the connection that offers it fails: ${error.message}`;
  const early = maxEarlyData === 0 ? 'no early data' : `early data up to ${maxEarlyData} bytes`;
  return resumed
    ? `resumed in ${roundTrips} round trip${roundTrips === 1 ? '' : 's'}; ${early}`
    : 'the session was given, and not taken up again: a full handshake';
}
