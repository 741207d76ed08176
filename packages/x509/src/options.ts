/** @module Options are checked when they are given; what is unknown is refused by name. */
import { isBytes, plainOptions } from '@ferrule/result/arguments';
import type { Certificate } from './certificate.ts';
import type { PathInput } from './path.ts';

/** For each option, whether a value that is not `undefined` may be given. */
export type OptionChecks<T> = { readonly [K in keyof Required<T>]: (value: Exclude<T[K], undefined>) => boolean };

export const isPositiveInteger = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isFunction = (value: unknown): boolean => typeof value === 'function';

export const PATH_OPTIONS: OptionChecks<PathInput> = {
  // DER, or what parseCertificate() made of it
  chain: (chain) =>
    Array.isArray(chain) &&
    chain.every((each: unknown) => isBytes(each) || isBytes((each as Partial<Certificate> | null)?.raw)),
  trustAnchors: (store) => isFunction(store.find) && isFunction(store.holding),
  verifier: (verifier) => isFunction(verifier.verify),
  now: (now) => Number.isFinite(now),
  // Text is read when the search begins, which throws for what is no host
  host: (host) => typeof host === 'string' || host.kind === 'dns' || host.kind === 'ip',
  purpose: (purpose) => typeof purpose === 'string' && /^(serverAuth|clientAuth|any|\d+(\.\d+)+)$/.test(purpose),
  profile: (profile) => profile === 'compatible' || profile === 'rfc5280' || profile === 'webpki',
  securityLevel: (level) => isPositiveInteger(level) && level <= 5,
  maxChainLength: isPositiveInteger,
  maxSteps: isPositiveInteger,
  isPublicSuffix: isFunction,
};

/** The options, each read once. @throws TypeError naming the option. */
export function checkOptions<T extends PathInput>(given: T, checks: OptionChecks<T>): T {
  const input = plainOptions(given, Object.keys(checks));
  for (const key in input) {
    const check = checks[key] as ((value: unknown) => boolean) | undefined;
    if (!check) throw new TypeError(`unknown option ${key}`);
    if (input[key] !== undefined && !check(input[key])) throw new TypeError(`bad option ${key}: ${kindOf(input[key])}`);
  }
  for (const key of ['chain', 'trustAnchors', 'verifier'] as const)
    if (!input[key]) throw new TypeError(`bad option ${key}: it must be given`);
  return input;
}

const kindOf = (value: unknown): string =>
  Array.isArray(value)
    ? `a list of ${value.length}`
    : typeof value === 'object' && value !== null
      ? Object.prototype.toString.call(value)
      : `${typeof value} ${String(value)}`;
