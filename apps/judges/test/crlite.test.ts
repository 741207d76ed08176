/** Both engines with a filter of the form of Mozilla's, about a certificate that a log has seen. */
import { createHash } from 'node:crypto';
import type { RevocationOptions } from '@ferrule/contract';
import { type Identity, issue, LEAF_NAMES, pki } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { concat } from '@ferrule/result/bytes';
import { describe, expect, it } from 'vitest';
import { crlite } from '@ferrule/x509/crlite';
import { askEngine } from '../src/chains/engines.ts';
import { engine, type EngineName } from '../src/engines.ts';

const DAY = 86_400_000;
const LOG = new Uint8Array(32).fill(0x4c);
const SEEN = Date.now() - 30 * DAY;

const big = (value: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256);
/** Behind its length. */
const sized = (length: number, bytes: Uint8Array): Uint8Array => concat([big(bytes.length, length), bytes]);

/** RFC 6962 section 3.3, as the extension has it: an OCTET STRING. */
function timestampList(): Uint8Array {
  const sct = concat([
    Uint8Array.of(0),
    LOG,
    big(SEEN, 8),
    big(0, 2),
    Uint8Array.of(4, 3),
    sized(2, new Uint8Array(8)),
  ]);
  const list = sized(2, sized(2, sct));
  return concat([Uint8Array.of(0x04, list.length), list]);
}

/** A filter in which every certificate of the issuer that was logged is revoked, or none is. */
async function filterOf(revoked: boolean, made: number): Promise<Uint8Array> {
  const issuer = createHash('sha256')
    .update((await pki('intermediate')).spki)
    .digest();
  const coverage = concat([LOG, big(0, 8), big(made, 8)]);
  // An empty block, stored inverted or not, without exceptions
  const block = concat([issuer, new Uint8Array(17), Uint8Array.of(revoked ? 1 : 0), big(0, 2)]);
  return concat([Uint8Array.of(4, 0), big(1, 2), coverage, big(1, 4), block, big(0, 1), big(0, 4)]);
}

const logged = async (): Promise<Identity> =>
  issue(await pki('intermediate'), {
    names: LEAF_NAMES,
    extensions: [{ oid: '1.3.6.1.4.1.11129.2.4.2', value: timestampList() }],
  });

const engines: readonly EngineName[] = loadNative().ok ? ['native', 'pure'] : ['pure'];

describe.each(engines)('%s, by a CRLite filter,', (name) => {
  const verdict = async (identity: Identity, revocation: RevocationOptions): Promise<unknown> => {
    const { chain, privateKey } = identity;
    const anchors = [(await pki('root')).certificate];
    const answer = await askEngine(
      await engine(name),
      { sent: [...chain], anchors, leafKey: privateKey },
      'server.test',
      {
        revocation,
      },
    );
    return answer.accepts ? 'accepts' : answer.code;
  };

  it('refuses what is revoked, however old the filter is', async () => {
    for (const made of [Date.now(), SEEN + DAY]) {
      const filter = crlite([await filterOf(true, made), await filterOf(false, made)]);
      expect(await verdict(await logged(), { crlite: filter })).toBe('CERT_REVOKED');
    }
  });

  it('accepts what is good, and in a stale filter only unless the unknown is refused', async () => {
    const fresh = crlite([await filterOf(false, Date.now())]);
    const stale = crlite([await filterOf(false, Date.now() - 11 * DAY)]);
    const leaf = await logged();
    expect(await verdict(leaf, { crlite: fresh, unknown: 'refuse' })).toBe('accepts');
    expect(await verdict(leaf, { crlite: stale })).toBe('accepts');
    expect(await verdict(leaf, { crlite: stale, unknown: 'refuse' })).toBe('CERT_REVOCATION_UNKNOWN');
  });

  it('knows nothing of a certificate without timestamps, and of one that is newer', async () => {
    const old = crlite([await filterOf(true, SEEN - 1)], { maxAge: 100 * DAY });
    const current = crlite([await filterOf(true, Date.now())]);
    for (const [leaf, filter] of [
      [await pki('p256'), current],
      [await logged(), old],
    ] as const) {
      expect(await verdict(leaf, { crlite: filter })).toBe('accepts');
      expect(await verdict(leaf, { crlite: filter, unknown: 'refuse' })).toBe('CERT_REVOCATION_UNKNOWN');
    }
  });
});
