/** CRLs and staples, each form by itself: @ferrule/x509 and both engines say the same. */
import { oid } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { X509V } from '@ferrule/result';
import { expect, it } from 'vitest';
import { comparableText } from '@ferrule/result/directory-string';
import { buildChain } from '../src/chains/chain.ts';
import { attribute, encode, sequence, StringTag, type Draft } from '../src/chains/draft.ts';
import { tlv } from '../src/fuzz/der.ts';
import { askEngine, askX509 } from '../src/chains/engines.ts';
import { tellAbout, TOLD } from '../src/chains/told.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });
const engines = [pure, ...(loaded.ok ? [loaded.backend] : [])];

it(`${TOLD.length} forms of lists and staples are judged alike, about the leaf and about its CA`, async () => {
  const codes = new Set<string | undefined>();
  for (const form of TOLD) {
    // Without a list about the leaf it is not covered.
    const told = form.startsWith('CA: ') ? [form, 'leaf: a list'] : [form];
    const chain = buildChain({ between: 1, features: [], shapes: [], told });
    const { accepts, code, verify } = askX509(chain);
    codes.add(code);
    for (const engine of engines) {
      const said = await askEngine(engine, chain);
      expect([form, engine.name, said]).toEqual([form, engine.name, accepts ? { accepts } : { accepts, code, verify }]);
    }
  }
  expect([...codes].sort()).toEqual(['CERT_OCSP_INVALID', 'CERT_REVOCATION_UNKNOWN', 'CERT_REVOKED', undefined]);
});

it('a certificate that is its own anchor, and no CA, lets nobody respond', async () => {
  const told = TOLD.filter((form) => form.includes('a delegate'));
  expect(told.length).toBeGreaterThan(10);
  for (const form of told) {
    const chain = buildChain({ between: -1, features: [], shapes: [], told: [form] });
    for (const engine of engines)
      expect([form, engine.name, (await askEngine(engine, chain)).code]).toEqual([
        form,
        engine.name,
        'CERT_OCSP_INVALID',
      ]);
  }
});

it('the hash of a list is as strong as the security level asks', async () => {
  const chain = buildChain({ between: 1, features: [], shapes: [], told: ['leaf: a list over SHA-224'] });
  for (const engine of engines) {
    expect([engine.name, await askEngine(engine, chain, undefined, { securityLevel: 2 })]).toEqual([
      engine.name,
      { accepts: true },
    ]);
    expect([engine.name, await askEngine(engine, chain, undefined, { securityLevel: 3 })]).toEqual([
      engine.name,
      { accepts: false, code: 'CERT_REVOCATION_UNKNOWN', verify: X509V.CRL_SIGNATURE_FAILURE },
    ]);
  }
});

const WRITTEN: readonly (readonly [text: string, tag: number])[] = [
  ['Ärger 1', StringTag.utf8],
  ['ärger  1', StringTag.bmp],
  ['A\u0308rger 1', StringTag.utf8],
  ['Ärger\u00a01', StringTag.utf8],
  ['Är\u00adger 1', StringTag.utf8],
  ['straße', StringTag.utf8],
  ['STRASSE', StringTag.printable],
  ['12', StringTag.numeric],
  ['12', StringTag.printable],
  ['12', StringTag.utf8],
  ['13', StringTag.utf8],
  ['Zoé', StringTag.utf8],
  ['Zoé', StringTag.printable],
  ['ZOÉ', StringTag.ia5],
];
/** In the encoding of its type, beyond ASCII too. */
function written([text, tag]: (typeof WRITTEN)[number]): Uint8Array {
  if (tag !== StringTag.utf8 && tag !== StringTag.bmp) return sequence(attribute('2.5.4.3', text, tag));
  const octets = tag === StringTag.utf8 ? Buffer.from(text) : Buffer.from(text, 'utf16le').swap16();
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(tag, octets))));
}
/** Latin-1 where ASCII belongs is Latin-1. */
function comparable(name: Uint8Array): string | undefined {
  const [tag, value] = [name[11] as number, name.subarray(13)];
  return comparableText(tag, value) ?? comparableText(StringTag.t61, value);
}

it('a list is of whoever has its issuer’s name, whatever string type and letters that is written in', async () => {
  const verdicts = new Set<boolean>();
  for (const one of WRITTEN) {
    for (const other of WRITTEN) {
      const { drafts, anchors, leafKey } = buildChain({ between: 1, features: [], shapes: [] });
      const [root, ca, leaf] = drafts as readonly [Draft, Draft, Draft];
      ca.subject = written(one);
      const sent = [encode(leaf, ca), encode(ca, root)];
      const good = tellAbout(drafts, ['leaf: a list of users']).crls;
      ca.subject = written(other);
      const crls = [...good, ...tellAbout(drafts, ['leaf: a list that revokes']).crls];
      const same = comparable(written(one)) === comparable(written(other));
      for (const engine of engines) {
        const { accepts, code } = await askEngine(engine, {
          sent,
          anchors,
          leafKey,
          told: { crls, staple: undefined },
        });
        expect([one, other, engine.name, accepts, code]).toEqual([
          one,
          other,
          engine.name,
          ...(same ? [false, 'CERT_REVOKED'] : [true, undefined]),
        ]);
        verdicts.add(accepts);
      }
    }
  }
  expect(verdicts.size).toBe(2);
});
