/** @module Options are checked when they are given; what is unknown is refused by name. */
import { parseHost } from './host.ts';
import type { PathInput } from './path.ts';

const positiveInteger = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isFunction = (value: unknown): boolean => typeof value === 'function';

const CHECKS: { readonly [K in keyof Required<PathInput>]: (value: Exclude<PathInput[K], undefined>) => boolean } = {
  chain: (chain) => Array.isArray(chain),
  trustAnchors: (store) => isFunction(store.find) && isFunction(store.holding),
  verifier: (verifier) => isFunction(verifier.verify),
  now: (now) => Number.isFinite(now),
  host: (host) => (typeof host === 'string' ? !!parseHost(host) : host.kind === 'dns' || host.kind === 'ip'),
  purpose: (purpose) => typeof purpose === 'string' && /^(serverAuth|clientAuth|any|\d+(\.\d+)+)$/.test(purpose),
  profile: (profile) => profile === 'rfc5280' || profile === 'webpki',
  securityLevel: (level) => positiveInteger(level) && level <= 5,
  maxChainLength: positiveInteger,
  maxSteps: positiveInteger,
  isPublicSuffix: isFunction,
};

/** @throws TypeError naming the option. */
export const checkOptions = (input: PathInput): void => {
  for (const key in input) {
    const check = CHECKS[key as keyof PathInput] as ((value: unknown) => boolean) | undefined;
    if (!check) throw new TypeError(`unknown option ${key}`);
    const value = input[key as keyof PathInput];
    if (value !== undefined && !check(value)) throw new TypeError(`bad option ${key}`);
  }
  for (const key of ['chain', 'trustAnchors', 'verifier'] as const) if (!input[key]) throw new TypeError(`option ${key} is missing`);
};
