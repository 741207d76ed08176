/**
 * @module Errors in the form that Node's libraries expect. They use `code` to decide on retries (undici, got) and to
 * ignore errors after their own end (pg, mysql2), and know only codes of the system and Node.
 */
import { TlsError } from '@ferrule/result';

/** The properties of Node's system errors besides `code`. */
const SYSTEM_FIELDS = ['errno', 'syscall', 'address', 'port', 'hostname', 'path', 'errors'] as const;

/** The converted error of each error. */
const told = new WeakMap<Error, Error>();

/**
 * A failure caused by a system error has its `code`, `errno`, `syscall`, `address`, `port` and `hostname`; EOF without
 * close_notify is `ECONNRESET`; an abort is an `AbortError` with `ABORT_ERR`. ferrule's own code is in `tlsCode`, as in
 * every TlsError. Other errors are returned unchanged.
 */
export function nodeError(error: Error): Error {
  if (!TlsError.is(error)) return error;
  const known = told.get(error);
  if (known !== undefined) return known;
  const made = renamed(error);
  told.set(error, made);
  told.set(made, made);
  return made;
}

function renamed(error: TlsError): Error {
  switch (error.tlsCode) {
    case 'TRANSPORT_ERROR':
    case 'PROXY_UNREACHABLE': {
      const system = systemErrorOf(error);
      return system === undefined ? error : withNodeNames(error, { ...system, message: error.message });
    }
    case 'UNEXPECTED_EOF':
      return withNodeNames(error, { code: 'ECONNRESET', syscall: 'read' });
    case 'ABORTED':
      return error.cause === undefined ? error : withNodeNames(error, { name: 'AbortError', code: 'ABORT_ERR' });
    default:
      return error;
  }
}

/** A copy of the error with these properties, in JSON too: the engine's own is frozen. */
export function withNodeNames(
  error: TlsError,
  names: {
    readonly code: string;
    readonly name?: string;
    readonly message?: string;
    readonly [field: string]: unknown;
  },
): TlsError {
  const { alert, verify, cause, stack } = error;
  const made = new TlsError(error, names.message ?? error.message, { alert, verify, cause });
  const { message: _, ...fields } = names;
  for (const [key, value] of Object.entries(fields))
    Object.defineProperty(made, key, { value, enumerable: key !== 'name', writable: true, configurable: true });
  if (stack !== undefined) made.stack = stack;
  const toJSON = (): object => ({ ...TlsError.prototype.toJSON.call(made), ...fields, tlsCode: made.tlsCode });
  return Object.defineProperty(made, 'toJSON', { value: toJSON, writable: true, configurable: true });
}

type SystemFields = { readonly code: string; readonly message: string } & Readonly<Record<string, unknown>>;

/** The fields of the first system error among the causes. */
export function systemErrorOf({ cause }: Error): SystemFields | undefined {
  for (let error = cause, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++) {
    const given = error as unknown as Readonly<Record<string, unknown>>;
    const { code } = given;
    if (typeof code !== 'string' || TlsError.is(error)) continue;
    return Object.fromEntries([
      ['code', code],
      ['message', error.message],
      ...SYSTEM_FIELDS.filter((field) => given[field] !== undefined).map((field) => [field, given[field]]),
    ]) as SystemFields;
  }
  return undefined;
}
