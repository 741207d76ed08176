/**
 * @module The work of each row, in the process of one subject: it returns the row's figures for one of what is counted.
 */
import type { Client, Link, Peer } from './client.ts';

export type TaskName =
  | 'handshakes'
  | 'resumed'
  | 'download'
  | 'upload'
  | 'firstByte'
  | 'requests'
  | 'fanOut'
  | 'fairness'
  | 'idle'
  | 'load'
  | 'cold';

export type Figures = Readonly<Record<string, number>>;

export interface Work {
  readonly port: number;
  readonly peer: Peer;
  readonly count: number;
}

export type Task = (load: () => Promise<Client>, work: Work) => Promise<Figures>;

const MEBIBYTE = 2 ** 20;
/** One write of an upload, bytes, and how many of them may be under way. */
const CHUNK = 64 * 1024;
const UNDER_WAY = 4;

export const TASKS: Readonly<Record<TaskName, Task>> = {
  handshakes: async (load, { port, count }) => {
    const client = await load();
    const shake = async (): Promise<void> => (await opened(client, port)).close();
    await times(Math.ceil(count / 2), shake);
    return perUnit(count, () => times(count, shake));
  },

  resumed: async (load, { port, count }) => {
    const client = await load();
    const exchange = echo(100);
    const shake = async (first = false): Promise<void> => {
      const connection = await opened(client, port);
      if (!first && !connection.link.resumed) throw new Error('the session was not resumed');
      // The server's tickets come before its answer
      connection.link.send(MODE.echo, () => {});
      await exchange(connection);
      await connection.close();
    };
    await shake(true);
    await times(Math.ceil(count / 2), () => shake());
    return perUnit(count, () => times(count, () => shake()));
  },

  download: async (load, { port, count }) => {
    const client = await load();
    await (await opened(client, port)).close();
    return perUnit(count, async () => {
      const connection = await opened(client, port);
      connection.link.send(command(`D${count * MEBIBYTE}`), () => {});
      await connection.until(count * MEBIBYTE);
      await connection.close();
    });
  },

  upload: async (load, { port, count }) => {
    const client = await load();
    await (await opened(client, port)).close();
    return perUnit(count, async () => {
      const connection = await opened(client, port);
      connection.link.send(command(`U${count * MEBIBYTE}`), () => {});
      const chunk = new Uint8Array(CHUNK).fill(7);
      let left = (count * MEBIBYTE) / CHUNK;
      const next = (): void => {
        if (left > 0) {
          left--;
          connection.link.send(chunk, next);
        }
      };
      for (let i = 0; i < UNDER_WAY; i++) next();
      await connection.until(2);
      await connection.close();
    });
  },

  firstByte: async (load, { port, count }) => {
    const client = await load();
    const samples: number[] = [];
    const once = async (): Promise<void> => {
      const from = performance.now();
      const connection = await opened(client, port);
      connection.link.send(command('D100'), () => {});
      await connection.until(1);
      samples.push((performance.now() - from) * 1000);
      await connection.close();
    };
    await times(Math.ceil(count / 2), once);
    samples.length = 0;
    const { cpu = Number.NaN } = await perUnit(count, () => times(count, once));
    return { wall: quantile(samples, 0.5), cpu };
  },

  requests: async (load, { port, count }) => {
    const connection = await opened(await load(), port);
    const exchange = echo(100);
    connection.link.send(MODE.echo, () => {});
    const ask = (): Promise<void> => exchange(connection);
    await times(Math.ceil(count / 4), ask);
    const figures = await perUnit(count, () => times(count, ask));
    await connection.close();
    return figures;
  },

  fanOut: async (load, { port, count }) => {
    const connections = await many(await load(), port, count, MODE.swallow);
    const message = new Uint8Array(200).fill(7);
    const all = (): Promise<unknown> =>
      Promise.all(connections.map(({ link }) => new Promise<void>((resolve) => link.send(message, resolve))));
    const turns = 10;
    await times(2, all);
    const figures = await perUnit(count * turns, () => times(turns, all));
    await Promise.all(connections.map((connection) => connection.close()));
    return figures;
  },

  fairness: async (load, { port, peer, count }) => {
    const { monitorEventLoopDelay } = await import('node:perf_hooks');
    const client = await load();
    // A server of its own: the other one has downloads to send
    const ping = await opened(client, peer.ports.other);
    const exchange = echo(100);
    ping.link.send(MODE.echo, () => {});
    await exchange(ping);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const downloads = await many(client, port, count, command(`D${2 ** 50}`));
    const before = received(downloads);
    const samples: number[] = [];
    delay.enable();
    const from = cpu();
    const end = performance.now() + 100 * count;
    do {
      const sent = performance.now();
      await exchange(ping);
      samples.push(performance.now() - sent);
      await new Promise((resolve) => setTimeout(resolve, 10));
    } while (performance.now() < end);
    const spent = cpu() - from;
    delay.disable();
    const mebibytes = (received(downloads) - before) / MEBIBYTE;
    await Promise.all([ping, ...downloads].map((connection) => connection.close()));
    return {
      p50: quantile(samples, 0.5),
      p99: quantile(samples, 0.99),
      loop99: delay.percentile(99) / 1e6,
      loopMax: delay.max / 1e6,
      perMebibyte: spent / mebibytes,
    };
  },

  idle: async (load, { port, count }) => {
    const client = await load();
    const exchange = echo(100);
    const open = async (n: number): Promise<readonly Connection[]> => {
      const connections = await many(client, port, n, MODE.echo);
      for (const connection of connections) await exchange(connection);
      return connections;
    };
    // What is made once
    const first = await open(20);
    const before = await held();
    const connections = await open(count);
    const after = await held();
    await Promise.all([...first, ...connections].map((connection) => connection.close()));
    return {
      memory: (after.memory - before.memory) / count / 1024,
      resident: (after.resident - before.resident) / count / 1024,
    };
  },

  load: async (load) => perUnit(1, load),

  cold: async (load, { port }) =>
    perUnit(1, async () => {
      const { close } = await opened(await load(), port);
      await close();
    }),
};

