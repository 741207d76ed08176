/**
 * @module Folders of CRLite filters: a whole one and those that came after it, with a manifest that names them, as upki
 * keeps its cache and its mirrors (https://github.com/rustls/upki).
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DerError } from '@ferrule/x509';
import { type Crlite, crlite } from '@ferrule/x509/crlite';
import { readInput } from './files.ts';
import { shown, UsageError } from './usage.ts';

/** Of the file that names the others. */
export const MANIFEST = 'manifest.json';
/** Bytes. A manifest takes some kilobytes, a whole filter six megabytes, all files together a dozen. */
export const LARGEST_MANIFEST: number = 1024 * 1024;
const LARGEST_FILTER = 64 * 1024 * 1024;
const LARGEST_FOLDER = 256 * 1024 * 1024;

export interface Manifest {
  /** Seconds since the epoch. */
  readonly generatedAt: number;
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hexadecimals. */
  readonly hash: string;
}

/** What a folder has. */
export interface Filters {
  readonly manifest: Manifest;
  readonly filter: Crlite;
  /** Bytes that an update has fetched. */
  readonly downloaded?: number;
}

/** As `crlite()` has it, when nothing else is said. */
const MAX_AGE_MS = 864e6;

export const isStale = ({ newest }: Crlite): boolean => Math.abs(Date.now() - newest) > MAX_AGE_MS;

/**
 * For --crlite: of a folder, or one filter from a file. That they are too old is a warning: what they call revoked stays
 * so.
 * @throws UsageError for what is missing, damaged or no filter.
 */
export function readCrlite(flag: string, path: string): Crlite {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const filter = isFolder
    ? readFilters(flag, path).filter
    : intact(flag, path, [readInput(flag, path, LARGEST_FILTER)]);
  if (isStale(filter))
    process.stderr.write(
      `warning: ${flag} ${shown(path)}: the filters are too old to tell that a certificate is good; update them with ferrule crlite\n`,
    );
  return filter;
}

