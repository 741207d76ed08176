/** @module @ferrule/node/adapters/axios: axios, whose requests go through one connector, redirects too. */
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

/** A function that makes the body of what a request was given; axios calls it with the configuration as `this`. */
type Transform = (
  this: unknown,
  data: unknown,
  headers: { normalize(): unknown },
  ...rest: readonly unknown[]
) => unknown;

/** The options of a request, merged from all places where axios has them. */
interface Config {
  beforeRedirect?: BeforeRedirect | null;
  transformRequest?: Transform | readonly Transform[] | null;
  readonly httpVersion?: unknown;
  readonly adapter?: unknown;
  readonly [name: string]: unknown;
}

/** What axios keeps of each call of `use()`. */
interface Interceptor {
  readonly fulfilled: (config: object) => object;
  readonly rejected: undefined;
  readonly synchronous: false;
  readonly runWhen: null;
}

interface Hooks<A> {
  readonly interceptors: { readonly request: { forEach(visit: (interceptor: Interceptor) => void): void } };
  /** Absent in what is made by `new Axios()`. */
  readonly create?: (...given: readonly unknown[]) => A;
}

/** Instances that have a connector. */
const done = new WeakSet<object>();

/**
 * `axiosOverTls(axios.create({ baseURL }), connector)`. Each request of the instance needs an `https:` URL, and so does
 * each redirect: another fails with `TLS_REQUIRED` before anything is sent. So does, with a TypeError, a request that
 * sets an option that would lead around the connector, also by an interceptor: an agent, `proxy`, `transport`,
 * `httpVersion: 2`, an `adapter`. Instances made of this one by `create()` have the connector, too. Interceptors,
 * `transformRequest` and `beforeRedirect` are each given a copy of the configuration, from which what they have changed is
 * taken when they return.
 * @returns the instance.
 * @throws TypeError for what is not an instance, for one that has such an option or a connector, and for a connector that
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
    // Also where somebody has put one into Object.prototype
    transport: undefined,
    httpVersion: undefined,
  };
  refuse(defaults as Config, agents);
  Object.assign(defaults, ours);
  const beforeRedirect = redirects(agents);
  // A copy that axios alone has: whoever kept what was judged could change it afterwards
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

/** The configuration as axios reads it, one that nobody else has. */
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
 * What axios calls after the last interceptor, with the configuration by which it sends as `this`: they are shown a copy,
 * and what they make of that is judged.
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

/** What decides the way of a redirect, of the options of follow-redirects. */
const WAY_OF_REDIRECT = ['agent', 'agents', 'nativeProtocols', 'beforeRedirect', 'beforeRedirects', 'createConnection'];

/** Before a redirect theirs are shown a copy of the options, and the way stays ours. */
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
 * Behind all other interceptors, also those that are there already: axios runs them from the last to the first, or the
 * other way round (`legacyInterceptorReqResOrdering`), so this one stands at both ends of a request's chain, and whichever
 * is asked second is the last. `clear()` and `eject()` leave it.
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

/** Whoever assigns another is told so (ECMA-262 section 10.1.9.2). */
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
      // By default it is a list, of which a page of jsdom would take XMLHttpRequest
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
