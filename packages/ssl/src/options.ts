/**
 * @module @ferrule/ssl/options: how an engine reads a caller's options. Each value is read once, by name; an invalid
 * one is a TypeError that begins with the name of the option.
 */
import type { CertificateProfile, ExternalPsk } from '@ferrule/contract';
import {
  booleanOption,
  bytesOf,
  choiceOption,
  copyOf,
  functionOption,
  integerOption,
  knownOptions,
  refuseOption,
} from '@ferrule/result/arguments';
import { EMPTY, hex16, latin1 } from '@ferrule/result/bytes';

/** The given options, without those that are `undefined`. */
export type Options = ReadonlyMap<string, unknown>;

/** Validates a value and returns it with its type. @throws TypeError that begins with the name */
export type Check<T> = (value: unknown, name: string) => T;

/** @throws TypeError if it is not a plain object, or has an unknown key. */
export const optionsOf = (value: unknown, known: ReadonlySet<string>): Options => record(value, 'options', known);

/** An option that is itself an object. @throws TypeError as {@link optionsOf} */
export const record = (value: unknown, name: string, known: Iterable<string>): Options =>
  new Map(Object.entries(knownOptions(value as object, known, name)).filter(([, entry]) => entry !== undefined));

/** A list without duplicate primitives; `undefined` if absent. @throws TypeError */
export function list<T>(
  o: Options,
  key: string,
  check: Check<T>,
  { empty = false, prefix = '' }: { readonly empty?: boolean; readonly prefix?: string } = {},
): readonly T[] | undefined {
  const value = o.get(key);
  if (value === undefined) return undefined;
  const name = dotted(prefix, key);
  if (!Array.isArray(value)) return refuseOption(value, name, 'an array');
  if (value.length === 0 && !empty) throw new TypeError(`${name}: must not be empty`);
  // By index, so that a hole counts as a missing entry.
  const items = Array.from({ length: value.length }, (_, i) =>
    check((value as readonly unknown[])[i], `${name}[${i}]`),
  );
  if (new Set<unknown>(items).size !== items.length) throw new TypeError(`${name}: contains a duplicate`);
  return Object.freeze(items);
}

/** @throws TypeError */
export function integer(o: Options, key: string, least: number, most: number, prefix: string = ''): number | undefined {
  const value = o.get(key);
  return value === undefined ? undefined : integerOption(value, dotted(prefix, key), least, most);
}

/** @throws TypeError */
export const flag = (o: Options, key: string, otherwise: boolean = false, prefix: string = ''): boolean =>
  booleanOption(o.get(key) ?? otherwise, dotted(prefix, key));

/** @throws TypeError */
export function callback<F extends (...parameters: never[]) => unknown>(o: Options, key: string): F | undefined {
  const value = o.get(key);
  if (value !== undefined) functionOption(value, key);
  return value as F | undefined;
}

/** @throws TypeError */
export const oneOf = <T extends string>(o: Options, key: string, choices: readonly T[], otherwise: T): T =>
  choiceOption(o.get(key) ?? otherwise, key, choices);

/** The profile, if the engine supports it. Default `compatible`. @throws TypeError that lists the supported ones */
export function profileOption(asked: CertificateProfile, supported: readonly CertificateProfile[]): CertificateProfile {
  if (!supported.includes(asked))
    throw new TypeError(`profile: this backend does not have ${asked}; it has ${supported.join(', ')}`);
  return asked;
}

/** A copy, so that the caller cannot change it later. @throws TypeError */
export function bytes(value: unknown, name: string): Uint8Array {
  const copy = copyOf(value);
  if (copy === undefined || copy.length === 0) throw new TypeError(`${name}: must be a Uint8Array that is not empty`);
  return copy;
}

/** The same, for data that often comes as PEM. @throws TypeError that says so if it is PEM */
export function der(value: unknown, name: string): Uint8Array {
  const pem = typeof value === 'string' ? value : latin1(bytesOf(value)?.subarray(0, 64) ?? EMPTY);
  if (/^\s*-----BEGIN /.test(pem))
    throw new TypeError(`${name}: must be DER, not PEM; decodePem() of @ferrule/x509 reads PEM`);
  return bytes(value, name);
}

/** The code point of a group, cipher suite or signature scheme. @throws TypeError */
export function codePoint(value: unknown, name: string): number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff
    ? (value as number)
    : refuseOption(value, name, 'a 16-bit code point, as @ferrule/result/numbers has them');
}

/** RFC 9846 section 4.3.8: the groups with a key share must be in the order of `groups`. @throws TypeError */
export function checkKeyShares(shares: readonly number[], groups: readonly number[]): void {
  let last = -1;
  for (const id of shares) {
    const at = groups.indexOf(id);
    if (at < 0) throw new TypeError(`keyShares: ${hex16(id)} is not in groups`);
    if (at <= last) throw new TypeError('keyShares: not in the order of groups (RFC 9846 section 4.3.8)');
    last = at;
  }
}

/** The SHA-256 of a SubjectPublicKeyInfo. @throws TypeError */
export function pin(value: unknown, name: string): Uint8Array {
  const digest = bytes(value, name);
  if (digest.length !== 32) throw new TypeError(`${name}: must be a SHA-256 digest of 32 bytes`);
  return digest;
}

/** RFC 7301 section 3.1. @throws TypeError */
export function protocolName(value: unknown, name: string): string {
  if (typeof value !== 'string') return refuseOption(value, name, 'a string');
  const { length } = new TextEncoder().encode(value);
  if (length < 1 || length > 255) throw new TypeError(`${name}: must be 1 to 255 bytes of UTF-8`);
  return value;
}

/** RFC 9257 section 6: an external PSK MUST be at least 128 bits long. In bytes. */
const LEAST_PSK = 16;

/** RFC 9846 section 4.3.11, RFC 9258. @throws TypeError */
export function externalPsk(value: unknown, name: string): ExternalPsk {
  const o = record(value, name, ['identity', 'key', 'hash', 'import']);
  const identity = bytes(o.get('identity'), `${name}.identity`);
  if (identity.length > 0xffff) throw new TypeError(`${name}.identity: longer than 65535 bytes`);
  const key = bytes(o.get('key'), `${name}.key`);
  if (key.length < LEAST_PSK)
    throw new TypeError(
      `${name}.key: must be at least ${LEAST_PSK} bytes (RFC 9257 section 6), this one has ${key.length}`,
    );
  const psk = {
    identity,
    key,
    hash: choiceOption(o.get('hash'), `${name}.hash`, ['sha256', 'sha384'] as const),
  };
  if (!o.has('import')) return psk;
  const given = record(o.get('import'), `${name}.import`, ['context']).get('context');
  const context = copyOf(given ?? EMPTY);
  if (context === undefined) throw new TypeError(`${name}.import.context: must be a Uint8Array`);
  if (identity.length + context.length + IMPORTED_IDENTITY_OVERHEAD > 0xffff)
    throw new TypeError(`${name}: identity and context are longer than ${0xffff - IMPORTED_IDENTITY_OVERHEAD} bytes`);
  return { ...psk, import: { context } };
}

/** RFC 9258 section 5.1: two lengths, target_protocol, target_kdf. */
export const IMPORTED_IDENTITY_OVERHEAD = 8;

const dotted = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}.${key}`);
