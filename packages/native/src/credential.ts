/** @module Client credentials: created from common file formats, and matched with a server's request. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateRequest, Credential, TlsVersion } from '@ferrule/contract';
import type { CommonCode } from '@ferrule/result';
import { knownOptions } from '@ferrule/result/arguments';
import { ClientCertificateType } from '@ferrule/result/numbers';
import { isCertificateLabel, pemText, readPem } from '@ferrule/result/pem';
import type { OwnCredential } from '@ferrule/ssl';
import type { Binding, Handle } from './binding.ts';
import { whenForgotten } from './forgotten.ts';
import { loadLibrary } from './loader.ts';
import { isRsa, KeyKind, type Scheme } from './names.ts';

/** A credential that OpenSSL has parsed. */
export interface ParsedCredential {
  readonly credential: OwnCredential;
  readonly pair: Handle;
  /** OpenSSL's name of the kind of key. */
  readonly kind: string;
  readonly bits: number;
  /** RFC 4055 section 3.3: the only hash that an RSASSA-PSS key signs with, e.g. `sha384`. */
  readonly hash: string | undefined;
  /** DER `Name`s. */
  readonly issuers: readonly Uint8Array[];
}

/** @throws TypeError that names the unusable part of `name`. */
export function parseCredential(binding: Binding, credential: OwnCredential, name: string): ParsedCredential {
  try {
    const made = binding.credential(credential.chain, credential.key as Uint8Array);
    const hash = made.kind === KeyKind.rsaPss ? hashOf(credential.chain[0] as Uint8Array) : undefined;
    const parsed: ParsedCredential = { credential, ...made, hash };
    whenForgotten(parsed, freeing(binding, parsed.pair));
    return parsed;
  } catch (error) {
    throw new TypeError(`${name}.${(error as Error).message}`, { cause: error });
  }
}

const hashOf = (leaf: Uint8Array): string | undefined =>
  readCertificate(leaf).publicKey.asymmetricKeyDetails?.hashAlgorithm;

// Created outside the owner, so as not to reference it.
const freeing = (binding: Binding, pair: Handle) => (): void => binding.freeCredential(pair);

/**
 * Why a credential does not match this server's request; `undefined` if it does. `schemes`: what this OpenSSL signs
 * with.
 */
export function mismatch(
  parsed: ParsedCredential,
  request: CertificateRequest,
  version: TlsVersion | undefined,
  schemes: readonly Scheme[],
): CommonCode | undefined {
  const { credential, kind, issuers } = parsed;
  const type = isRsa(kind) ? ClientCertificateType.rsa_sign : ClientCertificateType.ecdsa_sign;
  if (version === 'TLSv1.2' && !request.certificateTypes.includes(type)) return 'NO_MATCHING_CREDENTIAL';
  if (
    credential.mustMatchIssuer === true &&
    !issuers.some((issuer) => request.authorities.some((name) => Buffer.from(name).equals(issuer)))
  ) {
    return 'NO_MATCHING_CREDENTIAL';
  }
  const usable = schemes.some(
    (scheme) =>
      suits(scheme, parsed, version) &&
      (credential.signatureAlgorithms?.includes(scheme.id) ?? true) &&
      request.signatureAlgorithms.includes(scheme.id),
  );
  return usable ? undefined : 'NO_COMMON_SIGNATURE_ALGORITHMS';
}

/**
 * What OpenSSL will sign with: the first shared scheme that suits the key. It fixes the list when it reads the
 * CertificateRequest, before it asks for a credential, and no later call changes it (`tls_choose_sigalg` in t1_lib.c).
 */
export const settledScheme = (
  parsed: ParsedCredential,
  shared: readonly number[],
  version: TlsVersion | undefined,
  schemes: readonly Scheme[],
): Scheme | undefined =>
  shared
    .map((id) => schemes.find((scheme) => scheme.id === id))
    .find((scheme) => scheme !== undefined && suits(scheme, parsed, version));

