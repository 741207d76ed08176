/**
 * @module Client authentication: which credential answers a CertificateRequest (RFC 9846 section 4.4.2, RFC 5246
 * section
 * 7.4.4), and its signature.
 */
import type { CertificateRequest, CertificateType, Credential, Signer, TlsVersion } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { copyOf } from '@ferrule/result/arguments';
import { bytesEqual } from '@ferrule/result/bytes';
import { ClientCertificateType } from '@ferrule/result/numbers';
import { ask, credentialOption, type OwnCredential } from '@ferrule/ssl';
import { DerError, type EcKey, parsePublicKey, type PublicKey } from '@ferrule/x509';
import type { Config } from '../context.ts';
import type { CryptoProvider, Maybe, SigningKey } from '../crypto/provider.ts';
import { type SignatureScheme, signatureScheme } from '../crypto/schemes.ts';
import type { Effects } from '../effects.ts';
import { fail } from '../reason.ts';
import { answer, settle, type Steps } from '../wait.ts';
import { readCertificate } from './parsed.ts';
import { certificateVerifyContent, keyKind, schemeFits } from './verify.ts';

/** A credential that fits, and the scheme that it will sign with. */
export interface ChosenCredential {
  readonly credential: OwnCredential;
  /** SignatureScheme. */
  readonly scheme: number;
  readonly key: SigningKey;
}

/**
 * The credential for this request: of `onCertificateRequest` if there is one (a promise waits as WANT_X509_LOOKUP),
 * else the first of `credentials` that fits. `undefined`: answer with an empty Certificate, also when none fits (RFC
 * 9846 section 4.5.1, RFC 5246 section 7.4.6): whether it can do without is the server's to say.
 * @throws TlsError NO_COMMON_SIGNATURE_ALGORITHMS or NO_MATCHING_CREDENTIAL when the callback names a credential that
 * does not fit; ASYNC_OPERATION_FAILED when the callback or the import of a key fails.
 */
export function* chooseCredential(
  effects: Effects,
  request: CertificateRequest,
  version: TlsVersion,
  type: CertificateType = 'x509',
): Steps<ChosenCredential | undefined> {
  const { config } = effects;
  // RFC 9849 section 6.1.6: who only proved the public name is not told who we are.
  if (effects.negotiated.facts.ech === 'rejected') return undefined;
  const candidates =
    config.onCertificateRequest === undefined ? config.credentials : yield* askCaller(effects, request);
  for (const candidate of candidates) {
    const key = yield* attempt(effects, 'import the key of a client credential', () =>
      signingKey(config.provider, candidate),
    );
    const verdict = judge(candidate, key, request, version, type);
    if (typeof verdict === 'number') return { credential: candidate, scheme: verdict, key };
    if (config.onCertificateRequest !== undefined) throw verdict;
  }
  return undefined;
}

/**
 * The signature of CertificateVerify. A Signer's promise waits as WANT_ASYNC.
 * @param covered - TLS 1.3: Transcript-Hash up to and with our Certificate. TLS 1.2: all messages so far in a row.
 * @throws TlsError ASYNC_OPERATION_FAILED when the signer fails.
 */
export function* signCertificateVerify(
  effects: Effects,
  chosen: ChosenCredential,
  version: TlsVersion,
  covered: Uint8Array,
): Steps<Uint8Array> {
  const content = version === 'TLSv1.3' ? certificateVerifyContent('client', covered) : covered;
  return yield* answer(
    effects,
    'sign the handshake',
    ask(() => chosen.key.sign(chosen.scheme, content, effects.ssl), signatureOf),
  );
}

/**
 * For the making of a context: refuses credentials that this provider cannot sign with, as early as the provider can
 * tell.
 * @throws TypeError that names the credential.
 */
