/** @module @ferrule/node/adapters/axios: axios, whose requests go through one connector, redirects too. */
import type { TlsConnector } from '../duplex/connector.ts';
import { tlsAgents } from './https.ts';
import { needsConnector, refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

/** The part of an instance of axios that is used. */
export interface Axios {
  readonly defaults: object;
  readonly interceptors: { readonly request: object };
}

type Agents = ReturnType<typeof tlsAgents>;
type BeforeRedirect = (options: object, ...rest: readonly unknown[]) => void;

/** The options of a request, merged from all places where axios has them. */
interface Config {
  beforeRedirect?: BeforeRedirect | null;
  readonly httpVersion?: unknown;
  readonly adapter?: unknown;
  readonly [name: string]: unknown;
}

/** What axios keeps of each call of `use()`. */
interface Interceptor {
  readonly fulfilled: (config: Config) => Config;
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
 * `httpVersion: 2`, an `adapter`. Instances made of this one by `create()` have the connector, too.
 * @returns the instance.
 * @throws TypeError for what is no instance, for one that has such an option or a connector, and for a connector that
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
  const ours = { httpAgent: agents.http, httpsAgent: agents.https, proxy: false, adapter: 'http' };
  refuse(defaults as Config, agents);
  Object.assign(defaults, ours);
  const guarded = new WeakSet<BeforeRedirect>();
  const guard = (theirs: BeforeRedirect | null | undefined): BeforeRedirect => {
    if (theirs && guarded.has(theirs)) return theirs;
    const own: BeforeRedirect = (options, ...rest) => {
      theirs?.(options, ...rest);
      Object.assign(options, { agents: { ...agents } });
    };
    guarded.add(own);
    return own;
  };
  runsLast(interceptors.request, (config) => {
    refuse(config, agents);
    return Object.assign(config, ours, { beforeRedirect: guard(config.beforeRedirect) });
  });
  if (create !== undefined)
    Object.assign(instance, { create: (...given: unknown[]) => withAgents(create(...given) as A & Hooks<A>, agents) });
  done.add(instance);
  return instance;
}

/**
 * Behind all other interceptors, also those that are there already: axios runs them from the last to the first, or the
 * other way round (`legacyInterceptorReqResOrdering`), so this one stands at both ends. `clear()` and `eject()` leave it.
 */
function runsLast(request: Hooks<never>['interceptors']['request'], fulfilled: Interceptor['fulfilled']): void {
  const forEach = request.forEach.bind(request);
  const last: Interceptor = { fulfilled, rejected: undefined, synchronous: false, runWhen: null };
  request.forEach = (visit) => {
    visit(last);
    forEach(visit);
    visit(last);
  };
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
