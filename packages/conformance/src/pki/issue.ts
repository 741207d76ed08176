/**
 * @module Making certificates on the spot: keys of each kind, issuers, subjects, and everything that can be wrong with
 * them.
 */
import 'reflect-metadata';
import { createPublicKey, generateKeyPair, webcrypto, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/**
 * `rsa-pss` is a key whose SubjectPublicKeyInfo itself says id-RSASSA-PSS (RFC 4055), `rsa-pss-sha384` one that says
 * with which hash alone (section 3.3); `rsa-1024` is too weak on
 * purpose.
 */
export type KeyKind = 'rsa' | 'rsa-pss' | 'rsa-pss-sha384' | 'rsa-1024' | 'p256' | 'p384' | 'p521' | 'ed25519';

/** A certificate with its key. */
export interface Identity {
  readonly kind: KeyKind;
  readonly subject: string;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** DER PKCS#8. */
  readonly key: Uint8Array;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly privateKey: KeyObject;
  /** What a server sends: this certificate and those above it, without the root, which is trusted by being known. */
  readonly chain: readonly Uint8Array[];
  /** The same as one PEM text. */
  readonly chainPem: string;
}

export interface IssueOptions {
  /** RFC 4514; default `CN=<first name>` or a made-up one. */
  readonly subject?: string;
  readonly kind?: KeyKind;
  /** Host names and IP addresses of subjectAltName. */
  readonly names?: readonly string[];
  /** Makes basicConstraints and keyUsage those of a CA. Default: false. */
  readonly ca?: boolean;
  /** keyUsage has keyCertSign; default as `ca`. */
  readonly signs?: boolean;
  /** Days from now; default -1 and 30. */
  readonly from?: number;
  readonly until?: number;
  /** Default `serverAuth`; `none` leaves extendedKeyUsage out. */
  readonly purpose?: 'serverAuth' | 'clientAuth' | 'OCSPSigning' | 'none';
  /** Each in place of ours of that kind, or beside them; without `value`, none of that kind. */
  readonly extensions?: readonly ExtensionOption[];
}

export interface ExtensionOption {
  /** Dotted. */
  readonly oid: string;
  readonly critical?: boolean;
  /** DER. */
  readonly value?: Uint8Array;
}

/** A certificate signed by `issuer`, or by itself when there is none. */
export async function issue(issuer: Identity | undefined, options: IssueOptions = {}): Promise<Identity> {
  const { kind = 'p256', ca = false } = options;
  const privateKey = await makeKey(kind);
  const spki = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  const subject = subjectOf(options);
  const certificate = await certify(
    { subject, spki },
    issuer ?? { subject, spki },
    issuer?.privateKey ?? privateKey,
    options,
  );
  const chain = issuer === undefined && ca ? [] : [certificate, ...(issuer?.chain ?? [])];
  return {
    kind,
    subject,
    certificate,
    spki,
    privateKey,
    key: new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })),
    certificatePem: toPem('CERTIFICATE', certificate),
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    chain,
    chainPem: chain.map((der) => toPem('CERTIFICATE', der)).join(''),
  };
}

export const subjectOf = ({ subject, names = [] }: IssueOptions): string =>
  subject ?? `CN=${names[0] ?? 'ferrule test'}`;

/** A certificate about one key, in the name of another. DER. */
export async function certify(
  { subject, spki }: Pick<Identity, 'subject' | 'spki'>,
  issuer: Pick<Identity, 'subject' | 'spki'>,
  signer: KeyObject,
  {
    names = [],
    ca = false,
    signs = ca,
    from = -1,
    until = 30,
    purpose = ca ? 'none' : 'serverAuth',
    extensions: given = [],
  }: IssueOptions,
): Promise<Uint8Array> {
  const publicKey = new PublicKey(spki);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(ca, undefined, true),
    new KeyUsagesExtension(
      signs
        ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature
        : KeyUsageFlags.digitalSignature,
      true,
    ),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(new PublicKey(issuer.spki)),
  ];
  if (purpose !== 'none') extensions.push(new ExtendedKeyUsageExtension([PURPOSES[purpose]]));
  if (names.length > 0)
    extensions.push(
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value }))),
    );
  const ours = extensions.filter(({ type }) => !given.some(({ oid }) => oid === type));
  const others = given.flatMap(({ oid, critical = false, value }) =>
    value === undefined ? [] : [new Extension(oid, critical, value)],
  );
  const signing = signingAlgorithm(signer);
  const made = await X509CertificateGenerator.create({
    subject,
    issuer: issuer.subject,
    notBefore: daysFromNow(from),
    notAfter: daysFromNow(until),
    publicKey,
    signingKey: await webcrypto.subtle.importKey(
      'pkcs8',
      signer.export({ format: 'der', type: 'pkcs8' }),
      signing,
      false,
      ['sign'],
    ),
    signingAlgorithm: signing,
    extensions: [...ours, ...others],
  });
  return new Uint8Array(made.rawData);
}

const PURPOSES = {
  serverAuth: ExtendedKeyUsage.serverAuth,
  clientAuth: ExtendedKeyUsage.clientAuth,
  OCSPSigning: ExtendedKeyUsage.ocspSigning,
};

/** What WebCrypto signs with a key of this kind. */
export function signingAlgorithm(key: KeyObject): { name: string; hash?: string; namedCurve?: string } {
  if (key.asymmetricKeyType === 'ed25519') return { name: 'Ed25519' };
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const curves: Readonly<Record<string, [namedCurve: string, hash: string]>> = {
    prime256v1: ['P-256', 'SHA-256'],
    secp384r1: ['P-384', 'SHA-384'],
    secp521r1: ['P-521', 'SHA-512'],
  };
  const [namedCurve, hash] = curves[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
  if (namedCurve === undefined || hash === undefined)
    throw new TypeError(`a key of type ${String(key.asymmetricKeyType)} cannot sign certificates here`);
  return { name: 'ECDSA', namedCurve, hash };
}

/** PEM of one DER block. */
export const toPem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`;

export const daysFromNow = (days: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000);

const isAddress = (name: string): boolean => name.includes(':') || /^[0-9.]+$/.test(name);

const generate = promisify(generateKeyPair);

export async function makeKey(kind: KeyKind): Promise<KeyObject> {
  switch (kind) {
    case 'rsa':
      return (await generate('rsa', { modulusLength: 2048 })).privateKey;
    case 'rsa-1024':
      return (await generate('rsa', { modulusLength: 1024 })).privateKey;
    case 'rsa-pss':
      return (await generate('rsa-pss', { modulusLength: 2048 })).privateKey;
    case 'rsa-pss-sha384':
      return (await generate('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384' }))
        .privateKey;
    case 'p256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
    case 'p384':
      return (await generate('ec', { namedCurve: 'P-384' })).privateKey;
    case 'p521':
      return (await generate('ec', { namedCurve: 'P-521' })).privateKey;
    case 'ed25519':
      return (await generate('ed25519')).privateKey;
  }
}
