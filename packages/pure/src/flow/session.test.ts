import { pki } from '@ferrule/conformance/pki';
import { describe, expect, it } from 'vitest';
import { testEffects } from '../../test/effects.ts';
import type { Facts } from '@ferrule/ssl';
import { Secret } from '../keys/secret.ts';
import type { Session } from '../session/session.ts';
import { giveSession } from './session.ts';

const leaf = await pki('p256');

function given(facts: Partial<Facts>): Session[] {
  const sessions: Session[] = [];
  const effects = testEffects();
  effects.hs.session = (session): void => void sessions.push(session);
  Object.assign(effects.negotiated.facts, facts);
  giveSession(effects, 1000, {
    version: 'TLSv1.2',
    cipherSuite: 0xc02b,
    host: 'server.test',
    secret: Secret.copyOf(new Uint8Array(48).fill(1)),
    ticket: new Uint8Array(8),
    sessionId: new Uint8Array(0),
    ageAdd: 0,
    maxEarlyData: 0,
    extendedMasterSecret: true,
  });
  return sessions;
}

describe('a session', () => {
  it('is given of a handshake that accepted ECH or did without, and of none that rejected it', () => {
    expect(given({}).length).toBe(1);
    expect(given({ ech: 'grease' }).length).toBe(1);
    expect(given({ ech: 'accepted' }).length).toBe(1);
    expect(given({ ech: 'rejected' })).toEqual([]);
  });

  it('does not outlive its ticket, nor a certificate; what cannot be read ends nothing', () => {
    const expiresAt = (facts: Partial<Facts>): number => given(facts)[0]?.expiresAt ?? 0;
    expect(Math.abs(expiresAt({ peerCertificates: [leaf.certificate] }) - Date.now() - 1_000_000)).toBeLessThan(60_000);
    expect(
      Math.abs(
        expiresAt({ peerCertificates: [new Uint8Array([1])], ocspResponse: new Uint8Array([1]) }) -
          Date.now() -
          1_000_000,
      ),
    ).toBeLessThan(60_000);
  });
});
