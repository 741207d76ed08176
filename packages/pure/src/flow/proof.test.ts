import { describe, expect, it } from 'vitest';
import type { FinishedVerified } from '../auth/finished.ts';
import type { ChainVerified, SignatureVerified } from '../auth/verify.ts';
import type { ContinuesVerified } from '../session/resume.ts';
import { established, resumed, type Established } from './proof.ts';

declare const chain: ChainVerified;
declare const signature: SignatureVerified;
declare const finished: FinishedVerified;
declare const continues: ContinuesVerified;

/** Compiled, not run: `tsc` judges these lines. */
const compiled: (() => Established)[] = [
  () => established(chain, signature, finished),
  () => resumed(continues, finished),
  // @ts-expect-error two proofs where three are needed
  () => established(chain, finished),
  // @ts-expect-error a chain is no signature
  () => established(chain, chain, finished),
  // @ts-expect-error a resumed handshake needs a session, not a chain
  () => resumed(chain, finished),
  // @ts-expect-error nothing but a check makes a token
  () => established({}, {}, {}),
  // @ts-expect-error nor does an object that looks like one
  () => established({ chain: true }, signature, finished),
  // @ts-expect-error the end of a handshake is proved, too
  () => ({ established: true }),
];

describe('proof tokens', () => {
  it('are asked for by types alone: nothing here exports a way to make one', async () => {
    const exports = await Promise.all([
      import('./proof.ts'),
      import('../auth/verify.ts'),
      import('../auth/finished.ts'),
      import('../session/resume.ts'),
      import('../records.ts'),
    ]);
    const classes = exports.flatMap((module) => Object.keys(module)).filter((name) => /Proof|Token|mint/i.test(name));
    expect(classes).toEqual([]);
    expect(compiled).toHaveLength(8);
  });
});
