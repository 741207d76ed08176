/**
 * @module What keeps a library on the way through its connector: options that would lead around it are refused, and a
 * plain socket carries nothing but the request for TLS.
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
 * Refuses what is the connector's to decide, and ways to the host that it does not take; of `where`, an object of
 * options for node:tls alone, also places to connect to: the library says those in options of its own.
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

/** Where it says what happens anyway. */
function asByDefault(key: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (key === 'rejectUnauthorized') return value !== false;
  if (key === 'autoSelectFamily') return value === true;
  // got gives Node's own default with every request
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
 * A library's options as one plain object, each read once: whoever spreads an object of a class loses what its prototype
 * has. null is taken for none.
 * @throws TypeError where there is no connector, or no object of options.
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
 * As a plain object of this call all that is found under `given.name`: own, inherited, not enumerable, of a getter; of
 * Object.prototype nothing.
 * @throws TypeError that begins with `name` for what holds no options.
 */
export function flattened<O extends object>(given: O, name: string): O {
  const names = new Set<string>();
  for (let holder: object | null = given; holder !== null; holder = Object.getPrototypeOf(holder) as object | null)
    for (const key of Object.getOwnPropertyNames(holder)) if (key !== 'constructor') names.add(key);
  return plainOptions(given, names, name);
}

/** @throws TypeError for what is not a TlsConnector: it would be told at the first connection alone. */
export function needsConnector(adapter: string, connector: TlsConnector): void {
  if (typeof (connector as Partial<TlsConnector> | undefined)?.duplex !== 'function')
    throw new TypeError(`${adapter}: the connector is missing: new TlsConnector() of @ferrule/node/duplex`);
}

/**
 * Refuses options that would lead around the connector, each with what to do instead.
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

/** @throws TypeError for `ssl: false` of a client for databases, and the same in other words. */
export function refusePlain(adapter: string, given: object, name: string = 'ssl'): void {
  const value = (given as Readonly<Record<string, unknown>>)[name];
  if (value === false || value === 'disable' || value === 'false' || value === '0')
    throw new TypeError(
      `${adapter}: ${name}${value === false ? ': ' : '='}${String(value)} would send everything in plain text: leave it out`,
    );
}

/**
 * Refuses a connector by which another protocol than HTTP/2 would be agreed on, or none (RFC 9113 section 3.2).
 * @throws TypeError
 */
export function needsH2(adapter: string, { alpn }: { readonly alpn: readonly string[] }): void {
  if (!alpn.includes('h2'))
    throw new TypeError(`${adapter}: the connector does not offer HTTP/2: new TlsConnector({ alpn: ['h2'] })`);
}

/**
 * What was agreed on is what is spoken: else the connection ends before a byte of HTTP/2 is sent (RFC 9113 section 3.2).
 */
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
 * Refuses a connector by which HTTP/2 would be agreed on, for a library that speaks HTTP/1.1.
 * @throws TypeError
 */
export function needsHttp1(adapter: string, { alpn }: { readonly alpn: readonly string[] }): void {
  if (alpn.includes('h2'))
    throw new TypeError(
      `${adapter}: the connector offers HTTP/2, which is not spoken here: use another one without alpn, or with alpn: ['http/1.1']`,
    );
}

/**
 * Options of node:tls and node:net, for a library that opens nothing by itself on its way through the connector: where
 * it does, an option that was set beside ours has led around. Then tls.connect() and net.connect() throw, whatever else
 * was set; and where another `secureContext` and another `onread` were, no server has the right name.
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
  // What every socket of node:net looks at when it is made
  const onread = Object.defineProperty({}, 'buffer', refuse) as OnReadOpts;
  refusers.add(checkServerIdentity).add(secureContext);
  return { checkServerIdentity, secureContext, onread };
}
const refusers = new WeakSet<object>();

/**
 * Lets an agent fail a request of another scheme by its `error` event: where an agent names its scheme, Node throws,
 * and where a library follows a redirect nobody would catch that.
 */
export const forAnyScheme = <A extends object>(agent: A): A => Object.assign(agent, { protocol: '' });

/** For a URL, often one that a server redirects to, whose scheme has no TLS. */
export const withoutTls = (adapter: string, protocol: string, host: string): TlsError =>
  new TlsError(
    STARTTLS_CODES.TLS_REQUIRED,
    `${adapter}: ${protocol}//${host} would be sent without TLS: use its https: or wss: URL, or another agent for what may be read on the way`,
  );

/** For every library with a proxy option of its own. */
export const USE_DIAL =
  "give the TlsConnector a dial, as in new TlsConnector({ dial: dialer('http://proxy.example:3128') })";

/** What may still be sent in plain text on a socket that is to become TLS. */
const guarded = new WeakMap<object, () => void>();

/**
 * Lets nothing through a plain socket but what `allows` accepts, until {@link releasePlain} says that TLS begins.
 * Anything else destroys the socket with `TLS_REQUIRED` before a byte of it is sent.
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

/** TLS begins on this socket: what is written from now on is ciphertext. */
export function releasePlain(socket: object): void {
  guarded.get(socket)?.();
  guarded.delete(socket);
}
