import type { TLSSocket } from 'node:tls';
import { TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { engines, HeldTransport, slow } from '../test/odd-transports.ts';
import { connected, echoing, later, listening } from '../test/support.ts';
import { Channel } from './channel.ts';
import { connect, type ConnectOptions, connectOver } from './connect.ts';
import type { TlsConnection } from './connection.ts';
import { chooseBackend } from './backend.ts';

it('a channel that ends before its handshake leaves no engine connection behind', async () => {
  const { backend } = await chooseBackend('pure');
  const ssl = backend.createContext({ verify: () => true }).newConnection();
  const channel = new Channel(ssl, {
    name: 'none',
    start: () => {},
    send: () => {},
    resume: () => {},
    end: (done) => done(),
    destroy: () => {},
  });
  const reason = new TlsError('ABORTED');
  channel.destroy(reason);
  await expect(channel.connect()).rejects.toBe(reason);
  expect(ssl.failure?.error.code).toBe('DISPOSED');
});

it('a read whose memory is transferred is rejected, and the next one gets the bytes', async () => {
  const { options } = await echoing();
  const connection = await connect({ ...options, backend: 'pure' });
  const into = new Uint8Array(4);
  const reading = connection.read(into);
  structuredClone(into.buffer, { transfer: [into.buffer] });
  await connection.write(new TextEncoder().encode('echo'));
  await expect(reading).rejects.toThrow('read: the memory of `into` was transferred');
  const next = new Uint8Array(4);
  let n = 0;
  while (n < 4) n += await connection.read(next.subarray(n));
  expect(new TextDecoder().decode(next)).toBe('echo');
  await connection.close();
});

/** Detaches the buffer. */
const transfer = ({ buffer }: Uint8Array<ArrayBuffer>): unknown => structuredClone(buffer, { transfer: [buffer] });

describe.each(engines)('writes whose memory is transferred, %s', (backend) => {
  async function slowly(): Promise<{ connection: TlsConnection; got: () => number }> {
    const { port, options, server } = await listening();
    const connection = await connectOver(slow(port, 10), { backend, host: 'server.test', ca: options.ca ?? '' });
    let got = 0;
    const socket = (await server.accepted()).on('error', () => {});
    socket.on('data', (chunk: Buffer) => void (got += chunk.length)).on('end', () => socket.end());
    return { connection, got: () => got };
  }

  it('before the engine has taken any of it: that write is rejected, the others arrive', async () => {
    const { connection, got } = await slowly();
    const before = connection.write(new Uint8Array(400_000));
    const from = new Uint8Array(50_000);
    const writing = connection.write(from);
    const behind = connection.write(new Uint8Array(30_000));
    transfer(from);
    await expect(writing).rejects.toThrow('write: the memory of `from` was transferred');
    await Promise.all([before, behind]);
    await connection.close();
    expect(got()).toBe(430_000);
  });

  it.each([10, 30_000])(
    'after a part of it: the connection fails, and %d bytes behind it are not told as sent',
    async (length) => {
      const { connection } = await slowly();
      const from = new Uint8Array(400_000);
      const writing = connection.write(from);
      const behind = connection.write(new Uint8Array(length));
      transfer(from);
      await expect(writing).rejects.toThrow('write: the memory of `from` was transferred');
      await expect(behind).rejects.toThrow('write: the memory of `from` was transferred');
      await connection.close();
    },
  );

  it('before the call: that write is rejected', async () => {
    const { connection, got } = await slowly();
    const from = new Uint8Array(4);
    transfer(from);
    await expect(connection.write(from)).rejects.toThrow('write: ');
    await connection.write(new Uint8Array(10));
    await connection.close();
    expect(got()).toBe(10);
  });
});

it.each(engines)('keyUpdate() after closeWrite() is rejected, and reading continues, %s', async (backend) => {
  const { options, server } = await listening();
  const connection = await connect({ ...options, backend });
  const socket = await server.accepted();
  await connection.closeWrite();
  await expect(connection.keyUpdate()).rejects.toMatchObject({ code: 'PROTOCOL_IS_SHUTDOWN' });
  await expect(connection.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'PROTOCOL_IS_SHUTDOWN' });
  await connection.closeWrite();
  socket.end('the rest');
  const into = new Uint8Array(8);
  for (let at = 0; at < 8;) at += await connection.read(into.subarray(at));
  expect(new TextDecoder().decode(into)).toBe('the rest');
  await connection.close();
});

describe.each(engines)('an observer that is called while a byte is read ahead, %s', (backend) => {
  const readText = async (connection: TlsConnection): Promise<string> => {
    const into = new Uint8Array(100);
    return new TextDecoder().decode(into.subarray(0, await connection.read(into)));
  };

  /** `observe` is called for the tickets, which arrive in one delivery with the word `mine`. */
  async function observed(observe: (connection: TlsConnection) => void): Promise<TlsConnection> {
    const { port, options, server } = await listening();
    const transport = new HeldTransport(port);
    const connection = await connectOver(transport, {
      backend,
      host: 'server.test',
      ca: options.ca ?? '',
      onSession: () => observe(connection),
    });
    later(() => connection.destroy());
    const socket = await server.accepted();
    // The tickets are in flight when our byte is read
    const said = new Promise((resolve) => socket.once('data', () => socket.write('mine', resolve)));
    await connection.write(new Uint8Array(1));
    await said;
    await new Promise((resolve) => setTimeout(resolve, 20));
    transport.release();
    return connection;
  }

  it('may use another connection: each reads its own bytes', async () => {
    const { options, server } = await listening();
    const other = await connected({ ...options, backend });
    const otherSocket = await server.accepted();
    otherSocket.on('end', () => otherSocket.end()).write('hello other');
    const into = new Uint8Array(6);
    await other.read(into);
    let called = 0;
    const connection = await observed(() => {
      called++;
      void other.write(new Uint8Array(1));
    });
    expect(await readText(connection)).toBe('mine');
    expect(await readText(other)).toBe('other');
    expect(called).toBeGreaterThan(0);
  });

  it('may read its connection', async () => {
    let reading: Promise<string> | undefined;
    await observed((connection) => void (reading ??= readText(connection)));
    expect(await reading).toBe('mine');
  });

  it('may close its connection: nothing is read then', async () => {
    const connection = await observed((open) => void open.close());
    await expect(connection.read(new Uint8Array(4))).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});

describe.each(engines)('behind a read that got all it asked for, %s', (backend) => {
  /** The server has sent one byte, and run `more`, before it is read. */
  async function oneByte(options: Partial<ConnectOptions>, more: (socket: TLSSocket) => void): Promise<TlsConnection> {
    const { options: reach, server } = await listening();
    const connection = await connect({ ...reach, backend, ...options });
    later(() => connection.destroy());
    const socket = await server.accepted();
    await new Promise((resolve) => socket.write('x', resolve));
    more(socket);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await connection.read(new Uint8Array(1))).toBe(1);
    return connection;
  }

  it('tickets are noticed', async () => {
    const kept = new Promise((resolve) => void oneByte({ onSession: resolve }, () => {}));
    expect(await kept).toBeDefined();
  });

  it('an end is noticed', async () => {
    const connection = await oneByte({}, (socket) => socket.destroy());
    await connection.closed;
    await expect(connection.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'UNEXPECTED_EOF' });
  });
});
