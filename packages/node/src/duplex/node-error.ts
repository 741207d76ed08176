/**
 * @module An error as Node's libraries know it. They decide by `code` whether to try again (undici, got) or whether an
 * error after their own end is one (pg, mysql2), and the codes that they know are the system's and Node's.
 */
import { TlsError } from '@ferrule/result';

/** What Node's errors of the system have beside `code`. */
const SYSTEM_FIELDS = ['errno', 'syscall', 'address', 'port', 'hostname', 'path', 'errors'] as const;

/** What is told of each error: the same for the same one. */
const told = new WeakMap<Error, Error>();

/**
 * A failure whose cause is the system's has its `code`, `errno`, `syscall`, `address`, `port` and `hostname`; an end
 * without close_notify is `ECONNRESET`, as if the system had said so; an abort is an `AbortError` with `ABORT_ERR`.
 * ferrule's own code is in `tlsCode`, as in every TlsError. Other errors are themselves.
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

/** The error again, with these properties, in JSON too: an engine's own is frozen. */
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

/** What the first error of the system says that is among the causes. */
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
