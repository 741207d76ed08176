/** Random scenes of CRLs, their ages, scopes and keys: both engines say the same of each. */
import { type CrlOptions, type Identity, issue, LEAF_NAMES, makeCrl } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { expect, it } from 'vitest';
import { randomFrom } from '../src/chains/dice.ts';
import { askEngine } from '../src/chains/engines.ts';
import { tlv } from '../src/fuzz/der.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

const [USERS, CAS, REASONS] = [
  tlv(0x81, Uint8Array.of(0xff)),
  tlv(0x82, Uint8Array.of(0xff)),
  tlv(0x83, Uint8Array.of(6, 0x40)),
];
const SCENES = 25;

it.skipIf(!loaded.ok)(`${SCENES} scenes of one to three lists are judged alike`, async () => {
  if (!loaded.ok) return;
  const random = randomFrom(12);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const named = { subject: 'CN=of two keys', ca: true };
  const root = await issue(undefined, { subject: 'CN=root', ca: true });
  const issuer = await issue(root, named);
  const renewed = await issue(pick([root, issuer]), named);
  const leaf = await issue(issuer, { names: LEAF_NAMES });
  const chain = {
    sent: [leaf, issuer, renewed].map(({ certificate }) => certificate),
    anchors: [root.certificate],
    leafKey: leaf.privateKey,
  };
  const list = (): readonly [told: string, made: Promise<Uint8Array>] => {
    const [by, target]: readonly [Identity, Identity] = random() < 0.3 ? [root, issuer] : [issuer, leaf];
    const scope = pick([undefined, undefined, undefined, USERS, CAS, REASONS]);
    const [from, revokes, other] = [-pick([1, 2, 3]), random() < 0.4, by === issuer && random() < 0.4];
    const options: CrlOptions = {
      from,
      ...(other && { signer: renewed }),
      extensions: scope === undefined ? [] : [{ oid: '2.5.29.28', critical: true, value: tlv(0x30, scope) }],
    };
    const told = `${by.subject} ${from} ${String(scope)} ${revokes ? 'revokes' : 'clears'}${other ? ', other key' : ''}`;
    return [told, makeCrl(by, revokes ? [target] : [], options)];
  };
  for (let i = 0; i < SCENES; i++) {
    const lists = Array.from({ length: pick([1, 2, 2, 3]) }, list);
    const crls = await Promise.all(lists.map(([, made]) => made));
    const pure = await askEngine(createPure({ crypto: nodeCrypto }), chain, undefined, { crls });
    const native = await askEngine(loaded.backend, chain, undefined, { crls });
    const told = lists.map(([text]) => text).join('; ');
    expect([native.code, native.verify, told]).toEqual([pure.code, pure.verify, told]);
  }
});
