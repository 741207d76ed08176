import { describe, expect, it } from 'vitest';
import { finish, testEffects } from '../../test/effects.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import { isGrease } from '../wire/names.ts';
import { describeHello, makeOffer, retryOffer } from './hello.ts';

describe('a ClientHello with GREASE', () => {
  it('has one share of a GREASE group, and none when a HelloRetryRequest asks for a group', async () => {
    const effects = testEffects({ grease: true, groups: [29, 23] });
    const offer = await finish(effects, makeOffer(effects, { host: undefined, session: undefined, earlyData: false }));
    const shares = (of: typeof offer): readonly boolean[] =>
      (decodeExtensions('clientHello', describeHello(effects, of).extensions).keyShare ?? []).map(({ group }) => isGrease(group));
    expect(shares(offer)).toEqual([true, false]);
    const { hashes } = effects.config.provider;
    const group = effects.config.groups.find(({ name }) => name === 'secp256r1');
    expect(shares(await finish(effects, retryOffer(effects, offer, { group: undefined, cookie: new Uint8Array(1), hash: hashes.sha256 })))).toEqual([true, false]);
    expect(shares(await finish(effects, retryOffer(effects, offer, { group, cookie: undefined, hash: hashes.sha256 })))).toEqual([false]);
  });
});
