/** @module Plays a sequence on createFetch(): requests, their answers, and what becomes of the connections. */
import { createFetch, type Fetch } from '@ferrule/web/fetch';
import type { Backend } from '@ferrule/contract';
import { people, type People } from './callbacks.ts';
import { Clock, turn } from './clock.ts';
import { dialOf } from './face-web.ts';
import { FetchPeer } from './fetch-peer.ts';
import { BODIES, FetchRequest } from './fetch-request.ts';
import { FETCH_STEPS, type FetchStage } from './fetch-steps.ts';
import { Finding } from './finding.ts';
import type { Sequence, Step } from './sequence.ts';
import { Server, type Tickets } from './server.ts';

/** Of the `timeout` until a connection is there, milliseconds; the default is 30000. */
const PATIENCE = 25_000;

/** @throws Finding */
export async function playFetch(backend: Backend, sequence: Sequence, trace?: (line: string) => void): Promise<void> {
  const everybody = await people();
  const clock = new Clock();
  clock.install();
  try {
    await new Play(backend, sequence, everybody, clock, trace).run();
  } finally {
    clock.remove();
  }
}

class Play implements FetchStage {
  readonly peers: FetchPeer[] = [];
  readonly requests: FetchRequest[] = [];
  readonly #sequence: Sequence;
  readonly #clock: Clock;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #tickets: Tickets = new Map();
  readonly #connections: number;
  readonly #fetch: Fetch;
  #closed = false;
  #waited = 0;

