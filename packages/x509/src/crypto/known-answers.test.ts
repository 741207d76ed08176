import { describe, expect, it } from 'vitest';
import { parsePublicKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureVerifier } from '../signature.ts';
import { type KnownAnswer, knownAnswer } from './known-answers.ts';
import { nobleVerifier } from './noble.ts';
import { nodeVerifier } from './node.ts';
import { webcryptoVerifier } from './webcrypto.ts';

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  ...(['sha256', 'sha384', 'sha512'] as const).flatMap((hash): SignatureAlgorithm[] => [
    { kind: 'rsa-pkcs1', hash },
    { kind: 'rsa-pss', hash, saltLength: { sha256: 32, sha384: 48, sha512: 64 }[hash] },
  ]),
  { kind: 'ed25519' },
  { kind: 'ed448' },
];
const rsa = { kind: 'rsa', bits: 2048, modulus: new Uint8Array(), exponent: new Uint8Array(), pss: undefined } as const;
const answers = [
  ...ALGORITHMS.map((algorithm) => knownAnswer(algorithm, rsa)),
  ...ALGORITHMS.filter(({ kind }) => kind === 'rsa-pss').map((algorithm) =>
    knownAnswer(algorithm, { ...rsa, kind: 'rsa-pss' }),
  ),
  ...(['P-256', 'P-384', 'P-521'] as const).map((curve) =>
    knownAnswer({ kind: 'ecdsa', hash: 'sha256' }, { kind: 'ec', curve, bits: 256, point: new Uint8Array() }),
  ),
] as KnownAnswer[];

describe.each<SignatureVerifier>([nobleVerifier, nodeVerifier, webcryptoVerifier])('$name', (verifier) => {
  it('accepts every known answer, and rejects it with its last bit changed', async () => {
    expect(answers).toHaveLength(14);
    for (const { algorithm, spki, message, signature } of answers) {
      const altered = signature.slice();
      altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1;
      const name = `${JSON.stringify(algorithm)} ${parsePublicKey(spki).kind}`;
      expect([name, await verifier.verify(algorithm, spki, message, signature)]).toEqual([name, true]);
      expect([name, await verifier.verify(algorithm, spki, message, altered)]).toEqual([name, false]);
    }
  });

  it('rejects a point that is not on its curve, without throwing', async () => {
    const [p256] = answers.filter(({ algorithm }) => algorithm.kind === 'ecdsa') as [KnownAnswer];
    const spki = p256.spki.slice();
    spki[spki.length - 1] = (spki[spki.length - 1] as number) ^ 1;
    expect(await verifier.verify(p256.algorithm, spki, p256.message, p256.signature)).toBe(false);
  });
});

it('returns undefined where there is no known answer', () => {
  expect(knownAnswer({ kind: 'ml-dsa-44' }, rsa)).toBeUndefined();
  expect(knownAnswer({ kind: 'ecdsa', hash: 'sha256' }, rsa)).toBeUndefined();
});
