/**
 * Every verifier on signatures that OpenSSL made and on those that it would not: what holds in a clone without
 * Wycheproof.
 */
import type { SignatureVerifier } from '@ferrule/x509';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { webcryptoVerifier } from '@ferrule/x509/crypto/webcrypto';
import { describe, expect, it } from 'vitest';
import { tunedVerifier } from '../src/crypto/tuned-verify.ts';
import {
  ecdsaCases,
  eddsaCases,
  MESSAGE,
  mlDsaCases,
  oddPssCases,
  rsaCases,
  type SignatureCase,
} from './signature-cases.ts';

const verifiers: readonly SignatureVerifier[] = [nobleVerifier, tunedVerifier, nodeVerifier, webcryptoVerifier];
const cases: Readonly<Record<string, readonly SignatureCase[]>> = {
  'ECDSA on P-256': ecdsaCases('P-256'),
  'ECDSA on P-384': ecdsaCases('P-384'),
  'ECDSA on P-521': ecdsaCases('P-521'),
  'ECDSA on P-224': ecdsaCases('secp224r1'),
  'ECDSA on secp256k1': ecdsaCases('secp256k1'),
  'ECDSA on brainpoolP256r1': ecdsaCases('brainpoolP256r1'),
  'ECDSA on brainpoolP384r1': ecdsaCases('brainpoolP384r1'),
  'ECDSA on brainpoolP512r1': ecdsaCases('brainpoolP512r1'),
  'RSA of 2048 bits': rsaCases(2048),
  'RSA of 3072 bits': rsaCases(3072),
  'RSA of 2049 bits': oddPssCases(),
  Ed25519: eddsaCases('ed25519'),
  Ed448: eddsaCases('ed448'),
  'ML-DSA-44': mlDsaCases('ml-dsa-44'),
  'ML-DSA-65': mlDsaCases('ml-dsa-65'),
  'ML-DSA-87': mlDsaCases('ml-dsa-87'),
};

describe.each(verifiers)('$name', (verifier) => {
  it.each(Object.keys(cases))(
    '%s: accepts what is valid, and nothing that is not',
    async (kind) => {
      const wrong: string[] = [];
      for (const { name, algorithm, spki, signature, valid } of cases[kind] ?? []) {
        if ((await verifier.verify(algorithm, spki, MESSAGE, signature)) !== valid)
          wrong.push(`${name}: ${valid ? 'refused' : 'accepted'}`);
      }
      expect(wrong).toEqual([]);
    },
    60_000,
  );
});
