/** @module The error class of ferrule. */
import { alertLevel, alertName, type AlertLevel } from './alert.ts';
import { CODES } from '@ferrule/result/texts';
import type { CodeEntry, CommonCode, TlsErrorCode } from './codes.ts';
import { x509VName, x509VSentence } from './x509-v.ts';

/** An alert, and who sent it. */
export interface AlertInfo {
  readonly description: number;
  /** The RFC's name, e.g. `handshake_failure`. */
  readonly name: string;
  readonly level: AlertLevel;
  /** `local`: we sent it; `peer`: it came from the other side. */
  readonly origin: 'local' | 'peer';
}

/** Why path validation failed, as X509_STORE_CTX_get_error(3) and related functions report it. */
export interface VerifyInfo {
  /** X509_V_* number. */
  readonly code: number;
  /** OpenSSL's name, e.g. `X509_V_ERR_CERT_HAS_EXPIRED`. */
  readonly name: string;
  /** The certificate's position in the chain; 0 is the server's own. */
  readonly depth: number;
  /** RFC 4514 subject of that certificate, if it could be read. */
  readonly subject: string | undefined;
}

export interface TlsErrorDetails {
  readonly alert?: { readonly description: number; readonly origin: 'local' | 'peer' } | undefined;
  readonly verify?:
    { readonly code: number; readonly depth?: number; readonly subject?: string | undefined } | undefined;
  /** What to do; defaults to the code's remedy. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Of `ECH_REJECTED`. */
  readonly echRetryConfigs?: Uint8Array | undefined;
}

const BRAND = Symbol.for('ferrule.TlsError');

/**
 * A fatal failure. An engine creates at most one per connection and keeps returning it.
 *
 * Recognise it with {@link TlsError.is}, not `instanceof`: the ESM and CJS copies of this package are two classes.
 */
export class TlsError extends Error {
  override readonly name: 'TlsError' = 'TlsError';
  /** Stable and documented; see `CODES`. */
  readonly code: TlsErrorCode;
  /**
   * The same, even where an API for Node's libraries sets `code` to one of Node's names: `ECONNRESET`,
   * `ERR_SSL_WRONG_VERSION_NUMBER`.
   */
  readonly tlsCode: TlsErrorCode;
  readonly alert: AlertInfo | undefined;
  readonly verify: VerifyInfo | undefined;
  /** What to do about it. */
  readonly hint: string;
  /**
   * Of `ECH_REJECTED`, if the server sent one: the ECHConfigList to retry with, as `ech`, once (RFC 9849 section
   * 6.1.6).
   */
  declare readonly echRetryConfigs?: Uint8Array;

  /**
   * @throws TypeError for an unknown code.
   * @param code - one of `CODES`, by name; the entry of a package with its own codes (`errorCodes()`); or another
   * error, whose code, message, hint and ECHConfigList are copied.
   */
  constructor(code: CommonCode | CodeEntry | TlsError, message?: string, details: TlsErrorDetails = {}) {
    const entry = typeof code === 'string' ? CODES[code] : isTlsError(code) ? entryOf(code) : code;
    if (typeof (entry as CodeEntry | undefined)?.code !== 'string')
      throw new TypeError(`code: ${textOf(code)} is not one of CODES, an entry of errorCodes() or a TlsError`);
    super(message ?? entry.meaning, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = entry.code;
    this.tlsCode = entry.code;
    const { alert, verify } = details;
    this.alert = alert && { ...alert, name: alertName(alert.description), level: alertLevel(alert.description) };
    this.verify = verify && {
      code: verify.code,
      name: x509VName(verify.code),
      depth: verify.depth ?? 0,
      subject: verify.subject,
    };
    this.hint = details.hint ?? entry.remedy;
    const retry = details.echRetryConfigs ?? (isTlsError(code) ? code.echRetryConfigs : undefined);
    if (retry !== undefined) this.echRetryConfigs = retry;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** True for a TlsError from any copy of this package. */
  static is(value: unknown): value is TlsError {
    return isTlsError(value);
  }

  /** A plain object with everything a log needs; `cause` is only its message. */
  toJSON(): TlsErrorJson {
    const { name, tlsCode, message, alert, verify, hint, cause } = this;
    return {
      name,
      code: tlsCode,
      message,
      hint,
      ...(alert && { alert }),
      ...(verify && { verify: { ...verify, sentence: x509VSentence(verify.code) } }),
      ...(cause !== undefined && { cause: cause instanceof Error ? cause.message : String(cause) }),
    };
  }
}

/** Any value as text for a message; some cannot be converted. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/** Outside the class: bundlers rename a class that refers to itself, and consoles show that name. */
const isTlsError = (value: unknown): value is TlsError =>
  typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;

const entryOf = ({ tlsCode, message, hint }: TlsError): Omit<CodeEntry, 'alert'> => ({
  code: tlsCode,
  meaning: message,
  remedy: hint,
});

export interface TlsErrorJson {
  readonly name: 'TlsError';
  readonly code: TlsErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly alert?: AlertInfo;
  readonly verify?: VerifyInfo & { readonly sentence: string };
  readonly cause?: string;
}
