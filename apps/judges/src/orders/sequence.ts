/**
 * @module What is played: a configuration and a list of steps, both plain data, made from a seed. Any part of a list of
 * steps is a list of steps too (a step that has no meaning where it comes does nothing), which is what lets a finding
 * shrink.
 */
import { Random } from '../fuzz/mutator.ts';
import type { Sessions12 } from './server.ts';

export type Step = readonly [name: string, ...args: readonly number[]];

/** Called inside a callback, at its n-th call (from 0): a step, or one of {@link BEHAVIOURS}. */
export interface Inside {
  readonly callback: Callback;
  readonly nth: number;
  readonly step: Step;
}

export const CALLBACKS = [
  'verify',
  'onCertificateRequest',
  'sign',
  'onSession',
  'onKeylog',
  'onMessage',
  'now',
] as const;
export type Callback = (typeof CALLBACKS)[number];

export interface Config {
  readonly version: 12 | 13;
  /** Bytes that the BIO holds in each direction. */
  readonly bio: number;
  /** The server asks for a client certificate. */
  readonly asks: boolean;
  readonly retries: boolean;
  readonly early: 'none' | 'accept' | 'reject';
  readonly eagerly: number;
  readonly sessions12: Sessions12;
  /** Of the contexts: how they judge the server, and how they find their credential. */
  readonly verify: 'peer' | 'function' | 'promise';
  readonly credential: 'key' | 'signer' | 'signer promise' | 'callback' | 'callback promise';
  readonly postHandshakeAuth: boolean;
  /** Connect before the first step. */
  readonly connected: boolean;
  /** Resume, with early data where that is played, before the first step. */
  readonly resumes: boolean;
  readonly inside: readonly Inside[];
  /** Of faces: what they stand on, and how it ends. */
  readonly carrier: 'transport' | 'eager transport' | 'pipe' | 'streams' | 'strings';
  readonly ending: 'close' | 'both ends' | 'reset after close_notify';
  /** Bytes written before the end, all at once. */
  readonly last: number;
  /** Of sockets: by startTls(). */
  readonly upgrades: boolean;
  /** Of faces: the server shows a raw public key in place of a certificate (RFC 7250), where the engine takes one. */
  readonly rawKey: boolean;
}

export interface Sequence {
  readonly config: Config;
  readonly steps: readonly Step[];
}

/** The plainest configuration: shrinking tries its values. */
export const PLAIN: Config = {
  version: 13,
  bio: 17_408,
  asks: false,
  retries: false,
  early: 'none',
  eagerly: 0,
  sessions12: 'ticket',
  verify: 'peer',
  credential: 'key',
  postHandshakeAuth: false,
  connected: true,
  resumes: false,
  inside: [],
  carrier: 'transport',
  ending: 'close',
  last: 1_000,
  upgrades: false,
  rawKey: false,
};

/** Weight, and what its arguments are. */
export interface Recipe {
  readonly weight: number;
  /** Such a step may be taken inside a callback. */
  readonly nests?: true;
  readonly args?: (random: Random) => number[];
}
export type Recipes = Readonly<Record<string, Recipe>>;

/** Sizes that meet the edges of records, BIOs and buffers more often than chance would. */
export function size(random: Random): number {
  switch (random.below(8)) {
    case 0:
      return 1;
    case 1:
      return 1 + random.below(16);
    case 2:
    case 3:
      return 1 + random.below(600);
    case 4:
      return 1 + random.below(5_000);
    case 5:
      return 16_380 + random.below(10);
    case 6:
      return 1 + random.below(50_000);
    default:
      return 1 + random.below(2_000);
  }
}

export const BIO_SIZES: readonly number[] = [
  1, 2, 17, 100, 300, 512, 1_024, 2_048, 2_048, 2_048, 4_096, 8_192, 16_384, 16_406, 17_408, 17_408, 17_408,
];

const chance = (random: Random, inHundred: number): boolean => random.below(100) < inHundred;

