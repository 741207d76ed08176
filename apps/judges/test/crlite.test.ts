/** Both engines with a filter of the form of Mozilla's, about a certificate that a log has seen. */
import type { RevocationOptions } from '@ferrule/contract';
import { type Identity, issue, LEAF_NAMES, LOGGED, makeCrliteFilter, pki, SEEN } from '@ferrule/conformance/pki';
import { loadNative } from '@ferrule/native';
import { describe, expect, it } from 'vitest';
import { crlite } from '@ferrule/x509/crlite';
import { askEngine } from '../src/chains/engines.ts';
import { engine, type EngineName } from '../src/engines.ts';

const DAY = 86_400_000;
const filterOf = async (revoked: boolean, made: number): Promise<Uint8Array> =>
  makeCrliteFilter(await pki('intermediate'), revoked, made);

const logged = async (): Promise<Identity> =>
  issue(await pki('intermediate'), { names: LEAF_NAMES, extensions: [LOGGED] });

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
