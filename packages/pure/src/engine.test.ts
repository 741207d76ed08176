import { SslErrorCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.ts';
import type { Steps, Wait } from './wait.ts';

function* waits(...codes: Wait[]): Steps<void> {
  yield* codes;
}

describe('Engine', () => {
  it('turns each wait into its negated code, and the end into 1', () => {
    const engine = new Engine();
    engine.start(waits(SslErrorCode.wantRead, SslErrorCode.wantX509Lookup));
    expect([engine.busy, engine.resume(), engine.resume(), engine.resume(), engine.busy]).toEqual([
      true,
      -2,
      -4,
      1,
      false,
    ]);
    expect(engine.resume()).toBe(1);
  });

  it('passes on what the steps throw, and never takes their end for a success', () => {
    const engine = new Engine();
    const bug = new RangeError('bug');
    engine.start(
      (function* (): Steps<void> {
        yield SslErrorCode.wantRead;
        throw bug;
      })(),
    );
    expect(engine.resume()).toBe(-2);
    expect(() => engine.resume()).toThrow(bug);
    for (let again = 0; again < 2; again++)
      expect(() => engine.resume()).toThrow(expect.objectContaining({ code: 'INTERNAL_ERROR' }));
    engine.start(waits());
    expect(() => engine.resume()).toThrow(expect.objectContaining({ code: 'INTERNAL_ERROR' }));
  });

  it('goes on with nothing that was stopped', () => {
    const engine = new Engine();
    engine.start(waits(SslErrorCode.wantRead));
    engine.stop();
    expect([engine.busy, engine.resume()]).toEqual([false, 1]);
  });
});
