import { SslErrorCode, TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { finish, testEffects } from '../test/effects.ts';
import type { Effects, HandshakeIo } from './effects.ts';
import type { HandshakeMessage } from './record/coalesce.ts';
import { flush, recv, settle, type Wait } from './wait.ts';

describe('settle', () => {
  it('gives a plain value back at once, without a wait', async () => {
    const effects = testEffects();
    expect(await finish(effects, settle(effects, 'step', 5))).toBe(5);
    expect(await finish(effects, settle(effects, 'step', undefined))).toBeUndefined();
    expect(effects.waits).toEqual([]);
  });

  it('waits for a promise with the given reason, and goes on with its value', async () => {
    const effects = testEffects();
    expect(await finish(effects, settle(effects, 'step', Promise.resolve('later'), SslErrorCode.wantRetryVerify))).toBe(
      'later',
    );
    expect(effects.waits).toEqual([SslErrorCode.wantRetryVerify]);
  });

  it('asked too early, waits again', () => {
    const effects = testEffects();
    const steps = settle(effects, 'step', new Promise<number>(() => undefined));
    expect([steps.next(), steps.next()]).toEqual([
      { done: false, value: SslErrorCode.wantAsync },
      { done: false, value: SslErrorCode.wantAsync },
    ]);
  });

  it('fails with the cause of a rejection, or with the TlsError that it is', async () => {
    const effects = testEffects();
    const cause = new Error('the token was pulled out');
    await expect(finish(effects, settle(effects, 'sign', Promise.reject(cause)))).rejects.toMatchObject({
      code: 'ASYNC_OPERATION_FAILED',
      cause,
      message: 'could not sign: the token was pulled out',
    });
    const refused = new TlsError('CERT_REVOKED', undefined, { alert: { description: 44, origin: 'local' } });
    await expect(finish(effects, settle(effects, 'verify', Promise.reject(refused)))).rejects.toBe(refused);
  });
});

describe('recv and flush', () => {
  /** Effects that answer from a script. */
  const scripted = (...script: (HandshakeMessage | Wait | true)[]): { effects: Effects; steps: string[] } => {
    const steps: string[] = [];
    const next = (): never => script.shift() as never;
    return {
      effects: {
        hs: { enter: (step: string) => void steps.push(step), poll: next, flush: next } as Partial<HandshakeIo>,
      } as Effects,
      steps,
    };
  };

  it('yield what the connection waits for, until it is there', () => {
    const message = { type: 2, raw: new Uint8Array(4), body: new Uint8Array(0) };
    const { effects, steps } = scripted(
      SslErrorCode.wantWrite,
      SslErrorCode.wantRead,
      message,
      SslErrorCode.wantAsync,
      true,
    );
    const reading = recv(effects, 'ServerHello');
    expect([reading.next().value, reading.next().value, reading.next()]).toEqual([
      SslErrorCode.wantWrite,
      SslErrorCode.wantRead,
      { done: true, value: message },
    ]);
    const writing = flush(effects, 'Finished');
    expect([writing.next().value, writing.next().done]).toEqual([SslErrorCode.wantAsync, true]);
    expect(steps).toEqual(['read ServerHello', 'write Finished']);
  });
});
