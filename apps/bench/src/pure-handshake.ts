/** @module Handshakes in memory, their chain verified each time, beside the sum of their primitives. Runs in pages too. */
import { bioPair } from '@ferrule/bio';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { type Figures, measure, ratio, type Task, timed } from './pure-measure.ts';
import { primitives, type Signed } from './pure-primitives.ts';
import { fresh, type Recording, replay } from './pure-replay.ts';

/** µs for one handshake. `warmUp`: a handshake is much code, and it takes some thousands until all of it is compiled. */
export async function handshakesInMemory(
  recording: Recording, provider: CryptoProvider, checks: readonly Signed[], { warmUp, count, rounds }: { readonly warmUp: number; readonly count: number; readonly rounds: number },
): Promise<Figures> {
  const sum = primitives(provider, recording.dice.fill, checks);
  const context = createPure({ crypto: provider }).createContext(recording.options);
  // Like the contexts, the BIOs are the caller's.
  const pair = bioPair(recording.received.length);
  for (let i = 0; i < warmUp; i++) await replay(recording, context, pair);
  const engine = (remembers: boolean): Task => async () => {
    // Contexts are made beforehand, as in a program; a fresh provider remembers no signature.
    const contexts = Array.from({ length: count }, () => createPure({ crypto: remembers ? provider : fresh(provider) }).createContext(recording.options));
    return timed(async () => {
      for (const each of contexts) await replay(recording, each, pair);
    })();
  };
  const figures = await measure(
    {
      engine: engine(false),
      'engine, signatures of the chain remembered': engine(true),
      primitives: timed(async () => {
        for (let i = 0; i < count; i++) await sum();
      }),
    },
    count,
    rounds,
  );
  return { ...figures, engineToPrimitives: ratio(figures, 'engine', 'primitives') };
}
