/**
 * Wycheproof's signatures over the tuned verifier, which must say what noble's says of each: the other verifiers are
 * tested in @ferrule/x509.
 */
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import type { HashName, SignatureAlgorithm } from '@ferrule/x509';
import { expect, it } from 'vitest';
import { tunedVerifier } from '../../src/crypto/tuned-verify.ts';
import { describeVectors, hex, wycheproof, wycheproofFile, type WycheproofTest } from './vectors.ts';

interface SignatureTest extends WycheproofTest {
  readonly msg: string;
  readonly sig: string;
}

const FILES = [
  ['ecdsa_secp256r1_sha256', { kind: 'ecdsa', hash: 'sha256' }],
  ['ecdsa_secp256r1_sha512', { kind: 'ecdsa', hash: 'sha512' }],
  ['ecdsa_secp384r1_sha256', { kind: 'ecdsa', hash: 'sha256' }],
  ['ecdsa_secp384r1_sha384', { kind: 'ecdsa', hash: 'sha384' }],
  ['ecdsa_secp384r1_sha512', { kind: 'ecdsa', hash: 'sha512' }],
  ['ecdsa_secp521r1_sha512', { kind: 'ecdsa', hash: 'sha512' }],
  ['ed25519', { kind: 'ed25519' }],
] as const satisfies readonly (readonly [string, SignatureAlgorithm])[];

describeVectors(
  'Wycheproof with the tuned verifier',
  FILES.map(([file]) => wycheproofFile(file)),
  () => {
    it.each(FILES)(
      '%s: accepts what is valid and nothing that is not',
      (file, algorithm) => {
        let run = 0;
        for (const group of wycheproof<SignatureTest>(file).testGroups) {
          const spki = hex(group['publicKeyDer'] as string);
          for (const { tcId, comment, msg, sig, result } of group.tests) {
            const ok = tunedVerifier.verify(algorithm, spki, hex(msg), hex(sig));
            if (result !== 'acceptable') expect(ok, `${tcId} ${comment ?? ''}`).toBe(result === 'valid');
            run++;
          }
        }
        expect(run).toBeGreaterThan(100);
      },
      120_000,
    );

    it('one bit of the key changed: the same answer as noble, for points off the curve, other forms and other curves', () => {
      for (const file of ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'] as const) {
        const hash: HashName = file === 'ecdsa_secp256r1_sha256' ? 'sha256' : 'sha384';
        const group = wycheproof<SignatureTest>(file).testGroups[0];
        const test = group?.tests.find(({ result }) => result === 'valid') as SignatureTest;
        const spki = hex(group?.['publicKeyDer'] as string);
        for (let bit = 0; bit < 8 * spki.length; bit += 3) {
          const bad = spki.slice();
          bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
          const check = [{ kind: 'ecdsa', hash }, bad, hex(test.msg), hex(test.sig)] as const;
          expect(tunedVerifier.verify(...check), `bit ${bit}`).toBe(nobleVerifier.verify(...check));
        }
      }
    }, 120_000);
  },
);
