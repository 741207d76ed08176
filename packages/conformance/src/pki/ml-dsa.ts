/**
 * @module Certificates with ML-DSA keys and signatures (RFC 9881), which Node's own generators do not make before Node
 * 24.
 */
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { BitString, fromBER, Integer, ObjectIdentifier, OctetString, Primitive, Sequence } from 'asn1js';
import { certify, type Identity, type IssueOptions, makeKey, subjectOf, toPem } from './issue.ts';

export type MlDsaLevel = 44 | 65 | 87;

/** What a server shows: an {@link Identity} whose key need not be one that Node can hold. */
export type Presented = Pick<
  Identity,
  'subject' | 'certificate' | 'spki' | 'key' | 'certificatePem' | 'keyPem' | 'chain' | 'chainPem'
>;

export interface MlDsaIdentity extends Presented {
  readonly level: MlDsaLevel;
  /** Signs with the key of this certificate. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const PARAMETER_SETS = {
  44: { signer: ml_dsa44, oid: '2.16.840.1.101.3.4.3.17' },
  65: { signer: ml_dsa65, oid: '2.16.840.1.101.3.4.3.18' },
  87: { signer: ml_dsa87, oid: '2.16.840.1.101.3.4.3.19' },
} as const;

/** A certificate with an ML-DSA key. Its issuer has a key of either sort; without one it signs itself. */
export async function issueMlDsa(
  level: MlDsaLevel,
  issuer: Identity | MlDsaIdentity | undefined,
  options: Omit<IssueOptions, 'kind'> = {},
): Promise<MlDsaIdentity> {
  const { signer, oid } = PARAMETER_SETS[level];
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const { publicKey, secretKey } = signer.keygen(seed);
  const sign = (message: Uint8Array): Uint8Array => signer.sign(message, secretKey);
  const spki = der(new Sequence({ value: [algorithm(oid), new BitString({ valueHex: buffer(publicKey) })] }));
  // Section 6: the seed alone, [0] IMPLICIT OCTET STRING.
  const seedOnly = new Primitive({ idBlock: { tagClass: CONTEXT, tagNumber: 0 }, valueHex: buffer(seed) });
  const key = der(
    new Sequence({
      value: [new Integer({ value: 0 }), algorithm(oid), new OctetString({ valueHex: seedOnly.toBER() })],
    }),
  );
  const subject = subjectOf(options);
  const classical = issuer !== undefined && 'privateKey' in issuer;
  const drafted = await certify(
    { subject, spki },
    issuer ?? { subject, spki },
    classical ? issuer.privateKey : await makeKey('p256'),
    options,
  );
  const by = issuer !== undefined && 'level' in issuer ? issuer : { level, sign };
  const certificate = classical ? drafted : signedAnew(drafted, PARAMETER_SETS[by.level].oid, by.sign);
  const chain = issuer === undefined && options.ca === true ? [] : [certificate, ...(issuer?.chain ?? [])];
  const pem = (each: Uint8Array): string => toPem('CERTIFICATE', each);
  return {
    level,
    sign,
    subject,
    certificate,
    spki,
    key,
    chain,
    certificatePem: pem(certificate),
    keyPem: toPem('PRIVATE KEY', key),
    chainPem: chain.map(pem).join(''),
  };
}

/** The same TBSCertificate but for its signature algorithm, under another signature. */
function signedAnew(certificate: Uint8Array, oid: string, sign: (message: Uint8Array) => Uint8Array): Uint8Array {
  const { result } = fromBER(buffer(certificate));
  if (!(result instanceof Sequence)) throw new TypeError('not a certificate');
  const [tbs] = result.valueBlock.value;
  if (!(tbs instanceof Sequence)) throw new TypeError('not a certificate');
  // Version, serialNumber, signature
  tbs.valueBlock.value[2] = algorithm(oid);
  const signed = der(tbs);
  return der(
    new Sequence({
      value: [fromBER(buffer(signed)).result, algorithm(oid), new BitString({ valueHex: buffer(sign(signed)) })],
    }),
  );
}

const CONTEXT = 3;
const algorithm = (oid: string): Sequence => new Sequence({ value: [new ObjectIdentifier({ value: oid })] });
const der = (value: Sequence): Uint8Array => new Uint8Array(value.toBER());
const buffer = (data: Uint8Array): ArrayBuffer => new Uint8Array(data).buffer;
