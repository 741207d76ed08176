/** @module Every step that can be played on fetch(). */
import type { Random } from '../fuzz/mutator.ts';
import { FRAMINGS, type FetchPeer } from './fetch-peer.ts';
import type { FetchRequest } from './fetch-request.ts';
import { size, type Recipe } from './sequence.ts';

export interface FetchStage {
  readonly peers: readonly FetchPeer[];
  readonly requests: readonly FetchRequest[];
  request(kind: number, size: number): FetchRequest;
  fault(peer: FetchPeer, garbles?: boolean): void;
  close(): void;
  wait(milliseconds: number): Promise<void>;
  quiet(): Promise<void>;
  flow(): Promise<void>;
  readonly open: readonly FetchRequest[];
}

export interface FetchStepKind extends Recipe {
  run(stage: FetchStage, args: readonly number[]): void | Promise<void>;
}

const numbers =
  (...limits: readonly number[]) =>
  (random: Random): number[] =>
    limits.map((limit) => (limit === 0 ? size(random) : random.below(limit)));

const of = <T>(all: readonly T[], which: number): T | undefined => all[which % Math.max(1, all.length)];
const alive = ({ peers }: FetchStage): FetchPeer[] => peers.filter(({ carrier }) => !carrier.destroyed);
const idle = (stage: FetchStage): FetchPeer[] =>
  alive(stage).filter(({ current, answers, faulted }) => current === undefined && answers > 0 && !faulted);

export const FETCH_STEPS: Readonly<Record<string, FetchStepKind>> = {
  request: { weight: 14, args: numbers(3, 0), run: (stage, [kind = 0, n = 0]) => void stage.request(kind, n) },
  read: { weight: 8, args: numbers(5), run: ({ open }, [which = 0]) => of(open, which)?.read() },
  push: { weight: 6, args: numbers(5, 0), run: ({ open }, [which = 0, n = 1]) => of(open, which)?.push(n) },
  endBody: { weight: 4, args: numbers(5), run: ({ open }, [which = 0]) => of(open, which)?.endBody() },
  failBody: { weight: 1, args: numbers(5), run: ({ open }, [which = 0]) => of(open, which)?.failBody() },
  cancel: { weight: 2, args: numbers(5), run: ({ open }, [which = 0]) => of(open, which)?.cancel() },
  abort: { weight: 2, args: numbers(5), run: ({ open }, [which = 0]) => of(open, which)?.abort() },
  close: { weight: 1, run: (stage) => stage.close() },

  drain: {
    weight: 5,
    args: numbers(4, 0),
    run: (stage, [which = 0, n = 1]) => void of(alive(stage), which)?.carrier.drain(n),
  },
  feed: {
    weight: 5,
    args: numbers(4, 0),
    run: (stage, [which = 0, n = 1]) => void of(alive(stage), which)?.carrier.feed(n),
  },
  flow: { weight: 12, run: (stage) => stage.flow() },
  tick: { weight: 4, run: (stage) => stage.quiet() },
  wait: { weight: 3, args: (random) => [1 + random.below(5_000)], run: (stage, [ms = 1]) => stage.wait(ms) },

  answer: {
    weight: 14,
    args: numbers(4, 3, 0),
    run: (stage, [which = 0, framing = 0, n = 0]) =>
      of(alive(stage), which)?.begin(FRAMINGS[framing] ?? 'length', n, Infinity),
  },
  begin: {
    weight: 6,
    args: numbers(4, 3, 0, 0),
    run: (stage, [which = 0, framing = 0, n = 0, part = 0]) =>
      of(alive(stage), which)?.begin(FRAMINGS[framing] ?? 'length', n, part),
  },
  more: { weight: 8, args: numbers(4, 0), run: (stage, [which = 0, n = 1]) => of(alive(stage), which)?.more(n) },
  interim: { weight: 2, args: numbers(4), run: (stage, [which = 0]) => of(alive(stage), which)?.interim() },
  ticket: { weight: 2, args: numbers(4), run: (stage, [which = 0]) => void of(alive(stage), which)?.server.ticket() },
  keyUpdate: {
    weight: 2,
    args: numbers(4),
    run: (stage, [which = 0]) => void of(alive(stage), which)?.server.keyUpdate(true),
  },

  serverCloses: {
    weight: 3,
    args: numbers(4),
    run: (stage, [which = 0]) =>
      faulty(stage, which, (peer) => {
        peer.close();
      }),
  },
  serverEnds: {
    weight: 1,
    args: numbers(4),
    run: (stage, [which = 0]) => faulty(stage, which, ({ carrier }) => carrier.serverEnds()),
  },
  reset: {
    weight: 1,
    args: numbers(4),
    run: (stage, [which = 0]) =>
      faulty(stage, which, (peer) => {
        peer.broken = true;
        peer.carrier.fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      }),
  },
  garble: {
    weight: 1,
    args: numbers(4),
    run: (stage, [which = 0]) => faulty(stage, which, (peer) => peer.garble('220 no server of HTTP\r\n\r\n'), true),
  },
  /** Where nobody asks for anything. */
  intrude: {
    weight: 2,
    args: numbers(4),
    run: async (stage, [which = 0]) => {
      await stage.flow();
      const peer = of(idle(stage), which);
      if (peer === undefined || stage.open.length > 0) return;
      peer.garble('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno');
      await stage.flow();
      peer.intruded = true;
    },
  },
  /** A connection that is idle ends, and so many promises later somebody asks for something. */
  race: {
    weight: 4,
    args: numbers(4, 2, 24),
    run: async (stage, [which = 0, kind = 0, later = 0]) => {
      await stage.flow();
      const peer = of(idle(stage), which);
      if (peer === undefined) return;
      stage.fault(peer);
      peer.close();
      peer.carrier.feed(Infinity);
      for (let i = 0; i < later; i++) await Promise.resolve();
      const request = stage.request(kind, 10);
      if (!request.isRepeatable) request.lose();
      await stage.flow();
    },
  },
};

function faulty(stage: FetchStage, which: number, act: (peer: FetchPeer) => void, garbles = false): void {
  const peer = of(alive(stage), which);
  if (peer === undefined) return;
  stage.fault(peer, garbles);
  act(peer);
}
