/** @module The path from the server's certificate to a trust anchor, by @ferrule/x509, as a step of the handshake. */
import { revocation as part, type Revocation } from '@ferrule/pure/parts/revocation';
import { type CertificateFault, certificateText, X509V } from '@ferrule/result';
import { bytesEqual } from '@ferrule/result/bytes';
import { askFilter } from '@ferrule/ssl';
import {
  buildPathSteps,
  type Certificate,
  type CertificateKey,
  type Crl,
  DerError,
  faultFacts,
  type PathInput,
  type PathResult,
  type PathSuccess,
  rememberVerified,
  type RevocationQuestion,
  type SignatureVerifier,
  type TrustStore,
  trustStore,
} from '@ferrule/x509';
import type { Config } from '../context.ts';
import type { Effects } from '../effects.ts';
import { fail } from '../reason.ts';
import { type Steps, settle } from '../wait.ts';
import { readCertificate } from './parsed.ts';
import type { Peer } from './verify.ts';

/** What is known of a chain once it was looked at. */
export interface ChainVerdict {
  /** DER, leaf to root; `undefined` when no path was found and none is needed. */
  readonly path: readonly Uint8Array[] | undefined;
  /** X509_V_* number. */
  readonly code: number;
}

/**
 * Builds and checks the path, with CRLs, a filter of revoked certificates, the usage of the server's key, pins and the
 * stapled OCSP response, in this order. Under `verify: 'none'` a failure is reported by its code and goes no further, as
 * after SSL_CTX_set_verify(3) with SSL_VERIFY_NONE; only a pin still holds.
 * @throws TlsError CERT_*
 */
export function* validateChain(effects: Effects, peer: Peer, leaf: Certificate | CertificateKey): Steps<ChainVerdict> {
  const { config } = effects;
  const { store, crls, verifier } = trustOf(config);
  const { ocsp, pins, revocation, verify } = config;
  if (!('tbs' in leaf)) {
    checkPins(config, leaf);
    return { path: undefined, code: X509V.UNSPECIFIED };
  }
  const path: PathInput = {
    chain: [leaf, ...peer.certificates.slice(1).map(readOrLeave)],
    trustAnchors: store,
    verifier,
    now: config.now(),
    host: config.verifyHost ? peer.host : undefined,
    profile: config.profile,
    securityLevel: config.securityLevel,
    maxChainLength: config.limits.chainLength,
    maxSteps: config.limits.pathBuildingSteps,
  };
  // Without the part no option asks for more than the path and the pins
  const steps =
    part?.validatePathSteps({
      ...path,
      crls,
      ocsp,
      ocspResponse: peer.ocspResponse,
      revocation: revocation && {
        ...revocation,
        crlite: { check: (question) => askFilter(revocation, ownCopy(question)) },
      },
      pins: pins.length === 0 ? undefined : pins,
    }) ?? buildPathSteps(path);
  const result = yield* run(effects, steps);
  if (!result.ok && verify !== 'none') {
    if (result.error.beyond === 'pins' || result.error.beyond === 'staple') checkUsage(leaf);
    const anchored = config.trustAnchors.length > 0;
    throw refused({ ...result.error, host: peer.host, anchored }, result.error.message);
  }
  if (verify !== 'none') checkUsage(leaf);
  if (verify === 'none' || part === undefined) checkPins(config, leaf, keysOf(result));
  return result.ok ? { path: derOf(result), code: X509V.OK } : { path: undefined, code: result.error.verify };
}

/** Of a path that was verified: what a staple says of the leaf leaves it so. */
function keysOf(result: PathResult): readonly Uint8Array[] {
  if (result.ok) return [...result.chain, result.anchor].map(({ spki }) => spki);
  return result.error.beyond === 'staple' ? result.error.chain.map(({ spki }) => spki) : [];
}

/** RFC 5280 section 4.2.1.3: the first bit. */
const DIGITAL_SIGNATURE = 1;

/**
 * RFC 9846 section 4.5.1.2: keyUsage, if there is one, must allow digital signatures. Told behind what is wrong with
 * the chain, as OpenSSL does, and before pins and the staple.
 * @throws TlsError CERT_PURPOSE
 */
