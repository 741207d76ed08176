/** @module A server of node:tls, and the network before it: slow, splitting, stalling, resetting, half-closing. */
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { resetSocket } from '@ferrule/conformance/server';
import { payload, type Plan } from './plan.ts';
import type { Plant } from './plant.ts';

/** What became of one connection at the server. */
export interface AtServer {
  /** Application bytes that came, and whether they were the right ones. */
  received: number;
  correct: boolean;
  /** close_notify has come. */
  ended: boolean;
}

export class FaultyNetwork {
  readonly port: number;
  readonly ca: string;
  readonly atServer: AtServer = { received: 0, correct: true, ended: false };
  /** Settles when the server has seen the client's end, in whatever way. */
  readonly served: Promise<void>;
  readonly #servers: readonly net.Server[];
  readonly #sockets: Set<net.Socket>;
  /** Those of the face, to us. */
  readonly #clients = new Set<net.Socket>();
  readonly #plant: Plant | undefined;
  readonly #onClient = (message: unknown): void => {
    const { socket } = message as { readonly socket: net.Socket };
    socket.once('connect', () => {
      if (socket.remotePort !== this.port || socket.closed) return;
      this.#clients.add(socket);
      this.#plant?.socket?.(socket);
    });
    socket.once('close', () => this.#clients.delete(socket));
  };

  private constructor(
    port: number,
    ca: string,
    servers: readonly net.Server[],
    sockets: Set<net.Socket>,
    server: tls.Server,
    plan: Plan,
    plant: Plant | undefined,
  ) {
    this.port = port;
    this.#plant = plant;
    this.ca = ca;
    this.#servers = servers;
    this.#sockets = sockets;
    diagnostics.subscribe('net.client.socket', this.#onClient);
    this.served = new Promise((resolve) => {
      server.on('tlsClientError', () => resolve());
      server.on('secureConnection', (socket: tls.TLSSocket) => this.#serve(socket, plan, resolve));
    });
  }

  static async open(plan: Plan, plant?: Plant): Promise<FaultyNetwork> {
    const [{ certificatePem }, { keyPem, chainPem }] = [await pki('root'), await pki('p256')];
    const server = tls.createServer({
      key: keyPem,
      cert: chainPem,
      allowHalfOpen: true,
      minVersion: plan.version,
      maxVersion: plan.version,
      ALPNProtocols: ['x'],
    });
    const target = await listen(server);
    const sockets = new Set<net.Socket>();
    const proxy = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) => {
      const far = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      sockets.add(near).add(far);
      near.once('close', () => sockets.delete(near));
      far.once('close', () => sockets.delete(far));
      pass(near, far, plan, 'up');
      pass(far, near, plan, 'down');
    });
    return new FaultyNetwork(await listen(proxy), certificatePem, [server, proxy], sockets, server, plan, plant);
  }

  /** Settles when the client has no socket left. */
  async idle(): Promise<void> {
    await Promise.all([...this.#clients].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  close(): void {
    diagnostics.unsubscribe('net.client.socket', this.#onClient);
    // A planted fault may have put something over the client's own.
    for (const socket of [...this.#sockets, ...this.#clients]) Reflect.apply(destroy, socket, []);
    for (const server of this.#servers) server.close();
  }

  #serve(socket: tls.TLSSocket, { up, down, server }: Plan, over: () => void): void {
    const expected = payload(up);
    const answer = payload(down);
    socket.on('error', () => undefined);
    socket.on('close', over);
    socket.on('data', (chunk: Buffer) => {
      const at = this.atServer.received;
      if (!expected.subarray(at, at + chunk.length).equals(chunk)) this.atServer.correct = false;
      this.atServer.received += chunk.length;
    });
    socket.on('end', () => {
      this.atServer.ended = true;
      if (server === 'after') end(answer);
      else if (server === 'together') end(new Uint8Array(0));
      over();
    });
    // Not end(bytes): Node sends its FIN ahead of close_notify while a write of its own is under way
    const end = (bytes: Uint8Array): void => void socket.write(bytes, () => setImmediate(() => socket.end()));
    if (server === 'early') end(answer);
    else if (server === 'together') socket.write(answer);
  }
}

const { destroy } = net.Socket.prototype;

/** One direction, in pieces, with its fault. */
function pass(from: net.Socket, to: net.Socket, { piece, rest, fault }: Plan, direction: 'up' | 'down'): void {
  const own = fault?.direction === direction ? fault : undefined;
  let passed = 0;
  let over = false;
  const deliver = async (chunk: Buffer): Promise<void> => {
    for (let at = 0; at < chunk.length && !over; at += piece) {
      let part = chunk.subarray(at, at + piece);
      if (own !== undefined && passed + part.length > own.at) part = part.subarray(0, Math.max(0, own.at - passed));
      passed += part.length;
      if (part.length > 0 && !to.destroyed && !to.write(part))
        await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => undefined);
      for (let turn = 0; turn < rest; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (own === undefined || passed < own.at) continue;
      over = true;
      if (own.kind === 'fin') to.end();
      else if (own.kind === 'reset') for (const side of [from, to]) resetSocket(side);
      // A stall is a socket that nobody reads any more
      else return new Promise((resolve) => from.once('close', resolve));
    }
  };
  let delivering: Promise<void> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    from.pause();
    delivering = deliver(chunk).then(() => void from.resume());
  });
  from.on('end', () => void delivering.then(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    // Without an end it was a reset
    if (!from.readableEnded || from.errored) to.destroy();
  });
  from.resume();
}

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}
