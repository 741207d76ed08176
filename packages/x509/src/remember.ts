/** @module Caches good signatures, which halves the cost of an ECDSA handshake. */
import { integerOption, knownOptions } from '@ferrule/result/arguments';
import { latin1 } from '@ferrule/result/bytes';
import type { SignatureAlgorithm, SignatureVerifier } from './signature.ts';

export interface RememberOptions {
  /** Maximum number of remembered signatures, evicting the least recently used. Default 1024; about 100 bytes each. */
  readonly max?: number;
}

/**
 * A verifier that remembers which (algorithm, key, message, signature) it has found good, by hash. Wrong ones are
 * checked each time, so they cannot fill the memory. Keep one per process: chains repeat; handshake signatures do not,
 * and should use the verifier directly.
 * @throws TypeError for a verifier without `digest`, or a `max` that is not a positive integer.
 */
export function rememberVerified(verifier: SignatureVerifier, options: RememberOptions = {}): SignatureVerifier {
  const { max = 1024 } = knownOptions(options, ['max']);
  const { digest } = verifier;
  if (!digest) throw new TypeError(`the verifier ${verifier.name} has no digest`);
  integerOption(max, 'max', 1, Number.MAX_SAFE_INTEGER);
  const good = new Set<string>();
  const keep = (name: string): void => {
    // Anything else is not SHA-256, and may collide for all signatures.
    if (name.length !== 32) return;
    if (good.size >= max) good.delete(good.keys().next().value as string);
    good.add(name);
  };
  return {
    name: verifier.name,
    digest,
    verify: (algorithm, spki, message, signature) => {
      const name = latin1(digest('sha256', framed(algorithm, [spki, message, signature])));
      if (good.delete(name)) {
        good.add(name);
        return true;
      }
      const answer = verifier.verify(algorithm, spki, message, signature);
      // Anything but a boolean or a promise counts as false.
      if (typeof answer !== 'boolean') {
        return Promise.resolve(answer).then((ok) => {
          if (ok === true) keep(name);
          return ok === true;
        });
      }
      if (answer) keep(name);
      return answer;
    },
  };
}

/** Each part is preceded by its length, so that the encoding is unambiguous. */
function framed(algorithm: SignatureAlgorithm, parts: readonly Uint8Array[]): Uint8Array {
  const kind = `${algorithm.kind},${'hash' in algorithm ? algorithm.hash : ''},${'saltLength' in algorithm ? algorithm.saltLength : ''}`;
  const whole = new Uint8Array(kind.length + 1 + parts.reduce((sum, { length }) => sum + 4 + length, 0));
  for (let i = 0; i < kind.length; i++) whole[i] = kind.charCodeAt(i);
  let at = kind.length + 1;
  for (const part of parts) {
    new DataView(whole.buffer).setUint32(at, part.length);
    whole.set(part, at + 4);
    at += 4 + part.length;
  }
  return whole;
}
