/** @module The path from the server's certificate to a trust anchor, by @ferrule/x509, as a step of the handshake. */
import { X509V } from '@ferrule/result';
import { type Certificate, type PathFailure, type PathSuccess, type TrustStore, trustStore, validatePath } from '@ferrule/x509';
import type { Config } from '../context.ts';
import type { Effects } from '../effects.ts';
import { fail } from '../reason.ts';
import { type Steps, settle } from '../wait.ts';
import type { Peer } from './verify.ts';

/** What is known of a chain once it was looked at. */
export interface ChainVerdict {
  /** DER, leaf to root; `undefined` when no path was found and none is needed. */
  readonly path: readonly Uint8Array[] | undefined;
  /** X509_V_* number. */
  readonly code: number;
}

/**
 * Builds and checks the path. Under `verify: 'none'` a failure is reported by its code and goes no further, as after
 * SSL_CTX_set_verify(3) with SSL_VERIFY_NONE.
 * @throws TlsError CERT_*
 */
export function* validateChain(effects: Effects, peer: Peer, leaf: Certificate): Steps<ChainVerdict> {
  const { config } = effects;
  const steps = validatePath({
    chain: [leaf, ...peer.certificates.slice(1)],
    trustAnchors: trustStoreOf(config),
    verifier: config.provider.verifier,
    now: config.now(),
    host: peer.host,
    securityLevel: config.securityLevel,
    maxChainLength: config.limits.chainLength,
    maxSteps: config.limits.pathBuildingSteps,
  });
  const result = yield* run(effects, steps);
  if (config.verify === 'none') {
    checkPins(config, [leaf.spki]);
    return result.ok ? { path: derOf(result), code: X509V.OK } : { path: undefined, code: result.error.verify };
  }
  if (!result.ok) throw asTlsError(result.error);
  checkPins(config, [...result.chain.map(({ spki }) => spki), result.anchor.spki]);
  return { path: derOf(result), code: X509V.OK };
}

/** Runs steps of @ferrule/x509 as steps of the handshake: both wait for promises of the signature verifier only. */
function* run<T>(effects: Effects, steps: Generator<PromiseLike<boolean>, T, boolean>): Steps<T> {
  for (let state = steps.next(); ; state = steps.next(yield* settle(effects, 'verify the certificate chain', state.value))) {
    if (state.done === true) return state.value;
  }
}

const derOf = ({ chain }: PathSuccess): readonly Uint8Array[] => chain.map(({ raw }) => raw);

const asTlsError = ({ code, message, verify, depth, subject, hint }: PathFailure): Error =>
  fail(code, message, { verify: { code: verify, depth, subject }, hint });

/**
 * One of the keys must be pinned, when there are pins.
 * @param keys - DER SubjectPublicKeyInfos that are known to belong to the peer: those of the verified path, or where none
 * was verified that of the leaf alone, which the handshake's signature proves.
 * @throws TlsError CERT_PIN_MISMATCH
 */
export function checkPins({ pins, provider }: Config, keys: readonly Uint8Array[]): void {
  if (pins.length === 0) return;
  const digests = keys.map((spki) => provider.hashes.sha256.digest(spki));
  if (digests.some((digest) => pins.some((pin) => pin.every((byte, i) => byte === digest[i])))) return;
  throw fail('CERT_PIN_MISMATCH', 'none of the keys in the chain of the server is pinned', { verify: { code: X509V.APPLICATION_VERIFICATION } });
}

const STORES = new WeakMap<Config, TrustStore>();

/** The trust anchors of a config, read once. @throws TypeError naming the one that cannot be read. */
export function trustStoreOf(config: Config): TrustStore {
  let store = STORES.get(config);
  if (store !== undefined) return store;
  try {
    STORES.set(config, (store = trustStore(config.trustAnchors)));
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(`trustAnchors: ${error.message}`, { cause: error });
    throw error;
  }
  return store;
}
