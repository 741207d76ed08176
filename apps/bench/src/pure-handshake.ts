/**
 * @module Handshakes in memory, their chain verified each time, beside the sum of their primitives. Runs in pages too.
 */
import { bioPair } from '@ferrule/bio';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { type Figures, measure, ratio, type Task, timed } from './pure-measure.ts';
import { primitives, type Signed } from './pure-primitives.ts';
import { forgetful, type Recording, replay } from './pure-replay.ts';

/**
 * µs for one handshake. `warmUp`: a handshake is much code, and it takes some thousands until all of it is compiled.
 */
export async function handshakesInMemory(
  recording: Recording,
  provider: CryptoProvider,
  checks: readonly Signed[],
  { warmUp, count, rounds }: { readonly warmUp: number; readonly count: number; readonly rounds: number },
): Promise<Figures> {
  const sum = primitives(provider, recording.dice.fill, checks);
  // Like the contexts, the BIOs are the caller's.
  const pair = bioPair(recording.received.length);
  const engine = async (of: CryptoProvider): Promise<Task> => {
    const context = createPure({ crypto: of }).createContext(recording.options);
    for (let i = 0; i < warmUp; i++) await replay(recording, context, pair);
    return timed(async () => {
      for (let i = 0; i < count; i++) await replay(recording, context, pair);
    });
  };
  const figures = await measure(
    {
      engine: await engine(forgetful(provider)),
      'engine, signatures of the chain remembered': await engine(provider),
      primitives: timed(async () => {
        for (let i = 0; i < count; i++) await sum();
      }),
    },
    count,
    rounds,
  );
  return { ...figures, engineToPrimitives: ratio(figures, 'engine', 'primitives') };
}
