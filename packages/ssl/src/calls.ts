/**
 * @module The call table: what each call of `Ssl` does in each phase of a connection, as data.
 *
 * {@link SslShell} applies it for every engine; the conformance suite (`checks/calls.ts`) makes every call in every
 * phase on each engine and compares. The rows follow OpenSSL (SSL_shutdown(3), SSL_write(3), SSL_key_update(3),
 * SSL_write_early_data(3)); a call that OpenSSL leaves undefined, such as SSL_set_bio(3) during a handshake, is misuse.
 */
import type { CommonCode } from '@ferrule/result';
import { bytesOf } from '@ferrule/result/arguments';

/**
 * - `new`: nothing has been sent.
 * - `handshaking`: connect(), doHandshake(), read() or write() has begun the handshake.
 * - `earlyData`: writeEarlyData() has begun it, and nothing else has been called since.
 * - `established`: connect() has returned 1.
 * - `writeClosed`: shutdown() was called after that. The peer may continue to send.
 * - `failed`: {@link SslShell.failure} is set, or its alert is still being sent.
 * - `disposed`: dispose() was called.
 */
export type Phase = 'new' | 'handshaking' | 'earlyData' | 'established' | 'writeClosed' | 'failed' | 'disposed';

export const PHASES: readonly Phase[] = Object.freeze([
  'new',
  'handshaking',
  'earlyData',
  'established',
  'writeClosed',
  'failed',
  'disposed',
]);

/** Calls that move bytes and return a number. */
export type Operation = 'connect' | 'doHandshake' | 'read' | 'write' | 'writeEarlyData' | 'shutdown' | 'keyUpdate';

export type Call =
  | Operation
  | 'setBio'
  | 'setConnectState'
  | 'setHost'
  | 'setSession'
  | 'exportKeyingMaterial'
  | 'exportEarlyKeyingMaterial'
  | 'channelBinding';

/**
 * - `run`: the engine does it.
 * - `done`: returns 1 without effect.
 * - `nothing`: no effect.
 * - `undefined`: returns undefined.
 * - `failure`: operations return the connection's failure; other calls throw its TlsError.
 * - `misuse`: a TypeError with this text; the connection is unchanged.
 * - `refusal`: -1 / SSL_ERROR_SSL; `failure` has this code until the next operation; the connection is unchanged, as
 * with OpenSSL, which only adds to the error queue.
 */
export type Rule =
  'run' | 'done' | 'nothing' | 'undefined' | 'failure' | { readonly misuse: string } | { readonly refusal: CommonCode };

const begun = { misuse: 'the handshake has begun' } as const;
const gone = { misuse: 'the connection has failed or was disposed' } as const;
const notDone = { misuse: 'the handshake is not done' } as const;
const notDone13 = { misuse: 'needs an established TLS 1.3 connection' } as const;
const tooLate = { misuse: 'the time for early data is over; use write()' } as const;
const beforehand = {
  new: 'run',
  handshaking: begun,
  earlyData: begun,
  established: begun,
  writeClosed: begun,
  failed: gone,
  disposed: gone,
} as const;
const handshake = {
  new: 'run',
  handshaking: 'run',
  earlyData: 'run',
  established: 'done',
  writeClosed: 'done',
  failed: 'failure',
  disposed: 'failure',
} as const;

export const CALLS: { readonly [C in Call]: { readonly [P in Phase]: Rule } } = Object.freeze({
  setBio: beforehand,
  setConnectState: {
    new: 'run',
    handshaking: 'nothing',
    earlyData: 'nothing',
    established: 'nothing',
    writeClosed: 'nothing',
    failed: 'nothing',
    disposed: 'nothing',
  },
  setHost: beforehand,
  setSession: beforehand,

  connect: handshake,
  doHandshake: handshake,
  read: { ...handshake, established: 'run', writeClosed: 'run' },
  // SSL_write(3) after SSL_shutdown(3): SSL_R_PROTOCOL_IS_SHUTDOWN; reading continues.
  write: { ...handshake, established: 'run', writeClosed: { refusal: 'PROTOCOL_IS_SHUTDOWN' } },
  // SSL_write_early_data(3): not possible after SSL_connect(3), SSL_read(3) or SSL_write(3).
  writeEarlyData: {
    new: 'run',
    handshaking: tooLate,
    earlyData: 'run',
    established: tooLate,
    writeClosed: tooLate,
    failed: 'failure',
    disposed: 'failure',
  },
  // SSL_shutdown(3): SSL_R_SHUTDOWN_WHILE_IN_INIT; the handshake continues.
  shutdown: {
    new: { refusal: 'HANDSHAKE_NOT_DONE' },
    handshaking: { refusal: 'HANDSHAKE_NOT_DONE' },
    earlyData: { refusal: 'HANDSHAKE_NOT_DONE' },
    established: 'run',
    writeClosed: 'run',
    failed: 'failure',
    disposed: 'failure',
  },
  // RFC 9846 section 6.1: nothing is sent after close_notify.
  keyUpdate: {
    new: notDone13,
    handshaking: notDone13,
    earlyData: notDone13,
    established: 'run',
    writeClosed: { refusal: 'PROTOCOL_IS_SHUTDOWN' },
    failed: 'failure',
    disposed: 'failure',
  },

  exportKeyingMaterial: {
    new: notDone,
    handshaking: notDone,
    earlyData: notDone,
    established: 'run',
    writeClosed: 'run',
    failed: 'failure',
    disposed: 'failure',
  },
  exportEarlyKeyingMaterial: {
    new: 'run',
    handshaking: 'run',
    earlyData: 'run',
    established: 'run',
    writeClosed: 'run',
    failed: 'failure',
    disposed: 'failure',
  },
  channelBinding: {
    new: 'undefined',
    handshaking: 'undefined',
    earlyData: 'undefined',
    established: 'run',
    writeClosed: 'run',
    failed: 'failure',
    disposed: 'failure',
  },
});

/** The caller broke the contract: a TypeError that leaves the connection unchanged. */
export class Misuse extends TypeError {
  constructor(call: Call, text: string) {
    super(`${call}: ${text}`);
  }
}

/** Validates a buffer to read from or write to. @throws Misuse */
export function checkBuffer(call: Operation, bytes: unknown): Uint8Array {
  const own = bytesOf(bytes);
  if (own === undefined || own.length === 0) throw new Misuse(call, 'needs a Uint8Array that is not empty');
  return own;
}
