/** @module Each face of a connection, doing what a plan says, and what it told of that. */
import net from 'node:net';
import { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Backend } from '@ferrule/contract';
import { TlsConnector, type TlsDuplex, tunnel } from '@ferrule/node/duplex';
import { connect, connectOver, type Pipe, type TlsConnection, TlsError } from 'ferrule';
import { payload, type Plan } from './plan.ts';
import type { Plant } from './plant.ts';

export interface Told {
  /** Bytes whose write was said to be done, without a gap. */
  confirmed: number;
  /** The end of writing was said to be done. */
  finished: boolean;
  received: number;
  correct: boolean;
  /** How reading ended: the peer's close_notify, or errors; none where it was not read to its end. */
  ended: boolean;
  readonly errors: string[];
}

export interface Where {
  readonly port: number;
  readonly ca: string;
  readonly backend: Backend;
  readonly plant: Plant | undefined;
  /** Settles when the server has seen all that will come. */
  readonly served: Promise<void>;
}

/** Settles when all is told; `patience` when whoever waits for a stalled network gives up. */
export async function run(plan: Plan, where: Where, patience: Promise<void>): Promise<Told> {
  const told: Told = { confirmed: 0, finished: false, received: 0, correct: true, ended: false, errors: [] };
  switch (plan.face) {
    case 'connect':
    case 'streams':
    case 'over':
      await promises(plan, where, told, patience);
      return told;
    case 'tunnel':
      await throughTunnel(plan, where, told, patience);
      return told;
    default:
      await duplex(plan, where, told, patience);
      return told;
  }
}

const codeOf = (error: unknown): string =>
  TlsError.is(error) ? error.tlsCode : `${(error as { readonly code?: string }).code ?? ''} ${String(error)}`;

function taking(plan: Plan, told: Told): (chunk: Uint8Array) => void {
  const expected = payload(plan.down);
  return (chunk) => {
    if (!expected.subarray(told.received, told.received + chunk.length).equals(chunk)) told.correct = false;
    told.received += chunk.length;
  };
}

function* chunksOf({ up, chunk }: Plan): Generator<Buffer> {
  const bytes = payload(up);
  for (let at = 0; at < up; at += chunk) yield bytes.subarray(at, at + chunk);
}

// ── Promises ──

async function promises(plan: Plan, { port, ca, backend }: Where, told: Told, patience: Promise<void>): Promise<void> {
  const options = { backend, ca, alpn: ['x'], closeTimeout: 300 };
  const controller = new AbortController();
  let connection: TlsConnection | undefined;
  void patience.then(() => (connection === undefined ? controller.abort() : connection.close()));
  try {
    connection = await (plan.face === 'over'
      ? connectOver(slowPipe(port), { ...options, host: 'server.test', signal: controller.signal })
      : connect({ ...options, host: '127.0.0.1', port, servername: 'server.test', signal: controller.signal }));
  } catch (error) {
    told.errors.push(codeOf(error));
    return;
  }
  const made = connection;
  const writing = (plan.face === 'streams' ? writeStream : writeCalls)(plan, made, told);
  const reading = plan.closesAtOnce
    ? Promise.resolve()
    : (plan.face === 'streams' ? readStream : readCalls)(plan, made, told);
  await Promise.all([writing, reading]);
  if (plan.closesAtOnce) {
    await made.close();
    told.finished = true;
  } else if (told.finished && told.ended) await made.closed;
  await made.close();
  await made.closed;
}

async function writeCalls(plan: Plan, connection: TlsConnection, told: Told): Promise<void> {
  const all: Promise<void>[] = [];
  try {
    for (const chunk of chunksOf(plan)) {
      const write = connection.write(chunk).then(() => void (told.confirmed += chunk.length));
      write.catch(() => undefined);
      if (plan.waits) await write;
      all.push(write);
    }
    await Promise.all(all);
    if (plan.closesAtOnce) return;
    await connection.closeWrite();
    told.finished = true;
  } catch (error) {
    told.errors.push(codeOf(error));
  }
}

async function readCalls(plan: Plan, connection: TlsConnection, told: Told): Promise<void> {
  const take = taking(plan, told);
  const into = new Uint8Array(50_000);
  try {
    for (let n = await connection.read(into); n > 0; n = await connection.read(into)) take(into.subarray(0, n));
    told.ended = true;
  } catch (error) {
    told.errors.push(codeOf(error));
  }
}

async function writeStream(plan: Plan, { writable }: TlsConnection, told: Told): Promise<void> {
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  try {
    for (const chunk of chunksOf(plan)) {
      const write = writer.write(chunk).then(() => void (told.confirmed += chunk.length));
      write.catch(() => undefined);
      await (plan.waits ? write : writer.ready);
    }
    if (plan.closesAtOnce) return await writer.ready;
    await writer.close();
    told.finished = true;
  } catch (error) {
    told.errors.push(codeOf(error));
  }
}

