/** @module In the page in place of the suite's servers: theirs are Node's, the ends of connections are here. */
import type { Bio } from '@ferrule/bio';
import { close, exported, open, PeerMissing, send, standsFor } from './near.ts';

/** Milliseconds, as the suite has it. */
export const patience: { milliseconds: number } = { milliseconds: 25_000 };

/** The end of a connection whose other end is Node's. */
export class Wire {
  readonly sent: Uint8Array[] = [];
  onNews: (() => void) | undefined;
  readonly #link: number;
  #inbox: Uint8Array[] = [];
  #ended = false;
  #hasEnded = false;
  #wake: () => void = () => {};

  /** @param to a server, or a port. */
  constructor(to: unknown) {
    this.#link = open(to, (bytes) => {
      if (this.#ended) return;
      if (bytes === null) this.#ended = true;
      else this.#inbox.push(bytes);
      this.#tell();
    });
  }

  get waiting(): number {
    return this.#inbox.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  async fill(net: Bio): Promise<void> {
    if (this.#inbox.length === 0 && !this.#ended)
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`the server sent nothing for ${patience.milliseconds} ms`));
        const timer = setTimeout(late, patience.milliseconds);
        const before = this.#wake;
        this.#wake = () => {
          before();
          clearTimeout(timer);
          resolve();
        };
      });
    this.pour(net);
  }

  flush(net: Bio): Promise<void> {
    while (net.pending > 0) {
      const view = net.nread0();
      const copy = view.slice();
      net.nread(view.length);
      this.sent.push(copy);
      send(this.#link, copy);
    }
    if (net.eof) this.end();
    return Promise.resolve();
  }

  pour(net: Bio): boolean {
    let moved = false;
    for (let chunk = this.#inbox[0]; chunk !== undefined; chunk = this.#inbox[0]) {
      const n = net.write(chunk);
      if (n <= 0) return moved;
      moved = true;
      if (n < chunk.length) this.#inbox[0] = chunk.subarray(n);
      else this.#inbox.shift();
    }
    if (!this.#ended) return moved;
    net.shutdownWrite();
    return true;
  }

  cut(): void {
    this.#inbox = [];
    this.#ended = true;
    this.#tell();
  }

  end(): void {
    if (!this.#hasEnded) close('end', this.#link);
    this.#hasEnded = true;
  }

  destroy(): void {
    close('destroy', this.#link);
  }

  #tell(): void {
    this.#wake();
    this.#wake = () => {};
    this.onNews?.();
  }
}

export { Wire as SocketPeer };

interface FarServer {
  listen(): Promise<number>;
}

const FarTestServer = exported('server', 'TestServer') as { make(options: unknown): Promise<FarServer> };
const FarOpensslServer = exported('server', 'OpensslServer') as {
  start(args: unknown): Promise<{ readonly port: number }>;
};

export const TestServer = {
  make: async (options: Readonly<Record<string, unknown>> = {}): Promise<object> => {
    if (Object.values(options).some((value) => typeof value === 'function'))
      throw new PeerMissing('a server of Node waits for no answer of a page');
    const server = await FarTestServer.make(options);
    let port: Promise<number> | undefined;
    return withMethods(server, {
      open: () => new Wire(server),
      dial: async () => new Wire(await (port ??= server.listen())),
    });
  },
};

export const OpensslServer = {
  start: async (args: readonly string[]): Promise<object> => {
    const server = await FarOpensslServer.start(args);
    return withMethods(server, { dial: () => new Wire(server.port) });
  },
};

export const echo: unknown = exported('server', 'echo');
export const resetSocket: unknown = exported('server', 'resetSocket');
export { PeerMissing };

/** Its server reads and writes in a thread while this one waits, in memory that both share. */
export function blockingPeer(): never {
  throw new PeerMissing('a page shares no memory with Node');
}

/** As node:vm has it. */
export function runInNewContext(): never {
  throw new PeerMissing('a worker has one realm');
}

const withMethods = (far: object, methods: Readonly<Record<string, unknown>>): object =>
  standsFor(
    new Proxy(far, {
      get: (target, name): unknown =>
        Object.hasOwn(methods, name) ? methods[String(name)] : Reflect.get(target, name),
    }),
    far,
  );
