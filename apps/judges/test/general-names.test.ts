/** Names of every kind, and values of the type ANY, well and badly made: what one engine reads the other reads. */
import { oid } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { hex, tlv } from '../src/fuzz/der.ts';
import { EMPTY } from '@ferrule/result/bytes';
import { expect, it } from 'vitest';
import { buildChain } from '../src/chains/chain.ts';
import { type Draft, encode, sequence, text } from '../src/chains/draft.ts';
import { askEngine, type Verdict } from '../src/chains/engines.ts';
import { Id } from '../src/chains/features.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });

/** So many of the values, spread over all; all with FERRULE_LONG. */
const PLAYED = process.env['FERRULE_LONG'] === '1' ? Infinity : 120;

const DNS = tlv(0x82, text('server.test'));
const other = (value: Uint8Array): Uint8Array => tlv(0xa0, oid('1.2.3'), tlv(0xa0, value));
const setTo =
  (id: string, value: Uint8Array) =>
  (draft: Draft): void =>
    void draft.extensions.set(id, { critical: EMPTY, value });

type Place = 'leaf' | 'CA';
async function verdicts(place: Place, change: (draft: Draft) => void): Promise<Verdict[]> {
  if (!loaded.ok) return [];
  const { drafts, anchors, leafKey } = buildChain({ between: 1, features: [], shapes: [] });
  const [root, ca, leaf] = drafts as readonly [Draft, Draft, Draft];
  change(place === 'leaf' ? leaf : ca);
  const server = { sent: [encode(leaf, ca), encode(ca, root)], anchors, leafKey };
  return [await askEngine(pure, server), await askEngine(loaded.backend, server)];
}

const party = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0xa5, ...parts);
const [ASSIGNER, PARTY] = [tlv(0xa0, tlv(0x0c, text('x'))), tlv(0xa1, tlv(0x13, text('x')))];

const NAMES: Readonly<Record<string, Uint8Array>> = {
  registeredID: tlv(0x88, hex('2a03')),
  'registeredID of nothing': tlv(0x88),
  'registeredID without an end': tlv(0x88, hex('81')),
  'registeredID with an empty arc': tlv(0x88, hex('8001')),
  ediPartyName: party(PARTY),
  'ediPartyName with an assigner': party(ASSIGNER, PARTY),
  'ediPartyName of an assigner': party(ASSIGNER),
  'ediPartyName of nothing': party(),
  'ediPartyName of an INTEGER': party(tlv(0xa1, hex('020101'))),
  'ediPartyName of an IA5String': party(tlv(0xa1, hex('160178'))),
  'ediPartyName of half a character': party(tlv(0xa1, hex('1e0178'))),
  'ediPartyName with more behind': party(PARTY, hex('0500')),
  x400Address: tlv(0xa3, hex('3000')),
  'x400Address of nothing': tlv(0xa3),
  'a directoryName that is none': tlv(0xa4, hex('0400')),
  'an address of nothing': tlv(0x87),
  'an unknown kind': tlv(0x89),
  'otherName without a value': tlv(0xa0, oid('1.2.3')),
  'otherName of nothing': other(EMPTY),
  'otherName of two values': other(hex('05000500')),
  'otherName of a type that is none': tlv(0xa0, hex('0600'), tlv(0xa0, hex('0500'))),
};

const PLACES: Readonly<Record<string, (name: Uint8Array) => (draft: Draft) => void>> = {
  subjectAltName: (name) => setTo(Id.san, sequence(DNS, name)),
  issuerAltName: (name) => setTo('2.5.29.18', sequence(name)),
  'a distribution point': (name) => setTo(Id.points, sequence(sequence(tlv(0xa0, tlv(0xa0, name))))),
  cRLIssuer: (name) =>
    setTo(Id.points, sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://crl.test/a')))), tlv(0xa2, name)))),
};

it.skipIf(!loaded.ok)('names of each kind, in each place, of the leaf and of its CA', async () => {
  const accepted = new Set<boolean>();
  for (const [title, name] of Object.entries(NAMES)) {
    for (const [where, put] of Object.entries(PLACES)) {
      for (const place of ['leaf', 'CA'] as const) {
        const told = `${title} in ${where} of the ${place}`;
        const [ours, native] = await verdicts(place, put(name));
        expect([told, ours]).toEqual([told, native]);
        accepted.add(ours?.accepts === true);
      }
    }
  }
  expect(accepted.size).toBe(2);
});

const CONTENTS = ['', '00', 'ff', '0900', '0001', '8001', '01020304', '300301', '020105', 'ff80', '1281'].map(hex);
/** X.690 section 8.1.2.4. */
const HIGH_NUMBERS = ['1f', '7f', '811f', 'ffffff7f', '87ffffff7f'].map(hex);
const TAGS: readonly Uint8Array[] = [
  ...Array.from({ length: 0x40 }, (_, octet) => Uint8Array.of(octet)).filter(([octet]) => (octet ?? 0) % 32 !== 31),
  ...[0x40, 0x65, 0x81, 0xa5, 0xde].map((octet) => Uint8Array.of(octet)),
  ...[0x1f, 0x3f, 0x5f, 0x7f, 0x9f, 0xbf, 0xdf].flatMap((octet) =>
    HIGH_NUMBERS.map((number) => Uint8Array.of(octet, ...number)),
  ),
];
/** BER that is not DER, which OpenSSL alone reads (ADR 0132): strings in parts, sequences that have none, tag 0. */
const isBer = ([octet = 0]: Uint8Array): boolean =>
  octet < 0x40 && octet % 32 !== 31 && (octet === 0 || octet >= 0x20 !== [8, 11, 16, 17, 29].includes(octet % 32));

it.skipIf(!loaded.ok)('values of the type ANY, of each tag', { timeout: 600_000 }, async () => {
  const values = TAGS.flatMap((tag) =>
    CONTENTS.map((contents) => ({ tag, der: Uint8Array.of(...tag, contents.length, ...contents) })),
  );
  const stride = Math.max(1, Math.floor(values.length / PLAYED));
  const count = { both: 0, neither: 0 };
  for (const [at, { tag, der }] of values.entries()) {
    if (at % stride !== 0) continue;
    for (const [where, change] of [
      ['otherName', setTo(Id.san, sequence(DNS, other(der)))],
      ['parameters', (draft: Draft): void => void (draft.parameters = der)],
    ] as const) {
      const [ours, native] = (await verdicts('leaf', change)).map(({ accepts }) => accepts);
      const told = `${Buffer.from(der).toString('hex')} as ${where}`;
      expect([told, ours]).toEqual([told, isBer(tag) ? false : native]);
      count[ours ? 'both' : 'neither']++;
    }
  }
  expect(Math.min(count.both, count.neither)).toBeGreaterThan(10);
});
