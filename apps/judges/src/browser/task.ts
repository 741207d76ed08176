/** @module What the page is told, and what it tells. */

export interface Task {
  readonly relay: string;
  readonly megabytes: number;
  /** Only checks whose names have this. */
  readonly only?: string | undefined;
  /** PEM and DER. */
  readonly ca: string;
  readonly root: readonly number[];
  readonly https: number;
  /** Sends back what it gets. */
  readonly echo: number;
  /** Sends back what it gets, a second later. */
  readonly late: number;
  /** PostgreSQL, where it is installed. */
  readonly database?: Database;
}

/** Of a page that runs the conformance suite. */
export interface SuiteTask {
  readonly provider: SuiteProvider;
  /** Only groups whose titles have this. */
  readonly only?: string | undefined;
}

export const SUITE_PROVIDERS = ['webcrypto', 'tuned', 'noble'] as const;
export type SuiteProvider = (typeof SUITE_PROVIDERS)[number];

export interface Database {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface Check {
  readonly name: string;
  /** `undefined`: passed. */
  readonly failed?: string;
  /** What was measured. */
  readonly figures?: string;
  readonly milliseconds: number;
}

/** By how much the memory of each grew at most between two looks of the page's, MiB; `undefined` where nobody can tell. */
export interface Growth {
  readonly relay: number | undefined;
  readonly browser: number | undefined;
}

/** How many streams there are at once. */
export const STREAMS = 8;

/** What goes down and up, as both sides make it. */
export const bulk = (megabytes: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: megabytes * 2 ** 20 }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** What the worker is asked. */
export type Order =
  | { readonly role: 'engine'; readonly relay: string }
  | {
      readonly role: 'blocking';
      readonly port: unknown;
      readonly to: { readonly host: string; readonly port: number };
      readonly root: Uint8Array;
    };

export const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
