/** @module The files of a command line: inputs that are read within limits, outputs that appear when they are whole. */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError, shown } from './usage.ts';

/** What certificates and keys may take, bytes: Mozilla's roots take a quarter of a megabyte. */
const LARGEST = 16 * 1024 * 1024;

/**
 * The content of a file that the option names; a pipe will do.
 * @param largest bytes
 * @throws UsageError that names option and file.
 */
export function readInput(flag: string, path: string, largest: number = LARGEST): Buffer {
  try {
    const fd = openSync(path, 'r');
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) throw new Error('is a folder, not a file');
      return readUpTo(fd, stat.isFile() ? stat.size : 0, largest);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new UsageError(`${flag} ${shown(path)}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}

function readUpTo(fd: number, size: number, largest: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  if (size <= largest) {
    for (;;) {
      const chunk = Buffer.alloc(Math.max(65_536, size - total));
      const n = readSync(fd, chunk);
      if (n === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, n));
      total += n;
      if (total > largest) break;
    }
  }
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;
  throw new Error(
    `${size > largest ? `has ${mebibytes(size)}` : 'has more than there should be'}; at most ${mebibytes(largest)} are read`,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'what should be a folder is a file',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'no space left: the quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file would be too large',
  EIO: 'the device failed to read or write',
  ELOOP: 'is a symbolic link, which is not followed for secrets',
  ENAMETOOLONG: 'the name is too long',
  EADDRINUSE: 'is in use',
  EADDRNOTAVAIL: 'is no address of this machine',
};

/** In a few words what the system said, with its own name for it. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const reason = REASONS[error.code ?? ''];
  return reason === undefined ? error.message.replace(/\s+/g, ' ') : `${reason} (${error.code ?? ''})`;
}

/** A file that an option names. */
export interface NamedFile {
  readonly flag: string;
  readonly path: string;
}

/**
 * An output that is an input would destroy it, two outputs in one file would be neither.
 * @throws UsageError naming both.
 */
export function refuseCollisions(inputs: readonly NamedFile[], outputs: readonly NamedFile[]): void {
  outputs.forEach((output, i) => {
    const other = [...inputs, ...outputs.slice(0, i)].find(({ path }) => isSame(path, output.path));
    if (other !== undefined)
      throw new UsageError(
        `${output.flag} ${shown(output.path)} would overwrite what ${other.flag} names`,
        'Name another file.',
      );
  });
}

/** By name or by what it is: links lead to the same file. Devices and pipes may be named twice. */
function isSame(a: string, b: string): boolean {
  const [one, two] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  if (one === undefined || two === undefined) return placeOf(a) === placeOf(b);
  return one.isFile() && one.ino === two.ino && one.dev === two.dev;
}

/** Where a file that is not there yet will be: the folder may be reached by a link. */
function placeOf(path: string): string {
  const whole = resolve(path);
  try {
    return join(realpathSync(dirname(whole)), basename(whole));
  } catch {
    return whole;
  }
}
