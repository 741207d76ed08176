/** @module Plays a sequence on an engine: the steps, then what every connection must come to. */
import type { Backend, SslContext, TlsSession } from '@ferrule/contract';
import { SslErrorCode, sslErrorName } from '@ferrule/result';
import { Callbacks, isObserver, people, WHO, type People, type Who } from './callbacks.ts';
import { sleep, turn } from './clock.ts';
import { Finding } from './finding.ts';
import { Link } from './link.ts';
import { Kind } from './pattern.ts';
import type { Sequence, Step } from './sequence.ts';
import { NOBODY, Server, type Tickets } from './server.ts';
import { owedBySubtle } from './subtle.ts';
import {
  dispose,
  handshake,
  keyUpdate,
  read,
  secretOf,
  shutdown,
  STEPS,
  write,
  type Operation,
  type Stage,
} from './steps.ts';

/** Calls of one operation that may move nothing. */
const MAX_IDLE = 6;
/** How long the engine's own promise may take before that is called a hang, milliseconds. */
const PATIENCE = 10_000;

/** @throws Finding */
export async function playContract(
  backend: Backend,
  sequence: Sequence,
  trace?: (line: string) => void,
): Promise<void> {
  await new Play(backend, sequence, await people(), trace).run();
}

interface Kept {
  readonly session: TlsSession;
  readonly who: Who;
}

class Play implements Stage {
  link!: Link;
  readonly exported: Map<string, Link> = new Map();
  readonly #backend: Backend;
  readonly #sequence: Sequence;
  readonly #people: People;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #callbacks: Callbacks;
  readonly #contexts: Map<Who, SslContext> = new Map();
  readonly #tickets: Tickets = new Map();
  /** Each with the one whose context it is of. */
  readonly #sessions: Kept[] = [];
  /** The connection was given a session that its own context has made. */
  #offersOwn = false;
  /** Every question is answered as it comes. */
  #finishing = false;

