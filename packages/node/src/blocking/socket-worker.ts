/**
 * @module The worker that owns the socket of a blocking BIO: moves bytes between it and the shared memory, never waits.
 */
import { connect, type NetConnectOpts } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { BioError, sharedBio } from '@ferrule/bio';
import { State, type WorkerData, type WorkerRequest } from './protocol.ts';

const { memory, state, socket: options } = workerData as WorkerData;
const bio = sharedBio(memory);

/**
 * The socket's read buffer; `waiting` is the part that did not fit into the shared memory yet, which keeps the socket
 * paused.
 */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);
let waiting: Uint8Array = buffer.subarray(0, 0);
/** The peer has ended its stream; this side has; this side is closing the socket. */
let ended = false;
let shut = false;
let closing = false;
/** The system has all written data and the end, and close() has returned. */
let lingering = false;
let dropped = 0;

/**
 * Limit of lingering, milliseconds and bytes. The system may hold megabytes that the peer has not read yet; closing the
 * socket with unread data, or before more arrives, would cause a reset that discards them (RFC 9293 section 3.6.1). So
 * it stays open until the peer has ended too.
 */
const LINGER = 60_000;
const MOST = 16 * 1024 * 1024;

process.on('uncaughtException', (error) => {
  bio.fail(error);
  exit();
});

const socket = connect({
  noDelay: true,
  ...options,
  // Otherwise Node ends our side when the peer ends its own
  allowHalfOpen: true,
  onread: { buffer, callback: received },
} as NetConnectOpts);
socket.on('end', () => {
  ended = true;
  bio.shutdownWrite();
});
socket.on('drain', pump);
socket.on('error', (error) => bio.fail(described(error)));
socket.on('close', exit);

parentPort?.on('message', (request: WorkerRequest) => {
  if ('noDelay' in request) socket.setNoDelay(request.noDelay);
  else {
    closing = true;
    waiting = waiting.subarray(0, 0);
    socket.resume();
    pump();
  }
});

Atomics.store(state, 0, State.running);
Atomics.notify(state, 0);
void serve();

async function serve(): Promise<void> {
  while (!socket.destroyed && !lingering) {
    await bio.changed();
    pump();
  }
}

/** net's `onread`: false pauses. */
function received(n: number): boolean {
  // Reading has stopped
  if (closing) {
    dropped += n;
    if (dropped > MOST) socket.destroy();
    return true;
  }
  waiting = buffer.subarray(0, n);
  return deliver();
}

/** Copies what fits into the shared memory; true if all of it did. */
function deliver(): boolean {
  while (waiting.length > 0) {
    const n = bio.write(waiting);
    if (n < 0) return false;
    waiting = waiting.subarray(n);
  }
  return true;
}

/** Does everything possible now, in both directions. */
function pump(): void {
  if (lingering) return;
  if (bio.error !== undefined) {
    socket.destroy();
    return;
  }
  if (waiting.length > 0 && deliver()) socket.resume();
  while (!socket.writableNeedDrain) {
    const view = bio.nread0();
    if (view.length === 0) break;
    // A copy: the socket may keep it until it can write
    socket.write(view.slice());
    bio.nread(view.length);
  }
  if (bio.eof && !shut) {
    shut = true;
    socket.end(linger);
  }
  if (closing) linger();
}

/** Lets close() return once everything has been handed to the system. */
function linger(): void {
  if (!closing || !socket.writableFinished || lingering) return;
  lingering = true;
  if (ended) return void socket.destroy();
  Atomics.store(state, 0, State.closed);
  Atomics.notify(state, 0);
  setTimeout(() => socket.destroy(), LINGER);
}

function exit(): void {
  if (!(ended && shut)) bio.fail(new BioError('ABORTED', 'the socket was closed'));
  Atomics.store(state, 0, State.closed);
  Atomics.notify(state, 0);
  process.exit();
}

/** If several addresses were tried, Node's message is empty and the reasons are nested. */
function described(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  const message = error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ');
  return Object.assign(new Error(message), { code: (error as { readonly code?: unknown }).code });
}
