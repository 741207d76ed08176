/**
 * @module Plays a sequence on the pipe of blockingDial() and serveBlocking(), both in one thread: it is asked for what
 * it has, so that nobody waits.
 */
import { concat } from '@ferrule/result/bytes';
import { blockingDial, serveBlocking, type BlockingPipe } from '@ferrule/web/worker';
import type { Random } from '../fuzz/mutator.ts';
import type { Carrier, OtherEnd } from './carriers.ts';
import { Clock, sleep, turn } from './clock.ts';
import { dialOf } from './face-web.ts';
import { Finding } from './finding.ts';
import { Kind, pattern, Received } from './pattern.ts';
import { size, type Recipe, type Sequence } from './sequence.ts';

interface StepKind extends Recipe {
  run(play: Play, args: readonly number[]): void | Promise<void>;
}

const sized = (random: Random): number[] => [size(random)];

export const BLOCKING_STEPS: Readonly<Record<string, StepKind>> = {
  write: { weight: 14, args: sized, run: (play, [n = 1]) => play.write(n) },
  read: { weight: 10, args: sized, run: (play, [n = 1]) => play.read(n) },
  shutdownWrite: { weight: 1, run: (play) => play.end() },
  close: { weight: 1, run: (play) => play.close() },
  fail: { weight: 1, run: (play) => play.fail() },

  drain: { weight: 8, args: sized, run: ({ carrier }, [n = 1]) => void carrier.drain(n) },
  feed: { weight: 8, args: sized, run: ({ carrier }, [n = 1]) => void carrier.feed(n) },
  flow: { weight: 8, run: (play) => play.flow() },
  tick: { weight: 5, run: (play) => play.quiet() },
  wait: { weight: 2, args: (random) => [1 + random.below(4_000)], run: (play, [ms = 1]) => play.clock.advance(ms) },

  serverData: { weight: 10, args: sized, run: (play, [n = 1]) => play.say(n) },
  serverEnds: { weight: 1, run: (play) => play.serverEnds() },
  reset: { weight: 1, run: (play) => play.reset() },
};

/** @throws Finding */
export async function playBlocking({ config, steps }: Sequence, trace?: (line: string) => void): Promise<void> {
  const clock = new Clock();
  clock.install();
  const play = new Play(config, clock);
  try {
    // The request to dial is a message
    for (let i = 0; i < 5; i++) await play.quiet();
    for (const [index, [name, ...args]] of steps.entries()) {
      await BLOCKING_STEPS[name]?.run(play, args);
      await turn();
      trace?.(`${index} ${[name, ...args].join(' ')}: ${play.written} written, ${play.got.count} read`);
    }
    await play.finish();
  } finally {
    play.over();
    clock.remove();
  }
}

/** What the pipe leads to. */
class Far implements OtherEnd {
  readonly arrived: Received = new Received(Kind.main, 'at the server');
  output: Uint8Array = new Uint8Array(0);

  feed(bytes: Uint8Array): void {
    this.arrived.take(bytes);
  }
  act(): void {
    // It only listens.
  }
  consume(count: number): void {
    this.output = this.output.subarray(count);
  }
}

class Play {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly got: Received = new Received(Kind.server, 'from the pipe');
  /** Bytes that write() took. */
  written = 0;
  readonly #size: number;
  readonly #stopServing: () => void;
  readonly #pipe: BlockingPipe;
  readonly #far: Far = new Far();
  #sent = 0;
  #ended = false;
  #closed = false;
  #serverEnded = false;
  /** Given up, here or there: what is under way may be lost. */
  #broken = false;

