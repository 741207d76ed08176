/** @module CRLs (RFC 5280 section 5) and OCSP responses (RFC 6960) about the test certificates. */
import { createHash, sign, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  Extension,
  PublicKey,
  X509Certificate,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import {
  BitString,
  Constructed,
  Enumerated,
  fromBER,
  GeneralizedTime,
  Integer,
  Null,
  ObjectIdentifier,
  OctetString,
  Primitive,
  Sequence,
} from 'asn1js';
import { daysFromNow, type ExtensionOption, type Identity, signingAlgorithm } from './issue.ts';

export interface CrlOptions {
  /** Days from now; default -1 and 7. */
  readonly from?: number;
  /** `null`: the list has no nextUpdate. */
  readonly until?: number | null;
  /** cRLNumber (RFC 5280 section 5.2.3); default 1, `null` leaves it out. */
  readonly number?: number | null;
  /** Each in place of ours of that kind, or beside them; without `value`, none of that kind. */
  readonly extensions?: readonly ExtensionOption[];
  /** Whose key signs; default the issuer's. */
  readonly signer?: Identity;
  /** Of the signature; default SHA-256. */
  readonly hash?: 'SHA-1';
  /** CRLReason of each entry; default keyCompromise. `removeFromCRL` is for delta lists. */
  readonly reason?: 'keyCompromise' | 'removeFromCRL';
  /** Of each entry, beside its reason. */
  readonly entryExtensions?: readonly ExtensionOption[];
}

/** A CRL of `issuer` that lists `revoked`. DER. */
export async function makeCrl(
  issuer: Identity,
  revoked: readonly Identity[],
  options: CrlOptions = {},
): Promise<Uint8Array> {
  const { from = -1, until = 7, number = 1, extensions = [], signer = issuer, reason = 'keyCompromise' } = options;
  const { entryExtensions = [] } = options;
  const algorithm = { ...signingAlgorithm(signer.privateKey), ...(options.hash && { hash: options.hash }) };
  const ours = [
    await AuthorityKeyIdentifierExtension.create(new PublicKey(signer.spki)),
    ...(number === null ? [] : [new Extension('2.5.29.20', false, new Integer({ value: number }).toBER())]),
  ];
  const crl = await X509CrlGenerator.create({
    issuer: issuer.subject,
    thisUpdate: daysFromNow(from),
    ...(until !== null && { nextUpdate: daysFromNow(until) }),
    entries: revoked.map(({ certificate }) => ({
      serialNumber: new X509Certificate(certificate).serialNumber,
      revocationDate: daysFromNow(from),
      reason: X509CrlReason[reason],
      extensions: written(entryExtensions),
    })),
    extensions: [...ours.filter(({ type }) => !extensions.some(({ oid }) => oid === type)), ...written(extensions)],
    signingAlgorithm: algorithm,
    signingKey: await webcrypto.subtle.importKey('pkcs8', signer.key, algorithm, false, ['sign']),
  });
  return new Uint8Array(crl.rawData);
}

const written = (extensions: readonly ExtensionOption[]): Extension[] =>
  extensions.flatMap(({ oid, critical = false, value }) =>
    value === undefined ? [] : [new Extension(oid, critical, value)],
  );

export interface OcspOptions {
  readonly status?: 'good' | 'revoked' | 'unknown';
  /** Days from now; default -1 and 7. */
  readonly from?: number;
  /** `null`: the response has no nextUpdate. */
  readonly until?: number | null;
  /** Who signs; default the issuer. */
  readonly signer?: Identity;
  /** Certificates that go with the response: that of a delegated responder. */
  readonly certificates?: readonly Identity[];
  /** Of the response, and of what it says about the certificate. */
  readonly extensions?: readonly ExtensionOption[];
  readonly singleExtensions?: readonly ExtensionOption[];
  /** 0 is v1, and left out. */
  readonly version?: number;
  /** The time that is a GeneralizedTime of no time. */
  readonly timeless?: 'producedAt' | 'thisUpdate' | 'nextUpdate' | 'revocationTime';
  /** Of the names of certificate and issuer; default SHA-1. */
  readonly hash?: 'md5';
}

/** An OCSPResponse about `subject`, which `issuer` issued. DER. */
export function makeOcspResponse(subject: Identity, issuer: Identity, options: OcspOptions = {}): Uint8Array {
  const { status = 'good', from = -1, until = 7, signer = issuer, certificates = [], version = 0 } = options;
  const { extensions = [], singleExtensions = [], timeless, hash = 'sha1' } = options;
  const at = (field: OcspOptions['timeless'], days: number): Primitive | GeneralizedTime =>
    field === timeless
      ? new Primitive({ idBlock: { tagClass: 1, tagNumber: 24 }, valueHex: buffer(Buffer.from('yesterday')) })
      : new GeneralizedTime({ valueDate: daysFromNow(days) });
  const certificate = new X509Certificate(subject.certificate);
  const responseData = new Sequence({
    value: [
      ...(version === 0 ? [] : [explicit(0, new Integer({ value: version }))]),
      explicit(2, new OctetString({ valueHex: buffer(digest('sha1', publicKeyBits(signer.spki))) })),
      at('producedAt', from),
      new Sequence({
        value: [
          new Sequence({
            value: [
              new Sequence({
                value: [
                  new Sequence({ value: [new ObjectIdentifier({ value: HASHES[hash] }), new Null()] }),
                  new OctetString({
                    valueHex: buffer(digest(hash, new Uint8Array(certificate.issuerName.toArrayBuffer()))),
                  }),
                  new OctetString({ valueHex: buffer(digest(hash, publicKeyBits(issuer.spki))) }),
                  Integer.fromBigInt(BigInt(`0x${certificate.serialNumber}`)),
                ],
              }),
              certStatus(status, at('revocationTime', from)),
              at('thisUpdate', from),
              ...(until === null ? [] : [explicit(0, at('nextUpdate', until))]),
              ...extensionsOf(singleExtensions),
            ],
          }),
        ],
      }),
      ...extensionsOf(extensions),
    ],
  });
  const signed = Buffer.from(responseData.toBER());
  const basic = new Sequence({
    value: [
      responseData,
      // ecdsa-with-SHA256: the test issuers have P-256 keys
      new Sequence({ value: [new ObjectIdentifier({ value: '1.2.840.10045.4.3.2' })] }),
      new BitString({ valueHex: buffer(sign('sha256', signed, signer.privateKey)) }),
      ...(certificates.length === 0
        ? []
        : [explicit(0, new Sequence({ value: certificates.map((each) => fromBER(buffer(each.certificate)).result) }))]),
    ],
  });
  const response = new Sequence({
    value: [
      new Enumerated({ value: 0 }),
      explicit(
        0,
        new Sequence({
          value: [
            new ObjectIdentifier({ value: '1.3.6.1.5.5.7.48.1.1' }),
            new OctetString({ valueHex: basic.toBER() }),
          ],
        }),
      ),
    ],
  });
  return new Uint8Array(response.toBER());
}

const CONTEXT = 3;
const explicit = (
  tagNumber: number,
  inner: Sequence | OctetString | Primitive | GeneralizedTime | Integer,
): Constructed => new Constructed({ idBlock: { tagClass: CONTEXT, tagNumber }, value: [inner] });

const extensionsOf = (extensions: readonly ExtensionOption[]): Constructed[] =>
  extensions.length === 0
    ? []
    : [
        explicit(
          1,
          new Sequence({
            value: extensions.map(
              ({ oid, critical = false, value = new Uint8Array() }) =>
                fromBER(new Extension(oid, critical, value).rawData).result,
            ),
          }),
        ),
      ];

function certStatus(
  status: 'good' | 'revoked' | 'unknown',
  revocationTime: Primitive | GeneralizedTime,
): Constructed | Primitive {
  if (status === 'revoked')
    return new Constructed({ idBlock: { tagClass: CONTEXT, tagNumber: 1 }, value: [revocationTime] });
  return new Primitive({ idBlock: { tagClass: CONTEXT, tagNumber: status === 'good' ? 0 : 2 } });
}

const HASHES = { sha1: '1.3.14.3.2.26', md5: '1.2.840.113549.2.5' };
const digest = (hash: keyof typeof HASHES, data: Uint8Array): Uint8Array => createHash(hash).update(data).digest();
const buffer = (data: Uint8Array): ArrayBuffer => new Uint8Array(data).buffer;

/** The contents of the subjectPublicKey BIT STRING, which RFC 6960 hashes for KeyHash. */
function publicKeyBits(spki: Uint8Array): Uint8Array {
  const { result } = fromBER(buffer(spki));
  if (!(result instanceof Sequence)) throw new TypeError('not a SubjectPublicKeyInfo');
  const bits = result.valueBlock.value[1];
  if (!(bits instanceof BitString)) throw new TypeError('not a SubjectPublicKeyInfo');
  return new Uint8Array(bits.valueBlock.valueHexView);
}
