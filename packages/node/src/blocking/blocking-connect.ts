/** @module TCP for blocking BIOs: a worker owns the socket, this thread waits. */
import { Worker } from 'node:worker_threads';
import { BioError, blockingBio, sharedBioMemory, type BlockingBio } from '@ferrule/bio';
import { booleanOption, choiceOption, knownOptions, portOption, textOption } from '@ferrule/result/arguments';
import { asciiHost } from '@ferrule/result/host';
import { State, type SocketOptions, type WorkerData, type WorkerRequest } from './protocol.ts';

export interface BlockingConnectOptions extends SocketOptions {
  /**
   * The longest time that one call waits without anything moving, milliseconds; name look-up and TCP handshake count as
   * waiting. Then the BIO fails with the code TIMEOUT. Default: for ever, as a socket does.
   */
  readonly timeout?: number;
  /** Bytes held in each direction between this thread and the worker, 1 to 2^30. Default 65536. */
  readonly size?: number;
}

/** A blocking BIO over a socket. */
export interface BlockingSocket extends BlockingBio {
  /** TCP_NODELAY; see `setTcpNoDelay()`. */
  setNoDelay(on: boolean): void;
  /**
   * Hand what was written to the system, and end the connection; waits until that is done, five seconds at most. The
   * socket and its worker stay until the peer has ended too, a minute at most, and keep no process alive: a socket that
   * is closed sooner can cost the peer what it has not read yet. The BIO fails with the code ABORTED, unless it had
   * failed before. Idempotent.
   */
  close(): void;
}

/** Milliseconds in which the worker must have started, and in which close() gives up. */
const START = 10_000;
const CLOSE = 5_000;

/**
 * A blocking BIO whose other side is a worker that owns a TCP (or unix) socket. Returns as soon as the worker runs; the
 * first read waits until the socket is connected and something came. With it `connect()`, `read()` and `write()` of an
 * engine return only when they are done, as SSL_connect(3) says of blocking BIOs.
 *
 * What befalls the socket (ECONNREFUSED, ECONNRESET, a name that is not found, …) becomes `error`, hence
 * SSL_ERROR_SYSCALL. The worker keeps no process alive; `close()` ends it.
 *
 * All of this thread stands still meanwhile: for programs that do one thing, for workers, for tests; never for a
 * server.
 * @throws TypeError that begins with the name of a wrong option; BioError `BLOCKING_FORBIDDEN` where a thread may not
 * wait, `TIMEOUT` when the worker does not start.
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
 * The worker, from the built file beside this one. Run from its TypeScript, as tests are, this module takes a bootstrap
 * that registers a loader first.
 */
function startWorker(workerData: WorkerData): Worker {
  const source = import.meta.url.endsWith('.ts');
  const file = new URL(source ? './socket-worker-source.mjs' : './socket-worker.js', import.meta.url);
  const worker = new Worker(file, {
    workerData,
    name: 'ferrule blocking socket',
    execArgv: source ? ['--conditions=@ferrule/source'] : [],
  });
  // What goes wrong in there is reported through the memory, or by the worker not starting; nobody here could be told
  // later
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