  constructor(backend: Backend, sequence: Sequence, everybody: People, trace: ((line: string) => void) | undefined) {
    this.#backend = backend;
    this.#sequence = sequence;
    this.#people = everybody;
    this.#trace = trace;
    this.#callbacks = new Callbacks(
      sequence.config,
      (step, callback) => this.#inside(step, !isObserver(callback)),
      (session, _ssl, who) => void this.#sessions.push({ session, who }),
    );
  }

  async run(): Promise<void> {
    const { config, steps } = this.#sequence;
    try {
      this.#begin('alice', undefined);
      if (config.connected) await this.pump('connect');
      if (config.connected && config.resumes) await this.#resumed();
      for (const [index, step] of steps.entries()) await this.#step(step, index);
      await this.#finish();
    } finally {
      (this.link as Link | undefined)?.ssl.dispose();
      for (const context of this.#contexts.values()) context.dispose();
    }
  }

  // ── Steps ──

  async #step(step: Step, index: number): Promise<void> {
    const [name, ...args] = step;
    const before = this.link.trace.length;
    await STEPS[name]?.run(this, args);
    this.#trace?.(`${index} ${step.join(' ')}: ${this.link.trace.slice(before).join('; ')}`);
  }

  /** A step inside a callback. */
  #inside(step: Step, asked: boolean): void {
    const [name, ...args] = step;
    const kind = STEPS[name];
    if (kind?.nests !== true) return;
    this.#trace?.(`  inside: ${step.join(' ')}`);
    const before = this.link.asked;
    this.link.asked = asked;
    try {
      void kind.run(this, args);
    } finally {
      this.link.asked = before;
    }
  }

  settle(index: number, how: 'accept' | 'refuse' | 'reject'): void {
    const { questions } = this.#callbacks;
    questions[index % Math.max(1, questions.length)]?.[how]();
  }

  async next(who: number, resume: boolean, early: boolean): Promise<void> {
    await this.#finish();
    this.#begin(WHO[who] ?? 'nobody', resume ? this.#sessions.at(-1) : undefined);
    if (!this.#sequence.config.connected) return;
    // The second fills the BIO where that can be.
    const room = Math.min(this.#sequence.config.bio, 5_000);
    if (early) for (const length of [1 + (room >> 3), room]) await this.#step(['writeEarlyData', length], -1);
    await this.pump('connect');
  }

  /** A ticket, and the connection that it is for; early data, where that is played. */
  async #resumed(): Promise<void> {
    this.link.server.ticket();
    await this.pump('read');
    await this.next(0, true, this.#sequence.config.early !== 'none');
  }

  #begin(who: Who, kept: Kept | undefined): void {
    const { version, asks, retries, early, eagerly, sessions12, bio } = this.#sequence.config;
    this.#callbacks.reset();
    let context = this.#contexts.get(who);
    if (context === undefined)
      this.#contexts.set(
        who,
        (context = this.#backend.createContext(this.#callbacks.options(who, this.#people, this.#backend))),
      );
    const server = new Server(
      this.#people.server,
      { version, asks, retries, early, eagerly, sessions12 },
      this.#tickets,
    );
    this.link = new Link(context.newConnection(), server, who, bio, this.#callbacks);
    this.#offersOwn = kept?.who === who;
    const { ssl } = this.link;
    ssl.setBio(this.link.bio, this.link.bio);
    ssl.setHost('server.test');
    if (kept !== undefined) ssl.setSession(kept.session);
  }

  // ── Moving on ──

  async pump(operation: Operation): Promise<void> {
    const { link } = this;
    for (let idle = 0; idle < MAX_IDLE;) {
      const ret = this.#once(operation);
      if (ret === undefined || link.failure !== undefined) break;
      if (ret > 0 && operation !== 'read') break;
      const why = ret > 0 ? SslErrorCode.none : link.ssl.getError(ret);
      if (ret === 0) break;
      const drained = link.drain(Infinity);
      const fed = link.feed(Infinity);
      if (drained > 0 || fed > 0 || ret > 0) idle = 0;
      else idle++;
      switch (why) {
        case SslErrorCode.wantAsync:
        case SslErrorCode.wantRetryVerify:
        case SslErrorCode.wantX509Lookup:
          if (!(await this.#promise(why))) return;
          idle = 0;
          break;
        case SslErrorCode.wantRead:
          // Nothing came, nothing went: the server has said all.
          if (idle > 0 && link.server.output.length === 0) return;
          break;
        case SslErrorCode.wantWrite:
          if (idle >= MAX_IDLE) throw new Finding(`${operation} wants room, and the write BIO is empty`);
          break;
        default:
          break;
      }
    }
    link.drain(Infinity);
  }

  #once(operation: Operation): number | undefined {
    const { link } = this;
    switch (operation) {
      case 'connect':
        return handshake(link, 'connect');
      case 'read':
        return read(link, 20_000);
      case 'write':
        return write(link, link.owed?.length ?? 100);
      case 'shutdown':
        return shutdown(link);
      case 'keyUpdate':
        return keyUpdate(link, false);
    }
  }

  /** False when it is the caller who is waited for. */
  async #promise(why: SslErrorCode): Promise<boolean> {
    const { asyncReady } = this.link.ssl;
    const { questions, unanswered } = this.#callbacks;
    if (this.#finishing) for (const question of [...questions]) question.accept();
    if (questions.length > 0 || unanswered) {
      // WebCrypto may be waited for at the same time, and answers.
      const isMoving = owedBySubtle() > 0;
      while (owedBySubtle() > 0) await sleep(1);
      await turn();
      return isMoving;
    }
    if (asyncReady === undefined) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<true>((resolve) => (timer = setTimeout(resolve, PATIENCE, true)));
    const isLate = await Promise.race([asyncReady, late]);
    clearTimeout(timer);
    if (isLate === true) throw new Finding(`asyncReady does not settle: ${sslErrorName(why)}`);
    return true;
  }

  // ── What it must come to ──

  async #finish(): Promise<void> {
    const { link } = this;
    this.#finishing = true;
    await this.#settled();
    const { unanswered, threw, refused } = this.#callbacks;
    if (link.failure === undefined && !link.disposed) await (unanswered ? this.#unanswered() : this.#complete());
    else if (link.failure !== undefined) this.#afterFailure();
    this.#outcome();
    this.#dead();
    // What a rejection that nobody handles would be told by.
    if (threw.size > 0 || refused.size > 0 || unanswered) await turn();
    this.#finishing = false;
  }

  /** Answers the caller's questions, and goes on with the handshake until there are no more. */
  async #settled(): Promise<void> {
    const { link } = this;
    for (let round = 0; round < 8; round++) {
      for (const question of [...this.#callbacks.questions]) question.accept();
      await turn();
      if (link.failure !== undefined || link.disposed) return;
      await this.pump(
        !link.ssl.established ? 'connect' : link.owed !== undefined && !link.shutdownCalled ? 'write' : 'read',
      );
      if (this.#callbacks.questions.length === 0) return;
    }
  }

  async #complete(): Promise<void> {
    const { link } = this;
    const { server, ssl } = link;
    if (!link.shutdownCalled && !link.ended && !link.failedTransport) {
      if (!ssl.established)
        throw new Finding('the handshake does not end', `${ssl.state}; ${link.trace.slice(-3).join('; ')}`);
      if (!server.established) throw new Finding('connect() returned 1, and the server does not know', ssl.state);
    }
    if (!ssl.established || link.failedTransport) return;
    this.#identity();
    for (let i = 0; i < 4 && link.owed !== undefined && !link.shutdownCalled && link.failure === undefined; i++)
      await this.pump('write');
    await this.pump('read');
    // A question after the handshake (post-handshake authentication) may have been the first to stay open.
    if (this.#callbacks.unanswered) return this.#unanswered();
    this.#delivered();
    if (link.failure !== undefined) return;
    if (link.ended || server.closed) return this.#half();
    // Both directions work still, under whatever keys they have come to.
    server.data(37);
    await this.pump('read');
    if (link.failure === undefined && !link.shutdownCalled) {
      write(link, 41);
      if (link.owed !== undefined) await this.pump('write');
      await this.pump('read');
    }
    this.#delivered();
    await this.#half();
  }

  /** The caller never answers: then nothing but that is waited for, and what was before the question has been read. */
  async #unanswered(): Promise<void> {
    const { link } = this;
    await this.pump(link.ssl.established ? 'read' : 'connect');
    if (link.failure !== undefined || link.failedTransport || link.disposed) return;
    if (link.ssl.established && link.read.count === link.server.sent) return;
    const last = link.trace.at(-1) ?? '';
    if (!/ -1 SSL_ERROR_WANT_(X509_LOOKUP|RETRY_VERIFY|ASYNC)$/.test(last))
      throw new Finding('a callback never answers, and something else is waited for', last);
  }

  /** The end: ours, then the server's. */
  async #half(): Promise<void> {
    const { link } = this;
    if (link.failure !== undefined) return;
    await this.pump('shutdown');
    if (link.failure !== undefined) return;
    link.drain(Infinity);
    if (link.server.alert !== 0)
      throw new Finding(
        'shutdown() is done, and the server has no close_notify',
        `${String(link.server.alert)}; ${link.trace.slice(-3).join('; ')}`,
      );
    this.#delivered();
    if (link.ended) return;
    link.server.closeNotify();
    await this.pump('shutdown');
    if (link.failure === undefined && link.trace.at(-1) !== 'shutdown 1')
      throw new Finding('shutdown() does not see the close_notify that came', link.trace.at(-1));
  }

  /** Exactly what was told has arrived, and was read. */
  #delivered(): void {
    const { link } = this;
    const { server } = link;
    if (link.failure !== undefined || link.disposed) return;
    for (const [received, kind] of [
      [server.main, Kind.main],
      [server.nested, Kind.nested],
    ] as const) {
      const told = link.told[kind] ?? 0;
      const owed = link.owed?.kind === kind ? link.owed.length : 0;
      if (received.count < told || received.count > told + owed)
        throw new Finding(
          'what write() told is not what arrived',
          `${told} told, ${received.count} arrived, ${owed} owed`,
        );
    }
    if (!link.ended && link.read.count !== server.sent)
      throw new Finding('what was sent is not what read() gave', `${server.sent} sent, ${link.read.count} read`);
    const { keyUpdatesHeard: heard, keyUpdatesAsked: asked } = server;
    const most = link.keyUpdates + asked + link.keyUpdatesGivenUp + (link.keyUpdateOwed === undefined ? 0 : 1);
    if (heard < link.keyUpdates || heard > most)
      throw new Finding(
        'what keyUpdate() told is not what arrived',
        `${link.keyUpdates} told, ${asked} asked for, ${heard} arrived`,
      );
    this.#earlyData();
  }

  #earlyData(): void {
    const { link } = this;
    const { server, ssl } = link;
    const told = link.told[Kind.early] ?? 0;
    if (server.earlyAccepted) {
      if (server.early.count < told)
        throw new Finding(
          'what writeEarlyData() told is not what arrived',
          `${told} told, ${server.early.count} arrived`,
        );
      if (server.early.count > 0 && ssl.earlyData !== 'accepted')
        throw new Finding('`earlyData` denies what the server has', ssl.earlyData);
    } else if (ssl.earlyData === 'accepted') throw new Finding('`earlyData` says accepted, and it was not');
    if (told > 0 && ssl.earlyData === 'not-sent') throw new Finding('`earlyData` says not-sent of what was sent');
  }

  /** Whom the server takes us for is who we are. */
  #identity(): void {
    const { link } = this;
    const { server, who } = link;
    const { threw, refused } = this.#callbacks;
    if (!link.ssl.established || server.client === undefined || threw.size > 0 || refused.size > 0) return;
    if (link.ssl.sessionReused !== server.resumed)
      throw new Finding('`sessionReused` is wrong', `${link.ssl.sessionReused}, ${server.resumed}`);
    const { asks, sessions12, version } = this.#sequence.config;
    const isBound = this.#offersOwn && !(version === 12 && sessions12 === 'forgotten');
    if (isBound && !server.resumed) throw new Finding('a session of the same context is not resumed', link.ssl.version);
    const own = who === 'alice' ? this.#people.alice : who === 'bob' ? this.#people.bob : undefined;
    const expected = asks && own !== undefined ? Buffer.from(own.certificate).toString('hex') : NOBODY;
    if (server.client !== expected)
      throw new Finding('the server takes us for another one', `we are ${who}${server.resumed ? ', and resumed' : ''}`);
  }

  /** For whoever compares engines. What is known of a connection that did not get that far is not compared. */
  #outcome(): void {
    const { link } = this;
    const { ssl, server } = link;
    const {
      established,
      version,
      cipherSuite,
      group,
      helloRetryRequested,
      sessionReused,
      earlyData,
      peerCertificates,
      clientCredential,
      shutdownState,
      verifyResult,
    } = ssl;
    const facts = {
      version,
      cipherSuite,
      group,
      helloRetryRequested,
      sessionReused,
      earlyData,
      peerCertificates: peerCertificates.length,
      clientCredential: clientCredential !== undefined,
      shutdownState,
    };
    const told = {
      end: link.failure?.error.code,
      established,
      verifyResult,
      alert: server.alert,
      sessions: this.#sessions.length,
      written: link.told[Kind.main],
      read: link.read.count,
    };
    this.#trace?.(`outcome: ${JSON.stringify({ ...told, ...(link.failure === undefined && facts) })}`);
  }

  #afterFailure(): void {
    const { link } = this;
    // What could be sent, the alert too, can be drained, and what came before it is in order.
    link.drain(Infinity);
    for (const operation of [
      () => handshake(link, 'connect'),
      () => read(link, 10),
      () => write(link, 10),
      () => shutdown(link),
    ])
      operation();
  }

  /** After dispose() nothing is given out, and nothing happens. */
  #dead(): void {
    const { link } = this;
    dispose(link);
    this.#afterFailure();
    const { ssl } = link;
    secretOf(link, 'exportKeyingMaterial()', () => ssl.exportKeyingMaterial('EXPORTER-orders', undefined, 32));
    secretOf(link, 'channelBinding(tls-exporter)', () => ssl.channelBinding('tls-exporter'));
    if (ssl.exportEarlyKeyingMaterial !== undefined)
      secretOf(link, 'exportEarlyKeyingMaterial()', () =>
        ssl.exportEarlyKeyingMaterial?.('EXPORTER-orders', undefined, 32),
      );
    if (ssl.asyncReady !== undefined && this.#callbacks.questions.length === 0 && !this.#callbacks.unanswered)
      throw new Finding('asyncReady after dispose()');
    if (ssl.pending !== 0) throw new Finding('`pending` after dispose()', String(ssl.pending));
    const before = link.net.pending;
    void STEPS['facts']?.run(this, []);
    if (link.net.pending !== before) throw new Finding('something is sent after dispose()');
  }
}
