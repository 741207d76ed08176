/** @module Plays a sequence on a face: the steps, then what every connection must come to. */
import { memorySessionCache } from '@ferrule/node/duplex';
import type { Backend } from '@ferrule/contract';
import { Callbacks, people, WHO, type People, type Who } from './callbacks.ts';
import { Clock, sleep, turn } from './clock.ts';
import { openFace, type FaceKind, type Memory } from './face.ts';
import { FaceLink } from './face-link.ts';
import { FACE_STEPS, flow, type FaceStage } from './face-steps.ts';
import { Finding } from './finding.ts';
import type { Sequence, Step } from './sequence.ts';
import { NOBODY, Server, type Tickets } from './server.ts';
import { owedBySubtle } from './subtle.ts';

/** @throws Finding */
export async function playFace(
  kind: FaceKind,
  backend: Backend,
  sequence: Sequence,
  trace?: (line: string) => void,
): Promise<void> {
  const everybody = await people();
  const clock = new Clock();
  clock.install();
  try {
    await new Play(kind, backend, sequence, everybody, clock, trace).run();
  } finally {
    clock.remove();
  }
}

/** What is asked of a connection that has been closed is refused, and changes nothing. */
const REFUSALS: ReadonlySet<string> = new Set(['DISPOSED', 'PROTOCOL_IS_SHUTDOWN']);

/** Turns of the event loop: a call of a worker's and its answer are a message each. */
const QUIET: Readonly<Record<FaceKind, number>> = { connect: 3, duplex: 3, socket: 4, worker: 10 };

class Play implements FaceStage {
  link!: FaceLink;
  readonly #kind: FaceKind;
  readonly #backend: Backend;
  readonly #sequence: Sequence;
  readonly #people: People;
  readonly #clock: Clock;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #callbacks: Callbacks;
  readonly #tickets: Tickets = new Map();
  readonly #memory: Memory = { sessions: new Map(), cache: memorySessionCache() };
  readonly #exported: Map<string, FaceLink> = new Map();
  #waited = 0;

