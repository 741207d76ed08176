import { extensionName, messageName } from '@ferrule/result/names';
import { ExtensionType, HandshakeType } from '@ferrule/result/numbers';
import { describe, expect, it } from 'vitest';
import { extensionSection, messageSection } from './index.ts';

describe('sections', () => {
  it('are known of each message that an engine here speaks', () => {
    const spoken = Object.values(HandshakeType).filter((type) => type !== HandshakeType.message_hash);
    for (const name of [...spoken.map(messageName), 'HelloRetryRequest', 'Alert', 'ChangeCipherSpec'])
      expect(messageSection(name), name).toMatchObject({ section: expect.stringMatching(/^\d+(\.\d+)*$/) });
    expect(messageSection('message 99')).toBeUndefined();
  });

  it('are those of the version where both have the message', () => {
    expect(messageSection('Finished')).toEqual({ rfc: 9846, section: '4.5.3' });
    expect(messageSection('Finished', 'TLSv1.2')).toEqual({ rfc: 5246, section: '7.4.9' });
    expect(messageSection('KeyUpdate', 'TLSv1.2')).toEqual({ rfc: 9846, section: '4.7.3' });
    expect(messageSection('ServerKeyExchange', 'TLSv1.3')).toEqual({ rfc: 8422, section: '5.4' });
  });

  it('are known of each extension that an engine here speaks, but for a draft', () => {
    const unknown = Object.values(ExtensionType)
      .map(extensionName)
      .filter((name) => extensionSection(name) === undefined);
    expect(unknown).toEqual(['tls_flags']);
    expect(extensionSection('key_share')).toEqual({ rfc: 9846, section: '4.3.8' });
    expect(extensionSection('GREASE 0x1a1a')).toEqual({ rfc: 8701, section: '2' });
    expect(extensionSection('random')).toBeUndefined();
  });
});
