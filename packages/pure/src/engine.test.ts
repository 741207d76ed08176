import { SslError, TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { Engine, type Farewell } from './engine.ts';
import { fail } from './reason.ts';
import type { Steps, Wait } from './wait.ts';

const make = (flushes: (Wait | 0)[] = []): { engine: Engine; said: (number | 'end')[] } => {
  const said: (number | 'end')[] = [];
  const alert: Farewell['alert'] = (error) => {
    if (error.alert?.origin !== 'local') return false;
    said.push(error.alert.description);
    return true;
  };
  const farewell: Farewell = { alert, flush: () => flushes.shift() ?? 0, end: () => void said.push('end') };
  return { engine: new Engine(farewell), said };
};

function* waits(...codes: Wait[]): Steps<void> {
  yield* codes;
}
const throws = (error: unknown): Steps<void> =>
  (function* (): Steps<void> {
    throw error;
  })();

describe('Engine', () => {
  it('turns each wait into -1 with its reason, and the end into 1', () => {
    const { engine } = make();
    engine.start(waits(SslError.wantRead, SslError.wantX509Lookup));
    expect([engine.resume(), engine.why]).toEqual([-1, SslError.wantRead]);
    expect([engine.resume(), engine.why]).toEqual([-1, SslError.wantX509Lookup]);
    expect(engine.resume()).toBe(1);
    expect(engine.busy).toBe(false);
  });

  it('sends the alert of a failure, ends, and keeps returning the same failure', () => {
    const { engine, said } = make();
    engine.start(throws(fail('PEER_BAD_FINISHED')));
    expect(engine.resume()).toBe(-1);
    expect(said).toEqual([51, 'end']);
    const { failure } = engine;
    expect(failure).toMatchObject({ ret: -1, code: SslError.ssl, error: { code: 'PEER_BAD_FINISHED' } });
    expect([engine.resume(), engine.why, engine.failure]).toEqual([-1, SslError.ssl, failure]);
    expect(said).toHaveLength(2);
  });

  it('waits for room in the write BIO before it fails, so that the alert is never lost', () => {
    const { engine, said } = make([SslError.wantWrite, SslError.wantAsync]);
    engine.start(throws(fail('DECODE_ERROR')));
    expect([engine.resume(), engine.why, engine.failure]).toEqual([-1, SslError.wantWrite, undefined]);
    expect([engine.resume(), engine.why]).toEqual([-1, SslError.wantAsync]);
    expect([engine.resume(), engine.why]).toEqual([-1, SslError.ssl]);
    expect(said).toEqual([50, 'end']);
  });

  it("returns 0 for the peer's alert during the handshake and -1 after it", () => {
    const alert = new TlsError('PEER_ALERT', undefined, { alert: { description: 40, origin: 'peer' } });
    const { engine, said } = make();
    engine.start(throws(alert));
    expect([engine.resume(), engine.why]).toEqual([0, SslError.ssl]);
    expect(said).toEqual(['end']);
    const later = make().engine;
    later.handshaking = false;
    expect(later.fail(alert)).toBe(-1);
  });

  it('calls a failed transport SSL_ERROR_SYSCALL and sends nothing', () => {
    const { engine, said } = make([SslError.wantWrite]);
    expect([engine.fail(fail('TRANSPORT_ERROR')), engine.why]).toEqual([-1, SslError.syscall]);
    expect(said).toEqual(['end']);
  });

  it('makes an exception of another class an INTERNAL_ERROR', () => {
    const { engine, said } = make();
    const bug = new RangeError('bug');
    expect(engine.fail(bug)).toBe(-1);
    expect(engine.failure?.error).toMatchObject({ code: 'INTERNAL_ERROR', cause: bug });
    expect(said).toEqual([80, 'end']);
  });
});
