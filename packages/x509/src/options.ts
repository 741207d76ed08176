/** @module Options are checked at the call; unknown ones are refused by name. */
import { copyOf, isBytes, knownOptions, refuseOption } from '@ferrule/result/arguments';
import type { Certificate } from './certificate.ts';
import type { PathInput } from './path.ts';

/** What a value other than `undefined` must be, for messages, and a check of it. */
export type OptionCheck<T> = readonly [what: string, isRight: (value: T) => boolean];
export type OptionChecks<T> = { readonly [K in keyof Required<T>]: OptionCheck<Exclude<T[K], undefined>> };

export const isPositiveInteger = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
/** The bytes of an IPv4 or IPv6 address. */
const isAddress = (value: unknown): boolean => isBytes(value) && (value.length === 4 || value.length === 16);
const isFunction = (value: unknown): boolean => typeof value === 'function';
/** A certificate that parseCertificate() returned has both. */
function isCertificate(value: unknown): boolean {
  const { raw, subject } = (value ?? {}) as Partial<Certificate>;
  return isBytes(raw) && isBytes(subject);
}

export const PATH_CHECKS: OptionChecks<PathInput> = {
  chain: [
    'an array of certificates, as DER or as parseCertificate() returns them',
    (chain) =>
      Array.isArray(chain) &&
      // Not every(), which skips holes
      Array.from<unknown>(chain).every((each) => isBytes(each) || isCertificate(each)),
  ],
  trustAnchors: ['what trustStore() returns', (store) => isFunction(store.find) && isFunction(store.holding)],
  verifier: ['a SignatureVerifier', (verifier) => isFunction(verifier.verify)],
  now: ['a number of milliseconds since the epoch', (now) => Number.isFinite(now)],
  // Text is parsed when the search begins, which throws if it is not a host
  host: [
    'a host name, an IP address or what parseHost() returns',
    (host) =>
      typeof host === 'string' ||
      (typeof host.name === 'string' && (host.kind === 'dns' || (host.kind === 'ip' && isAddress(host.bytes)))),
  ],
  purpose: [
    'serverAuth, clientAuth, any or the OID of a purpose',
    (purpose) => typeof purpose === 'string' && /^(serverAuth|clientAuth|any|\d+(\.\d+)+)$/.test(purpose),
  ],
  profile: oneOf('compatible', 'rfc5280', 'webpki'),
  securityLevel: ['an integer from 1 to 5', (level) => isPositiveInteger(level) && level <= 5],
  maxChainLength: ['a positive integer', isPositiveInteger],
  maxSteps: ['a positive integer', isPositiveInteger],
  isPublicSuffix: ['a function', isFunction],
};

/** With the wording of choiceOption(). */
export function oneOf<T extends string>(...choices: readonly T[]): OptionCheck<T> {
  return [`one of ${choices.join(', ')}`, (value) => choices.includes(value)];
}

/** Checks and their option names, precomputed: engines check options for each chain. */
export interface OptionTable<T> {
  readonly checks: OptionChecks<T>;
  readonly names: ReadonlySet<string>;
}

export const optionTable = <T>(checks: OptionChecks<T>): OptionTable<T> => ({
  checks,
  names: new Set(Object.keys(checks)),
});

/** The options, each read once. @throws TypeError that begins with the name of the option. */
export function checkOptions<T extends PathInput>(given: T, { checks, names }: OptionTable<T>): T {
  const input = knownOptions(given, names);
  for (const key in input) {
    const [what, isRight] = checks[key] as OptionCheck<unknown>;
    if (input[key] !== undefined && (input[key] === null || !isRight(input[key]))) refuseOption(input[key], key, what);
  }
  for (const key of ['chain', 'trustAnchors', 'verifier'] as const)
    if (input[key] === undefined) throw new TypeError(`${key}: required`);
  if (input.isPublicSuffix !== undefined && input.profile !== 'webpki')
    throw new TypeError('isPublicSuffix: counts only with profile webpki');
  return input;
}

/** Copies bytes, alone, in a list or in an object; anything else is returned as is. */
export function ownBytes<T>(value: T): T;
export function ownBytes(value: unknown): unknown {
  if (isBytes(value)) return copyOf(value);
  return Array.isArray(value) ? value.map(ownBytes) : value;
}

/** Copies chain and host, so that changes by the caller during an asynchronous validation have no effect. */
export const ownPath = <T extends PathInput>(input: T): T => ({
  ...input,
  chain: ownBytes(input.chain),
  ...(typeof input.host === 'object' && { host: { ...input.host } }),
});
