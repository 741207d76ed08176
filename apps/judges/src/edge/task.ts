/** @module What the Worker is asked, and what it answers. */

export const LIBRARIES = ['pg', 'postgres.js'] as const;
export type Library = (typeof LIBRARIES)[number];

export interface Task {
  readonly library: Library;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** PEM. */
  readonly ca: string;
}

/** What came of the query, or the error's `code` and message. */
export type Answer =
  { readonly bytes: number; readonly version: string | null } | { readonly code: string; readonly message: string };

/** Bytes of one column of the answer. */
export const BYTES = 3_000_000;
export const QUERY: string = `SELECT repeat('x', ${BYTES}) AS x, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
