/** Certificates, lists and responses with one element changed, and signed anew: what native takes, pure takes. */
import { sign } from 'node:crypto';
import { oid } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { expect, it } from 'vitest';
import { buildChain, type Chain } from '../src/chains/chain.ts';
import { type Key, keyOf, sequence } from '../src/chains/draft.ts';
import { mutantsOf } from '../src/chains/elements.ts';
import { askEngine } from '../src/chains/engines.ts';
import { CA_EXTENSIONS, children, contentsOf, LEAF_EXTENSIONS, tlv, withExtensions } from '../src/fuzz/der.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });

/** So many of each, spread over all; all with FERRULE_LONG. */
const PLAYED = process.env['FERRULE_LONG'] === '1' ? Infinity : 60;

const ECDSA = sequence(oid('1.2.840.10045.4.3.2'));
const signedBy = (key: Key, tbs: Uint8Array): Uint8Array =>
  sequence(tbs, ECDSA, tlv(0x03, Uint8Array.of(0), sign('sha256', tbs, key.privateKey)));
const bodyOf = (whole: Uint8Array): Uint8Array => children(whole)[0] as Uint8Array;

/** Poison of Certificate Transparency, and a key identifier that is nobody's: with them nothing is accepted. */
const BAD_FOR_LEAF = /^3.{1,3}06(0a2b06010401d679020403|03551d23)/;
/** What the names and policies of that leaf do not keep; and a path of no length. */
const BAD_FOR_CA = /^3.{1,5}0603551d(1e|21|36|13)/;
const without = (extensions: readonly Uint8Array[], bad: RegExp): Uint8Array[] =>
  extensions.filter((each) => !bad.test(Buffer.from(each).toString('hex')));

const plain = buildChain({ between: 1, features: [], shapes: [] });
const [ROOT, CA, LEAF] = [keyOf('p256:root'), keyOf('p256:1'), keyOf('p256:leaf')];
const rich = (certificate: Uint8Array | undefined, extensions: readonly Uint8Array[]): Uint8Array =>
  bodyOf(withExtensions(certificate as Uint8Array, extensions));
const bodies = {
  leaf: rich(plain.sent[0], without(LEAF_EXTENSIONS, BAD_FOR_LEAF)),
  ca: rich(plain.sent[1], without(CA_EXTENSIONS, BAD_FOR_CA)),
  root: rich(plain.anchors[0], without(CA_EXTENSIONS, BAD_FOR_CA)),
};
type Shown = Pick<Chain, 'sent' | 'anchors' | 'leafKey'> & Partial<Pick<Chain, 'told'>>;
function shown(changed: Partial<typeof bodies> = {}, told?: Chain['told']): Shown {
  const { leaf, ca, root } = { ...bodies, ...changed };
  const sent = [signedBy(CA, leaf), signedBy(ROOT, ca)];
  return { sent, anchors: [signedBy(ROOT, root)], leafKey: LEAF.privateKey, ...(told && { told }) };
}
const toldBy = (form: string): Chain['told'] => buildChain({ between: 1, features: [], shapes: [], told: [form] }).told;
const listOf = (form: string): Uint8Array => bodyOf(toldBy(form).crls[0] as Uint8Array);
const withList = (list: Uint8Array): Shown => shown({}, { crls: [signedBy(CA, list)], staple: undefined });

/** RFC 6960 section 4.2.1: what is signed, and what is around it. */
const BASIC = oid('1.3.6.1.5.5.7.48.1.1');
function responseOf(form: string): Uint8Array {
  const [, bytes] = children(toldBy(form).staple as Uint8Array);
  const [, basic] = children(children(bytes as Uint8Array)[0] as Uint8Array);
  return bodyOf(contentsOf(basic as Uint8Array));
}
const withResponse = (data: Uint8Array): Shown =>
  shown(
    {},
    {
      crls: [],
      staple: sequence(tlv(0x0a, Uint8Array.of(0)), tlv(0xa0, sequence(BASIC, tlv(0x04, signedBy(CA, data))))),
    },
  );

const SUBJECTS: readonly (readonly [title: string, body: Uint8Array, show: (body: Uint8Array) => Shown])[] = [
  ['leaf', bodies.leaf, (leaf) => shown({ leaf })],
  ['intermediate', bodies.ca, (ca) => shown({ ca })],
  ['anchor', bodies.root, (root) => shown({ root })],
  ['list', listOf('leaf: a list of users'), withList],
  ['list that revokes', listOf('leaf: a list of users that revokes'), withList],
  ['response', responseOf('staple: good'), withResponse],
  ['response that revokes', responseOf('staple: revoked'), withResponse],
];

/**
 * What OpenSSL alone takes (ADR 0132): a key whose BIT STRING has unused bits, and a string in parts, which the otherName
 * of the leaf becomes with the tag of rfc822Name.
 */
const KNOWN = /^(6\.1 with 1 bit of its first octet changed|7\.0\.3\.1\.0\.7 with the next tag)$/;

it.skipIf(!loaded.ok).each(SUBJECTS)('%s', { timeout: 900_000 }, async (title, body, show) => {
  if (!loaded.ok) return;
  expect([title, (await askEngine(pure, show(body))).code]).toEqual([
    title,
    title.endsWith('revokes') ? 'CERT_REVOKED' : undefined,
  ]);
  const mutants = [...mutantsOf(body)];
  const stride = Math.max(1, Math.floor(mutants.length / PLAYED));
  const verdicts = { both: 0, neither: 0 };
  const nativeAlone: string[] = [];
  for (const mutant of mutants.filter((_, at) => at % stride === 0)) {
    const chain = show(mutant.der);
    const [ours, native] = [await askEngine(pure, chain), await askEngine(loaded.backend, chain)];
    if (ours.accepts && native.accepts) verdicts.both++;
    else if (native.accepts && !KNOWN.test(mutant.title)) nativeAlone.push(`${mutant.title}: ${String(ours.code)}`);
    else if (!ours.accepts) verdicts.neither++;
  }
  expect(nativeAlone).toEqual([]);
  // Mutants that nobody takes, or everybody, would prove nothing.
  expect(verdicts.neither).toBeGreaterThan(2);
  if (!title.endsWith('revokes')) expect(verdicts.both).toBeGreaterThan(0);
});