  constructor({ bio, carrier }: Pick<Sequence['config'], 'bio' | 'carrier'>, clock: Clock) {
    this.clock = clock;
    this.#size = bio;
    const { carrier: made, dial } = dialOf(this.#far, { carrier: carrier === 'strings' ? 'pipe' : carrier });
    this.carrier = made;
    const { port1, port2 } = new MessageChannel();
    this.#stopServing = () => port1.close();
    serveBlocking(port1, dial);
    this.#pipe = blockingDial(port2, { host: 'server.test', port: 443 }, { size: bio });
  }

  // ── The side that would wait ──

  write(count: number): void {
    if (this.#ended || this.#pipe.error !== undefined) return;
    // What there is room for
    const n = Math.min(count, this.#size - (this.written - this.#far.arrived.count));
    if (n <= 0) return;
    const taken = this.#pipe.write(pattern(Kind.main, this.written, n));
    if (taken > 0) this.written += taken;
    if (taken !== n && this.#pipe.error === undefined)
      throw new Finding('write() takes less than there is room for', `${taken} of ${n}`);
  }
  read(count: number): void {
    if (this.#closed || this.#pipe.pending === 0) return;
    const into = new Uint8Array(count);
    const n = this.#pipe.read(into);
    if (n <= 0) throw new Finding('read() gives less than is pending', String(n));
    this.got.take(into.subarray(0, n));
    if (this.got.count > this.#sent) throw new Finding('the pipe gives more than was sent');
  }
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pipe.shutdownWrite();
  }
  close(): void {
    this.#ended = this.#closed = true;
    this.#pipe.close();
  }
  fail(): void {
    this.#broken = true;
    this.#pipe.fail(new Error('enough'));
  }

  // ── The other end ──

  say(count: number): void {
    if (this.#serverEnded || this.#broken) return;
    this.#far.output = concat([this.#far.output, pattern(Kind.server, this.#sent, count)]);
    this.#sent += count;
  }
  serverEnds(): void {
    this.#serverEnded = true;
    this.carrier.serverEnds();
  }
  reset(): void {
    this.#broken = true;
    this.carrier.fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  /** Bells of shared memory ring in their own time. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      await sleep(1);
      await turn();
    }
  }
  async flow(): Promise<void> {
    for (let calm = 0; calm < 2;) {
      const moved = this.carrier.drain(Infinity) + this.carrier.feed(Infinity);
      await this.quiet();
      calm = moved === 0 ? calm + 1 : 0;
    }
  }

  // ── What it must come to ──

  async finish(): Promise<void> {
    await this.flow();
    const { error } = this.#pipe;
    // Behind both ends it is closed
    const isOver = this.#ended && this.#serverEnded;
    if (error !== undefined && !this.#broken && !this.#closed && !isOver)
      throw new Finding('the pipe fails for no reason', error.message);
    if (!this.#broken && !this.#closed) await this.#exchange();
    if (!this.#closed) this.close();
    await this.flow();
    if (!this.#broken && this.#far.arrived.count !== this.written)
      throw new Finding('close() loses what was written', `${this.#far.arrived.count} of ${this.written}`);
    // Twice what a pipe may take nothing for
    for (let i = 0; i < 2 && !this.carrier.destroyed; i++) await this.clock.advance(11_000);
    await this.flow();
    const { carrier } = this;
    // Web Streams that have ended both ways have nothing left to be told
    const isGone = carrier.destroyed || (carrier.ended && this.#serverEnded);
    if (!isGone && !this.#broken) throw new Finding('the pipe is left open');
    if (this.#pipe.error === undefined) throw new Finding('a pipe that is closed has no error');
  }

  /** Everything, both ways. */
  async #exchange(): Promise<void> {
    this.say(300);
    this.write(300);
    for (let i = 0; i < 5_000 && this.got.count < this.#sent; i++) {
      if (this.#pipe.pending === 0) await this.flow();
      this.read(60_000);
    }
    await this.flow();
    if (this.got.count !== this.#sent)
      throw new Finding('what was sent is not what the pipe gave', `${this.got.count} of ${this.#sent}`);
    if (this.#serverEnded && !this.#pipe.eof) throw new Finding('the end of the other side is not told');
    if (this.#far.arrived.count !== this.written)
      throw new Finding('what was written does not arrive', `${this.#far.arrived.count} of ${this.written}`);
  }

  over(): void {
    this.#pipe.fail(new Error('over'));
    this.#stopServing();
  }
}
