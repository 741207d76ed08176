import { describe, expect, it } from 'vitest';
import { Alert, alertLevel, alertName } from './index.ts';

describe('alerts', () => {
  it('have the numbers of RFC 9846 section 6', () => {
    expect(Alert).toMatchObject({
      close_notify: 0,
      unexpected_message: 10,
      bad_record_mac: 20,
      record_overflow: 22,
      handshake_failure: 40,
      bad_certificate: 42,
      certificate_expired: 45,
      illegal_parameter: 47,
      unknown_ca: 48,
      decode_error: 50,
      decrypt_error: 51,
      protocol_version: 70,
      internal_error: 80,
      user_canceled: 90,
      missing_extension: 109,
      unsupported_extension: 110,
      unrecognized_name: 112,
      certificate_required: 116,
      no_application_protocol: 120,
    });
    expect(Object.isFrozen(Alert)).toBe(true);
  });

  it('have the names of the RFC, or their number where they are unassigned', () => {
    for (const [name, number] of Object.entries(Alert)) expect(alertName(number)).toBe(name);
    expect(alertName(255)).toBe('alert_255');
  });

  it('are fatal, except closure alerts and the refusal to renegotiate', () => {
    for (const number of [0, 90, 100]) expect(alertLevel(number)).toBe(1);
    for (const number of [10, 40, 49, 116, 255]) expect(alertLevel(number)).toBe(2);
  });
});
