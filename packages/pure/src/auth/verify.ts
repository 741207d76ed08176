/**
 * @module Is the peer who it should be, and does it hold its key? The two checks that make ChainVerified and
 * SignatureVerified, proof tokens of `flow/proof.ts`; nothing else does.
 *
 * `verify` of the options decides about the chain alone. The signature of CertificateVerify or ServerKeyExchange is
 * always checked, with the key of the certificate that was sent.
 */
import type { VerifyCallback } from '@ferrule/contract';
import { SslErrorCode, X509V } from '@ferrule/result';
import { bytesEqual, concat, hex16 } from '@ferrule/result/bytes';
import { ask, refusalOf } from '@ferrule/ssl';
import {
  certificateKey,
  DerError,
  type Certificate,
  type CertificateKey,
  type Curve,
  isTooWeak,
  type PublicKey,
  parsePublicKey,
  type SignatureHash,
} from '@ferrule/x509';
import type { CipherSuite, CryptoProvider, Hash } from '../crypto/provider.ts';
import { type KeyKind, type SignatureScheme, signatureScheme } from '../crypto/schemes.ts';
import type { Effects } from '../effects.ts';
import { fail } from '../reason.ts';
import { settle, settled, type Steps } from '../wait.ts';
import { checkPins, checkUsage, refused, validateChain } from './chain.ts';
import { readCertificate } from './parsed.ts';

class ChainProof {
  protected readonly chain = true;
}
export type ChainVerified = ChainProof;

class SignatureProof {
  protected readonly signature = true;
}
export type SignatureVerified = SignatureProof;

/** What the server presented. */
export interface Peer {
  /** The host of the connection, whose name or address the certificate must have; `undefined` checks no name. */
  readonly host: string | undefined;
  readonly suite: CipherSuite;
  /** RFC 7250: the one entry of `certificates` is then a SubjectPublicKeyInfo. */
  readonly kind: 'x509' | 'raw-public-key';
  /** DER, leaf first, as sent. */
  readonly certificates: readonly Uint8Array[];
  /** DER OCSPResponse, stapled to the leaf. */
  readonly ocspResponse: Uint8Array | undefined;
  /** SignedCertificateTimestampList. */
  readonly signedCertificateTimestamps: Uint8Array | undefined;
}

/** The key that the peer has to prove it holds. */
export interface PeerKey {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
}

export interface VerifiedPeer {
  readonly chain: ChainVerified;
  readonly key: PeerKey;
}

/**
 * The certificates of the server, under the caller's `verify`. Writes the facts about the peer: certificates, OCSP
 * response and SCTs before the check, verified chain and verify result after it. Waits as WANT_RETRY_VERIFY for a
 * verify function, as WANT_ASYNC for asynchronous cryptography.
 * @throws TlsError NO_CERTIFICATE, DECODE_ERROR (a certificate that cannot be read), WRONG_CERTIFICATE_TYPE, CERT_*
 */
export function* verifyChain(effects: Effects, peer: Peer): Steps<VerifiedPeer> {
  const { certificates } = peer;
  const [first] = certificates;
  const { limits } = effects.config;
  if (first === undefined) throw fail('NO_CERTIFICATE', 'the server sent an empty list of certificates');
  if (certificates.length > limits.chainLength) {
    throw refused(
      { code: 'CERT_CHAIN_TOO_LONG', verify: X509V.CERT_CHAIN_TOO_LONG, depth: 0 },
      `the server sent ${certificates.length} certificates; limits.chainLength is ${limits.chainLength}`,
    );
  }
  effects.negotiated.settle('peerCertificates', peer.kind === 'x509' ? certificates : []);
  effects.negotiated.settle('ocspResponse', peer.ocspResponse);
  effects.negotiated.settle('signedCertificateTimestamps', peer.signedCertificateTimestamps);
  return peer.kind === 'x509'
    ? yield* verifyCertificates(effects, peer, first)
    : yield* verifyRawPublicKey(effects, peer, first);
}

function* verifyCertificates(effects: Effects, peer: Peer, first: Uint8Array): Steps<VerifiedPeer> {
  const { verify } = effects.config;
  const leaf = verify === 'peer' ? readLeaf(first) : readAtLeastKey(first);
  if (typeof verify === 'function') {
    yield* askCaller(effects, peer, verify);
    checkUsage(leaf);
    checkPins(effects.config, leaf);
    effects.negotiated.settle('verifiedChain', undefined);
    effects.negotiated.settle('verifyResult', X509V.OK);
  } else {
    const { path, code } = yield* validateChain(effects, peer, leaf);
    effects.negotiated.settle('verifiedChain', path);
    effects.negotiated.settle('verifyResult', code);
  }
  const publicKey = keyOf(leaf);
  // As OpenSSL, which tells what is wrong with the chain first
  checkKind(effects, peer.suite, publicKey);
  return { chain: new ChainProof(), key: { spki: leaf.spki, publicKey } };
}

