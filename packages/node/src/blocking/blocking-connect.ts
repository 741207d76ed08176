/** @module TCP for blocking BIOs: a worker owns the socket, this thread waits. */
import { Worker } from 'node:worker_threads';
import { BioError, blockingBio, sharedBioMemory, type BlockingBio } from '@ferrule/bio';
import { booleanOption, choiceOption, knownOptions, portOption, textOption } from '@ferrule/result/arguments';
import { asciiHost } from '@ferrule/result/host';
import { State, type SocketOptions, type WorkerData, type WorkerRequest } from './protocol.ts';

export interface BlockingConnectOptions extends SocketOptions {
  /**
   * How long one call waits without progress, milliseconds, including name look-up and TCP handshake. Then the BIO
   * fails with the code TIMEOUT. Default: forever, as a socket does.
   */
  readonly timeout?: number;
  /** Bytes buffered in each direction between this thread and the worker, 1 to 2^30. Default 65536. */
  readonly size?: number;
}

/** A blocking BIO over a socket. */
export interface BlockingSocket extends BlockingBio {
  /** TCP_NODELAY; see `setTcpNoDelay()`. */
  setNoDelay(on: boolean): void;
  /**
   * Hand pending writes to the system and end the connection; waits until that is done, five seconds at most. The
   * socket and its worker stay until the peer has ended too, a minute at most, without keeping the process alive:
   * closing the socket sooner can lose data that the peer has not read yet. The BIO fails with the code ABORTED, unless
   * it had failed before. Idempotent.
   */
  close(): void;
}

/** Time limits for the worker's start and for close(), milliseconds. */
const START = 10_000;
const CLOSE = 5_000;

/**
 * A blocking BIO whose other side is a worker that owns a TCP (or unix) socket. Returns as soon as the worker runs; the
 * first read waits until the socket is connected and data has arrived. With it an engine's `connect()`, `read()` and
 * `write()` return only when done, as SSL_connect(3) says of blocking BIOs.
 *
 * Socket errors (ECONNREFUSED, ECONNRESET, a name that is not found, …) become `error`, hence SSL_ERROR_SYSCALL. The
 * worker does not keep the process alive; `close()` ends it.
 *
 * Blocks the whole thread: for single-purpose programs, workers and tests; never for a server.
 * @throws TypeError that begins with the name of a wrong option; BioError `BLOCKING_FORBIDDEN` where the thread may not
 * block, `TIMEOUT` when the worker does not start.
 */
export function blockingConnect(options: BlockingConnectOptions): BlockingSocket {
  const { timeout, size, ...socket } = check(options);
  const memory = sharedBioMemory(size);
  const bio = blockingBio(memory, timeout === undefined ? {} : { timeout });
  const state = new Int32Array(new SharedArrayBuffer(4));
  const worker = startWorker({ memory, state, socket });
  if (Atomics.wait(state, 0, State.starting, START) === 'timed-out') {
    void worker.terminate();
    throw new BioError('TIMEOUT', `the worker that owns the socket did not start within ${START} ms`);
  }
  const request = (what: WorkerRequest): void => worker.postMessage(what);
  let closed = false;
  return Object.assign(bio, {
    setNoDelay(on: boolean): void {
      if (!closed) request({ noDelay: on });
    },
    close(): void {
      if (closed) return;
      closed = true;
      bio.shutdownWrite();
      request({ close: true });
      if (Atomics.wait(state, 0, State.running, CLOSE) === 'timed-out') void worker.terminate();
      bio.fail(new BioError('ABORTED', 'the socket was closed here'));
    },
  });
}

/**
 * Starts the worker from the built file beside this one. Run from source, as in tests, it uses a bootstrap that
 * registers a loader first.
 */
function startWorker(workerData: WorkerData): Worker {
  const source = import.meta.url.endsWith('.ts');
  const file = new URL(source ? './socket-worker-source.mjs' : './socket-worker.js', import.meta.url);
  const worker = new Worker(file, {
    workerData,
    name: 'ferrule blocking socket',
    execArgv: source ? ['--conditions=@ferrule/source'] : [],
  });
  // Failures in the worker are reported through shared memory, or by it not starting; nothing here could handle this
  // event
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

const OPTIONS = [
  'host',
  'port',
  'path',
  'family',
  'localAddress',
  'localPort',
  'noDelay',
  'timeout',
  'size',
] satisfies (keyof BlockingConnectOptions)[];

/** `timeout` and `size` are checked by the BIO. */
function check(given: BlockingConnectOptions): BlockingConnectOptions {
  const options = knownOptions(given, OPTIONS);
  const { port, path, family, localPort, noDelay } = options;
  for (const key of ['host', 'path', 'localAddress'] as const)
    if (options[key] !== undefined) textOption(options[key], key);
  if (port === undefined && path === undefined)
    throw new TypeError('port: required, unless `path` says where to connect');
  if (port !== undefined && path !== undefined)
    throw new TypeError('port: has no effect beside `path`, which does not use TCP; leave one of them out');
  if (port !== undefined) portOption(port);
  if (localPort !== undefined) portOption(localPort, 'localPort', 0);
  if (family !== undefined) choiceOption(family, 'family', [4, 6]);
  if (noDelay !== undefined) booleanOption(noDelay, 'noDelay');
  return options.host === undefined ? options : { ...options, host: asciiHost(options.host) };
}
