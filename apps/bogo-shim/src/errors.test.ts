import { CODES, TlsError } from '@ferrule/result';
import { describe as suite, expect, it } from 'vitest';
import { describe, errorMap } from './errors.ts';

suite('describe', () => {
  it("says our code and BoringSSL's reason between colons", () => {
    const line = describe(new TlsError('PEER_BAD_FINISHED'), false);
    expect(line).toContain(':PEER_BAD_FINISHED:');
    expect(line).toContain(':DIGEST_CHECK_FAILED:');
  });

  it('says every certificate failure but those with a name of their own as BoringSSL does', () => {
    expect(describe(new TlsError('CERT_REJECTED'), false)).toContain(':CERTIFICATE_VERIFY_FAILED:');
    expect(describe(new TlsError('CERT_OCSP_INVALID'), false)).toContain(':OCSP_CB_ERROR:');
  });

  it('names the alert of a peer, and whether it answered the ClientHello', () => {
    const error = new TlsError('PEER_ALERT', undefined, { alert: { description: 40, origin: 'peer' } });
    expect(describe(error, true)).toContain(':HANDSHAKE_FAILURE_ON_CLIENT_HELLO:');
    expect(describe(error, false)).toContain(':SSLV3_ALERT_HANDSHAKE_FAILURE:');
    expect(describe(error, false)).not.toContain('ON_CLIENT_HELLO');
    const overflow = new TlsError('PEER_ALERT', undefined, { alert: { description: 22, origin: 'peer' } });
    expect(describe(overflow, false)).toContain(':TLSV1_ALERT_RECORD_OVERFLOW:');
  });
});

suite('errorMap', () => {
  it('adds only codes that exist to a reason', () => {
    for (const [reason, [first, ...codes]] of [
      ...Object.entries(errorMap('pure')),
      ...Object.entries(errorMap('native')),
    ]) {
      expect(first).toBe(reason);
      for (const code of codes) expect(CODES).toHaveProperty(code.slice(1, -1));
    }
  });

  it('takes more for native, whose OpenSSL tells less apart', () => {
    expect(errorMap('native')[':WRONG_CURVE:']).toEqual([':WRONG_CURVE:', ':BAD_KEY_SHARE:']);
    expect(errorMap('pure')[':WRONG_CURVE:']).toBeUndefined();
  });
});