/** @param recipes - the steps that a callback may take. */
function configFrom(random: Random, recipes: Recipes): Config {
  const version = chance(random, 82) ? 13 : 12;
  const early = version === 13 && chance(random, 25) ? (chance(random, 70) ? 'accept' : 'reject') : 'none';
  const asks = chance(random, 35);
  return {
    version,
    bio: random.of(BIO_SIZES) ?? 17_408,
    asks,
    retries: version === 13 && early !== 'accept' && chance(random, 8),
    early,
    eagerly: version === 13 && chance(random, 15) ? 1 + random.below(3_000) : 0,
    sessions12: 'ticket',
    verify: random.of(['peer', 'peer', 'peer', 'function', 'promise'] as const) ?? 'peer',
    credential: random.of(['key', 'key', 'signer', 'signer promise', 'callback', 'callback promise'] as const) ?? 'key',
    postHandshakeAuth: version === 13 && chance(random, 20),
    connected: chance(random, 65),
    resumes: version === 13 && chance(random, early === 'none' ? 10 : 60),
    carrier:
      random.of(['transport', 'transport', 'transport', 'eager transport', 'pipe', 'streams'] as const) ?? 'transport',
    ending: random.of(['close', 'close', 'both ends', 'reset after close_notify'] as const) ?? 'close',
    last: random.of([1, 1_000, 60_000, 300_000] as const) ?? 1_000,
    ...(chance(random, 2) && { carrier: 'strings' }),
    upgrades: false,
    rawKey: false,
    inside: chance(random, 30) ? Array.from({ length: 1 + random.below(2) }, () => insideFrom(random, recipes)) : [],
  };
}

/** What a callback may do beside a call. */
export const BEHAVIOURS = ['throw', 'refuse', 'reject', 'never', 'dispose'] as const;

function insideFrom(random: Random, recipes: Recipes): Inside {
  const callback = random.of(CALLBACKS) ?? 'onMessage';
  const nested = Object.entries(recipes).filter(([, { nests }]) => nests === true);
  const step: Step =
    chance(random, 45) || nested.length === 0
      ? [random.of(BEHAVIOURS) ?? 'throw']
      : stepFrom(random, Object.fromEntries(nested));
  return { callback, nth: random.below(callback === 'onMessage' ? 12 : 3), step };
}

export function stepFrom(random: Random, recipes: Recipes): Step {
  const entries = Object.entries(recipes);
  let at = random.below(entries.reduce((sum, [, { weight }]) => sum + weight, 0));
  for (const [name, { weight, args }] of entries) {
    at -= weight;
    if (at < 0) return [name, ...(args?.(random) ?? [])];
  }
  throw new Error('no step has a weight');
}

/**
 * What a sequence may move at a time through a BIO of so many bytes: small ones take as many calls as there are bytes.
 */
const most = (bio: number): number => (bio < 4 ? 300 : bio < 100 ? 1_500 : bio < 1_000 ? 6_000 : 50_000);

/** The sequence of a seed. */
export function sequenceFrom(seed: number, recipes: Recipes): Sequence {
  const random = new Random(Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995);
  for (let i = 0; i < 8; i++) random.below(2);
  const config = configFrom(random, recipes);
  const length = 1 + random.below(chance(random, 20) ? 60 : 22);
  const limit = most(config.bio);
  const steps = Array.from({ length }, () => stepFrom(random, recipes)).map(([name, ...args]): Step => [
    name,
    ...args.map((arg) => Math.min(arg, limit)),
  ]);
  // Drawn last: seeds of sequences without it stay what they were.
  const of12 = config.version === 12 && {
    resumes: chance(random, 40),
    sessions12: random.of(['ticket', 'ticket', 'renewed ticket', 'id', 'forgotten'] as const) ?? 'ticket',
  };
  const upgrades = chance(random, 30);
  const rawKey = config.version === 13 && chance(random, 10);
  return { config: { ...config, eagerly: Math.min(config.eagerly, limit), ...of12, upgrades, rawKey }, steps };
}
