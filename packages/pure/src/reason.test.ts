import { Alert, CODES, TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { ALERT_OF, fail } from './reason.ts';

describe('the reason → alert map', () => {
  it('has a row for every code, and no other', () => {
    expect(Object.keys(ALERT_OF).sort()).toEqual(Object.keys(CODES).sort());
  });

  it('names only assigned alerts', () => {
    const assigned = new Set<number | null>([null, ...Object.values(Alert)]);
    for (const [code, alert] of Object.entries(ALERT_OF)) expect(assigned.has(alert), code).toBe(true);
  });
});

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

  it('owes no alert where the peer is gone, and takes the sentence of the code', () => {
    const error = fail('UNEXPECTED_EOF');
    expect(error.alert).toBeUndefined();
    expect(error.message).toBe(CODES.UNEXPECTED_EOF.meaning);
  });
});
