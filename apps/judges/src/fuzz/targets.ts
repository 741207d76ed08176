/** @module The targets by name. */
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { certificates } from './certificates.ts';
import { free, hostile, later, wire } from './connections.ts';
import { given, preambles, recordings } from './parsers.ts';
import type { MakeTarget } from './target.ts';

export type TargetName = 'free' | 'later' | 'hostile' | 'certificates' | 'wire' | 'given' | 'preambles' | 'recordings';

export const TARGETS: Readonly<Record<TargetName, MakeTarget>> = {
  free,
  later,
  hostile: hostile(createPure({ crypto: nodeCrypto })),
  certificates,
  wire,
  given,
  preambles,
  recordings,
};

export const TARGET_NAMES: readonly TargetName[] = Object.keys(TARGETS) as TargetName[];
