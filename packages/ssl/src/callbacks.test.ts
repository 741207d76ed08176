import { TlsError, X509V } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { ask, askFailed, clock, refusalOf, type Asked } from './callbacks.ts';

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('no text');
  return value;
}
const outcome = ({ state, value, error }: Asked<unknown>): unknown[] => [
  state,
  value ?? (error as Error | undefined)?.message,
];

describe('ask', () => {
  it('has a synchronous answer at once', () => {
    expect(outcome(ask(() => 'yes', text))).toEqual(['done', 'yes']);
    expect(ask(() => 'yes', text).settled).toBeUndefined();
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('thrown');
      },
      'thrown',
    ],
    ['answers with the wrong type', () => 5, 'no text'],
    [
      'gives a thenable whose then is a getter that throws',
      () => ({
        get then() {
          throw new Error('getter');
        },
      }),
      'getter',
    ],
  ])('fails when the callback %s', (_what, call, message) => {
    expect(outcome(ask(call, text))).toEqual(['failed', message]);
  });

  it.each<[string, () => unknown, unknown[]]>([
    ['a promise', () => Promise.resolve('later'), ['done', 'later']],
    ['a promise of the wrong type', () => Promise.resolve(5), ['failed', 'no text']],
    ['a promise that is rejected', () => Promise.reject(new Error('no')), ['failed', 'no']],
    ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('then') }), ['done', 'then']],
    [
      'a function that is a thenable',
      () => Object.assign(() => 1, { then: (resolve: (value: string) => void) => resolve('then') }),
      ['done', 'then'],
    ],
    [
      'a thenable that throws',
      () => ({
        then: () => {
          throw new Error('then');
        },
      }),
      ['failed', 'then'],
    ],
    [
      'a thenable that answers twice',
      () => ({
        then: (resolve: (value: string) => void, reject: (error: Error) => void) => (
          resolve('first'),
          reject(new Error('second'))
        ),
      }),
      ['done', 'first'],
    ],
  ])('waits for %s', async (_what, call, expected) => {
    const asked = ask(call, text);
    expect(asked.state).toBe('pending');
    await asked.settled;
    expect(outcome(asked)).toEqual(expected);
  });
});

describe('the answer of a verify function', () => {
  const verdict = (call: () => unknown) => refusalOf(ask(call, (accepted) => accepted === true));
  const thrown = (error: unknown) =>
    verdict(() => {
      throw error;
    });

  it('accepts for true, and for nothing else', () => {
    expect(verdict(() => true)).toBeUndefined();
    for (const no of [false, 1, 'true', undefined, null, {}, [], 0, '', () => true]) {
      expect(verdict(() => no)).toMatchObject({
        error: { code: 'CERT_REJECTED', verify: { code: 50 } },
        verifyCode: 50,
        alert: 40,
      });
    }
  });

  it.each([0, 2 ** 31, 2 ** 32, -1, 0.5, NaN, Infinity, '18', undefined, null, {}])(
    'never refuses with the X509_V code %s',
    (code) => {
      const refusal = thrown(new TlsError('CERT_PIN_MISMATCH', 'mine', { verify: { code: code as number } }));
      expect(refusal).toMatchObject({
        error: { code: 'CERT_PIN_MISMATCH', message: 'mine', verify: { code: X509V.APPLICATION_VERIFICATION } },
        verifyCode: X509V.APPLICATION_VERIFICATION,
      });
    },
  );

  it('uses the X509_V code and the alert of an error', () => {
    const error = new TlsError('CERT_REVOKED', 'mine', {
      verify: { code: 23, depth: 1, subject: 'CN=a' },
      alert: { description: 48, origin: 'local' },
      hint: 'hint',
    });
    expect(thrown(error)).toMatchObject({
      verifyCode: 23,
      alert: 48,
      error: {
        code: 'CERT_REVOKED',
        message: 'mine',
        hint: 'hint',
        verify: { code: 23, depth: 1, subject: 'CN=a' },
        alert: { description: 48, origin: 'local' },
      },
    });
  });

  it.each([0, 90, 100, 256, -1, 1.5, NaN, '40'])('does not send %s, which is not a fatal alert', (description) => {
    expect(
      thrown(new TlsError('CERT_REVOKED', 'mine', { alert: { description: description as number, origin: 'local' } }))
        ?.alert,
    ).toBe(44);
  });

  it('is CERT_REJECTED with its cause for anything else thrown', () => {
    const error = new Error('mine');
    expect(thrown(error)).toMatchObject({ error: { code: 'CERT_REJECTED', cause: error } });
    for (const code of ['DISPOSED', 'CERT_DECOMPRESSION_FAILED'] as const) {
      const other = new TlsError(code, 'mine', { hint: '' });
      expect(thrown(other)).toMatchObject({ error: { code: 'CERT_REJECTED', cause: other }, verifyCode: 50 });
    }
  });

  it('includes what was thrown, if that has text', () => {
    const bare = Object.create(null) as object;
    for (const [error, said] of [
      [new Error('no such user'), 'the verify function failed: no such user'],
      [new Error(), 'the verify function failed'],
      [undefined, 'the verify function failed'],
      ['no', 'the verify function failed: no'],
      [Symbol('no'), 'the verify function failed: Symbol(no)'],
      [bare, 'the verify function failed: a value of type object'],
    ] as const)
      expect(thrown(error)?.error.message).toBe(said);
    expect(verdict(() => false)?.error.message).toBe('the verify function refused the certificate');
    expect(askFailed(new Error('no token'), 'choose a client credential').message).toBe(
      'could not choose a client credential: no token',
    );
  });
});

describe('clock', () => {
  it('is Date.now, or the caller’s', () => {
    expect(clock(undefined)).toBe(Date.now);
    for (const time of [12, Date.UTC(-1, 12), Date.UTC(10_000, 0) - 1]) expect(clock(() => time)()).toBe(time);
  });

  it.each<[string, () => unknown]>([
    ['NaN', () => NaN],
    ['Infinity', () => Infinity],
    ['a year before 0', () => Date.UTC(-1, 12) - 1],
    ['a year after 9999', () => Date.UTC(10_000, 0)],
    ['a string', () => '12'],
    ['a Date', () => new Date()],
    ['a bigint', () => 12n],
    ['nothing', () => undefined],
    [
      'an exception',
      () => {
        throw new Error('mine');
      },
    ],
  ])('that gives %s is CALLBACK_FAILED', (_what, now) => {
    expect(clock(now as () => number)).toThrow(
      expect.objectContaining({
        code: 'CALLBACK_FAILED',
        message: expect.stringContaining('the callback now failed') as string,
      }),
    );
  });
});
