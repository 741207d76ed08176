/**
 * @module The caller's BIO as an engine sees it. What it throws is a failure of the transport: it may be anything, also
 * what a call of some other connection has thrown, and is never taken for an error of the operation that is under way.
 */
import { bioErrorCode, type Bio } from '@ferrule/bio';
import { TlsError } from '@ferrule/result';

/** Each of its methods may throw a TlsError of {@link transportError}, and nothing else. */
export class GuardedBio implements Bio {
  readonly blocking: boolean;
  readonly #bio: Bio;

  constructor(bio: Bio) {
    this.#bio = bio;
    this.blocking = attempt(() => bio.blocking);
  }

  get pending(): number {
    try {
      return this.#bio.pending;
    } catch (error) {
      throw transportError(error);
    }
  }

  get eof(): boolean {
    try {
      return this.#bio.eof;
    } catch (error) {
      throw transportError(error);
    }
  }

  get error(): Error | undefined {
    try {
      return this.#bio.error;
    } catch (error) {
      throw transportError(error);
    }
  }

  read(into: Uint8Array): number {
    return attempt(() => this.#bio.read(into));
  }

  write(from: Uint8Array): number {
    return attempt(() => this.#bio.write(from));
  }

  nread0(atLeast?: number): Uint8Array {
    try {
      return this.#bio.nread0(atLeast);
    } catch (error) {
      throw transportError(error);
    }
  }

  nread(n: number): void {
    try {
      this.#bio.nread(n);
    } catch (error) {
      throw transportError(error);
    }
  }

  nwrite0(atLeast?: number): Uint8Array {
    try {
      return this.#bio.nwrite0(atLeast);
    } catch (error) {
      throw transportError(error);
    }
  }

  nwrite(n: number): void {
    try {
      this.#bio.nwrite(n);
    } catch (error) {
      throw transportError(error);
    }
  }

  shutdownWrite(): void {
    attempt(() => this.#bio.shutdownWrite());
  }

  fail(error: Error): void {
    attempt(() => this.#bio.fail(error));
  }
}

/** For what is not in the path of records, where a closure costs nothing. */
function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw transportError(error);
  }
}

/**
 * The failure of a transport, as its BIO tells of it: by `Bio.error`, or by an exception. A TlsError is the failure
 * itself, unless it is that of another connection, whose alert and verdict are not ours; then it is the cause, as
 * anything else is.
 */
export function transportError(cause: unknown): TlsError {
  if (TlsError.is(cause))
    return cause.alert === undefined && cause.verify === undefined
      ? cause
      : new TlsError('TRANSPORT_ERROR', cause.message, { cause });
  return cause instanceof Error
    ? new TlsError(bioErrorCode(cause), cause.message, { cause })
    : new TlsError('TRANSPORT_ERROR', undefined, { cause });
}
