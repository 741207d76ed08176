/** @module Node's side of a page that runs the conformance suite: its servers, its certificates, and node:crypto. */
import * as crypto from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Bio } from '@ferrule/bio';
import * as pki from '@ferrule/conformance/pki';
import * as server from '@ferrule/conformance/server';
import { type Ask, type Called, type Coded, decode, encode, type News, type Reply } from './codec.ts';

/** What modules of the suite are in a page; the others it has itself. */
export const FAR: Readonly<Record<string, object>> = { crypto, pki, server, process: { versions: process.versions } };

/** One end of a connection that the page has the other of. */
interface Link {
  send(bytes: Uint8Array): void;
  end(): void;
  destroy(): void;
}

type Callable = (...args: readonly unknown[]) => unknown;

export class FarSide {
  readonly #values: object[] = [];
  readonly #ids = new Map<object, number>();
  readonly #links: Link[] = [];
  #news: ServerResponse | undefined;
  readonly #called: Called[] = [];
  #calls = 0;

  /** `/far/news` is what goes on, `/far` one question. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/far/news') {
      this.#news = response;
      response.write('\n');
      return;
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const reply = await this.#reply(JSON.parse(body) as Ask).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: this.#encode(error) }),
    );
    response.end(JSON.stringify({ ...reply, called: this.#called.splice(0) } satisfies Reply));
  }

  async #reply(ask: Ask): Promise<Coded> {
    switch (ask.op) {
      case 'export':
        return this.#encode((FAR[ask.module] as Record<string, unknown>)[ask.name]);
      case 'get': {
        const value = (this.#values[ask.id] as Record<string, unknown>)[ask.name];
        return typeof value === 'function' ? { type: 'method' } : this.#encode(value);
      }
      case 'call': {
        const target = this.#values[ask.id] as Record<string, Callable> & Callable;
        const args = ask.args.map((each) => this.#decode(each));
        return this.#encode(ask.name === undefined ? target(...args) : target[ask.name]?.(...args));
      }
      case 'construct': {
        const Class = this.#values[ask.id] as new (...args: readonly unknown[]) => object;
        return this.#encode(new Class(...ask.args.map((each) => this.#decode(each))));
      }
      case 'settle':
        return this.#encode(await (this.#values[ask.id] as Promise<unknown>));
      case 'open': {
        const to = this.#decode(ask.to);
        const link = this.#links.length;
        const tell = (bytes: Uint8Array | null): void =>
          this.#tell({ link, bytes: bytes && Buffer.from(bytes).toString('base64') });
        this.#links.push(typeof to === 'number' ? socketTo(to, tell) : wireTo(to as server.TestServer, tell));
        return link;
      }
      case 'send':
        this.#links[ask.link]?.send(Buffer.from(ask.bytes, 'base64'));
        return null;
      default:
        this.#links[ask.link]?.[ask.op]();
        return null;
    }
  }

  #tell(news: News): void {
    this.#news?.write(`${JSON.stringify(news)}\n`);
  }

  #encode(value: unknown): Coded {
    return encode(value, (object) => {
      let id = this.#ids.get(object);
      if (id === undefined) this.#ids.set(object, (id = this.#values.push(object) - 1));
      if (!(object instanceof Promise)) return { type: 'far', value: id };
      // Its failure is told when the page asks
      object.catch(() => {});
      return { type: 'promise', value: id };
    });
  }

  #decode(coded: Coded): unknown {
    return decode(coded, (type, id) =>
      type === 'near'
        ? (...args: readonly unknown[]) => {
            const called = { near: id, nth: this.#calls++, args: args.map((each) => this.#encode(each)) };
            this.#called.push(called);
            this.#tell(called);
          }
        : this.#values[id],
    );
  }
}

function socketTo(port: number, tell: (bytes: Uint8Array | null) => void): Link {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let isOver = false;
  const end = (): void => {
    if (!isOver) tell(null);
    isOver = true;
  };
  socket
    .on('data', tell)
    .on('end', end)
    .on('close', end)
    .on('error', () => {});
  return { send: (bytes) => void socket.write(bytes), end: () => socket.end(), destroy: () => socket.destroy() };
}

/** Both ends of a Wire move bytes of a BIO; that BIO is here. */
function wireTo(to: server.TestServer, tell: (bytes: Uint8Array | null) => void): Link {
  const wire = to.open();
  let isOver = false;
  let waiting = new Uint8Array(0);
  let eof = false;
  const net = {
    get pending() {
      return waiting.length;
    },
    get eof() {
      return eof;
    },
    nread0: () => waiting,
    nread: () => (waiting = new Uint8Array(0)),
    write: (bytes: Uint8Array) => (tell(bytes), bytes.length),
    shutdownWrite: () => {
      if (!isOver) tell(null);
      isOver = true;
    },
  } as unknown as Bio;
  wire.onNews = () => void wire.pour(net);
  return {
    send: (bytes) => {
      waiting = new Uint8Array(bytes);
      void wire.flush(net);
    },
    end: () => {
      eof = true;
      void wire.flush(net);
    },
    destroy: () => wire.destroy(),
  };
}
