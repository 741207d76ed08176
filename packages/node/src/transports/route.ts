/**
 * @module A route to a server, as a URL: direct, through a proxy or a relay, or over the standard streams of a program.
 */
import { plainOptions, refuseOption } from '@ferrule/result/arguments';
import { asciiHost, authority, unbracketed } from '@ferrule/result/host';

export type Route =
  /** A fixed address, whatever the destination: a port forward, another address of the same server. */
  | { readonly scheme: 'tcp'; readonly host: string; readonly port: number }
  | { readonly scheme: 'unix'; readonly path: string }
  | ({ readonly scheme: 'socks5' | 'http' } & Proxy)
  /** TLS in binary frames: `url` may contain `{host}` and `{port}` of the destination. */
  | { readonly scheme: 'ws'; readonly url: string }
  /** The words of a command, which may contain `{host}` and `{port}`; no shell is involved. */
  | { readonly scheme: 'exec'; readonly command: readonly string[] };

export interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

/**
 * | URL | way |
 * |---|---|
 * | `tcp://host:port` | a TCP connection to there, in place of the destination |
 * | `unix:/run/some.sock` | a unix socket or named pipe |
 * | `socks5://user:password@proxy:1080` | RFC 1928, RFC 1929; the proxy looks names up. `socks5h:` is the same. |
 * | `http://user:password@proxy:3128` | CONNECT, RFC 9110 section 9.3.6 |
 * | `ws://relay/path?to={host}:{port}` | binary frames of a WebSocket, RFC 6455 |
 * | `exec:ssh -W {host}:{port} jump` | stdin and stdout of a program; quotes hold words together |
 *
 * Credentials are percent-encoded. @throws TypeError that says what is wrong, without credentials.
 */
export function parseRoute(text: string): Route {
  if (typeof text !== 'string') return refuseOption(text, 'route', 'a URL with tcp, unix, socks5, http, ws or exec');
  const [, scheme = '', rest = ''] = /^([a-z0-9]+):(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix':
      return { scheme: 'unix', path: pathOf(rest) };
    case 'exec':
      return { scheme: 'exec', command: wordsOf(rest) };
    case 'tcp': {
      const { hostname, port, username, password, pathname, search, hash } = urlOf('tcp', rest);
      if (username + password !== '')
        throw new TypeError('tcp: nobody is asked for credentials; expected tcp://host:port');
      if (pathname.replace(/^\/$/, '') + search + hash !== '')
        throw new TypeError('tcp: an address has neither path nor query; expected tcp://host:port');
      if (port === '') throw new TypeError('tcp: no port; expected tcp://host:port');
      return { scheme: 'tcp', host: unbracketed(hostname), port: Number(port) };
    }
    case 'socks5':
    case 'socks5h':
    case 'socks':
      return { scheme: 'socks5', ...proxyOf('socks5', rest, 1080) };
    case 'http':
      return { scheme: 'http', ...proxyOf('http', rest, 80) };
    case 'ws':
      return { scheme: 'ws', url: checkRelay(`ws:${rest}`) };
    case 'wss':
    case 'https':
      throw new TypeError(
        `${scheme}: TLS to the proxy or relay itself is not offered; what goes through is TLS already`,
      );
    default:
      throw new TypeError('expected a URL with tcp, unix, socks5, http, ws or exec');
  }
}

const FIELDS = {
  tcp: ['host', 'port'],
  unix: ['path'],
  socks5: ['host', 'port', 'credentials'],
  http: ['host', 'port', 'credentials'],
  ws: ['url'],
  exec: ['command'],
} as const;

/**
 * A copy of the caller's route, a URL or a result of {@link parseRoute}. An invalid one never means "no route": a
 * caller that wants a proxy must not be connected without it.
 * @throws TypeError
 */
export function checkRoute(given: string | Route): Route {
  // For anything else parseRoute() throws an error that says what it accepts
  if (typeof given !== 'object' || (given as object | null) === null) return parseRoute(given as unknown as string);
  const { scheme, ...rest } = plainOptions(
    given,
    ['scheme', 'host', 'port', 'credentials', 'path', 'url', 'command'],
    'route',
  ) as Route & Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(FIELDS, scheme))
    throw new TypeError('route.scheme: must be tcp, unix, socks5, http, ws or exec; or give a URL as a string');
  const fields: readonly string[] = FIELDS[scheme];
  for (const key of Object.keys(rest))
    if (!fields.includes(key)) throw new TypeError(`route.${key}: unknown for ${scheme}`);
  for (const key of fields) checkField(key, (rest as Readonly<Record<string, unknown>>)[key]);
  if (scheme === 'ws') checkRelay(rest['url'] as string);
  return structuredClone({ scheme, ...rest }) as Route;
}

