/**
 * @module The caller's BIO as the engine sees it. An exception from it is a failure of the transport: it may be
 * anything, even an error of another connection, and is never treated as an error of the running operation.
 */
import { bioErrorCode, type Bio } from '@ferrule/bio';
import { CODES, TlsError } from '@ferrule/result';
import { isBytes } from '@ferrule/result/arguments';

/** Its methods throw nothing but TlsErrors of {@link transportError}. */
export class GuardedBio implements Bio {
  readonly blocking: boolean;
  readonly #bio: Bio;

  constructor(bio: Bio) {
    this.#bio = bio;
    this.blocking = attempt(() => bio.blocking);
  }

  get pending(): number {
    let n: number;
    try {
      n = this.#bio.pending;
    } catch (error) {
      throw transportError(error);
    }
    if (!(typeof n === 'number' && n >= 0)) throw nonsense('pending', n, 'a count of bytes');
    return n;
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
    return counted(
      'read()',
      attempt(() => this.#bio.read(into)),
      into.length,
    );
  }

  write(from: Uint8Array): number {
    return counted(
      'write()',
      attempt(() => this.#bio.write(from)),
      from.length,
    );
  }

  nread0(atLeast?: number): Uint8Array {
    let view: Uint8Array;
    try {
      view = this.#bio.nread0(atLeast);
    } catch (error) {
      throw transportError(error);
    }
    return viewed('nread0()', view);
  }

  nread(n: number): void {
    try {
      this.#bio.nread(n);
    } catch (error) {
      throw transportError(error);
    }
  }

  nwrite0(atLeast?: number): Uint8Array {
    let view: Uint8Array;
    try {
      view = this.#bio.nwrite0(atLeast);
    } catch (error) {
      throw transportError(error);
    }
    return viewed('nwrite0()', view);
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

// Invalid results are reported as errors of the BIO, before the engine uses them.

function viewed(call: string, view: unknown): Uint8Array {
  if (view instanceof Uint8Array || isBytes(view)) return view;
  throw nonsense(call, view, 'a Uint8Array');
}

function counted(call: string, n: number, most: number): number {
  if (Number.isInteger(n) && n >= -1 && n <= most) return n;
  throw nonsense(call, n, `-1 or a count up to ${most}`);
}

const nonsense = (call: string, value: unknown, wanted: string): TlsError =>
  new TlsError(
    'TRANSPORT_ERROR',
    `the BIO broke its contract: ${call} gave ${typeof value === 'string' ? JSON.stringify(value) : String(value)}, which is not ${wanted}`,
    { hint: 'The BIO given to setBio() is at fault; `Bio` of @ferrule/bio says what each call must answer.' },
  );

/** For calls outside the record path, where a closure does not matter. */
function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw transportError(error);
  }
}

/**
 * The failure of a transport, reported by `Bio.error` or an exception. A TlsError is the failure itself, unless it
 * belongs to another connection, whose alert and verification result do not apply here; that and anything else becomes
 * the cause.
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

/** The message for a transport that ends without close_notify, depending on the progress of the connection. */
export function endText(heard: boolean, established: boolean): string {
  if (established) return CODES.UNEXPECTED_EOF.meaning;
  return heard
    ? 'The transport ended in the middle of the handshake.'
    : 'The transport ended before the server had said anything.';
}

/** Whether it has these methods, all that an engine calls. */
export const isBio = (bio: unknown, ...methods: readonly (keyof Bio)[]): boolean =>
  typeof bio === 'object' &&
  bio !== null &&
  methods.every((method) => typeof (bio as Partial<Bio>)[method] === 'function');