interface Connection {
  readonly link: Link;
  /** Bytes that have come. */
  readonly got: () => number;
  /** So many bytes have come, from the beginning. */
  until(bytes: number): Promise<void>;
  close(): Promise<void>;
}

async function opened(client: Client, port: number): Promise<Connection> {
  let got = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let come: (() => void) | undefined;
  let failed: ((error: Error) => void) | undefined;
  let over: () => void = () => {};
  const closed = new Promise<void>((resolve) => (over = resolve));
  const link = await client.open({
    port,
    received(count) {
      got += count;
      if (got >= wanted) come?.();
    },
    closed(error) {
      over();
      failed?.(error ?? new Error(`closed after ${got} bytes, ${wanted} were to come`));
    },
  });
  return {
    link,
    got: () => got,
    until: (bytes) =>
      new Promise((resolve, reject) => {
        if (got >= bytes) return resolve();
        wanted = bytes;
        come = () => {
          come = failed = undefined;
          resolve();
        };
        failed = reject;
      }),
    close() {
      failed = undefined;
      link.close();
      return closed;
    },
  };
}

const command = (line: string): Uint8Array => new TextEncoder().encode(`${line}\n`);
/** The first message, for all that follow. */
const MODE = { echo: command('E'), swallow: command('S') };

/** One message there and back. */
function echo(size: number): (connection: Connection) => Promise<void> {
  const message = new Uint8Array(size).fill(7);
  return ({ link, got, until }) => {
    const come = until(got() + size);
    link.send(message, () => {});
    return come;
  };
}

/** A few at a time: the server's backlog is no part of this. */
async function many(client: Client, port: number, count: number, first: Uint8Array): Promise<readonly Connection[]> {
  const connections: Connection[] = [];
  while (connections.length < count) {
    const batch = Array.from({ length: Math.min(20, count - connections.length) }, () => opened(client, port));
    connections.push(...(await Promise.all(batch)));
  }
  for (const { link } of connections) link.send(first, () => {});
  return connections;
}

const received = (connections: readonly Connection[]): number => connections.reduce((sum, { got }) => sum + got(), 0);

async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await work();
}

/** CPU microseconds of this process, kernel, compiler and garbage collector included. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function perUnit(count: number, work: () => Promise<unknown>): Promise<Figures> {
  const [cpuBefore, before] = [cpu(), performance.now()];
  await work();
  return { cpu: (cpu() - cpuBefore) / count, wall: ((performance.now() - before) * 1000) / count };
}

const quantile = (samples: readonly number[], q: number): number =>
  samples.toSorted((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * q))] ?? Number.NaN;

/** Bytes that are still held after everything that could go has gone. */
async function held(): Promise<{ readonly memory: number; readonly resident: number }> {
  for (let i = 0; i < 4; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { memory: heapUsed + external, resident: rss };
}