function checkField(key: string, value: unknown): void {
  const text = (each: unknown): boolean => typeof each === 'string' && each !== '';
  const good =
    key === 'port'
      ? Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
      : key === 'command'
        ? Array.isArray(value) && value.length > 0 && value.every(text)
        : key === 'credentials'
          ? value === undefined ||
            (typeof value === 'object' &&
              value !== null &&
              typeof (value as { username?: unknown }).username === 'string' &&
              typeof (value as { password?: unknown }).password === 'string')
          : text(value);
  if (!good) throw new TypeError(`route.${key}: missing, or not what the route needs`);
}

/** For messages: without credentials. */
export function nameOfRoute(route: Route): string {
  switch (route.scheme) {
    case 'unix':
      return `unix:${route.path}`;
    case 'exec':
      return `exec:${route.command[0] ?? ''}`;
    case 'ws':
      return nameOfRelay(route.url);
    default:
      return `${route.scheme}://${authority(route)}`;
  }
}

/**
 * A host as sent to a proxy: A-labels if it is not ASCII (RFC 5890), which DNS and every proxy understand.
 * @throws TypeError if it is not a host name, or longer than 255 bytes (RFC 1928 section 5: a one-byte length).
 */
export function proxyHost(host: string): string {
  const ascii = asciiHost(host);
  if (!/^[\w.:%-]{1,255}$/.test(ascii))
    throw new TypeError(`host: ${JSON.stringify(host.slice(0, 300))} is not a host name of at most 255 bytes`);
  return ascii;
}

function proxyOf(scheme: 'socks5' | 'http', rest: string, defaultPort: number): Proxy {
  const { hostname, port, username, password, pathname, search, hash } = urlOf(scheme, rest);
  if (!['', '/'].includes(pathname) || search + hash !== '')
    throw new TypeError(`${scheme}: a proxy has neither path nor query; expected ${scheme}://host:port`);
  return {
    host: unbracketed(hostname),
    port: port === '' ? defaultPort : Number(port),
    credentials:
      username === '' && password === '' ? undefined : { username: decoded(username), password: decoded(password) },
  };
}

function urlOf(scheme: string, rest: string): URL {
  const text = `${scheme}:${rest}`;
  const url = rest.startsWith('//') && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '')
    throw new TypeError(`${scheme}: not a URL; expected ${scheme}://host:port`);
  if (url.port === '0') throw new TypeError(`${scheme}: nobody listens at port 0; expected ${scheme}://host:port`);
  return url;
}

/** Substitutes for `{host}` and `{port}` while a URL is parsed: neither is valid there. */
const [A_HOST, A_PORT] = ['host-of-destination', '65535'];

/** A relay's parsed URL: WHATWG's parser finds credentials in `ws:///user:password@relay`. */
const relayOf = (url: string): URL =>
  urlOf('ws', url.slice('ws:'.length).replaceAll('{host}', A_HOST).replaceAll('{port}', A_PORT));

/** @throws TypeError, without credentials. */
function checkRelay(url: string): string {
  if (!/^ws:/i.test(url)) throw new TypeError('route.url: not a URL that begins with ws:');
  relayOf(url);
  return url;
}

function nameOfRelay(url: string): string {
  const { host, pathname } = relayOf(url);
  const name = `ws://${host}${pathname}`.replaceAll(A_HOST, '{host}');
  return url.includes('{port}') ? name.replaceAll(A_PORT, '{port}') : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('the credentials of the proxy are not percent-encoded');
  }
}

function pathOf(rest: string): string {
  const path = rest.replace(/^\/\/(?=\/)/, '');
  if (path === '') throw new TypeError('unix: no path; expected unix:/path/to/socket');
  return path;
}

/** Splits words as a shell does and removes quotes; no other shell syntax. */
function wordsOf(text: string): readonly string[] {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
  if (words.length === 0) throw new TypeError('exec: no command; expected exec:program and its arguments');
  return words;
}
