/**
 * @module The call table: what each call of `Ssl` does in each phase of a connection, as data.
 *
 * {@link SslShell} acts on it, for every engine; the conformance suite (`checks/calls.ts`) calls every call in every
 * phase on each engine and compares with it. The rows are OpenSSL's answers (SSL_shutdown(3), SSL_write(3),
 * SSL_key_update(3), SSL_write_early_data(3)); a call that OpenSSL leaves undefined, such as SSL_set_bio(3) in the
 * middle, is misuse.
 */
import type { CommonCode } from '@ferrule/result';
import { bytesOf } from '@ferrule/result/arguments';

/**
 * - `new`: nothing was sent.
 * - `handshaking`: connect(), doHandshake(), read() or write() has begun the handshake.
 * - `earlyData`: writeEarlyData() has begun it, and nothing else was called since.
 * - `established`: connect() has returned 1.
 * - `writeClosed`: shutdown() was called after that. The peer may go on sending.
 * - `failed`: {@link SslShell.failure} is there, or its alert is still on its way.
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
 * - `done`: 1, and nothing happens.
 * - `nothing`: no effect.
 * - `undefined`: that is the value.
 * - `failure`: an operation returns the connection's failure; another call throws its TlsError.
 * - `misuse`: a TypeError of this text; the connection is as it was.
 * - `refusal`: -1 / SSL_ERROR_SSL; `failure` names this code until the next operation, and the connection is as it was,
 * as
 *   with OpenSSL, where only the error queue knows of it.
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
  // SSL_write(3) after SSL_shutdown(3): SSL_R_PROTOCOL_IS_SHUTDOWN, and reading goes on.
  write: { ...handshake, established: 'run', writeClosed: { refusal: 'PROTOCOL_IS_SHUTDOWN' } },
  // SSL_write_early_data(3): once SSL_connect(3), SSL_read(3) or SSL_write(3) was called there is no more of it.
  writeEarlyData: {
    new: 'run',
    handshaking: tooLate,
    earlyData: 'run',
    established: tooLate,
    writeClosed: tooLate,
    failed: 'failure',
    disposed: 'failure',
  },
  // SSL_shutdown(3): SSL_R_SHUTDOWN_WHILE_IN_INIT, and the handshake goes on.
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

/** The caller broke the contract: a TypeError that changes nothing about the connection. */
export class Misuse extends TypeError {
  constructor(call: Call, text: string) {
    super(`${call}: ${text}`);
  }
}

/** Memory that is read or written. @throws Misuse */
export function checkBuffer(call: Operation, bytes: unknown): Uint8Array {
  const own = bytesOf(bytes);
  if (own === undefined || own.length === 0) throw new Misuse(call, 'needs a Uint8Array that is not empty');
  return own;
}
