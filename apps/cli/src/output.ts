/**
 * @module Files that the command writes. They may hold secrets: only their owner reads them, they are written under
 * another name and renamed when they are whole, and a symbolic link in their place is replaced, not followed.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Exit } from './exit.ts';
import { reasonOf } from './files.ts';
import { shown, UsageError } from './usage.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_WRONLY } = constants;

/** One file of --record, --pcap or --output; `close` gives it its name. */
export class OutputFile {
  readonly #flag: string;
  readonly #path: string;
  /** Where it is written until it is whole; absent of devices and pipes. */
  readonly #temporary: string | undefined;
  #fd: number | undefined;
  #written = 0;

  /** @throws UsageError where it cannot be written. */
  constructor(flag: string, path: string) {
    this.#flag = flag;
    this.#path = path;
    const special = isSpecial(path);
    this.#temporary = special
      ? undefined
      : join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error('is a folder, not a file');
      this.#fd = openSync(this.#temporary ?? path, special ? O_WRONLY : O_WRONLY | O_CREAT | O_EXCL, 0o600);
    } catch (error) {
      throw new UsageError(`${flag} ${shown(path)}: ${reasonOf(error as NodeJS.ErrnoException)}`);
    }
    open.add(this);
  }

  /** A failure is told once, and ends the writing, not the connection. */
  write(bytes: string | Uint8Array): void {
    if (this.#fd === undefined) return;
    try {
      const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      for (let at = 0; at < chunk.length;) at += writeSync(this.#fd, chunk, at);
      this.#written += chunk.length;
    } catch (error) {
      this.#failed(error as NodeJS.ErrnoException);
    }
  }

  /** Gives it its name. What has no content replaces nothing. */
  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    open.delete(this);
    try {
      closeSync(fd);
      if (this.#temporary === undefined) return;
      if (this.#written > 0) renameSync(this.#temporary, this.#path);
      else unlinkSync(this.#temporary);
    } catch (error) {
      this.#failed(error as NodeJS.ErrnoException);
    }
  }

  /** What came is not all: what was there before stays. */
  discard(): void {
    if (this.#temporary !== undefined) this.#written = 0;
    this.close();
  }

  #failed(error: NodeJS.ErrnoException): void {
    const fd = this.#fd;
    this.#fd = undefined;
    open.delete(this);
    try {
      if (fd !== undefined) closeSync(fd);
      if (this.#temporary !== undefined) unlinkSync(this.#temporary);
    } catch {
      // What cannot be written cannot always be removed
    }
    process.stderr.write(`error: ${this.#flag} ${shown(this.#path)}: ${reasonOf(error)}\n`);
    process.exitCode = Exit.failed;
  }
}

const open = new Set<OutputFile>();

/** At the end of the command, however it comes. */
export function closeOutputs(): void {
  for (const file of open) file.close();
}

/** A device, a pipe, or a link to one, as /dev/stderr. */
function isSpecial(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

/** Appends lines of secrets. A file that cannot be written is a warning, once: the connection goes on without. */
export function keylogTo(path: string): (line: string) => void {
  let fd: number | undefined;
  let given = false;
  return (line) => {
    if (given) return;
    try {
      fd ??= openForSecrets(path);
      writeSync(fd, `${line}\n`);
    } catch (error) {
      given = true;
      process.stderr.write(
        `warning: the secrets are not logged: ${shown(path)}: ${reasonOf(error as NodeJS.ErrnoException)}\n`,
      );
    }
  };
}

function openForSecrets(path: string): number {
  const special = isSpecial(path);
  const fd = openSync(path, O_WRONLY | O_APPEND | (special ? 0 : O_CREAT | O_NOFOLLOW), 0o600);
  if (!special && (fstatSync(fd).mode & 0o077) !== 0) fchmodSync(fd, 0o600);
  return fd;
}
