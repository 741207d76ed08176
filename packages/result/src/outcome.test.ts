import { describe, expect, it } from 'vitest';
import {
  DONE,
  failed,
  ioOutcome,
  notDone,
  outcome,
  returnOf,
  SslErrorCode,
  sslErrorName,
  TlsError,
  type ErrorSource,
  type Failed,
} from './index.ts';

const source = (code: SslErrorCode, failure?: Failed): ErrorSource => ({ getError: () => code, failure });
const fatal = failed(new TlsError('DECODE_ERROR'));

describe('outcome', () => {
  it('is done for a positive return, without calling getError()', () => {
    const silent: ErrorSource = {
      getError: () => {
        throw new Error('asked');
      },
      failure: undefined,
    };
    expect(outcome(silent, 1)).toBe(DONE);
    expect(ioOutcome(silent, 17)).toBe(17);
  });

  it.each([
    [SslErrorCode.wantRead, 'read'],
    [SslErrorCode.wantWrite, 'write'],
    [SslErrorCode.wantX509Lookup, 'x509Lookup'],
    [SslErrorCode.wantAsync, 'async'],
    [SslErrorCode.wantRetryVerify, 'retryVerify'],
  ] as const)('of code %i is what to wait for', (code, want) => {
    expect(outcome(source(code), -1)).toEqual({ kind: 'want', want, ret: -1, code });
  });

  it('of a count cannot be had from outcome(), which would lose it', () => {
    const read = (): number => 17;
    // @ts-expect-error a count: use ioOutcome()
    expect(outcome(source(SslErrorCode.none), read())).toBe(DONE);
    expect(ioOutcome(source(SslErrorCode.none), read())).toBe(17);
  });

  it('is closed after close_notify', () => {
    expect(ioOutcome(source(SslErrorCode.zeroReturn), 0)).toEqual({ kind: 'closed', ret: 0, code: 6 });
  });

  it('is the one failure of the connection', () => {
    expect(outcome(source(SslErrorCode.ssl, fatal), -1)).toBe(fatal);
    const transport = failed(new TlsError('TRANSPORT_ERROR'), -1, SslErrorCode.syscall);
    expect(ioOutcome(source(SslErrorCode.syscall, transport), -1)).toBe(transport);
    expect(failed(new TlsError('PEER_ALERT'), 0)).toMatchObject({ ret: 0, code: 1 });
  });

  it('does not allocate: the same frozen object each time', () => {
    for (const code of [
      SslErrorCode.wantRead,
      SslErrorCode.wantWrite,
      SslErrorCode.wantX509Lookup,
      SslErrorCode.wantAsync,
      SslErrorCode.wantRetryVerify,
      SslErrorCode.zeroReturn,
    ]) {
      const first = notDone(source(code), -1);
      expect(notDone(source(code), -1)).toBe(first);
      expect(Object.isFrozen(first)).toBe(true);
    }
    expect(Object.isFrozen(DONE)).toBe(true);
    expect(Object.isFrozen(fatal)).toBe(true);
  });

  it('converts back to the original integer', () => {
    expect(returnOf(DONE)).toBe(1);
    expect(returnOf(12)).toBe(12);
    expect(returnOf(notDone(source(SslErrorCode.wantRead), -1))).toBe(-1);
    expect(returnOf(notDone(source(SslErrorCode.zeroReturn), 0))).toBe(0);
  });

  it('throws when an engine gives no reason', () => {
    expect(() => outcome(source(SslErrorCode.none), -1)).toThrow(/engine broke the contract/);
    expect(() => outcome(source(SslErrorCode.ssl), -1)).toThrow(/engine broke the contract/);
  });
});

describe('sslErrorName', () => {
  it("is OpenSSL's name, and the number where there is none", () => {
    expect(sslErrorName(SslErrorCode.wantRead)).toBe('SSL_ERROR_WANT_READ');
    expect(sslErrorName(SslErrorCode.wantX509Lookup)).toBe('SSL_ERROR_WANT_X509_LOOKUP');
    expect(sslErrorName(99)).toBe('SSL_ERROR_99');
  });
});