async function readStream(plan: Plan, { readable }: TlsConnection, told: Told): Promise<void> {
  const take = taking(plan, told);
  try {
    for await (const chunk of readable) take(chunk);
    told.ended = true;
  } catch (error) {
    told.errors.push(codeOf(error));
  }
}

/** A pipe that takes its time with each write. */
function slowPipe(port: number): Pipe {
  const stream = new SlowStream(port);
  // Told by read() and write()
  stream.on('error', () => undefined);
  const reader = stream.iterator({ destroyOnReturn: false });
  return {
    read: async () => ((await reader.next()) as IteratorResult<Buffer, undefined>).value ?? null,
    write: (bytes) =>
      new Promise((resolve, reject) => stream.write(bytes.slice(), (error) => (error ? reject(error) : resolve()))),
    closeWrite: () => new Promise<void>((resolve) => stream.end(resolve)),
    close: () => void stream.destroy(),
  };
}

/** A stream of the caller's over a socket, slow to send. */
class SlowStream extends Duplex {
  readonly #socket: net.Socket;

  constructor(port: number) {
    super({ allowHalfOpen: true });
    this.#socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => void (this.push(chunk) || this.#socket.pause()));
    this.#socket.on('end', () => this.push(null)).on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    setTimeout(() => this.#socket.write(chunk, callback), 2);
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}

// ── The Duplex ──

async function duplex(
  plan: Plan,
  { port, ca, backend, plant }: Where,
  told: Told,
  patience: Promise<void>,
): Promise<void> {
  const take = taking(plan, told);
  const connector = new TlsConnector({ backend, ca, alpn: ['x'] });
  const onread = {
    buffer: new Uint8Array(20_000),
    callback: (n: number, buffer: Uint8Array): boolean => (take(buffer.subarray(0, n)), true),
  };
  const stream = connector.duplex({
    servername: 'server.test',
    allowHalfOpen: true,
    ...(plan.face === 'slow-stream' ? { stream: new SlowStream(port) } : { host: '127.0.0.1', port }),
    ...(plan.face === 'onread' && !plan.closesAtOnce && { onread }),
  });
  plant?.duplex?.(stream);
  const closed = new Promise<void>((resolve) => stream.setMaxListeners(0).once('close', resolve));
  stream.on('error', (error) => told.errors.push(codeOf(error)));
  void patience.then(() => stream.destroy());
  stream.once('finish', () => (told.finished = true));
  stream.once('end', () => (told.ended = true));
  if (plan.face === 'pipe') await piped(plan, stream, told, take);
  else {
    if (plan.face !== 'onread' && !plan.closesAtOnce) stream.on('data', take);
    await writeChunks(plan, stream, told);
    if (plan.closesAtOnce) stream.destroySoon();
    else stream.end();
  }
  await closed;
  await connector.dispose();
}

async function writeChunks(plan: Plan, stream: TlsDuplex, told: Told): Promise<void> {
  for (const chunk of chunksOf(plan)) {
    if (stream.destroyed) return;
    const written = new Promise<void>((resolve) =>
      stream.write(chunk, (error) => {
        if (!error) told.confirmed += chunk.length;
        resolve();
      }),
    );
    if (plan.waits) await written;
    else if (stream.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve).once('close', resolve);
      });
    }
  }
}

async function piped(plan: Plan, stream: TlsDuplex, told: Told, take: (chunk: Uint8Array) => void): Promise<void> {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      take(chunk);
      setImmediate(callback);
    },
  });
  await Promise.allSettled([
    pipeline(Readable.from(chunksOf(plan), { objectMode: false }), stream, { end: true }),
    pipeline(stream, sink),
  ]);
  if (!stream.destroyed) stream.destroy();
}

// ── The tunnel ──

async function throughTunnel(
  plan: Plan,
  { port, ca, backend, served }: Where,
  told: Told,
  patience: Promise<void>,
): Promise<void> {
  const connector = new TlsConnector({ backend, ca, alpn: ['x'] });
  const door = await tunnel(
    connector,
    { host: '127.0.0.1', port, servername: 'server.test' },
    { onError: (error) => told.errors.push(`tunnel: ${codeOf(error)}`) },
  );
  if (!('port' in door.address)) throw new Error('the door is a port');
  const plain = net.connect({ ...door.address, allowHalfOpen: true });
  const closed = new Promise<void>((resolve) => plain.setMaxListeners(0).once('close', resolve));
  plain.on('data', taking(plan, told)).on('error', (error) => told.errors.push(codeOf(error)));
  plain.once('end', () => (told.ended = true));
  void patience.then(() => plain.destroy());
  for (const chunk of chunksOf(plan)) {
    if (plain.destroyed) break;
    if (!plain.write(chunk))
      await new Promise<void>((resolve) => void plain.once('drain', resolve).once('close', resolve));
  }
  plain.end();
  await closed;
  // The door's own closing is abrupt
  if (plan.fault === undefined) await served;
  await door.close();
  await connector.dispose();
}
