/** @module What a fuzz target is. */
import type { World } from './world.ts';

export interface Target {
  /** For people: what gets the bytes. */
  readonly about: string;
  /** Of the time, against the others. */
  readonly share: number;
  /** Inputs to begin with, made by our own code. */
  readonly seeds: () => Uint8Array[];
  /** @throws Finding */
  readonly fuzz: (input: Uint8Array) => void | Promise<void>;
}

export type MakeTarget = (world: World) => Target;
