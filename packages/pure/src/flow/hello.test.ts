import { isGrease } from '@ferrule/result/numbers';
import { describe, expect, it } from 'vitest';
import { finish, testEffects } from '../../test/effects.ts';
import { Transcript } from '../keys/transcript.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import { clientHello, describeHello, makeOffer, retryOffer } from './hello.ts';

describe('a ClientHello', () => {
  const length = async (alpn: string): Promise<number> => {
    const effects = testEffects({ groups: [29], alpn: [alpn] });
    const offer = await finish(effects, makeOffer(effects, { host: undefined, session: undefined, earlyData: false }));
    expect(describeHello(effects, offer)).toBe(describeHello(effects, offer));
    return clientHello(effects, offer, new Transcript()).length;
  };

  it('of 256 to 511 bytes is padded to 512', async () => {
    const plain = await length('x');
    expect(plain).toBeLessThan(256);
    const longer = (bytes: number): Promise<number> => length('x'.repeat(1 + bytes - plain));
    expect(await longer(255)).toBe(255);
    expect(await longer(256)).toBe(512);
    expect(await longer(400)).toBe(512);
  });
});

describe('a ClientHello with GREASE', () => {
  it('has one share of a GREASE group, and none when a HelloRetryRequest asks for a group', async () => {
    const effects = testEffects({ grease: true, groups: [29, 23] });
    const offer = await finish(effects, makeOffer(effects, { host: undefined, session: undefined, earlyData: false }));
    const shares = (of: typeof offer): readonly boolean[] =>
      (decodeExtensions('clientHello', describeHello(effects, of).extensions).keyShare ?? []).map(({ group }) =>
        isGrease(group),
      );
    expect(shares(offer)).toEqual([true, false]);
    const { hashes } = effects.config.provider;
    const group = effects.config.groups.find(({ name }) => name === 'secp256r1');
    expect(
      shares(
        await finish(
          effects,
          retryOffer(effects, offer, { group: undefined, cookie: new Uint8Array(1), hash: hashes.sha256 }),
        ),
      ),
    ).toEqual([true, false]);
    expect(
      shares(await finish(effects, retryOffer(effects, offer, { group, cookie: undefined, hash: hashes.sha256 }))),
    ).toEqual([false]);
  });
});