export function checkCredentials(config: Config): void {
  config.credentials.forEach((candidate, i) => {
    const name = `credentials[${i}]`;
    try {
      const key = signingKey(config.provider, candidate);
      // An asynchronous import tells at the handshake; its rejection is not to go unheard until then.
      if (key instanceof Promise) key.catch(() => undefined);
      leafKind(candidate);
    } catch (error) {
      throw new TypeError(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  });
}

/** A copy: whoever made it may go on using its memory. */
function signatureOf(value: unknown): Uint8Array {
  const copy = copyOf(value);
  if (copy === undefined || copy.length === 0) throw fail('ASYNC_OPERATION_FAILED', 'the signer gave no signature');
  return copy;
}

function* askCaller(effects: Effects, request: CertificateRequest): Steps<readonly OwnCredential[]> {
  effects.hs.makeNoSession();
  const { onCertificateRequest } = effects.config;
  const asked = ask(
    () => onCertificateRequest?.(request, effects.ssl),
    (chosen) => (chosen === undefined ? [] : [credentialOf(chosen)]),
  );
  return yield* answer(effects, 'choose a client credential', asked, SslErrorCode.wantX509Lookup);
}

function credentialOf(value: unknown): OwnCredential {
  try {
    return credentialOption(value, 'onCertificateRequest');
  } catch (error) {
    throw fail('ASYNC_OPERATION_FAILED', 'onCertificateRequest gave no credential', { cause: error });
  }
}

/** {@link settle}, for a callback that may throw as well as reject. */
function* attempt<T>(effects: Effects, label: string, call: () => Maybe<T>): Steps<T> {
  let operation: Maybe<T>;
  try {
    operation = call();
  } catch (error) {
    throw TlsError.is(error) ? error : fail('ASYNC_OPERATION_FAILED', `${label} failed`, { cause: error });
  }
  return yield* settle(effects, label, operation);
}

const KEYS = new WeakMap<CryptoProvider, WeakMap<OwnCredential, Maybe<SigningKey>>>();

/** The key of a credential, imported once. @throws TypeError where this provider does not sign. */
function signingKey(provider: CryptoProvider, credential: OwnCredential): Maybe<SigningKey> {
  const { key: own } = credential;
  if (isSigner(own)) return own;
  let imported = KEYS.get(provider);
  if (imported === undefined) KEYS.set(provider, (imported = new WeakMap()));
  let key = imported.get(credential);
  if (key === undefined) {
    const import_ = provider.importSigningKey(own);
    key =
      import_ instanceof Promise
        ? import_.then((made) => usable(provider, credential, made))
        : usable(provider, credential, import_);
    imported.set(credential, key);
  }
  return key;
}

const isSigner = (key: Uint8Array | Signer): key is Signer => 'sign' in key;

/**
 * @throws TypeError for a provider that does not sign, and, where the platform tells, for a key that is not the
 * certificate's.
 */
function usable(provider: CryptoProvider, credential: Credential, key: SigningKey | undefined): SigningKey {
  if (key === undefined)
    throw new TypeError(
      `${provider.name} signs nothing, since BigInt arithmetic tells the key by its timing: give a Signer as the key`,
    );
  if (key.publicKey !== undefined && !sameKey(key.publicKey, leafKey(credential)))
    throw new TypeError('its key is not that of its certificate');
  return key;
}

/** RSA keys compare by their numbers: the certificate may call RSASSA-PSS what the key file calls RSA. */
function sameKey(a: PublicKey, b: PublicKey | undefined): boolean {
  if (b === undefined) return true;
  if ('modulus' in a && 'modulus' in b) return bytesEqual(a.modulus, b.modulus) && bytesEqual(a.exponent, b.exponent);
  // A certificate may hold a compressed point, which has the same coordinate in front.
  if (a.kind === 'ec' && b.kind === 'ec') return a.curve === b.curve && bytesEqual(coordinate(a), coordinate(b));
  return 'key' in a && 'key' in b && bytesEqual(a.key, b.key);
}

const coordinate = ({ point, bits }: EcKey): Uint8Array => point.subarray(1, 1 + Math.ceil(bits / 8));

/** The scheme to sign with, or why the credential does not fit. */
function judge(
  credential: Credential,
  key: SigningKey,
  request: CertificateRequest,
  version: TlsVersion,
  certificateType: CertificateType,
): number | TlsError {
  if ((credential.rawPublicKey === undefined) !== (certificateType === 'x509')) {
    return fail('NO_MATCHING_CREDENTIAL', `the server takes client certificates of type ${certificateType} only`);
  }
  const kind = leafKind(credential);
  const { rsa_sign, ecdsa_sign } = ClientCertificateType;
  const type = kind === 'rsa' || kind === 'rsa-pss' ? rsa_sign : ecdsa_sign;
  if (version === 'TLSv1.2' && !request.certificateTypes.includes(type)) {
    return fail('NO_MATCHING_CREDENTIAL', 'the server takes no client certificate with a key of this kind');
  }
  if (credential.mustMatchIssuer === true && !issuedByOneOf(credential, request.authorities)) {
    return fail('NO_MATCHING_CREDENTIAL', 'the server names no issuer of this client certificate');
  }
  const wanted = credential.signatureAlgorithms ?? key.schemes.filter((id) => signatureScheme(id)?.legacy !== true);
  const scheme = wanted
    .filter((id) => key.schemes.includes(id) && request.signatureAlgorithms.includes(id))
    .map(signatureScheme)
    .find((candidate): candidate is SignatureScheme => candidate !== undefined && schemeFits(candidate, kind, version));
  return (
    scheme?.id ??
    fail('NO_COMMON_SIGNATURE_ALGORITHMS', 'the client credential has no signature algorithm that the server takes')
  );
}

function leafKind(credential: Credential): ReturnType<typeof keyKind> {
  const key = leafKey(credential);
  return key && keyKind(key);
}

function leafKey({ chain: [leaf], rawPublicKey }: Credential): PublicKey | undefined {
  try {
    if (rawPublicKey !== undefined) return parsePublicKey(rawPublicKey);
    return leaf && readCertificate(leaf).publicKey;
  } catch (error) {
    if (error instanceof DerError)
      throw new TypeError(`its certificate cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
}

function issuedByOneOf(credential: Credential, authorities: readonly Uint8Array[]): boolean {
  return credential.chain.some((der) => {
    const { issuer } = readCertificate(der);
    return authorities.some((name) => bytesEqual(name, issuer));
  });
}
