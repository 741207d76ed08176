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
  crls: (crls) => isListOf(crls, (crl) => crl instanceof Uint8Array || crl.tbs instanceof Uint8Array),
  ocsp: (ocsp) => ocsp === 'off' || ocsp === 'request' || ocsp === 'require',
  ocspResponse: (response) => response instanceof Uint8Array,
  transparency: ({ logs, minimum = 2, tlsList }) => Array.isArray(logs) && positiveInteger(minimum) && (tlsList === undefined || tlsList instanceof Uint8Array),
  pins: (pins) => isListOf(pins, (pin) => pin instanceof Uint8Array && pin.length === 32),
};

const isListOf = <T>(list: readonly T[], test: (item: T) => boolean): boolean => Array.isArray(list) && list.length > 0 && list.every(test);

/** @throws TypeError naming the option. */
export const checkOptions = (input: PathInput): void => {
  for (const key in input) {
    const check = CHECKS[key as keyof PathInput] as ((value: unknown) => boolean) | undefined;
    if (!check) throw new TypeError(`unknown option ${key}`);
    const value = input[key as keyof PathInput];
    if (value !== undefined && !check(value)) throw new TypeError(`bad option ${key}`);
  }
  for (const key of ['chain', 'trustAnchors', 'verifier'] as const) if (!input[key]) throw new TypeError(`option ${key} is missing`);
  const { verifier, pins, transparency, ocspResponse } = input;
  if (!verifier.digest && (pins || transparency || ocspResponse)) throw new TypeError(`pins, transparency and ocspResponse need a digest, which the verifier ${verifier.name} does not have`);
};
