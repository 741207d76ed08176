/** @module @ferrule/node/adapters/axios: axios with all requests and redirects through one connector. */
import type { TlsConnector } from '../duplex/connector.ts';
import { tlsAgents } from './https.ts';
import { flattened, needsConnector, refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

/** The part of an instance of axios that is used. */
export interface Axios {
  readonly defaults: object;
  readonly interceptors: { readonly request: object };
}

type Agents = ReturnType<typeof tlsAgents>;
type BeforeRedirect = (options: object, ...rest: readonly unknown[]) => void;

/** Converts a request's data to its body; axios calls it with the configuration as `this`. */
type Transform = (
  this: unknown,
  data: unknown,
  headers: { normalize(): unknown },
  ...rest: readonly unknown[]
) => unknown;

/** A request's options, merged from all of axios's sources. */
interface Config {
  beforeRedirect?: BeforeRedirect | null;
  transformRequest?: Transform | readonly Transform[] | null;
  readonly httpVersion?: unknown;
  readonly adapter?: unknown;
  readonly [name: string]: unknown;
}

/** What axios stores for each call of `use()`. */
interface Interceptor {
  readonly fulfilled: (config: object) => object;
  readonly rejected: undefined;
  readonly synchronous: false;
  readonly runWhen: null;
}

interface Hooks<A> {
  readonly interceptors: { readonly request: { forEach(visit: (interceptor: Interceptor) => void): void } };
  /** Absent on instances made by `new Axios()`. */
  readonly create?: (...given: readonly unknown[]) => A;
}

/** Instances that already have a connector. */
const done = new WeakSet<object>();

/**
 * `axiosOverTls(axios.create({ baseURL }), connector)`. Every request and redirect needs an `https:` URL: others fail
 * with `TLS_REQUIRED` before anything is sent. A request that sets an option that bypasses the connector, even in an
 * interceptor, fails with a TypeError: an agent, `proxy`, `transport`, `httpVersion: 2`, an `adapter`. Instances made
 * from this one by `create()` use the connector too. Interceptors, `transformRequest` and `beforeRedirect` each get a
 * copy of the configuration; their changes are applied when they return.
 * @returns the instance.
 * @throws TypeError if it is not an instance or already has such an option or a connector, and for a connector that
 *   offers `h2`.
 */
export function axiosOverTls<A extends Axios>(instance: A, connector: TlsConnector): A {
  needsConnector('axiosOverTls', connector);
  const { defaults, interceptors } = instance as A & Partial<Hooks<A>>;
  if (typeof interceptors?.request?.forEach !== 'function' || typeof defaults !== 'object')
    throw new TypeError('axiosOverTls: not an instance of axios: make one by axios.create()');
  if (done.has(instance)) throw new TypeError('axiosOverTls: the instance has a connector already: make another one');
  return withAgents(instance as A & Hooks<A>, tlsAgents(connector));
}

function withAgents<A extends Axios>(instance: A & Hooks<A>, agents: Agents): A {
  const { defaults, interceptors, create } = instance;
  const ours = {
    httpAgent: agents.http,
    httpsAgent: agents.https,
    proxy: false,
    adapter: 'http',
    // Even if one is set on Object.prototype
    transport: undefined,
    httpVersion: undefined,
  };
  refuse(defaults as Config, agents);
  Object.assign(defaults, ours);
  const beforeRedirect = redirects(agents);
  // A private copy for axios: the checked object could still be changed by its holders
  const judged = (given: object): Config => {
    const config = copied(given);
    refuse(config, agents);
    return Object.assign(config, ours, {
      beforeRedirect: beforeRedirect(config.beforeRedirect),
      transformRequest: [transformsFirst(config.transformRequest, judged)],
    });
  };
  runsLast(interceptors, judged);
  stays(instance, 'interceptors');
  if (create !== undefined)
    Object.assign(instance, { create: (...given: unknown[]) => withAgents(create(...given) as A & Hooks<A>, agents) });
  done.add(instance);
  return instance;
}

/** A private copy of the configuration, as axios reads it. */
function copied(given: object): Config {
  const config = flattened(given as Config, "axiosOverTls: the request's configuration");
  for (const key of Object.getOwnPropertySymbols(given))
    Object.assign(config, { [key]: (given as Readonly<Record<symbol, unknown>>)[key] });
  Reflect.deleteProperty(config, 'hasOwnProperty');
  // As axios makes its own
  return Object.defineProperty(config, 'hasOwnProperty', {
    value: Object.hasOwnProperty,
    writable: true,
    configurable: true,
  });
}

const unwrapped = new WeakMap<Transform, readonly Transform[]>();

/**
 * Runs after the last interceptor, with the final configuration as `this`: the caller's transforms get a copy, which is
 * then checked.
 */
function transformsFirst(theirs: Config['transformRequest'], judged: (config: object) => Config): Transform {
  const all = [theirs ?? []].flat().flatMap((each) => unwrapped.get(each) ?? [each]);
  const transform: Transform = function (data, headers, ...rest) {
    const shown = copied(this as object);
    let body = data;
    for (const each of all) {
      body = each.call(shown, body, headers, ...rest);
      headers.normalize();
    }
    Object.assign(this as object, judged(shown));
    return body;
  };
  unwrapped.set(transform, all);
  return transform;
}

/** The options of follow-redirects that decide how a redirect is sent. */
const WAY_OF_REDIRECT = ['agent', 'agents', 'nativeProtocols', 'beforeRedirect', 'beforeRedirects', 'createConnection'];

/** Calls the caller's `beforeRedirect` with a copy of the options, so that redirects keep our agents. */
function redirects(agents: Agents): (theirs: BeforeRedirect | null | undefined) => BeforeRedirect {
  const guards = new WeakSet<BeforeRedirect>();
  return (theirs) => {
    if (theirs && guards.has(theirs)) return theirs;
    const guard: BeforeRedirect = (options, ...rest) => {
      const given = options as Record<string, unknown>;
      const shown = { ...given };
      for (const key of WAY_OF_REDIRECT) delete shown[key];
      theirs?.(shown, ...rest);
      const changed = flattened(shown, 'axiosOverTls: the options of a redirect');
      refuseDetours('axiosOverTls', changed, Object.fromEntries(WAY_OF_REDIRECT.map((key) => [key, ANOTHER])));
      for (const key of Object.keys(given))
        if (!(key in shown || WAY_OF_REDIRECT.includes(key))) Reflect.deleteProperty(given, key);
      Object.assign(given, changed, { agents: { ...agents } });
    };
    guards.add(guard);
    return guard;
  };
}

/**
 * Runs after all other interceptors, including existing ones: axios runs them last to first, or the reverse
 * (`legacyInterceptorReqResOrdering`), so this one is at both ends of the chain, and its second call is the last.
 * `clear()` and `eject()` do not remove it.
 */
function runsLast(interceptors: Hooks<never>['interceptors'], judged: (config: object) => Config): void {
  const { request } = interceptors;
  const forEach = request.forEach.bind(request);
  request.forEach = (visit) => {
    let asked = 0;
    const fulfilled = (config: object): object => (++asked === 2 ? judged(config) : config);
    const last: Interceptor = { fulfilled, rejected: undefined, synchronous: false, runWhen: null };
    visit(last);
    forEach(visit);
    visit(last);
  };
  stays(request, 'forEach');
  stays(interceptors, 'request');
}

/** Makes the property read-only: assignment throws in strict mode (ECMA-262 section 10.1.9.2). */
function stays<O extends object>(holder: O, name: keyof O): void {
  Object.defineProperty(holder, name, { value: holder[name], writable: false, configurable: false });
}

const ANOTHER = 'requests have the agent of the connector';

function refuse(config: Config, agents: Agents): void {
  const { httpVersion, adapter } = config;
  refuseDetours(
    'axiosOverTls',
    {
      ...config,
      ...(config['httpAgent'] === agents.http && { httpAgent: undefined }),
      ...(config['httpsAgent'] === agents.https && { httpsAgent: undefined }),
      httpVersion: Number(httpVersion ?? 1) === 1 ? undefined : httpVersion,
      // The default is a list, from which XMLHttpRequest would be chosen under jsdom
      adapter: adapter === 'http' || (Array.isArray(adapter) && adapter.includes('http')) ? undefined : adapter,
    },
    {
      httpAgent: ANOTHER,
      httpsAgent: ANOTHER,
      transport: ANOTHER,
      proxy: USE_DIAL,
      httpVersion: 'use http2Connect() of @ferrule/node/adapters/http2',
      adapter:
        "leave axios's, or use fetch() of undici with @ferrule/node/adapters/undici; a test that mocks axios needs an instance without axiosOverTls()",
    },
  );
  refuseNodeOptions('axiosOverTls', config);
}
