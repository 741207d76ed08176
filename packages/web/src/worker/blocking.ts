/**
 * @module A synchronous connection in a worker: the worker waits in Atomics.wait, and another thread, the page or a
 * second worker, has the pipe. A page must be cross-origin isolated for it, since only then there is shared memory.
 */
import { BioError, type BlockingBio, blockingBio, type SharedBio, sharedBio, sharedBioMemory } from '@ferrule/bio';
import { knownOptions, memoryOf } from '@ferrule/result/arguments';
import { type Destination, destinationOption } from '@ferrule/result/host';
import type { Dial, Pipe } from 'ferrule';
import { dialOption, STALL, turn } from 'ferrule/pump';
import { pipeOf } from '../pipe-of.ts';
import { checkPort, type ClosablePort, listen, type Port, post, whenGone } from './port.ts';

export interface BlockingOptions {
  /** The longest time that one call waits without anything moving, milliseconds; dialling is waiting. Default: for ever. */
  readonly timeout?: number | undefined;
  /** Bytes held in each direction, 1 to 2^30. Default 65536. */
  readonly size?: number | undefined;
}

/** A blocking BIO over a pipe that another thread has. */
export interface BlockingPipe extends BlockingBio {
  /**
   * What was written still goes, as long as the other side takes bytes; then the pipe is closed, and what still comes is
   * dropped. Does not wait for it. Idempotent.
   */
  close(): void;
}

/**
 * In the worker that is to wait: a blocking BIO over a pipe that the other side of `port` dials, at once. With it
 * `connect()`, `read()` and `write()` of an engine return only when they are done, as SSL_connect(3) says of blocking
 * BIOs. What befalls dial and pipe becomes `error`, hence SSL_ERROR_SYSCALL.
 * @throws TypeError; BioError `BLOCKING_FORBIDDEN` where this thread may not wait or has no shared memory.
 */
export function blockingDial(port: Port, to: Destination, options: BlockingOptions = {}): BlockingPipe {
  checkPort(port);
  const where = destinationOption(to);
  const { timeout, size } = knownOptions(options, ['timeout', 'size']);
  const memory = sharedBioMemory(size);
  const bio = blockingBio(memory, timeout === undefined ? {} : { timeout });
  const { port1: life, port2 } = new MessageChannel();
  post(port, 'port', { [DIAL]: memory, to: where, life: port2 }, [port2]);
  return Object.assign(bio, {
    close: () => {
      bio.shutdownWrite();
      post(life, 'close', { close: true });
      life.close();
    },
  });
}

/** In the thread that never waits: dials what `blockingDial()` on the other side of `port` asks for. @throws TypeError */
export function serveBlocking(port: Port, dial: Dial): void {
  checkPort(port);
  dialOption(dial);
  listen(port, (message) => {
    const { [DIAL]: memory, to, life } = message;
    if (!(memory instanceof SharedArrayBuffer)) return;
    const bio = sharedBio(memory);
    serve(bio, dial, to as Destination, life as ClosablePort)
      .catch((error: unknown) => bio.fail(error as Error))
      .finally(() => (life as ClosablePort).close());
  });
}

/** The name of the one message. */
const DIAL = 'ferrule-blocking-dial';

async function serve(bio: SharedBio, dial: Dial, to: Destination, life: ClosablePort): Promise<void> {
  const abort = new AbortController();
  const changes = new Changes(bio);
  listen(life, () => changes.close());
  // Behind close() the port has an end of its own: what was written still goes
  whenGone(life, () => changes.isClosed || changes.giveUp());
  const opening = (async () => pipeOf(await dial(to, abort.signal)))();
  // The other side may give up first
  changes.whenOver(() => abort.abort());
  const pipe = await opening;
  try {
    changes.whenOver(() => void givenUp(pipe));
    const received = receive(bio, pipe, changes);
    // Ended by the pipe's end, when nobody waits for it any more
    received.catch(() => {});
    const sent = send(bio, pipe, changes);
    await Promise.all([Promise.race([received, changes.closed]), Promise.race([sent, changes.stalled()])]);
    // Whoever writes still is told so, and nobody waits for changes any more
    bio.fail(new BioError('ABORTED', 'the pipe was closed'));
  } finally {
    changes.stop();
    await givenUp(pipe);
  }
}

/** What comes of closing a pipe that is given up is nobody's: neither a rejection, nor the reason why it was. */
async function givenUp(pipe: Pipe): Promise<void> {
  try {
    await pipe.close();
  } catch {
    // As with connect()
  }
}

async function receive(bio: SharedBio, pipe: Pipe, changes: Changes): Promise<void> {
  for (;;) {
    const chunk = await pipe.read();
    if (changes.isOver) return;
    if (chunk === null) return bio.shutdownWrite();
    let bytes = memoryOf(chunk);
    if (bytes === undefined) throw new BioError('TRANSPORT_ERROR', 'the pipe gave something other than bytes');
    while (bytes.length > 0 && !changes.isClosed) {
      if (changes.isOver) return;
      const n = bio.write(bytes);
      if (n < 0) await changes.next();
      else bytes = bytes.subarray(n);
    }
    // A pipe that brings nothing, or what nobody keeps, and at once, lets nobody else run
    await turn();
  }
}

async function send(bio: SharedBio, pipe: Pipe, changes: Changes): Promise<void> {
  for (;;) {
    const view = bio.nread0();
    if (view.length > 0) {
      const bytes = view.slice();
      bio.nread(bytes.length);
      await pipe.write(bytes);
      changes.moved++;
    } else if (bio.eof) return void (await pipe.closeWrite?.());
    else if (changes.isOver) return;
    else await changes.next();
  }
}

/** What {@link SharedBio.changed} tells one caller, for several. */
class Changes {
  readonly #bio: SharedBio;
  readonly #waiting: (() => void)[] = [];
  #over: (() => void)[] = [];
  #stopped = false;
  /** Writes that the pipe has taken. */
  moved = 0;
  /** The worker has called close(): nobody reads. */
  isClosed = false;
  /** Settles when it is, or is gone. */
  readonly closed: Promise<void>;
  #signalClosed: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bio: SharedBio) {
    this.#bio = bio;
    this.closed = new Promise((resolve) => (this.#signalClosed = resolve));
    void this.#watch();
  }

  /** Nothing is to be moved any more. */
  get isOver(): boolean {
    return this.#stopped || this.#bio.error !== undefined;
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  whenOver(act: () => void): void {
    if (this.isOver) act();
    else this.#over.push(act);
  }

  close(): void {
    this.isClosed = true;
    this.#signalClosed();
    this.#wake();
  }

  /** Settles when the pipe was closed and has taken no byte for {@link STALL}, as `closeTimeout` of `connect()`. */
  async stalled(): Promise<void> {
    await this.closed;
    for (let before = -1; before !== this.moved && !this.#stopped;) {
      before = this.moved;
      await new Promise<void>((resolve) => (this.#timer = setTimeout(resolve, STALL)));
    }
  }

  /** The other side is gone. */
  giveUp(): void {
    for (const act of this.#over.splice(0)) act();
    this.stop();
  }

  /** Nothing is to be moved any more, by either side. */
  stop(): void {
    this.#stopped = true;
    this.#over = [];
    clearTimeout(this.#timer);
    this.#signalClosed();
    this.#wake();
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async #watch(): Promise<void> {
    while (!this.isOver) {
      await this.#bio.changed();
      this.#wake();
    }
    for (const act of this.#over.splice(0)) act();
  }
}
