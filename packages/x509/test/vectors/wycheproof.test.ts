import { expect, it } from 'vitest';
import type { SignatureAlgorithm, SignatureHash, SignatureVerifier } from '@ferrule/x509';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { webcryptoVerifier } from '@ferrule/x509/crypto/webcrypto';
import { describeVectors, readVectors } from './vectors.ts';

interface Group {
  readonly type: string;
  readonly sha?: string;
  readonly mgfSha?: string;
  readonly sLen?: number;
  readonly publicKeyDer: string;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly flags: readonly string[];
    readonly msg: string;
    readonly sig: string;
    readonly result: 'valid' | 'invalid' | 'acceptable';
  }[];
}

const FILES = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp256r1_sha512',
  'ecdsa_secp384r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp384r1_sha512',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'ed448',
  'rsa_pss_2048_sha256_mgf1_32',
  'rsa_pss_2048_sha384_mgf1_48',
  'rsa_pss_3072_sha256_mgf1_32',
  'rsa_pss_4096_sha256_mgf1_32',
  'rsa_pss_4096_sha384_mgf1_48',
  'rsa_pss_4096_sha512_mgf1_64',
  'rsa_pss_misc',
  ...['2048', '3072', '4096'].flatMap((bits) =>
    ['sha256', 'sha384', 'sha512'].map((hash) => `rsa_signature_${bits}_${hash}`),
  ),
];

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const HASHES: Readonly<Record<string, SignatureHash>> = {
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512/224': 'sha512-224',
  'SHA-512/256': 'sha512-256',
  'SHA3-224': 'sha3-224',
  'SHA3-256': 'sha3-256',
  'SHA3-384': 'sha3-384',
  'SHA3-512': 'sha3-512',
};
const hashOf = (name: string | undefined): SignatureHash | undefined => HASHES[name ?? ''];

/** `undefined` for signatures over SHA-1, which are not verified. */
function algorithmOf({ type, sha, mgfSha, sLen = 0, publicKeyDer }: Group): SignatureAlgorithm | undefined {
  if (type === 'EddsaVerify') return { kind: publicKeyDer.includes('2b6571') ? 'ed448' : 'ed25519' };
  const hash = hashOf(sha);
  if (!hash) return undefined;
  if (type === 'EcdsaVerify') return { kind: 'ecdsa', hash };
  if (type === 'RsassaPkcs1Verify') return { kind: 'rsa-pkcs1', hash };
  const mask = mgfSha === 'SHA-1' ? 'sha1' : hashOf(mgfSha);
  return mask && { kind: 'rsa-pss', hash, saltLength: sLen, ...(mask !== hash && { mask }) };
}

const verifiers: readonly SignatureVerifier[] = [nobleVerifier, nodeVerifier, webcryptoVerifier];

for (const verifier of verifiers)
  for (const name of FILES) {
    describeVectors(`${verifier.name} on Wycheproof's ${name}`, `wycheproof/${name}.json.gz`, (file) => {
      it('accepts what is valid and nothing that is not', async () => {
        const wrong: string[] = [];
        let run = 0;
        for (const group of readVectors<{ testGroups: Group[] }>(file).testGroups) {
          const algorithm = algorithmOf(group);
          if (!algorithm) continue;
          for (const test of group.tests) {
            run++;
            const ok = await verifier.verify(algorithm, bytes(group.publicKeyDer), bytes(test.msg), bytes(test.sig));
            if (test.result !== 'acceptable' && ok !== (test.result === 'valid'))
              wrong.push(`${test.tcId} ${test.result}: ${test.comment} ${test.flags.join()}`);
          }
        }
        expect(wrong).toEqual([]);
        expect(run).toBeGreaterThan(0);
      });
    });
  }
