/**
 * @module Keeps a library from bypassing its connector: options that would are refused, and a plain socket carries only
 * the request for TLS.
 */
import type { OnReadOpts, Socket } from 'node:net';
import { checkServerIdentity, type SecureContext } from 'node:tls';
import { TlsError } from '@ferrule/result';
import { knownOptions, plainOptions } from '@ferrule/result/arguments';
import { STARTTLS_CODES } from '@ferrule/starttls';
import type { TlsConnector } from '../duplex/connector.ts';
import { AGREED } from '../duplex/duplex-parts.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { NODE_OPTIONS } from './node-options.ts';

/**
 * Refuses options that belong to the connector, and routes to the host that it does not use; in `where`, an object of
 * options for node:tls only, also addresses, for which the library has its own options.
 * @throws TypeError that names the first one.
 */
export function refuseNodeOptions(adapter: string, options: object | null | undefined, where?: string): void {
  if (options === undefined || options === null) return;
  const given = options as Readonly<Record<string, unknown>>;
  for (const [key, part] of Object.entries(NODE_OPTIONS)) {
    const value = given[key];
    if (part === 'library' || (part === 'place' && where === undefined) || asByDefault(key, value)) continue;
    const name = where === undefined ? key : `${where}.${key}`;
    if (key === 'rejectUnauthorized')
      throw new TypeError(
        `${adapter}: rejectUnauthorized: false is not used here: the TlsConnector decides whom to trust (verify)`,
      );
    if (part === 'connector') throw new TypeError(`${adapter}: ${name} is not used here: give it to the TlsConnector`);
    throw new TypeError(`${adapter}: ${name} would lead around the connector: ${WAYS[key] ?? USE_DIAL}`);
  }
}

/** Whether the value is what happens anyway. */
function asByDefault(key: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (key === 'rejectUnauthorized') return value !== false;
  if (key === 'autoSelectFamily') return value === true;
  // got passes Node's own default with every request
  return value === false || value === 0 || value === checkServerIdentity || refusers.has(value as object);
}

/** What to do instead. */
const WAYS: Readonly<Record<string, string>> = {
  lookup: 'resolve the name in the dial of the TlsConnector',
  localAddress: 'bind the address in the dial of the TlsConnector',
  localPort: 'bind the port in the dial of the TlsConnector',
  family: 'choose the address in the dial of the TlsConnector',
  hints: 'choose the address in the dial of the TlsConnector',
  autoSelectFamily: 'choose the address in the dial of the TlsConnector',
  autoSelectFamilyAttemptTimeout: 'choose the address in the dial of the TlsConnector',
  blockList: 'judge the address in the dial of the TlsConnector',
};

/**
 * An adapter's own options, of these names alone.
 * @throws TypeError that names the first unknown one.
 */
export function ownOptions<T extends object>(adapter: string, options: T, names: readonly (keyof T & string)[]): T {
  return knownOptions(options, names, adapter, `${adapter}: `);
}

/**
 * A library's options as one plain object, each read once: spreading an object of a class would lose its prototype's
 * properties. null counts as absent.
 * @throws TypeError without a connector, or if the options are not an object.
 */
export function optionsFor<O extends object>(
  adapter: string,
  connector: TlsConnector,
  options: O | null | undefined,
): O {
  needsConnector(adapter, connector);
  return flattened(options ?? ({} as O), adapter);
}

/**
 * A plain object of all properties of `given`: own, inherited, non-enumerable, of getters; none of Object.prototype.
 * @throws TypeError that begins with `name` if it is not an object of options.
 */
export function flattened<O extends object>(given: O, name: string): O {
  const names = new Set<string>();
  for (let holder: object | null = given; holder !== null; holder = Object.getPrototypeOf(holder) as object | null)
    for (const key of Object.getOwnPropertyNames(holder)) if (key !== 'constructor') names.add(key);
  return plainOptions(given, names, name);
}

/** @throws TypeError if it is not a TlsConnector, which would otherwise show only on the first connection. */
export function needsConnector(adapter: string, connector: TlsConnector): void {
  if (typeof (connector as Partial<TlsConnector> | undefined)?.duplex !== 'function')
    throw new TypeError(`${adapter}: the connector is missing: new TlsConnector() of @ferrule/node/duplex`);
}

/**
 * Refuses options that bypass the connector, each with what to do instead.
 * @throws TypeError that names the first one.
 */
export function refuseDetours(
  adapter: string,
  options: object | null | undefined,
  detours: Readonly<Record<string, string>>,
): void {
  if (options === undefined || options === null) return;
  const given = options as Readonly<Record<string, unknown>>;
  for (const [key, remedy] of Object.entries(detours)) {
    if (given[key] !== undefined && given[key] !== null && given[key] !== false)
      throw new TypeError(`${adapter}: ${key} would lead around the connector: ${remedy}`);
  }
}

