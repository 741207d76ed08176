import { CODES, TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { fail } from './reason.ts';

describe('fail', () => {
  it('makes the one error, with the alert of its code', () => {
    const error = fail('BAD_KEY_SHARE', 'the point is not on the curve');
    expect(TlsError.is(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'BAD_KEY_SHARE',
      message: 'the point is not on the curve',
      alert: { name: 'illegal_parameter', origin: 'local' },
    });
  });

  it('has no alert where the peer is gone, and takes the sentence of the code', () => {
    const error = fail('UNEXPECTED_EOF');
    expect(error.alert).toBeUndefined();
    expect(error.message).toBe(CODES.UNEXPECTED_EOF.meaning);
  });
});
