/**
 * @module The page's side: objects of Node's as if they were here. It runs in a worker, where a request may be waited
 * for, so that what is synchronous in Node is so here.
 */
import { type Ask, type Coded, decode, encode, type News, type Reply } from './codec.ts';

/** What the suite throws for a peer that is not there, here also for what a page cannot have; such a check is skipped. */
export class PeerMissing extends Error {
  override readonly name: 'PeerMissing' = 'PeerMissing';
}

type Callback = (...args: readonly unknown[]) => unknown;

const ids = new WeakMap<object, number>();
const callbacks: Callback[] = [];
const links = new Map<number, (bytes: Uint8Array | null) => void>();

/** What a module of Node's side exports. */
export const exported = (module: string, name: string): unknown => ask({ op: 'export', module, name });

export const send = (link: number, bytes: Uint8Array): void =>
  void ask({ op: 'send', link, bytes: (encode(new Uint8Array(bytes), refer) as { readonly value: string }).value });

export const close = (op: 'end' | 'destroy', link: number): void => void ask({ op, link });

/** @returns its number. */
export function open(to: unknown, heard: (bytes: Uint8Array | null) => void): number {
  const link = ask({ op: 'open', to: encode(to, refer) }) as number;
  links.set(link, heard);
  return link;
}

/** `as` is sent where `far` is meant. */
export function standsFor<T extends object>(as: T, far: object): T {
  ids.set(as, ids.get(far) as number);
  return as;
}

/** Hears what Node tells, from now on. */
export async function listen(): Promise<void> {
  const { body } = await fetch('/far/news');
  void (async () => {
    let rest = '';
    const text = new TextDecoder();
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + text.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') hear(JSON.parse(line) as News);
    }
  })();
}

let calls = 0;

function hear(news: News): void {
  if ('near' in news) {
    if (news.nth < calls) return;
    calls = news.nth + 1;
    callbacks[news.near]?.(...news.args.map(decoded));
  } else links.get(news.link)?.(news.bytes === null ? null : bytesOf(news.bytes));
}

const bytesOf = (value: string): Uint8Array => decode({ type: 'bytes', value }, resolve) as Uint8Array;

/** Waits for the answer. */
function ask(question: Ask): unknown {
  const { XMLHttpRequest } = globalThis as unknown as { readonly XMLHttpRequest: new () => Waiting };
  const request = new XMLHttpRequest();
  request.open('POST', '/far', false);
  request.send(JSON.stringify(question));
  return taken(JSON.parse(request.responseText) as Reply);
}

interface Waiting {
  readonly responseText: string;
  open(method: string, url: string, isAsync: boolean): void;
  send(body: string): void;
}

function taken(reply: Reply): unknown {
  reply.called.forEach(hear);
  if ('value' in reply) return decoded(reply.value);
  const error = decoded(reply.error) as Error;
  throw error.name === 'PeerMissing' ? new PeerMissing(error.message) : error;
}

const decoded = (coded: Coded): unknown => decode(coded, resolve);

function refer(value: object): { readonly type: 'far' | 'near'; readonly value: number } {
  const id = ids.get(value);
  if (id !== undefined) return { type: 'far', value: id };
  if (typeof value !== 'function') throw new TypeError(`cannot be sent to Node: ${String(value)}`);
  return { type: 'near', value: callbacks.push(value as Callback) - 1 };
}

const METHOD = Symbol('a method of an object of Node');

function resolve(type: string, id: number): unknown {
  if (type === 'method') return METHOD;
  if (type !== 'promise') return far(id);
  return (async () => {
    const response = await fetch('/far', { method: 'POST', body: JSON.stringify({ op: 'settle', id } satisfies Ask) });
    return taken((await response.json()) as Reply);
  })();
}

const proxies = new Map<number, object>();

function far(id: number): object {
  let proxy = proxies.get(id);
  if (proxy !== undefined) return proxy;
  const coded = (args: readonly unknown[]): readonly Coded[] => args.map((each) => encode(each, refer));
  proxy = new Proxy(function () {}, {
    get: (_target, name) => {
      if (name === Symbol.asyncIterator) throw new PeerMissing('a stream of Node is not read in a page');
      if (typeof name === 'symbol' || name === 'then') return undefined;
      const value = ask({ op: 'get', id, name });
      if (value !== METHOD) return value;
      return (...args: readonly unknown[]) => ask({ op: 'call', id, name, args: coded(args) });
    },
    apply: (_target, _self, args) => ask({ op: 'call', id, args: coded(args) }),
    construct: (_target, args) => ask({ op: 'construct', id, args: coded(args) }) as object,
  });
  ids.set(proxy, id);
  proxies.set(id, proxy);
  return proxy;
}
