import { describe, expect, it } from 'vitest';
import { Alert, alertMeaning, peerAlert } from './index.ts';

describe('an alert of the peer', () => {
  it('is described by its name, its number and its meaning here', () => {
    const error = peerAlert(Alert.protocol_version);
    expect(error.message).toBe(
      'the peer sent the alert protocol_version (70): it supports none of the offered TLS versions',
    );
    expect(error.hint).toMatch(/minVersion/);
    expect(error.alert).toEqual({ description: 70, name: 'protocol_version', level: 2, origin: 'peer' });
  });

  it('that nobody knows is told by its number', () => {
    expect(peerAlert(99).message).toBe('the peer sent the alert alert_99 (99)');
    expect(peerAlert(99).hint).toMatch(/log of the server/);
  });

  it('has a meaning wherever RFC 9846 lets a server send it', () => {
    // Not sent by servers of TLS 1.2 and 1.3, or no end of a connection
    const others: readonly number[] = [
      Alert.decryption_failed,
      Alert.decompression_failure,
      Alert.no_certificate,
      Alert.export_restriction,
      Alert.inappropriate_fallback,
      Alert.user_canceled,
      Alert.no_renegotiation,
      Alert.certificate_unobtainable,
      Alert.bad_certificate_status_response,
      Alert.bad_certificate_hash_value,
    ];
    for (const [name, description] of Object.entries(Alert))
      expect(alertMeaning(description) === undefined, name).toBe(others.includes(description));
  });

  it('means something about the server, its subject', () => {
    for (const description of Object.values(Alert)) expect(alertMeaning(description)?.what ?? 'it ').toMatch(/^it /);
  });
});