function* verifyRawPublicKey(effects: Effects, peer: Peer, spki: Uint8Array): Steps<VerifiedPeer> {
  const { rawPublicKeys, securityLevel, verify } = effects.config;
  if (peer.certificates.length !== 1)
    throw fail('DECODE_ERROR', 'a raw public key must be the only entry (RFC 7250 section 3)');
  const publicKey = readable('the raw public key of the server', () => parsePublicKey(spki));
  let code: number = X509V.OK;
  if (typeof verify === 'function') yield* askCaller(effects, peer, verify);
  else if (isTooWeak(publicKey, securityLevel)) code = X509V.EE_KEY_TOO_SMALL;
  else if (!rawPublicKeys.some((trusted) => bytesEqual(trusted, spki))) code = X509V.CERT_UNTRUSTED;
  if (verify === 'peer' && code === X509V.EE_KEY_TOO_SMALL) {
    throw fail('CERT_WEAK_KEY', `the raw public key of the server is too weak for security level ${securityLevel}`, {
      verify: { code },
    });
  }
  if (verify === 'peer' && code === X509V.CERT_UNTRUSTED) {
    throw fail('CERT_UNTRUSTED_ROOT', 'the raw public key of the server is not among rawPublicKeys', {
      verify: { code },
      hint: 'Give the key as one of rawPublicKeys if you trust it.',
    });
  }
  checkPins(effects.config, { spki });
  effects.negotiated.settle('peerRawPublicKey', spki);
  effects.negotiated.settle('verifiedChain', undefined);
  effects.negotiated.settle('verifyResult', code);
  return { chain: new ChainProof(), key: { spki, publicKey } };
}

/** The verify function of the options: only `true` accepts. */
function* askCaller(
  effects: Effects,
  { host, kind, certificates, ocspResponse }: Peer,
  verify: VerifyCallback,
): Steps<void> {
  // Copies: what the callback does with them must not reach what is reported and stored.
  const [key] = kind === 'raw-public-key' ? certificates : [];
  const chain = kind === 'x509' ? certificates.map((certificate) => certificate.slice()) : [];
  const peer = { host, chain, rawPublicKey: key?.slice(), ocspResponse: ocspResponse?.slice() };
  const asked = ask(
    () => verify(peer, effects.ssl),
    (accepted) => accepted === true,
  );
  yield* settled(effects, 'verify the certificate by callback', asked, SslErrorCode.wantRetryVerify);
  const refusal = refusalOf(asked);
  if (refusal !== undefined) throw refusal.error;
}

function readLeaf(der: Uint8Array): Certificate {
  return readable("the server's certificate", () => readCertificate(der));
}

