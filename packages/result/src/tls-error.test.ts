import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { describe, expect, it } from 'vitest';
import { Alert, CODES, errorCodes, TlsError, X509V, type TlsErrorCode } from './index.ts';

const ROWS = { TEAPOT: { meaning: 'The peer is a teapot.', remedy: 'Use a kettle.', alert: 'access_denied' } } as const;
declare global {
  interface FerruleErrorCodes extends Record<keyof typeof ROWS, true> {}
}
const OWN = errorCodes(ROWS);

describe('TlsError', () => {
  it("uses its code's meaning and remedy unless given a message", () => {
    const error = new TlsError('CERT_EXPIRED');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('TlsError');
    expect(error.message).toBe(CODES.CERT_EXPIRED.meaning);
    expect(error.hint).toBe(CODES.CERT_EXPIRED.remedy);
    expect(error.alert).toBe(undefined);
    expect(error.verify).toBe(undefined);
    expect('cause' in error).toBe(false);
  });

  it('accepts the row of a package with its own codes, which its type includes', () => {
    const error = new TlsError(OWN.TEAPOT, undefined, { cause: 'kettle' });
    const code: TlsErrorCode = 'TEAPOT';
    expect(error).toMatchObject({ code, message: 'The peer is a teapot.', hint: 'Use a kettle.', cause: 'kettle' });
    expect(OWN.TEAPOT.alert).toBe(Alert.access_denied);
    // @ts-expect-error a code without a row
    expect(() => new TlsError('TEAPOT')).toThrow(TypeError);
  });

  it('copies another error, with another message or details', () => {
    const first = new TlsError('CERT_EXPIRED', 'too old', { hint: 'Renew it.' });
    expect(new TlsError(first)).toMatchObject({ code: 'CERT_EXPIRED', message: 'too old', hint: 'Renew it.' });
    expect(new TlsError(first, 'older', { cause: first })).toMatchObject({
      message: 'older',
      hint: 'Renew it.',
      cause: first,
    });
  });

  it('has the ECHConfigList to try next, and so do its copies', () => {
    const echRetryConfigs = Uint8Array.of(1, 2);
    const first = new TlsError('ECH_REJECTED', undefined, { echRetryConfigs });
    expect([first.echRetryConfigs, new TlsError(first).echRetryConfigs]).toEqual([echRetryConfigs, echRetryConfigs]);
    expect('echRetryConfigs' in new TlsError('ECH_REJECTED')).toBe(false);
  });

  it('names the alert and who sent it', () => {
    const { alert } = new TlsError('PEER_ALERT', 'refused', {
      alert: { description: Alert.handshake_failure, origin: 'peer' },
    });
    expect(alert).toEqual({ description: 40, name: 'handshake_failure', level: 2, origin: 'peer' });
  });

  it('names the verification result, at depth 0 by default', () => {
    const verify = { code: X509V.CERT_HAS_EXPIRED, depth: 1, subject: 'CN=R11' };
    expect(new TlsError('CERT_EXPIRED', undefined, { verify }).verify).toEqual({
      ...verify,
      name: 'X509_V_ERR_CERT_HAS_EXPIRED',
    });
    expect(new TlsError('CERT_EXPIRED', undefined, { verify: { code: 10 } }).verify).toMatchObject({
      depth: 0,
      subject: undefined,
    });
  });

  it('keeps the given hint and cause', () => {
    const cause = new Error('read ECONNRESET');
    const error = new TlsError('TRANSPORT_ERROR', 'the socket failed', { cause, hint: 'try again' });
    expect(error.cause).toBe(cause);
    expect(error.hint).toBe('try again');
  });

  it('serialises to JSON with everything a log needs, and nothing else', () => {
    const error = new TlsError('CERT_EXPIRED', 'R11 expired', {
      alert: { description: 45, origin: 'local' },
      verify: { code: 10, depth: 1, subject: 'CN=R11' },
      cause: new Error('secret stack', { cause: 'x' }),
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'TlsError',
      code: 'CERT_EXPIRED',
      message: 'R11 expired',
      hint: CODES.CERT_EXPIRED.remedy,
      alert: { description: 45, name: 'certificate_expired', level: 2, origin: 'local' },
      verify: {
        code: 10,
        name: 'X509_V_ERR_CERT_HAS_EXPIRED',
        depth: 1,
        subject: 'CN=R11',
        sentence: 'the certificate has expired',
      },
      cause: 'secret stack',
    });
    expect(JSON.parse(JSON.stringify(new TlsError('TIMEOUT', 'late', { cause: 7 })))).toEqual({
      name: 'TlsError',
      code: 'TIMEOUT',
      message: 'late',
      hint: CODES.TIMEOUT.remedy,
      cause: '7',
    });
  });

  it('is sent to another thread as the result of toJSON()', () => {
    const json = new TlsError('CERT_EXPIRED', 'R11 expired', { verify: { code: 10 } }).toJSON();
    expect(structuredClone(json)).toEqual(json);
  });

  it('cannot be made with an unknown code', () => {
    for (const wrong of ['NOPE', '', undefined, null, 5, {}, Object.create(null) as object])
      expect(() => new TlsError(wrong as 'TIMEOUT', 'x')).toThrow(/^code: .* is not one of CODES/);
  });

  it('is recognised by its brand, not by a name that anyone can set', () => {
    expect(TlsError.is(new TlsError('TIMEOUT'))).toBe(true);
    for (const other of [
      undefined,
      null,
      1,
      'TlsError',
      new Error('x'),
      Object.assign(new Error('x'), { name: 'TlsError', code: 'TIMEOUT' }),
    ]) {
      expect(TlsError.is(other)).toBe(false);
    }
    expect(Object.keys(new TlsError('TIMEOUT'))).not.toContain('ferrule.TlsError');
  });

  it('is recognised across the ESM and the CJS copy of this package', async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'ferrule-result-'));
    try {
      const entry = fileURLToPath(new URL('index.ts', import.meta.url));
      await build({
        entry: { index: entry },
        format: ['esm', 'cjs'],
        outDir,
        outExtension: ({ format }) => ({ js: format === 'cjs' ? '.cjs' : '.mjs' }),
        config: false,
        silent: true,
        esbuildOptions: (options) => void (options.conditions = ['@ferrule/source']),
      });
      const cjs = createRequire(import.meta.url)(join(outDir, 'index.cjs')) as { TlsError: typeof TlsError };
      const esm = (await import(/* @vite-ignore */ pathToFileURL(join(outDir, 'index.mjs')).href)) as {
        TlsError: typeof TlsError;
      };
      expect(cjs.TlsError).not.toBe(esm.TlsError);
      const error = new cjs.TlsError('TIMEOUT');
      expect(error).not.toBeInstanceOf(esm.TlsError);
      expect(esm.TlsError.is(error)).toBe(true);
      expect(TlsError.is(error)).toBe(true);
      expect(cjs.TlsError.is(new TlsError('TIMEOUT'))).toBe(true);
    } finally {
      await rm(outDir, { recursive: true });
    }
  });
});