  constructor(
    kind: FaceKind,
    backend: Backend,
    sequence: Sequence,
    everybody: People,
    clock: Clock,
    trace: ((line: string) => void) | undefined,
  ) {
    this.#kind = kind;
    this.#backend = backend;
    this.#sequence = sequence;
    this.#people = everybody;
    this.#clock = clock;
    this.#trace = trace;
    this.#callbacks = new Callbacks(
      sequence.config,
      (step) => this.#inside(step),
      () => void this.link.sessions++,
    );
  }

  async run(): Promise<void> {
    const { config, steps } = this.#sequence;
    try {
      await this.#begin('alice');
      if (config.connected) await flow(this);
      for (const [index, step] of steps.entries()) await this.#step(step, index);
      await this.#finish();
    } finally {
      this.link.aborter.abort();
      this.link.face.destroy();
      await turn();
    }
  }

  async #step(step: Step, index: number): Promise<void> {
    const [name, ...args] = step;
    const before = this.link.trace.length;
    await FACE_STEPS[name]?.run(this, args);
    await turn();
    this.#trace?.(`${index} ${step.join(' ')}: ${this.link.trace.slice(before).join('; ')}`);
    this.link.check();
  }

  #inside(step: Step): void {
    const [name, ...args] = step;
    const kind = FACE_STEPS[name];
    if (kind?.nests !== true || (this.link as FaceLink | undefined)?.face === undefined) return;
    this.#trace?.(`  inside: ${step.join(' ')}`);
    void kind.run(this, args);
  }

  settle(index: number, how: 'accept' | 'refuse' | 'reject'): void {
    const { questions } = this.#callbacks;
    questions[index % Math.max(1, questions.length)]?.[how]();
  }

  async quiet(): Promise<void> {
    for (let calm = 0; calm < QUIET[this.#kind]; calm = owedBySubtle() === 0 ? calm + 1 : 0) {
      if (owedBySubtle() > 0) await sleep(1);
      await turn();
    }
  }

  async wait(milliseconds: number): Promise<void> {
    this.#waited += milliseconds;
    if (this.#waited >= 25_000) this.link.excuses.add('waited');
    if (this.link.closing || this.link.ended || this.link.sawEnd) this.link.excuses.add('stalled');
    await this.#clock.advance(milliseconds);
  }

  async next(who: number): Promise<void> {
    await this.#finish();
    await this.#begin(WHO[who] ?? 'nobody');
    await flow(this);
  }

  async #begin(who: Who): Promise<void> {
    const { config } = this.#sequence;
    const { version, asks, retries, eagerly, sessions12 } = config;
    this.#callbacks.reset();
    this.#waited = 0;
    const server = new Server(
      this.#people.server,
      { version, asks, retries, early: 'none', eagerly, sessions12 },
      this.#tickets,
    );
    const link = new FaceLink(
      server,
      who,
      {
        kind: this.#kind,
        streams: this.#kind === 'socket' || (this.#kind === 'connect' && config.carrier === 'streams'),
        endsItself: (this.#kind === 'duplex' || this.#kind === 'socket') && config.ending !== 'both ends',
      },
      this.#callbacks,
      this.#exported,
    );
    this.link = link;
    const context = this.#callbacks.options(who, this.#people, this.#backend, this.#rawKey);
    link.face = openFace(
      this.#kind,
      server,
      { backend: this.#backend, context, config, memory: this.#memory, resume: true, signal: link.aborter.signal },
      {
        data: (bytes) => link.data(bytes),
        end: () => link.sawPeerEnd(),
        failed: (error, where) => link.failed(error, where),
      },
    );
    // Whatever becomes of what is not bytes, it is told, and nothing hangs.
    if (config.carrier === 'strings') link.excuses.add('*');
    link.face.opened.then(
      () => {
        link.open = true;
        if (link.who === 'distrustful') link.blame('a peer is accepted that verify refuses');
      },
      (error: unknown) => {
        link.over = true;
        // A Duplex tells by its 'error' event
        if (this.#kind !== 'duplex') link.failed(error, 'connect()');
      },
    );
    void link.face.closed.then(() => (link.over = true));
    await this.quiet();
  }

  // ── What it must come to ──

  async #finish(): Promise<void> {
    await this.#complete();
    this.link.check();
    // What a rejection that nobody handles would be told by.
    await turn();
  }

  async #complete(): Promise<void> {
    const { link } = this;
    for (let round = 0; round < 6; round++) {
      this.#accept();
      await flow(this);
      if (this.#callbacks.questions.length === 0) break;
    }
    link.check();
    if (this.#callbacks.unanswered && !link.open && !link.over) return this.#aborted();
    if (!this.#healthy()) return this.#over();
    if (!link.open) throw new Finding('the handshake does not end', link.trace.slice(-3).join('; '));
    this.#identity();
    await this.#exchange();
    if (link.failure !== undefined) return this.#over();
    await this.#close();
  }

  #accept(): void {
    for (const question of [...this.#callbacks.questions]) question.accept();
  }

  /** Nothing has happened that lets bytes get lost. */
  #healthy(): boolean {
    const { link } = this;
    return (
      link.failure === undefined &&
      !link.gaveUp &&
      !link.broken &&
      !link.serverEnded &&
      !link.over &&
      !link.excuses.has('PEER_ALERT') &&
      !link.excuses.has('BAD_RECORD_MAC') &&
      !link.excuses.has('stalled') &&
      this.#sequence.config.carrier !== 'strings'
    );
  }

  /** Whatever a callback waits for, a signal ends the attempt. */
  async #aborted(): Promise<void> {
    this.link.abort();
    await this.quiet();
    await this.#clock.advance(2_000);
    await this.quiet();
    if (!this.link.over) throw new Finding('a signal does not end an attempt that waits for a callback');
    await this.#over();
  }

  /** Reads everything; writes have all settled, and what they told has arrived. */
  async #exchange(): Promise<void> {
    const { link } = this;
    const { server, face } = link;
    if (!link.ended && !link.closing && !server.closed) {
      server.data(37);
      link.write(41);
    }
    for (let i = 0; i < 400 && link.read.count < server.sent && link.failure === undefined && !link.closing; i++) {
      face.read(60_000);
      await flow(this);
      this.#accept();
      link.check();
    }
    this.#accept();
    await flow(this);
    link.check();
    // An observer that failed is noticed when somebody asks.
    if (link.failure !== undefined) return;
    if (link.writesOpen > 0)
      throw new Finding('a write does not settle', `${link.writesOpen} are open, the transport is drained`);
    this.#arrived();
    if (!link.closing && link.read.count !== server.sent)
      throw new Finding('what was sent is not what the face gave', `${server.sent} sent, ${link.read.count} given`);
    // Who signs for more than one is not kept (ADR 0090)
    const { asks, postHandshakeAuth } = this.#sequence.config;
    if (link.closing || asks || postHandshakeAuth || link.sessions >= server.tickets) return;
    // Behind a read that got all it asked for, a face looks by a timer of no time
    await this.#clock.advance(0);
    await flow(this);
    link.check();
    if (link.sessions >= server.tickets) return;
    if (await this.#toldWhenAsked()) return;
    throw new Finding('a ticket goes unnoticed', `${server.tickets} sent, ${link.sessions} told`);
  }

  /** A callback has failed the connection while nobody read or wrote: whoever asks then is told. */
  async #toldWhenAsked(): Promise<boolean> {
    const { link } = this;
    if (!this.#callbacks.explain('CALLBACK_FAILED', link.who)) return false;
    link.face.read(1);
    // Where the end came with it, reading is over
    if (!link.ended) link.write(1);
    await flow(this);
    link.check();
    return link.failure?.code === 'CALLBACK_FAILED';
  }

  #arrived(): void {
    const { link } = this;
    const { count } = link.server.main;
    if (count < link.told || count > link.asked)
      throw new Finding(
        'what was told is not what arrived',
        `${link.told} told, ${link.asked} asked, ${count} arrived`,
      );
  }

  /** A slow transport takes what it is given, a part now and then; all of it arrives, and then all is over. */
  async #close(): Promise<void> {
    const { link } = this;
    const { server, face } = link;
    const { ending, last } = this.#sequence.config;
    if (!link.ended && !link.closing) {
      link.write(last);
      await this.quiet();
    }
    if (ending === 'reset after close_notify' && !link.closing && !link.ended) return this.#broken();
    if (ending === 'both ends') link.end();
    else link.close();
    await this.quiet();
    for (let i = 0; i < 40 && face.carrier.queued > 0; i++) {
      link.drain(20_000);
      await this.quiet();
      await this.#clock.advance(700);
      link.check();
    }
    await flow(this);
    await this.#clock.advance(10);
    link.check();
    if (link.told > server.main.count)
      throw new Finding(
        'the end loses what was told',
        `${link.told} told, ${server.main.count} arrived, ${face.carrier.dropped} dropped by the face`,
      );
    // An observer that failed meanwhile has ended it without an alert (ADR 0064)
    const isCut = link.gaveUp || this.#callbacks.explain('CALLBACK_FAILED', link.who);
    if (server.alert !== 0 && !isCut) throw new Finding('the end sends no close_notify', String(server.alert));
    // Behind our end, read behind theirs
    for (let i = 0; i < 2 && !link.closing; i++) {
      server.data(50);
      await flow(this);
    }
    server.closeNotify();
    await flow(this);
    link.serverEnds();
    await flow(this);
    for (let i = 0; i < 8 && !link.closing && !link.sawEnd; i++) {
      face.read(1_000);
      await flow(this);
    }
    await this.#clock.advance(100);
    if (link.ended && link.sawEnd && !link.over) {
      await this.#clock.advance(2_000);
      await flow(this);
      if (!link.over) throw new Finding('both directions have ended, and `closed` does not settle');
    }
    await this.#over();
  }

  /** After the peer's close_notify, the transport breaks: whoever writes is told. */
  async #broken(): Promise<void> {
    const { link } = this;
    await flow(this);
    link.server.closeNotify();
    link.face.read(1_000);
    await flow(this);
    link.check();
    // A Duplex that does not allow half-open ends by itself.
    if (link.over || link.endsItself) return this.#over();
    link.reset();
    for (let i = 0; i < 3; i++) {
      await this.quiet();
      link.write(100);
    }
    await this.quiet();
    link.check();
    await this.#over();
  }

  /** It is over, or can be made so; then nothing is left of it. */
  async #over(): Promise<void> {
    const { link } = this;
    const { face } = link;
    if (!link.over && !link.closing && link.open) link.close();
    if (!link.open) link.abort();
    await flow(this);
    for (let i = 0; i < 4 && !link.over; i++) {
      await this.#clock.advance(60_000);
      await flow(this);
    }
    link.check();
    if (!link.over) throw new Finding('`closed` does not settle', link.trace.slice(-3).join('; '));
    await this.#clock.advance(2_000);
    // Until the peer's end, a transport outlives the close() of a sound connection, for a minute at most (ADR 0100).
    const isSound = !link.broken && !link.gaveUp && (link.failure === undefined || REFUSALS.has(link.failure.code));
    if (!link.peerEnded && isSound) await this.#clock.advance(60_000);
    // Web Streams that have ended or failed both ways have nothing left to be told.
    const isStreams = this.#sequence.config.carrier === 'streams' && this.#kind !== 'duplex';
    const isGone = isStreams && (link.broken || face.carrier.ended);
    if (!face.carrier.destroyed && !isGone)
      throw new Finding('the transport is left open', link.trace.slice(-3).join('; '));
    if (link.writesOpen > 0) throw new Finding('a write never settles', String(link.writesOpen));
    // What came before a transport broke may still be read.
    if (!link.broken) link.exporter(32, true);
    await this.quiet();
    link.check();
  }

  /** What the server shows in place of a certificate. */
  get #rawKey(): Uint8Array | undefined {
    const { rawKey } = this.#sequence.config;
    return rawKey && this.#backend.features.has('raw-public-key') ? this.#people.server.spki : undefined;
  }

  #identity(): void {
    const { server, who, face } = this.link;
    const told = face.info?.peerRawPublicKey;
    if (face.info !== undefined && !Buffer.from(told ?? []).equals(this.#rawKey ?? Buffer.alloc(0)))
      throw new Finding('`info` has another raw public key than the server showed');
    const { threw, refused } = this.#callbacks;
    if (server.client === undefined || threw.size > 0 || refused.size > 0) return;
    const own = who === 'alice' ? this.#people.alice : who === 'bob' ? this.#people.bob : undefined;
    const expected =
      this.#sequence.config.asks && own !== undefined ? Buffer.from(own.certificate).toString('hex') : NOBODY;
    if (server.client !== expected)
      throw new Finding('the server takes us for another one', `we are ${who}${server.resumed ? ', and resumed' : ''}`);
  }
}