function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError)
      throw fail('DECODE_ERROR', `${what} cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Who judges the chain in another way, or not at all, needs no more of a certificate than its key. */
function readAtLeastKey(der: Uint8Array): Certificate | CertificateKey {
  try {
    return readCertificate(der);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return readable("the server's certificate", () => certificateKey(der));
  }
}

/** One that cannot be read is of no kind that can sign. */
const keyOf = (leaf: Certificate | CertificateKey): PublicKey =>
  isCertificate(leaf) ? leaf.publicKey : readable('the key of the server', () => parsePublicKey(leaf.spki));
const isCertificate = (leaf: Certificate | CertificateKey): leaf is Certificate => 'tbs' in leaf;

/** Whether a key of this kind can do what the handshake needs of it, whatever the chain says. */
function checkKind(effects: Effects, suite: CipherSuite, publicKey: PublicKey): void {
  const kind = keyKind(publicKey);
  if (suite.version === 'TLSv1.2') {
    // RFC 8422 section 5.3: the suite says which kind of key signs; Ed25519 signs under ECDSA suites (section 5.10).
    const needed = kind === 'rsa' || kind === 'rsa-pss' ? 'rsa' : 'ecdsa';
    if (kind === undefined || isMlDsa(kind) || needed !== suite.authentication) {
      throw fail(
        'WRONG_CERTIFICATE_TYPE',
        `${suite.name} needs a certificate with a key for ${String(suite.authentication)}`,
      );
    }
    // RFC 8422 section 5.1: in TLS 1.2, supported_groups is about the certificate too.
    if (publicKey.kind === 'ec' && !effects.config.groups.some(({ name }) => name === kind)) {
      throw fail('WRONG_CERTIFICATE_TYPE', `the key of the certificate is on ${kind}, which was not offered`);
    }
  } else if (kind === undefined) {
    throw fail('WRONG_CERTIFICATE_TYPE', 'the key of the certificate is of a kind that signs nothing in TLS 1.3');
  }
}

/** The kind of key as SignatureSchemes see it; `undefined` for one that signs nothing in TLS. */
export function keyKind(key: PublicKey): KeyKind | undefined {
  if (key.kind === 'ec') return CURVE_NAMES[key.curve];
  return key.kind === 'unknown' ? undefined : key.kind;
}

/** RFC 9846 section 4.3.7, RFC 8734: the curves that TLS still signs with. */
const CURVE_NAMES: Readonly<Partial<Record<Curve, KeyKind>>> = {
  'P-256': 'secp256r1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
  brainpoolP256r1: 'brainpoolP256r1tls13',
  brainpoolP384r1: 'brainpoolP384r1tls13',
  brainpoolP512r1: 'brainpoolP512r1tls13',
};

/** Of TLS 1.3 alone. */
const isMlDsa = (kind: KeyKind): boolean => kind.startsWith('ml-dsa');

/**
 * Whether a key of this kind signs with this scheme in this version: TLS 1.2 leaves the curve free and allows PKCS #1.
 */
export function schemeFits(
  scheme: SignatureScheme,
  kind: KeyKind | undefined,
  version: CipherSuite['version'],
): boolean {
  if (kind === undefined) return false;
  if (version === 'TLSv1.3') return scheme.tls13 && scheme.key === kind;
  if (scheme.legacy === true || scheme.only13 === true) return false;
  return scheme.key === kind || (scheme.key.startsWith('secp') && kind.startsWith('secp'));
}

const signedPrefix = (sender: string): Uint8Array =>
  new TextEncoder().encode(`${' '.repeat(64)}TLS 1.3, ${sender} CertificateVerify\0`);
const SIGNED_PREFIX = { server: signedPrefix('server'), client: signedPrefix('client') } as const;

/** 64 spaces, the context string and a zero byte in front of the Transcript-Hash (RFC 9846 section 4.5.2). */
export const certificateVerifyContent = (sender: 'server' | 'client', transcriptHash: Uint8Array): Uint8Array =>
  concat([SIGNED_PREFIX[sender], transcriptHash]);

/** A signature as it came, with its SignatureScheme. */
export interface Signed {
  readonly algorithm: number;
  readonly signature: Uint8Array;
}

/**
 * TLS 1.3: the server's CertificateVerify. Writes the fact `peerSignatureAlgorithm`.
 * @param transcriptHash - up to and with Certificate.
 * @throws TlsError WRONG_SIGNATURE_TYPE, BAD_SIGNATURE
 */
export function verifyCertificateVerify(
  effects: Effects,
  key: PeerKey,
  signed: Signed,
  transcriptHash: Uint8Array,
): Steps<SignatureVerified> {
  return verifySignature(effects, key, signed, certificateVerifyContent('server', transcriptHash), 'TLSv1.3');
}

/**
 * TLS 1.2: the signature of ServerKeyExchange (RFC 8422 section 5.4). Writes the fact `peerSignatureAlgorithm`.
 * @param parameters - ServerECDHParams as on the wire.
 * @throws TlsError WRONG_SIGNATURE_TYPE, BAD_SIGNATURE
 */
export function verifyServerKeyExchange(
  effects: Effects,
  key: PeerKey,
  signed: Signed & { readonly parameters: Uint8Array },
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Steps<SignatureVerified> {
  const content = new Uint8Array(64 + signed.parameters.length);
  content.set(clientRandom);
  content.set(serverRandom, 32);
  content.set(signed.parameters, 64);
  return verifySignature(effects, key, signed, content, 'TLSv1.2');
}

function* verifySignature(
  effects: Effects,
  key: PeerKey,
  { algorithm, signature }: Signed,
  content: Uint8Array,
  version: CipherSuite['version'],
): Steps<SignatureVerified> {
  const { config } = effects;
  const name = hex16(algorithm);
  const scheme = config.signatureAlgorithms.includes(algorithm) ? signatureScheme(algorithm) : undefined;
  if (scheme === undefined) throw fail('WRONG_SIGNATURE_TYPE', `the server signed with ${name}, which was not offered`);
  if (!schemeFits(scheme, keyKind(key.publicKey), version))
    throw fail(
      'WRONG_SIGNATURE_TYPE',
      `the server signed with ${scheme.name}, which its key cannot make in ${version}`,
    );
  effects.negotiated.settle('peerSignatureAlgorithm', algorithm);
  const valid = yield* settle(
    effects,
    "verify the server's signature",
    config.provider.verifier.verify(scheme.algorithm, key.spki, content, signature),
  );
  // An answer that is merely truthy is no yes.
  if (valid !== true) throw fail('BAD_SIGNATURE', `the server's ${scheme.name} signature over the handshake is wrong`);
  return new SignatureProof();
}

/** Signatures over MD5 and SHA-1, for which RFC 5929 section 4.1 puts SHA-256. */
const WEAK_SIGNATURES: readonly string[] = ['1.2.840.113549.1.1.4', '1.2.840.113549.1.1.5', '1.2.840.10045.4.1'];

/**
 * RFC 5929 section 4.1, `tls-server-end-point`: the leaf by the hash of its signature; `undefined` where that has none,
 * or one that is not here.
 */
export function serverEndPoint({ hashes }: CryptoProvider, leaf: Uint8Array): Uint8Array | undefined {
  const certificate = readAtLeastKey(leaf);
  if (!('signatureOid' in certificate)) return undefined;
  const { signatureAlgorithm, signatureOid } = certificate;
  if (signatureAlgorithm !== undefined && 'hash' in signatureAlgorithm) {
    const known: Readonly<Partial<Record<SignatureHash, Hash>>> = hashes;
    return known[signatureAlgorithm.hash]?.digest(leaf);
  }
  return WEAK_SIGNATURES.includes(signatureOid) ? hashes.sha256.digest(leaf) : undefined;
}
