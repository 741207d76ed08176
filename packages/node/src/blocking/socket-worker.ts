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
 * What the socket reads into; `waiting` is what of it has found no room in the memory yet, and keeps the socket paused.
 */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);
let waiting: Uint8Array = buffer.subarray(0, 0);
/** The peer has ended its stream; this side has; this side wants to be rid of the socket. */
let ended = false;
let shut = false;
let closing = false;
/** All that was written, and the end, are in the system's hands, and nobody waits for us any more. */
let lingering = false;
let dropped = 0;

/**
 * The system may have megabytes that the peer has not read yet. Were the socket closed with bytes of the peer's unread,
 * or met by more of them, a reset would throw those away (RFC 9293 section 3.6.1). So it stays until the peer has ended
 * too, for no longer than this, milliseconds, and for no more bytes.
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
  // Half-open, or Node would end our side when the peer ends its own
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
  // Nobody reads any more
  if (closing) {
    dropped += n;
    if (dropped > MOST) socket.destroy();
    return true;
  }
  waiting = buffer.subarray(0, n);
  return deliver();
}

/** Put into the memory what fits; true when everything did. */
function deliver(): boolean {
  while (waiting.length > 0) {
    const n = bio.write(waiting);
    if (n < 0) return false;
    waiting = waiting.subarray(n);
  }
  return true;
}

/** Everything that can be done now, in both directions. */
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

/** Lets close() return, once it was called and all has been handed over. */
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

/** Where several addresses were tried, Node's message is empty and the reasons are inside. */
function described(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  const message = error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ');
  return Object.assign(new Error(message), { code: (error as { readonly code?: unknown }).code });
}
