/** @module Every step that can be played on a face. */
import type { Random } from '../fuzz/mutator.ts';
import { size, type Recipe } from './sequence.ts';
import type { FaceLink } from './face-link.ts';

export interface FaceStage {
  readonly link: FaceLink;
  settle(index: number, how: 'accept' | 'refuse' | 'reject'): void;
  /** Lets the event loop run until nothing more happens by itself. */
  quiet(): Promise<void>;
  /** Lets milliseconds pass. */
  wait(milliseconds: number): Promise<void>;
  next(who: number): Promise<void>;
}

export interface FaceStepKind extends Recipe {
  run(stage: FaceStage, args: readonly number[]): void | Promise<void>;
}

const one =
  (limit: number) =>
  (random: Random): number[] => [random.below(limit)];
const sized = (random: Random): number[] => [size(random)];
const large = (random: Random): number[] => [random.below(6) === 0 ? 100_000 + random.below(250_000) : size(random)];

export const FACE_STEPS: Readonly<Record<string, FaceStepKind>> = {
  read: { weight: 12, args: sized, nests: true, run: ({ link }, [n = 1]) => link.face.read(n) },
  pause: { weight: 3, nests: true, run: ({ link }) => link.face.pause() },
  write: { weight: 16, args: large, nests: true, run: ({ link }, [n = 1]) => link.write(n) },
  writeTaken: { weight: 1, args: large, nests: true, run: ({ link }, [n = 1]) => link.write(n, true) },
  writeWrong: { weight: 1, args: one(5), run: ({ link }, [which = 0]) => link.writeWrong(which) },
  end: { weight: 2, nests: true, run: ({ link }) => link.end() },
  close: { weight: 1, nests: true, run: ({ link }) => link.close() },
  destroy: { weight: 1, nests: true, run: ({ link }) => link.destroy() },
  abort: { weight: 1, nests: true, run: ({ link }) => link.abort() },
  keyUpdate: { weight: 5, args: one(2), nests: true, run: ({ link }, [request = 0]) => link.keyUpdate(request === 1) },
  exporter: {
    weight: 2,
    args: (random) => [1 + random.below(200)],
    nests: true,
    run: ({ link }, [n = 32]) => link.exporter(n),
  },

  drain: { weight: 8, args: large, run: ({ link }, [n = 1]) => void link.drain(n) },
  feed: { weight: 9, args: sized, run: ({ link }, [n = 1]) => void link.feed(n) },
  flow: { weight: 8, run: (stage) => flow(stage) },
  tick: { weight: 6, run: (stage) => stage.quiet() },
  wait: { weight: 3, args: (random) => [1 + random.below(2_000)], run: (stage, [ms = 1]) => stage.wait(ms) },
  accept: { weight: 4, args: one(4), run: (stage, [index = 0]) => stage.settle(index, 'accept') },
  refuse: { weight: 1, args: one(4), run: (stage, [index = 0]) => stage.settle(index, 'refuse') },
  reject: { weight: 1, args: one(4), run: (stage, [index = 0]) => stage.settle(index, 'reject') },

  serverData: { weight: 9, args: large, run: ({ link }, [n = 1]) => void link.server.data(n) },
  serverKeyUpdate: {
    weight: 5,
    args: one(2),
    run: ({ link }, [request = 0]) => void link.server.keyUpdate(request === 1),
  },
  serverTicket: { weight: 5, run: ({ link }) => void link.server.ticket() },
  serverRequest: { weight: 2, run: ({ link }) => void link.server.certificateRequest() },
  serverCloses: { weight: 2, run: ({ link }) => void link.server.closeNotify() },
  serverAlert: { weight: 1, run: ({ link }) => void (link.server.alertWith(2, 40) && link.excuses.add('PEER_ALERT')) },
  serverGarbage: { weight: 1, run: ({ link }) => void (link.server.garbage() && link.excuses.add('BAD_RECORD_MAC')) },
  serverEnds: { weight: 1, run: ({ link }) => link.serverEnds() },
  reset: { weight: 1, run: ({ link }) => link.reset() },

  next: { weight: 3, args: one(4), run: (stage, [who = 0]) => stage.next(who) },
};

export async function flow(stage: FaceStage): Promise<void> {
  const { link } = stage;
  for (let i = 0; i < 200; i++) {
    const moved = link.drain(Infinity) + link.feed(Infinity);
    await stage.quiet();
    if (moved === 0 && link.face.carrier.queued === 0) return;
  }
}
