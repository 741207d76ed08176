/** What one client can make the relay hold: connections, bytes and places, each within a bound. */
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { decodeWisp, encodeWisp, openWisp, WispClose, type WispPacket } from '@ferrule/web';
import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from '../src/client.ts';
import { LIMITS, type Relay, type RelayOptions, type Service, startRelay } from '../src/relay.ts';
import { AllowList } from '../src/targets.ts';
import { later, ws } from './support.ts';

const MIB = 1024 * 1024;

async function serverOf(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A relay to these ports, and a Wisp 1 client that is open. */
async function wispOf(
  ports: readonly number[],
  limits: RelayOptions['limits'],
): Promise<{ readonly relay: Relay; readonly client: RawWisp }> {
  const relay = await startRelay({ allow: ports.map((port) => `127.0.0.1:${port}`), limits });
  later(() => relay.close());
  const socket = new WebSocket(relay.url);
  later(() => socket.terminate());
  await once(socket, 'message');
  return { relay, client: new RawWisp(socket) };
}

/** Wisp as an attacker sends it. */
class RawWisp {
  readonly socket: WebSocket;
  readonly came: WispPacket[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (message) => this.came.push(decodeWisp(message as Buffer)));
  }

  send(packet: WispPacket): void {
    this.socket.send(encodeWisp(packet));
  }

  connect(stream: number, port: number): void {
    this.send({ type: 'connect', stream, udp: false, port, host: '127.0.0.1' });
  }

  data(stream: number, bytes: Uint8Array): void {
    this.send({ type: 'data', stream, bytes });
  }

  close(stream: number): void {
    this.send({ type: 'close', stream, reason: WispClose.voluntary });
  }

  text(stream: number): string {
    return this.came
      .map((packet) => (packet.type === 'data' && packet.stream === stream ? String(packet.bytes) : ''))
      .join('');
  }

  refused(stream: number): number | undefined {
    return this.came.flatMap((packet) =>
      packet.type === 'close' && packet.stream === stream ? [packet.reason] : [],
    )[0];
  }
}

const until = (test: () => void): Promise<void> => vi.waitFor(test, { timeout: 15_000, interval: 10 });

/** The system's own buffers take some 4 MiB for a server that does not read. */
it('a connection that was closed drains within a bound of bytes', async () => {
  const deaf = await serverOf((socket) => socket.pause());
  const { relay, client } = await wispOf([deaf], { drainTimeout: 3_600_000 });
  client.connect(1, deaf);
  for (let i = 0; i < 32; i++) client.data(1, new Uint8Array(MIB / 2));
  await until(() => expect(relay.counts.bytes).toBe(16 * MIB));
  client.close(1);
  await until(() => expect(relay.counts.streams).toBe(0));
});

it('and of time, and keeps its place, that of its stream and that of its WebSocket, until it is closed', async () => {
  const deaf = await serverOf((socket) => socket.pause());
  const { relay, client } = await wispOf([deaf], { streams: 1, drainTimeout: 1000 });
  client.connect(1, deaf);
  for (let i = 0; i < 12; i++) client.data(1, new Uint8Array(MIB / 2));
  client.close(1);
  client.connect(2, deaf);
  await until(() => expect(client.refused(2)).toBe(WispClose.throttled));
  client.socket.terminate();
  await once(client.socket, 'close');
  const health: unknown = await (await fetch(`http://127.0.0.1:${relay.port}/health`)).json();
  expect(health).toMatchObject({ clients: 1, streams: 1 });
  await until(() => expect(relay.counts).toMatchObject({ clients: 0, streams: 0 }));
});

it('what is closed is silent: another stream with its number hears nothing of it', async () => {
  const old = await serverOf((socket) => {
    socket.pause();
    const timer = setInterval(() => socket.write('old'), 5);
    socket.on('close', () => clearInterval(timer));
  });
  const fresh = await serverOf((socket) => {
    socket.write('A');
    socket.once('data', () => setTimeout(() => socket.end('B'), 200));
  });
  const { client } = await wispOf([old, fresh], { drainTimeout: 3_600_000 });
  client.connect(7, old);
  for (let i = 0; i < 12; i++) client.data(7, new Uint8Array(MIB / 2));
  await until(() => expect(client.text(7)).toContain('old'));
  client.close(7);
  client.connect(7, fresh);
  client.data(7, Uint8Array.of(1));
  await until(() => expect(client.refused(7)).toBe(WispClose.voluntary));
  expect(client.text(7)).toMatch(/^(old)+AB$/);
});