  constructor(
    backend: Backend,
    sequence: Sequence,
    everybody: People,
    clock: Clock,
    trace: ((line: string) => void) | undefined,
  ) {
    const { config } = sequence;
    this.#sequence = sequence;
    this.#clock = clock;
    this.#trace = trace;
    this.#connections = 1 + (config.bio % 3);
    this.#fetch = createFetch({
      backend,
      trustAnchors: [everybody.root.certificate],
      maxVersion: config.version === 13 ? 'TLSv1.3' : 'TLSv1.2',
      groups: [0x1d, 0x17],
      sessions: new Map(),
      connections: this.#connections,
      dial: (_to, signal) => this.#dial(everybody, signal),
    });
  }

  async run(): Promise<void> {
    const { config, steps } = this.#sequence;
    try {
      if (config.connected) {
        this.request(0, 0);
        await this.flow();
      }
      for (const [index, step] of steps.entries()) await this.#step(step, index);
      await this.#finish();
    } finally {
      for (const request of this.requests) request.abort();
      this.#fetch.close();
      await turn();
    }
  }

  async #step(step: Step, index: number): Promise<void> {
    const [name, ...args] = step;
    await FETCH_STEPS[name]?.run(this, args);
    await turn();
    const states = this.requests.map(({ id, state }) => `${id} ${state}`).join(', ');
    this.#trace?.(`${index} ${step.join(' ')}: ${states}; ${this.peers.length} connections`);
    this.#check();
  }

  #dial(everybody: People, signal: AbortSignal | undefined): ReturnType<ReturnType<typeof dialOf>['dial']> {
    const { version, retries, sessions12, carrier } = this.#sequence.config;
    const peer = new FetchPeer({ heard: (id, where) => this.#heard(id, where) });
    peer.server = new Server(
      everybody.server,
      { version, asks: false, retries, early: 'none', eagerly: 0, sessions12 },
      this.#tickets,
      (bytes) => peer.take(bytes),
    );
    const made = dialOf(peer.server, { carrier: carrier === 'strings' ? 'pipe' : carrier });
    peer.carrier = made.carrier;
    this.peers.push(peer);
    return made.dial({ host: 'server.test', port: 443 }, signal);
  }

  #heard(id: number, peer: FetchPeer): void {
    const request = this.requests[id];
    const heard = peer.heard.at(-1);
    if (request === undefined || heard === undefined)
      throw new Finding('a request arrives that nobody made', String(id));
    if (request.seen.length > 0 && !request.isRepeatable)
      throw new Finding('a request that may do something is sent twice', String(id));
    request.seen.push({ peer, heard });
    const busy = this.peers.filter(
      (each) => each.current !== undefined && !each.faulted && !each.carrier.destroyed && !this.#gone(each.current.id),
    );
    if (busy.length > this.#connections)
      throw new Finding('more requests are under way than there may be connections', String(busy.length));
  }

  /** Its caller has given it up, or knows of its failure: its connection is being closed. */
  #gone(id: number): boolean {
    return this.requests[id]?.isSettled !== false || this.requests[id].aborted;
  }

  // ── What steps do ──

  request(kind: number, size: number): FetchRequest {
    const request = new FetchRequest(this.requests.length, BODIES[kind % BODIES.length] ?? 'none', size);
    this.requests.push(request);
    if (this.#closed) request.excuses.add('');
    for (const peer of this.peers) if (peer.faulted && !peer.carrier.destroyed) this.#excuse(request, peer);
    request.start(this.#fetch);
    return request;
  }

  /** Requests whose answer is not known yet. */
  get open(): readonly FetchRequest[] {
    return this.requests.filter(({ isSettled }) => !isSettled);
  }

  /** Of a server's doing: who may be told of it. */
  fault(peer: FetchPeer, garbles: boolean = false): void {
    peer.faulted = true;
    if (garbles) peer.garbled = true;
    for (const request of this.open) this.#excuse(request, peer);
  }

  /** What is on its way over a connection that has carried another request before is sent again, where it may be. */
  #excuse(request: FetchRequest, peer: FetchPeer): void {
    if (peer.garbled) request.excuses.add('HTTP_MALFORMED');
    if (!request.isRepeatable || peer.answers === 0 || request.seen.at(-1)?.peer === peer) request.lose();
  }

  close(): void {
    this.#closed = true;
    // Those that wait for a connection are refused, for their second one too
    for (const request of this.open) if (request.seen.every(({ peer }) => peer.faulted)) request.excuses.add('');
    this.#fetch.close();
  }

  async wait(milliseconds: number): Promise<void> {
    this.#waited += milliseconds;
    if (this.#waited >= PATIENCE) for (const request of this.open) request.excuses.add('TIMEOUT');
    await this.#clock.advance(milliseconds);
  }

  async quiet(): Promise<void> {
    for (let i = 0; i < 4; i++) await turn();
  }

  async flow(): Promise<void> {
    for (let i = 0; i < 200; i++) {
      let moved = 0;
      for (const { carrier } of this.peers) moved += carrier.drain(Infinity) + carrier.feed(Infinity);
      await this.quiet();
      if (moved === 0 && this.peers.every(({ carrier }) => carrier.queued === 0 || carrier.destroyed)) return;
    }
  }

  // ── What it must come to ──

  #check(): void {
    for (const { finding } of this.requests) if (finding !== undefined) throw finding;
  }

  async #finish(): Promise<void> {
    for (let round = 0; round < 300 && this.open.length > 0; round++) {
      for (const request of this.open) {
        request.endBody();
        request.read();
      }
      await this.flow();
      for (const peer of this.peers) {
        const given = peer.current?.given;
        if (given === undefined) peer.begin('length', 1_000, 1_000);
        else peer.more(Infinity);
      }
      await this.flow();
      this.#check();
    }
    this.#check();
    const left = this.open[0];
    if (left !== undefined)
      throw new Finding('a request does not settle', `${left.id} is ${left.state}, seen ${left.seen.length} times`);
    this.#bodies();
    // One more, over whatever is left
    if (!this.#closed) {
      const last = this.request(0, 0);
      for (let i = 0; i < 6 && !last.isSettled; i++) {
        await this.flow();
        for (const peer of this.peers) peer.begin('length', 10, 10);
        await this.flow();
        last.read();
        await this.flow();
      }
      this.#check();
      if (last.state !== 'whole') throw new Finding('a request behind all others is not answered', last.state);
    }
    this.#fetch.close();
    await this.flow();
    for (const peer of this.peers) peer.close();
    await this.flow();
    await this.#clock.advance(70_000);
    await this.flow();
    this.#check();
    const isStreams = this.#sequence.config.carrier === 'streams';
    // Web Streams that have ended both ways have nothing left to be told
    const open = this.peers.filter(
      ({ carrier, broken }) => !carrier.destroyed && !carrier.ended && !(isStreams && broken),
    );
    if (open.length > 0) throw new Finding('a connection is left open', `${open.length} of ${this.peers.length}`);
  }

  /** Whatever of a body has been taken as sent has arrived, where nothing has gone wrong. */
  #bodies(): void {
    for (const { id, kind, size, pushed, state, seen, reason } of this.requests) {
      const last = seen.at(-1);
      if (state !== 'whole' || last === undefined || reason !== undefined || !last.heard.ended) continue;
      const count = last.heard.body.count - id * 1_000_003;
      const expected = kind === 'bytes' ? size : kind === 'stream' ? pushed : 0;
      if (count !== expected) throw new Finding('a body is told as ended too early', `${count} of ${expected}`);
    }
  }
}