const suits = (scheme: Scheme, { kind, bits, hash }: ParsedCredential, version: TlsVersion | undefined): boolean =>
  scheme.kind === kind &&
  (scheme.only === undefined || scheme.only === version) &&
  (version === 'TLSv1.2' || scheme.bits === undefined || scheme.bits === bits) &&
  (hash === undefined || scheme.name.endsWith(`_${hash}`)) &&
  // 1024 bits are too short for a hash and a salt of 64 bytes each (RFC 8017 section 9.1.1).
  !(scheme.name.startsWith('rsa_pss') && scheme.name.endsWith('sha512') && bits <= 1032);

/** DER certificates, leaf first, and a DER key (PKCS#8, PKCS#1 or SEC 1). @throws TypeError when they do not match. */
export function credentialFromDer(chain: readonly Uint8Array[], key: Uint8Array): Credential {
  const [leaf] = chain;
  if (leaf === undefined) throw new TypeError('chain: must not be empty');
  const belongs = readCertificate(leaf).checkPrivateKey(readKey(key));
  if (!belongs) throw new TypeError('key: does not belong to chain[0]');
  return Object.freeze({ chain: Object.freeze(chain.map((der) => der.slice())), key: new Uint8Array(key) });
}

function readCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw new TypeError('chain[0]: is not a DER certificate', { cause: error });
  }
}

function readKey(der: Uint8Array): KeyObject {
  // The same memory, not a copy.
  const key = Buffer.from(der.buffer, der.byteOffset, der.length);
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key, format: 'der', type });
    } catch {
      // Try the next form
    }
  }
  throw new TypeError('key: is not a DER private key (PKCS#8, PKCS#1 or SEC 1)');
}

export interface PemCredentialOptions {
  /** PEM of the certificates, leaf first: text, or the bytes of a file. */
  readonly cert: string | Uint8Array;
  /** PEM of the key, in any form; default: the one in `cert`. */
  readonly key?: string | Uint8Array;
  /** Of an encrypted key. */
  readonly passphrase?: string;
}

/** A credential from PEM files. @throws TypeError when a part is absent, or the passphrase is missing or wrong. */
export function credentialFromPem(options: PemCredentialOptions): Credential {
  const { cert, key = cert, passphrase } = knownOptions(options, ['cert', 'key', 'passphrase']);
  const chain = readPem(pemText(cert, 'cert'), (message) => new TypeError(`cert: ${message}`), isCertificateLabel).map(
    ({ der }) => der,
  );
  if (chain.length === 0) throw new TypeError('cert: holds no PEM certificate');
  const pem = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]+?-----END [A-Z0-9 ]*PRIVATE KEY-----/.exec(
    pemText(key, 'key'),
  )?.[0];
  if (pem === undefined) throw new TypeError('key: holds no PEM private key');
  if (passphrase === undefined && /ENCRYPTED/.test(pem))
    throw new TypeError('key: is encrypted; give its `passphrase`');
  let der: Buffer;
  try {
    der = createPrivateKey({ key: pem, format: 'pem', ...(passphrase !== undefined && { passphrase }) }).export({
      type: 'pkcs8',
      format: 'der',
    });
  } catch (error) {
    const how = passphrase === undefined ? '' : ' with this passphrase';
    throw new TypeError(`key: cannot be read${how} (${(error as Error).message})`, { cause: error });
  }
  try {
    return credentialFromDer(chain, der);
  } finally {
    der.fill(0);
  }
}

/**
 * A credential from a PKCS#12 file (.p12, .pfx), including old ones with RC2, 3DES or SHA-1: they are read in a
 * separate OpenSSL library context, so that the process's configuration is unchanged.
 * @throws TypeError when it is not PKCS#12, holds no key, or the passphrase is wrong; Error if the engine cannot run.
 */
export function credentialFromPkcs12(file: Uint8Array, passphrase: string = ''): Credential {
  const library = loadLibrary();
  if ('ok' in library) throw new Error(`@ferrule/native: ${library.reason}`);
  try {
    const { chain, key } = library.binding.pkcs12(file, passphrase);
    return Object.freeze({ chain: Object.freeze([...chain]), key });
  } catch (error) {
    throw new TypeError(`PKCS#12: ${(error as Error).message}`, { cause: error });
  }
}
