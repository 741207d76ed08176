/** @module A context's copy of a caller's credential, independent of later changes to the caller's objects. */
import type { Credential, Signer } from '@ferrule/contract';
import { bytesOf } from '@ferrule/result/arguments';
import { bytesEqual, EMPTY } from '@ferrule/result/bytes';
import { codePoint, der, flag, list, record } from './options.ts';

/**
 * The caller's object, used only for `Ssl.clientCredential`. Shared by all copies of this package, since code that
 * reads options before loading the engine may use another copy.
 */
const GIVEN: unique symbol = Symbol.for('ferrule.credential.given');

/** Frozen, with copied bytes. */
export interface OwnCredential extends Credential {
  readonly [GIVEN]: Credential;
}

/** The object that the caller gave. */
export const givenCredential = (own: OwnCredential): Credential => own[GIVEN];

/**
 * Reads each part of a credential once. The same object with the same content returns the same OwnCredential, so that
 * engines can cache what they derive from it; a changed one returns a new one. An OwnCredential is returned as is.
 * @throws TypeError that begins with the name of the invalid part.
 */
export function credentialOption(value: unknown, name: string): OwnCredential {
  if (OWN.has(value as object)) return value as OwnCredential;
  const o = record(value, name, ['chain', 'rawPublicKey', 'key', 'signatureAlgorithms', 'mustMatchIssuer']);
  const rawPublicKey = o.has('rawPublicKey') ? der(o.get('rawPublicKey'), `${name}.rawPublicKey`) : undefined;
  const chain = list(o, 'chain', der, { prefix: name, empty: rawPublicKey !== undefined });
  if (chain === undefined) throw new TypeError(`${name}.chain: required`);
  if (rawPublicKey !== undefined && chain.length !== 0)
    throw new TypeError(`${name}.chain: must be empty beside a rawPublicKey`);
  const signatureAlgorithms = list(o, 'signatureAlgorithms', codePoint, { prefix: name });
  const given = (value as Partial<OwnCredential>)[GIVEN] ?? (value as Credential);
  const made = Object.freeze<OwnCredential>({
    chain,
    key: keyOption(o.get('key'), `${name}.key`),
    mustMatchIssuer: flag(o, 'mustMatchIssuer', false, name),
    ...(rawPublicKey && { rawPublicKey }),
    ...(signatureAlgorithms && { signatureAlgorithms }),
    [GIVEN]: given,
  });
  const before = MADE.get(given);
  if (before !== undefined && same(before, made)) return before;
  MADE.set(given, made);
  OWN.add(made);
  return made;
}

const MADE = new WeakMap<Credential, OwnCredential>();
const OWN = new WeakSet<object>();

/** The caller's Signer and its function, as read. */
const SIGNERS = new WeakMap<Signer, readonly [signer: unknown, sign: unknown]>();

function keyOption(value: unknown, name: string): Uint8Array | Signer {
  if (bytesOf(value) !== undefined || typeof value === 'string') return der(value, name);
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name}: must be a Uint8Array or a Signer`);
  const { schemes: offered, sign } = value as { readonly schemes?: unknown; readonly sign?: unknown };
  if (offered === undefined && sign === undefined)
    throw new TypeError(`${name}: must be a key in DER or a Signer, which has schemes and sign()`);
  if (!Array.isArray(offered) || offered.length === 0)
    throw new TypeError(`${name}.schemes: must be a list of SignatureSchemes`);
  const schemes = Object.freeze(
    Array.from(offered, (scheme: unknown, i) => codePoint(scheme, `${name}.schemes[${i}]`)),
  );
  if (typeof sign !== 'function') throw new TypeError(`${name}.sign: must be a function`);
  const signer = Object.freeze<Signer>({
    schemes,
    sign: (scheme, message, connection) => Reflect.apply(sign, value, [scheme, message, connection]) as Uint8Array,
  });
  SIGNERS.set(signer, [value, sign]);
  return signer;
}

function same(a: OwnCredential, b: OwnCredential): boolean {
  return (
    sameLists(a.chain, b.chain, bytesEqual) &&
    bytesEqual(a.rawPublicKey ?? EMPTY, b.rawPublicKey ?? EMPTY) &&
    (a.signatureAlgorithms === undefined) === (b.signatureAlgorithms === undefined) &&
    sameLists(a.signatureAlgorithms ?? EMPTY, b.signatureAlgorithms ?? EMPTY, Object.is) &&
    a.mustMatchIssuer === b.mustMatchIssuer &&
    sameKey(a.key, b.key)
  );
}

function sameKey(a: Uint8Array | Signer, b: Uint8Array | Signer): boolean {
  if ('sign' in a && 'sign' in b)
    return (
      sameLists(a.schemes, b.schemes, Object.is) && sameLists(SIGNERS.get(a) ?? [], SIGNERS.get(b) ?? [], Object.is)
    );
  // Not in constant time: only the owner of the key can trigger the comparison
  return !('sign' in a) && !('sign' in b) && bytesEqual(a, b);
}

const sameLists = <T>(a: ArrayLike<T>, b: ArrayLike<T>, sameItem: (a: T, b: T) => boolean): boolean =>
  a.length === b.length && Array.from(a).every((item, i) => sameItem(item, b[i] as T));