/** @throws TypeError for `ssl: false` of a database client, and equivalents. */
export function refusePlain(adapter: string, given: object, name: string = 'ssl'): void {
  const value = (given as Readonly<Record<string, unknown>>)[name];
  if (value === false || value === 'disable' || value === 'false' || value === '0')
    throw new TypeError(
      `${adapter}: ${name}${value === false ? ': ' : '='}${String(value)} would send everything in plain text: leave it out`,
    );
}

/**
 * Refuses a connector that may negotiate another protocol than HTTP/2, or none (RFC 9113 section 3.2).
 * @throws TypeError
 */
export function needsH2(adapter: string, { alpn }: { readonly alpn: readonly string[] }): void {
  if (!alpn.includes('h2'))
    throw new TypeError(`${adapter}: the connector does not offer HTTP/2: new TlsConnector({ alpn: ['h2'] })`);
}

/** Unless HTTP/2 was negotiated, the connection ends before a byte of it is sent (RFC 9113 section 3.2). */
export const overH2 = (adapter: string, duplex: TlsDuplex): TlsDuplex =>
  duplex.once(AGREED, () => {
    const { alpnProtocol } = duplex;
    if (alpnProtocol === 'h2') return;
    const chosen = alpnProtocol ? `chose ${alpnProtocol}` : 'chose no protocol (ALPN)';
    duplex.destroy(
      new TlsError('INVALID_ALPN_PROTOCOL', `${adapter}: the server ${chosen}, and HTTP/2 alone is spoken`),
    );
  });

/**
 * Refuses a connector that may negotiate HTTP/2, for a library that speaks HTTP/1.1.
 * @throws TypeError
 */
export function needsHttp1(adapter: string, { alpn }: { readonly alpn: readonly string[] }): void {
  if (alpn.includes('h2'))
    throw new TypeError(
      `${adapter}: the connector offers HTTP/2, which is not spoken here: use another one without alpn, or with alpn: ['http/1.1']`,
    );
}

/**
 * Options of node:tls and node:net for a library that opens no sockets itself when it uses the connector: if it does,
 * another option has bypassed it. tls.connect() and net.connect() then throw, whatever else was set; and if
 * `secureContext` and `onread` were overridden, no server name matches.
 */
export function noOtherWay(adapter: string): {
  checkServerIdentity(): Error;
  readonly secureContext: SecureContext;
  readonly onread: OnReadOpts;
} {
  const checkServerIdentity = (): Error =>
    new TypeError(
      `${adapter}: the connector was not asked, since an option set beside its own leads around it: ${USE_DIAL}`,
    );
  const refuse = {
    get(): never {
      throw checkServerIdentity();
    },
  };
  const secureContext = Object.defineProperty({}, 'context', refuse) as SecureContext;
  // Every socket of node:net reads it on creation
  const onread = Object.defineProperty({}, 'buffer', refuse) as OnReadOpts;
  refusers.add(checkServerIdentity).add(secureContext);
  return { checkServerIdentity, secureContext, onread };
}
const refusers = new WeakSet<object>();

/**
 * Lets an agent fail a request of another scheme by its `error` event: for an agent with a scheme Node throws, which is
 * uncaught when a library follows a redirect.
 */
export const forAnyScheme = <A extends object>(agent: A): A => Object.assign(agent, { protocol: '' });

/** For a URL, often of a redirect, whose scheme has no TLS. */
export const withoutTls = (adapter: string, protocol: string, host: string): TlsError =>
  new TlsError(
    STARTTLS_CODES.TLS_REQUIRED,
    `${adapter}: ${protocol}//${host} would be sent without TLS: use its https: or wss: URL, or another agent for what may be read on the way`,
  );

/** For libraries with their own proxy option. */
export const USE_DIAL =
  "give the TlsConnector a dial, as in new TlsConnector({ dial: dialer('http://proxy.example:3128') })";

/** What may still be sent in plain text on a socket that is to become TLS. */
const guarded = new WeakMap<object, () => void>();

/**
 * Lets only what `allows` accepts through a plain socket, until {@link releasePlain}. Anything else destroys the socket
 * with `TLS_REQUIRED` before a byte of it is sent.
 */
export function guardPlain<S extends Socket>(socket: S, library: string, allows: (bytes: Uint8Array) => boolean): S {
  const write = socket.write.bind(socket) as (...parameters: readonly unknown[]) => boolean;
  const guard = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8')
        : chunk;
    if (allows(bytes)) return write(chunk, ...rest);
    socket.destroy(new TlsError(STARTTLS_CODES.TLS_REQUIRED, `${library} was about to send data without TLS`));
    return false;
  };
  socket.write = guard as typeof socket.write;
  guarded.set(socket, () => {
    socket.write = write as typeof socket.write;
  });
  return socket;
}

/** TLS begins on this socket: later writes are ciphertext. */
export function releasePlain(socket: object): void {
  guarded.get(socket)?.();
  guarded.delete(socket);
}