export function checkUsage(leaf: Certificate | CertificateKey): void {
  if (!('keyUsage' in leaf)) return;
  if (leaf.keyUsage !== undefined && (leaf.keyUsage & DIGITAL_SIGNATURE) === 0) {
    throw refused({
      ...faultFacts(leaf, leaf),
      code: 'CERT_PURPOSE',
      verify: X509V.KEYUSAGE_NO_DIGITAL_SIGNATURE,
      depth: 0,
    });
  }
}

/** What the filter does with the bytes must not reach what is verified and reported. */
const ownCopy = ({ certificate, issuerSpki, ...rest }: RevocationQuestion): RevocationQuestion => ({
  ...rest,
  certificate: certificate.slice(),
  issuerSpki: issuerSpki.slice(),
});

/** What cannot be read is left to the path builder, which tells of it where that matters. */
function readOrLeave(der: Uint8Array): Certificate | Uint8Array {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return der;
    throw error;
  }
}

/** Runs steps of @ferrule/x509 as steps of the handshake: both wait for promises of the signature verifier only. */
function* run<T>(effects: Effects, steps: Generator<PromiseLike<boolean>, T, boolean>): Steps<T> {
  for (
    let state = steps.next();
    ;
    state = steps.next(yield* settle(effects, 'verify the certificate chain', state.value))
  ) {
    if (state.done === true) return state.value;
  }
}

const derOf = ({ chain }: PathSuccess): readonly Uint8Array[] => chain.map(({ raw }) => raw);

/** @param detail - what is known of it beyond the facts that both engines have. */
export function refused(fault: CertificateFault, detail?: string): Error {
  const { code, verify, depth, subject } = fault;
  const { message, hint } = certificateText(fault);
  const cause = detail === undefined ? undefined : new Error(detail);
  return fail(code, message, { verify: { code: verify, depth, subject }, hint, cause });
}

/**
 * Where no path was verified, a pin must be that of the key which the handshake's signature proves: the leaf's.
 * @throws TlsError CERT_PIN_MISMATCH
 */
export function checkPins(
  { pins, provider }: Config,
  leaf: Certificate | Pick<CertificateKey, 'spki'>,
  keys: readonly Uint8Array[] = [],
): void {
  if (pins.length === 0) return;
  const digests = [leaf.spki, ...keys].map((spki) => provider.hashes.sha256.digest(spki));
  if (pins.some((pin) => digests.some((digest) => bytesEqual(pin, digest)))) return;
  throw refused({
    ...('tbs' in leaf && faultFacts(leaf, leaf)),
    code: 'CERT_PIN_MISMATCH',
    verify: X509V.APPLICATION_VERIFICATION,
    depth: 0,
  });
}

/** What a config trusts, read. */
interface Trust {
  readonly store: TrustStore;
  readonly crls: readonly Crl[] | undefined;
  readonly verifier: SignatureVerifier;
}

const TRUST = new WeakMap<Config, Trust>();
const VERIFIERS = new WeakMap<SignatureVerifier, SignatureVerifier>();

/** Reads anchors and CRLs once for each config. @throws TypeError naming the one that cannot be read. */
export function trustOf(config: Config): Trust {
  let trust = TRUST.get(config);
  if (trust === undefined) {
    const crls = part && config.crls?.map(readCrl(part));
    trust = { store: readAnchors(config), crls, verifier: remembering(config.provider.verifier) };
    TRUST.set(config, trust);
  }
  return trust;
}

function readAnchors({ trustAnchors }: Config): TrustStore {
  try {
    return trustStore(trustAnchors);
  } catch (error) {
    throw new TypeError(`trustAnchors: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Chains repeat: what one connection has verified, the next of any context need not. */
function remembering(verifier: SignatureVerifier): SignatureVerifier {
  if (verifier.digest === undefined) return verifier;
  let remembers = VERIFIERS.get(verifier);
  if (remembers === undefined) VERIFIERS.set(verifier, (remembers = rememberVerified(verifier)));
  return remembers;
}

const readCrl =
  ({ parseCrl }: Revocation) =>
  (der: Uint8Array, i: number): Crl => {
    let crl: Crl;
    try {
      crl = parseCrl(der);
    } catch (cause) {
      if (cause instanceof DerError) throw new TypeError(`crls[${i}]: cannot be read: ${cause.message}`, { cause });
      throw cause;
    }
    if (crl.delta)
      throw new TypeError(
        `crls[${i}]: is a delta CRL (RFC 5280 section 5.2.4), which is not supported: give the complete list`,
      );
    return crl;
  };