it('bytes that wait for servers stop the WebSocket, and a server that goes lets it go on', async () => {
  const deaf = await serverOf((socket) => socket.pause());
  const { relay, client } = await wispOf([deaf], { waiting: 6 * MIB, idleTimeout: 3000 });
  client.connect(1, deaf);
  for (let i = 0; i < 64; i++) client.data(1, new Uint8Array(MIB / 2));
  await until(() => expect(relay.counts.bytes).toBeGreaterThan(6 * MIB));
  // And what the system takes for both ends of the server's connection
  expect(relay.counts.bytes).toBeLessThan(24 * MIB);
  await until(() => expect(client.refused(1)).toBe(WispClose.idle));
});

it.each([
  ['without a stream', []],
  ['that does not send INFO', ['wisp-v2']],
])('a WebSocket %s ends after the idle time', async (_what, protocols) => {
  const { relay } = await wispOf([1], { idleTimeout: 100 });
  const socket = new WebSocket(relay.url, protocols);
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, String(reason)]).toEqual([1000, 'idle']);
});

it('pings are answered', async () => {
  const { client } = await wispOf([1], {});
  client.socket.ping('here?');
  expect(String((await once(client.socket, 'pong'))[0])).toBe('here?');
});

/** A WebSocket whose system takes a message when the test says so. */
class SlowSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly sent: { readonly bytes: number; readonly taken: () => void }[] = [];
  isTerminated = false;

  send(bytes: Uint8Array, taken: () => void): void {
    this.sent.push({ bytes: bytes.length, taken });
  }

  pong(bytes: Uint8Array, _mask: boolean, taken: () => void): void {
    this.send(bytes, taken);
  }

  terminate(): void {
    this.isTerminated = true;
    this.close();
  }

  close(): void {
    if (this.readyState === this.OPEN) this.emit('close', (this.readyState = 3));
  }
}

function slowClient(): { readonly socket: SlowSocket; readonly client: Client } {
  const socket = new SlowSocket();
  const service: Service = {
    limits: LIMITS,
    passwords: undefined,
    counts: { clients: 0, streams: 0, refused: 0, bytes: 0 },
    allowed: new AllowList([], false),
  };
  const client = new Client(socket as unknown as WebSocket, service, MIB);
  later(() => client.destroy());
  return { socket, client };
}

it('servers that wait for a client all go on, whichever message went last', async () => {
  const size = 3 * MIB;
  const port = await serverOf((socket) => socket.end(Buffer.alloc(size)));
  const { socket, client } = slowClient();
  const got = [0, 0, 0];
  let ended = 0;
  const connect = (i: number): void =>
    void client.connect(
      { host: '127.0.0.1', port },
      {
        connected: () => {},
        data: (bytes) => {
          got[i] = (got[i] as number) + bytes.length;
          client.send(bytes);
        },
        closed: () => ended++,
      },
    );
  connect(0);
  await until(() => expect(got[0]).toBeGreaterThanOrEqual(MIB / 2));
  connect(1);
  connect(2);
  await until(() => expect(Math.min(...got)).toBeGreaterThan(0));
  await until(() => {
    socket.sent.shift()?.taken();
    expect(socket.sent.length).toBe(0);
    expect(ended).toBe(3);
  });
  expect(got).toEqual([size, size, size]);
});

it.each([
  ['answers', ({ client }: ReturnType<typeof slowClient>) => client.send(new Uint8Array(6))],
  ['pongs', ({ socket }: ReturnType<typeof slowClient>) => void socket.emit('ping', new Uint8Array(6))],
])('a client that never reads its %s is let go', (_what, ask) => {
  const slow = slowClient();
  let asked = 0;
  for (; !slow.socket.isTerminated && asked < 1_000_000; asked++) ask(slow);
  expect(asked).toBeLessThan(100_000);
});

it('after the last stream has ended a WebSocket is idle again', async () => {
  const port = await serverOf((socket) => socket.end());
  const { relay } = await wispOf([port], { idleTimeout: 200 });
  const wisp = await openWisp({ relay: relay.url, version: 2, ...ws });
  await wisp.open({ host: '127.0.0.1', port });
  await wisp.closed;
  expect(relay.counts.streams).toBe(0);
});

it('reads servers in turns, so that one that is fast leaves the others their share', async () => {
  const size = 8 * MIB;
  const connected: Socket[] = [];
  const port = await serverOf((socket) => {
    if (connected.push(socket) === got.length) for (const each of connected) each.end(Buffer.alloc(size));
  });
  const { client } = await wispOf([port], undefined);
  const got = Array<number>(8).fill(0);
  const least = new Promise<number>((resolve) =>
    client.socket.on('message', (message) => {
      const packet = decodeWisp(message as Buffer);
      if (packet.type !== 'data') return;
      got[packet.stream - 1] = (got[packet.stream - 1] ?? 0) + packet.bytes.length;
      if (got[packet.stream - 1] === size) resolve(Math.min(...got) / size);
    }),
  );
  for (let stream = 1; stream <= got.length; stream++) client.connect(stream, port);
  expect(await least).toBeGreaterThan(1 / 4);
});
