/** @module What a recipe for a real server is, and what recipes have in common. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Context {
  readonly directory: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Free ones, by the names that the recipe gives them. */
  port(name: string): number;
}

/** How to start a server. */
export interface Recipe {
  /** What to install on Debian. */
  readonly debian: string;
  readonly programs: readonly string[];
  /** Names of the ports on which it listens, all of them once it has started. */
  readonly listens: readonly string[];
  readonly needsRoot?: true;
  /** Not in Debian: an environment variable that names the directory where it is. */
  readonly directoryIn?: string;
  /** Lay out files; the command to run, and as whom. */
  prepare(context: Context): {
    readonly command: string;
    readonly args: readonly string[];
    readonly user?: string;
    /** It ends its children through its process group. */
    readonly ownGroup?: true;
    /** It serves one connection, on its standard input and output. */
    readonly perConnection?: true;
  };
}

const PLACES = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/lib/dovecot',
  '/usr/lib/postfix/sbin',
  '/usr/lib/news/bin',
];
const versioned = existsSync('/usr/lib/postgresql')
  ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
  : [];

/** The path of a program; `undefined` where it is not installed. */
export const program = (name: string): string | undefined =>
  [...versioned, ...PLACES].map((place) => join(place, name)).find((path) => existsSync(path));
/** The same for one that is known to be installed. */
export const path = (name: string): string => program(name) ?? name;

export const isRoot: boolean = process.getuid?.() === 0;
export const idOf = (user: string, flag: '-u' | '-g'): number => Number(execFileSync('id', [flag, user]).toString());
/** Root's files, given to the user whom a server becomes. */
export function giveTo(user: string, ...files: readonly string[]): void {
  if (isRoot) for (const file of files) chownSync(file, idOf(user, '-u'), idOf(user, '-g'));
}