/** @throws UsageError that names the file which is missing, damaged or no filter. */
export function readFilters(flag: string, folder: string): Filters {
  const path = join(folder, MANIFEST);
  let manifest: Manifest;
  try {
    manifest = parseManifest(readInput(flag, path, LARGEST_MANIFEST));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${flag} ${shown(path)}: ${(error as Error).message}`);
  }
  const filters = manifest.files.map((file) => {
    const bytes = readInput(flag, join(folder, file.name), LARGEST_FILTER);
    if (hashOf(bytes) === file.hash) return bytes;
    throw new UsageError(
      `${flag} ${shown(join(folder, file.name))}: is not what the manifest names: its SHA-256 differs`,
      'Update the folder: ferrule crlite <folder> --from <url>',
    );
  });
  return { manifest, filter: intact(flag, folder, filters) };
}

function intact(flag: string, path: string, filters: readonly Uint8Array[]): Crlite {
  try {
    return crlite(filters);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new UsageError(`${flag} ${shown(path)}: ${error.message}`);
  }
}

/** @throws Error that says what is wrong, for what is not a manifest, and for one that wants more than there can be. */
export function parseManifest(bytes: Uint8Array): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new Error('is no JSON');
  }
  const { generated_at: generatedAt, files: given, filters } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const listed = given ?? filters;
  if (!isCount(generatedAt) || !Array.isArray(listed) || listed.length === 0 || listed.length > 1000)
    throw new Error('is no manifest: it needs generated_at, and files, 1 to 1000 of them');
  const files = listed.map((each: unknown) => fileOf(each));
  if (new Set(files.map(({ name }) => name)).size < files.length) throw new Error('names a file twice');
  if (files.reduce((sum, { size }) => sum + size, 0) > LARGEST_FOLDER)
    throw new Error(`names more than ${LARGEST_FOLDER / 1_048_576} MiB of files`);
  return { generatedAt, files };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws Error for a name that leads elsewhere, too. */
function fileOf(value: unknown): ManifestFile {
  const { filename: name, size, hash } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !IS_FILTER.test(name))
    throw new Error('a file of it has no filename that ends in .filter or .delta');
  if (!isCount(size) || size > LARGEST_FILTER) throw new Error(`${name}: expected a size up to 64 MiB`);
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) throw new Error(`${name}: expected a SHA-256 as hash`);
  return { name, size, hash };
}
const IS_FILTER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.(?:filter|delta)$/;
/** As `replace()` names it. */
const IS_TEMPORARY = /\.(?:filter|delta|json)\.[0-9a-f]{12}\.tmp$/;

/**
 * Makes the folder what the mirror has. Files that are there are not asked for again; nothing is written before all of
 * them are there, whole and readable, and the manifest comes last: whoever reads meanwhile has the old filters or the
 * new ones.
 * @param fetch a file of the mirror by its name, at most so many bytes
 * @throws FilterError for what the mirror has; UsageError for a folder that cannot be written; what `fetch` throws
 */
export async function updateFilters(
  flag: string,
  folder: string,
  fetch: (name: string, most: number) => Promise<Uint8Array>,
): Promise<Filters> {
  const bytes = await fetch(MANIFEST, LARGEST_MANIFEST);
  const manifest = sound(MANIFEST, () => parseManifest(bytes));
  if (manifest.generatedAt > Date.now() / 1000 + CLOCKS_DIFFER)
    throw new FilterError(`${MANIFEST}: is dated in the future: ${dateOf(manifest)}`);
  refuseOlder(manifest, manifestBefore(folder));
  const fresh = new Map<string, Uint8Array>();
  const all: Uint8Array[] = [];
  for (const { name, size, hash } of manifest.files) {
    const here = fileIn(folder, name);
    if (here !== undefined && hashOf(here) === hash) {
      all.push(here);
      continue;
    }
    const body = await fetch(name, size);
    if (body.length !== size || hashOf(body) !== hash)
      throw new FilterError(`${name}: is not what the manifest names: its size or SHA-256 differs`);
    fresh.set(name, body);
    all.push(body);
  }
  const filter = sound(flag, () => crlite(all));
  // Another updater may have been faster
  const before = manifestBefore(folder);
  refuseOlder(manifest, before);
  const newest = newestIn(folder, before);
  if (newest !== undefined && filter.newest < newest)
    throw new FilterError(
      `${MANIFEST}: its filters are older than those that are here: ${timeOf(filter.newest)}, and ${timeOf(newest)}`,
    );
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, body] of fresh) replace(join(folder, name), body);
    replace(join(folder, MANIFEST), bytes);
    // Whoever has just read the manifest of before finds its files
    tidy(folder, new Set([...manifest.files, ...(before?.files ?? [])].map(({ name }) => name)));
  } catch (error) {
    throw new UsageError(`${flag} ${shown(folder)}: ${(error as Error).message}`);
  }
  return { manifest, filter, downloaded: [...fresh.values()].reduce((sum, { length }) => sum + length, 0) };
}

/** Seconds. */
const CLOCKS_DIFFER = 86_400;

/** @throws FilterError */
function refuseOlder(manifest: Manifest, before: Manifest | undefined): void {
  if (before !== undefined && manifest.generatedAt < before.generatedAt)
    throw new FilterError(
      `${MANIFEST}: is older than the filters that are here: ${dateOf(manifest)}, and ${dateOf(before)}`,
    );
}

/** Of the filters that are here, if they are whole; a moment ahead of the clock is nothing to be held to. */
function newestIn(folder: string, manifest: Manifest | undefined): number | undefined {
  const filters = manifest?.files.map(({ name, hash }) => {
    const bytes = fileIn(folder, name);
    return bytes !== undefined && hashOf(bytes) === hash ? bytes : undefined;
  });
  if (filters?.every((bytes) => bytes !== undefined) !== true) return undefined;
  try {
    const { newest } = crlite(filters);
    return newest <= Date.now() + 1000 * CLOCKS_DIFFER ? newest : undefined;
  } catch {
    return undefined;
  }
}

/** Removes filters that nobody names, and what an updater left that was ended; not what another one is writing now. */
function tidy(folder: string, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isDirectory() || kept.has(name) || !(IS_FILTER.test(name) || IS_TEMPORARY.test(name))) continue;
    const path = join(folder, name);
    const { mtimeMs } = lstatSync(path);
    if (Math.abs(Date.now() - mtimeMs) > BEING_WRITTEN) rmSync(path, { force: true });
  }
}
/** Milliseconds. */
const BEING_WRITTEN = 600_000;

/** What a mirror has is no set of filters. */
export class FilterError extends Error {}

function sound<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new FilterError(`${name}: ${(error as Error).message}`);
  }
}

const dateOf = ({ generatedAt }: Manifest): string => timeOf(generatedAt * 1000);
/** No later than a Date can be. */
export const timeOf = (milliseconds: number): string => new Date(Math.min(milliseconds, 864e13)).toISOString();
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** One that cannot be read counts for none, and so does one dated in the future: an update repairs a folder. */
function manifestBefore(folder: string): Manifest | undefined {
  const bytes = fileIn(folder, MANIFEST);
  try {
    const manifest = bytes && parseManifest(bytes);
    return manifest && manifest.generatedAt <= Date.now() / 1000 + CLOCKS_DIFFER ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function fileIn(folder: string, name: string): Uint8Array | undefined {
  // Of a pipe there would be no end
  if (statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  try {
    return readInput('', join(folder, name), LARGEST_FILTER);
  } catch {
    return undefined;
  }
}

function replace(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, bytes, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
