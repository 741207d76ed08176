/** @module A port of messages: a Worker, the scope of one, a MessagePort. And errors, which lose their codes on the way. */
import { TlsError, type TlsErrorJson } from '@ferrule/result';

/** As much of a `MessagePort` or a `Worker` as is used. */
export interface Port {
  postMessage(message: unknown, transfer: readonly never[]): void;
  addEventListener(type: 'message' | 'close', listener: (event: Event) => void): void;
  /** A MessagePort that is listened to by addEventListener() must be started. */
  start?(): void;
}

/** A `MessagePort` of ours. */
export interface ClosablePort extends Port {
  close(): void;
}

/** @throws TypeError */
export function checkPort(port: Port): void {
  if (typeof port !== 'object' || port === null || !('postMessage' in port && 'addEventListener' in port))
    throw new TypeError('port: neither a Worker, the scope of one, nor a MessagePort');
}

/** Calls `take` with what comes, as long as it is an object; others may use the port, too. */
export function listen(port: Port, take: (message: Readonly<Record<string, unknown>>) => void): void {
  port.addEventListener('message', (event) => {
    const { data } = event as Event & { readonly data: unknown };
    if (typeof data === 'object' && data !== null) take(data as Readonly<Record<string, unknown>>);
  });
  port.start?.();
}

/**
 * Calls `act` when the other end of a MessagePort has been closed, or its thread has ended (HTML section 9.4.4; browsers
 * that have no such event yet, Firefox and Safari, tell nobody).
 */
export function whenGone(port: Port, act: () => void): void {
  port.addEventListener('close', act);
}

/** @param what - it is, for messages. @throws TypeError for what cannot be cloned, or not be transferred. */
export function post(port: Port, what: string, message: unknown, transfer: readonly unknown[] = []): void {
  try {
    port.postMessage(message, transfer as readonly never[]);
  } catch (cause) {
    const remedy = what === 'options' ? '; give functions and sessions to serveTls() there' : '';
    throw new TypeError(`${what}: cannot be sent to the worker: ${(cause as Error).message}${remedy}`, { cause });
  }
}

/** An error as a message has it. */
export type Told =
  | { readonly tls: TlsErrorJson; readonly echRetryConfigs?: Uint8Array | undefined }
  | { readonly type: string }
  | { readonly other: string };

export function tell(error: unknown): Told {
  if (TlsError.is(error)) return { tls: error.toJSON(), echRetryConfigs: error.echRetryConfigs };
  if (error instanceof TypeError) return { type: error.message };
  return { other: error instanceof Error ? error.message : String(error) };
}

export function told(error: Told): Error {
  if ('type' in error) return new TypeError(error.type);
  if ('other' in error) return new Error(error.other);
  const { code, message, hint, ...details } = error.tls;
  const { echRetryConfigs } = error;
  return new TlsError({ code, meaning: message, remedy: hint, alert: undefined }, message, {
    ...details,
    echRetryConfigs,
  });
}
