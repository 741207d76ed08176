import { describe, expect, it } from 'vitest';
import { nobleHashes } from '../crypto/hash.ts';
import { exporter12, exporter13 } from './exporter.ts';
import { Secret } from './secret.ts';

const { sha256 } = nobleHashes;
const random = new Uint8Array(32);
const make12 = () => exporter12(sha256, Secret.copyOf(new Uint8Array(48).fill(1)), random, random);
const make13 = () => exporter13(sha256, Secret.copyOf(new Uint8Array(32).fill(1)));

describe.each([
  ['TLS 1.2', make12],
  ['TLS 1.3', make13],
] as const)('the exporter of %s', (version, make) => {
  it('gives as many bytes as are asked for', () => {
    for (const length of [1, 32, 33, 255 * 32])
      expect(make().export('EXPERIMENTAL x', undefined, length)).toHaveLength(length);
  });

  it('tells labels and contexts apart', () => {
    const exporter = make();
    const context = new Uint8Array(1);
    expect(exporter.export('EXPERIMENTAL x', context, 32)).toEqual(exporter.export('EXPERIMENTAL x', context, 32));
    expect(exporter.export('EXPERIMENTAL x', context, 32)).not.toEqual(exporter.export('EXPERIMENTAL y', context, 32));
    expect(exporter.export('EXPERIMENTAL x', context, 32)).not.toEqual(
      exporter.export('EXPERIMENTAL x', new Uint8Array(2), 32),
    );
  });

  it(
    version === 'TLS 1.3' ? 'takes an absent context for an empty one' : 'tells an absent context from an empty one',
    () => {
      const [absent, empty] = [
        make().export('EXPERIMENTAL x', undefined, 32),
        make().export('EXPERIMENTAL x', new Uint8Array(0), 32),
      ];
      if (version === 'TLS 1.3') expect(absent).toEqual(empty);
      else expect(absent).not.toEqual(empty);
    },
  );

  it('gives nothing at all after it was disposed', () => {
    const exporter = make();
    exporter.dispose();
    expect(() => exporter.export('EXPERIMENTAL x', undefined, 32)).toThrow(
      expect.objectContaining({ code: 'DISPOSED' }) as Error,
    );
  });
});
