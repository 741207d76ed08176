/**
 * axios and got, by whatever of them is called between the options of a request and its connection: none has the last word
 * about the way to the server. The agents of these tests trust the server, so that what goes around would arrive.
 */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import axios, { Axios, type AxiosInstance } from 'axios';
import got, { type Got } from 'got';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { axiosOverTls } from '../src/adapters/axios.ts';
import { gotOptions } from '../src/adapters/got.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET } from './adapter-uses.ts';

type Options = Record<string, unknown>;

let server: https.Server;
let url: string;
/** The secret, at each path to which it came. */
const heard: string[] = [];
let another: https.Agent;
let transport: object;

beforeAll(async () => {
  const [leaf, ca] = [await pki('p256'), (await pki('root')).certificatePem];
  another = new https.Agent({ ca });
  transport = {
    request: (options: object, callback: () => void) => https.request({ ...options, agent: another }, callback),
  };
  server = https.createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (request, response) => {
    if (request.headers['x-secret'] === SECRET) heard.push(request.url ?? '');
    const to = /^\/to\/(.*)/.exec(request.url ?? '')?.[1];
    // Each connection is judged on its own
    response.setHeader('connection', 'close');
    if (to !== undefined) response.writeHead(307, { location: `/${to}` });
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://localhost:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  another.destroy();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void (heard.length = 0));

const headers = { 'x-secret': SECRET };
/** It takes that many connections, and refuses the next. */
function taking(first: number): TlsConnector {
  let asked = 0;
  return new TlsConnector({ verify: () => asked++ < first, sessions: false });
}

async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

const isNow =
  (change: (config: Options) => unknown) =>
  (instance: AxiosInstance): void => {
    instance.interceptors.request.use(((config: Options) => change(config) ?? config) as never);
  };

describe('axios,', () => {
  const make = (first = 0): AxiosInstance => axiosOverTls(axios.create({ headers }), taking(first));

  it.each<[string, (instance: AxiosInstance) => unknown]>([
    ['inherited', isNow((config) => Object.assign(Object.create({ transport }) as object, config))],
    [
      'of a prototype that is an agent',
      isNow((config) =>
        Object.assign(Object.create({ httpsAgent: another }) as object, { ...config, httpsAgent: null }),
      ),
    ],
    [
      'by a getter of its class',
      isNow((config) => {
        class Own {
          get transport(): unknown {
            return transport;
          }
        }
        return Object.assign(new Own(), config);
      }),
    ],
    ['not enumerable', isNow((config) => Object.defineProperty(config, 'transport', { value: transport }))],
    [
      'kept by a setter that ignores',
      isNow((config) => {
        class Own {
          get httpsAgent(): unknown {
            return another;
          }
          set httpsAgent(_given: unknown) {
            // Others are not taken
          }
        }
        return Object.assign(new Own(), config);
      }),
    ],
    [
      'by a getter that answers otherwise later',
      isNow((config) => {
        const { httpsAgent } = config;
        let asked = 0;
        Object.defineProperty(config, 'httpsAgent', {
          enumerable: true,
          get: () => (asked++ === 0 ? httpsAgent : another),
          set: () => undefined,
        });
      }),
    ],
    [
      'by another list of interceptors',
      (instance) => {
        const other = axios.create();
        isNow((config) => void Object.assign(config, { httpsAgent: another }))(other);
        (instance.interceptors as Options)['request'] = other.interceptors.request;
      },
    ],
    [
      'by other interceptors',
      (instance) => void ((instance as unknown as Options)['interceptors'] = axios.create().interceptors),
    ],
    [
      'by another way through the list of interceptors',
      (instance) => void ((instance.interceptors.request as unknown as Options)['forEach'] = () => undefined),
    ],
    [
      'by transformRequest',
      (instance) => {
        instance.defaults.transformRequest = function (this: Options, data: unknown) {
          this['transport'] = transport;
          return data;
        } as never;
      },
    ],
    [
      'by transformRequest, as an adapter',
      (instance) => {
        instance.defaults.transformRequest = [
          function (this: Options, data: unknown) {
            this['adapter'] = () => https.get(url, { agent: another, headers });
            return data;
          } as never,
        ];
      },
    ],
    [
      'by transformRequest, later',
      (instance) => {
        instance.defaults.transformRequest = function (this: Options, data: unknown) {
          const change = (): void => void Object.assign(this, { transport, httpsAgent: another });
          process.nextTick(change);
          for (let turns = 0; turns < 10; turns++) void later(turns).then(change);
          return data;
        } as never;
      },
    ],
  ])('a way of its own, %s', async (_how, change) => {
    const instance = make();
    const attempt = async (): Promise<unknown> => {
      change(instance);
      // A form is measured before the request is made
      return instance.post(url, new FormData());
    };
    await expect(attempt()).rejects.toThrow();
    expect(heard).toEqual([]);
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'another agent, set by an interceptor %i turns later',
    async (turns) => {
      const instance = make();
      isNow((config) => void later(turns).then(() => Object.assign(config, { httpsAgent: another, transport })))(
        instance,
      );
      await expect(instance.get(url)).rejects.toThrow();
      expect(heard).toEqual([]);
    },
  );

  it('an instance without create() keeps its interceptors', async () => {
    const instance = axiosOverTls(new Axios({ headers, adapter: 'http' } as never), taking(0));
    expect(() => ((instance as unknown as Options)['interceptors'] = new Axios().interceptors)).toThrow(/read only/);
    await expect(instance.get(url)).rejects.toThrow();
    expect(heard).toEqual([]);
  });

  it.each<[string, (options: Options) => unknown]>([
    ['agent', (options) => (options['agent'] = another)],
    ['agents', (options) => (options['agents'] = { https: another })],
    [
      'agents, by a getter',
      (options) => Object.defineProperty(options, 'agents', { get: () => ({ https: another }), set: () => undefined }),
    ],
    ['nativeProtocols', (options) => (options['nativeProtocols'] = { 'https:': transport })],
    ['createConnection', (options) => (options['createConnection'] = another.createConnection.bind(another))],
    ['beforeRedirects', (options) => (options['beforeRedirects'] = {})],
    ['lookup', (options) => (options['lookup'] = () => undefined)],
    [
      'what it has kept of the options',
      (options) => {
        const change = (): void => void Object.assign(options, { agents: { https: another }, beforeRedirects: {} });
        for (let turns = 0; turns < 10; turns++) setTimeout(change, turns);
      },
    ],
  ])('a redirect, by %s', async (_name, beforeRedirect) => {
    const instance = make(2);
    await expect(
      instance.get(`${url}to/to/end`, { beforeRedirect: beforeRedirect as (options: object) => void }),
    ).rejects.toThrow();
    expect(heard).not.toContain('/end');
  });

  it('what interceptors, transformRequest and beforeRedirect may change counts', async () => {
    const instance = make(2);
    const mark = Symbol('mark');
    class Own {}
    isNow((config) => Object.assign(new Own(), config, { [mark]: 'kept', data: 'body' }))(instance);
    const { data, config } = await instance.post(`${url}to/end`, '', {
      transformRequest: [
        function (this: Options, body: unknown) {
          this['params'] = { asked: 'yes' };
          return `${String(body)} of mine`;
        } as never,
        (body: unknown) => `${String(body)}, twice`,
      ],
      beforeRedirect: (options: Options) => {
        options['headers'] = { ...(options['headers'] as object), 'x-secret': 'another' };
        delete options['auth'];
      },
    });
    expect(data).toBe('ok');
    expect(heard).toEqual(['/to/end?asked=yes']);
    expect(config).toMatchObject({ data: 'body of mine, twice', [mark]: 'kept' });
    expect(Object.hasOwn(config, 'url')).toBe(true);
  });

  it('a request is sent again with the configuration that its error has', async () => {
    const instance = make(1);
    const failed = (await instance.get(`${url}to/end`, { maxRedirects: 0 }).catch((error: unknown) => error)) as {
      config: Options;
    };
    // As axios-retry does
    delete failed.config['httpsAgent'];
    failed.config['transformRequest'] = [(data: unknown) => data];
    await expect(instance.request(failed.config)).rejects.toThrow(/verify/);
    expect(heard).toEqual(['/to/end']);
  });
});

describe('got,', () => {
  const make = (first = 0): Got => got.extend(gotOptions(taking(first), { headers, retry: { limit: 0 } }) as object);
  const set = (options: Options): void => void (options['agent'] = { https: another });
  const list = (options: Options): Options => options['hooks'] as Options;

  it.each<[string, object]>([
    [
      'a handler that sets another list of hooks',
      {
        handlers: [
          (options: Options, next: (options: Options) => unknown) => {
            list(options)['beforeRequest'] = [set];
            set(options);
            return next(options);
          },
        ],
      },
    ],
    [
      'an init hook that sets another list of hooks',
      {
        hooks: {
          init: [
            (_given: object, options: Options) => {
              list(options)['beforeRequest'] = [set];
              set(options);
            },
          ],
        },
      },
    ],
    [
      'a hook that cuts the list',
      {
        hooks: {
          beforeRequest: [
            (options: Options) => {
              (list(options)['beforeRequest'] as unknown[]).length = 0;
              set(options);
            },
          ],
        },
      },
    ],
    [
      'a hook that sets the agent in the next turn',
      { hooks: { beforeRequest: [(options: Options) => void Promise.resolve().then(() => set(options))] } },
    ],
  ])('%s', async (_name, beside) => {
    const attempt = async (): Promise<unknown> => make().extend(beside)(url, {});
    await expect(attempt()).rejects.toThrow(/agent would lead around|verify/);
    expect(heard).toEqual([]);
  });

  it('a request through a cache is sent, and judged as one without', async () => {
    const instance = make(1).extend({ cache: new Map() });
    expect((await instance(`${url}end`)).body).toBe('ok');
    expect(heard).toEqual(['/end']);
    await expect(instance(`${url}next`)).rejects.toThrow(/verify/);
    await expect(instance(`${url}next`, { agent: { https: another } })).rejects.toThrow(/agent would lead around/);
    expect(heard).toEqual(['/end']);
  });

  it('a hook that takes the judge off before a redirect', async () => {
    const beforeRedirect = (options: Options): void => {
      list(options)['beforeRequest'] = [];
      set(options);
    };
    const instance = make(1).extend({ hooks: { beforeRedirect: [beforeRedirect as never] } });
    await expect((async () => instance(`${url}to/end`))()).rejects.toThrow(/agent would lead around/);
    expect(heard).toEqual(['/to/end']);
  });
});
