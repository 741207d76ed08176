/** @module tls.connect(): its four signatures, and what it does in addition to `new TLSSocket()`. */
import net from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import nodeTls from 'node:tls';
import { type Given, SOCKET_OPTIONS } from './options.ts';
import { type TlsConnectOptions, TLSSocket } from './socket.ts';

/**
 * As `tls.connect()`. Emits `secureConnect` (and calls `callback`) when the server has been verified, otherwise
 * `error`.
 * @throws TypeError for options that node:tls refuses, with its codes; and for those refused here
 *   (`ERR_INVALID_ARG_VALUE`), by the table of docs/migrating-from-node-tls.md.
 */
export function connect(options: TlsConnectOptions, callback?: () => void): TLSSocket;
export function connect(port: number, host?: string, options?: TlsConnectOptions, callback?: () => void): TLSSocket;
export function connect(port: number, options?: TlsConnectOptions, callback?: () => void): TLSSocket;
export function connect(path: string, options?: TlsConnectOptions, callback?: () => void): TLSSocket;
export function connect(...args: readonly unknown[]): TLSSocket {
  const { options, callback } = argumentsOf(args);
  if (typeof options.checkServerIdentity !== 'function')
    throw Object.assign(new TypeError('The "options.checkServerIdentity" property must be of type function'), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  const minDHSize = options.minDHSize as unknown;
  if (!(typeof minDHSize === 'number' && minDHSize > 0))
    throw Object.assign(
      new TypeError(
        `options.minDHSize is not a ${typeof minDHSize === 'number' ? 'positive ' : ''}number: ${String(minDHSize)}`,
      ),
      { code: 'ERR_ASSERTION' },
    );
  const { socket, timeout, servername } = options;
  if (servername !== undefined && net.isIP(servername) !== 0) warnOfAddress();
  const tlsSocket = new TLSSocket(socket || null, options);
  if (callback !== undefined) tlsSocket.once('secureConnect', callback);
  // As in node:tls, by truthiness
  if (!socket) {
    if (timeout) tlsSocket.setTimeout(timeout);
    tlsSocket.connect(netOptions(options));
  }
  return tlsSocket;
}

function argumentsOf(args: readonly unknown[]): {
  readonly options: TlsConnectOptions;
  readonly callback: (() => void) | undefined;
} {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : undefined;
  const [first, second, third] = args;
  const given = {
    ...(typeof first === 'object' && first !== null
      ? first
      : {
          ...(isPath(first) ? { path: first } : { port: first as number }),
          ...(typeof second === 'string' && { host: second }),
        }),
    // As node:tls does even after a first object
    ...[second, third].find((each) => typeof each === 'object' && each !== null),
  };
  return { options: withDefaults(given as TlsConnectOptions), callback };
}

/** As net.connect(): a string that is not a number. */
const isPath = (value: unknown): value is string => typeof value === 'string' && !(Number(value) >= 0);

const withDefaults = (given: TlsConnectOptions): TlsConnectOptions => ({
  rejectUnauthorized: !allowsUnauthorized(),
  ciphers: nodeTls.DEFAULT_CIPHERS,
  checkServerIdentity: nodeTls.checkServerIdentity,
  minDHSize: 1024,
  ...given,
});

let warned = false;
/** As node:tls, with its warning. */
function allowsUnauthorized(): boolean {
  if (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return false;
  if (!warned) {
    warned = true;
    process.emitWarning(
      "Setting the NODE_TLS_REJECT_UNAUTHORIZED environment variable to '0' makes TLS connections and HTTPS requests insecure by disabling certificate verification.",
    );
  }
  return true;
}

let warnedOfAddress = false;
function warnOfAddress(): void {
  if (warnedOfAddress) return;
  warnedOfAddress = true;
  process.emitWarning(
    'Setting the TLS ServerName to an IP address is not permitted by RFC 6066. This will be ignored in a future version.',
    'DeprecationWarning',
    'DEP0123',
  );
}

/** For node:net: its own options, except `onread`, `signal` and `timeout`, which apply to the plaintext. */
function netOptions(options: ConnectionOptions): net.TcpNetConnectOpts {
  const given = options as Given;
  return Object.fromEntries(
    SOCKET_OPTIONS.filter((name) => given[name] !== undefined && !isPassedOver(name, given[name])).map((name) => [
      name,
      given[name],
    ]),
  ) as unknown as net.TcpNetConnectOpts;
}

/** Ignored by node:tls, where node:net throws. */
const isPassedOver = (name: string, value: unknown): boolean =>
  name === 'keepAliveInitialDelay' && typeof value !== 'number';
