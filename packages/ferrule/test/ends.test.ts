/** What was told to be sent has been, every end is noticed, and nothing waits for ever. */
import { once } from 'node:events';
import { type Bio, bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import { createPure } from '@ferrule/pure';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';
import { SslErrorCode } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { chooseBackend, connect, connectOver, type Memory, type Transport } from 'ferrule';
import { engines, OddTransport, slow } from './odd-transports.ts';
import { bytes, connected, echoing, later, listening, readExactly, text } from './support.ts';

describe.each(engines)('the ends of a connection, %s', (backend) => {
  it('settled writes, then close(): all of it is at the server', async () => {
    const { port, options, server } = await listening();
    const connection = await connectOver(slow(port, 30), { backend, host: 'server.test', ca: options.ca ?? '' });
    const socket = await server.accepted();
    let got = 0;
    socket.on('data', (chunk: Buffer) => void (got += chunk.length));
    const ended = once(socket, 'end').then(() => socket.end());
    const writes = Array.from({ length: 8 }, () => connection.write(new Uint8Array(40_000)));
    await Promise.all(writes);
    await connection.close();
    await ended;
    expect(got).toBe(320_000);
  });

  it('close() waits for what was not awaited, as long as bytes move', async () => {
    const { port, options, server } = await listening();
    const connection = await connectOver(slow(port, 150), {
      backend,
      host: 'server.test',
      ca: options.ca ?? '',
      closeTimeout: 1000,
    });
    const socket = await server.accepted();
    let got = 0;
    socket.on('data', (chunk: Buffer) => void (got += chunk.length)).on('end', () => socket.end());
    // Ten writes of the pipe, each 150 ms: more than any second
    const write = connection.write(new Uint8Array(600_000));
    await connection.close();
    await write;
    expect(got).toBe(600_000);
  });

  it.each([
    // With the headers and tags of 16 records, exactly what the transport may have before writes wait: 256 KiB
    ['TLSv1.2', 16 * (16_384 - 29)],
    ['TLSv1.3', 16 * (16_384 - 22)],
  ] as const)(
    'closeWrite() sends close_notify also when there is no room for it at first, %s',
    async (version, size) => {
      const { port, options, server } = await listening({ maxVersion: version });
      const connection = await connectOver(slow(port, 10), { backend, host: 'server.test', ca: options.ca ?? '' });
      const socket = await server.accepted();
      let got = 0;
      const ended = once(
        socket.on('data', (chunk: Buffer) => void (got += chunk.length)),
        'end',
      ).then(() => socket.end());
      await Promise.all([connection.write(new Uint8Array(size)), connection.closeWrite()]);
      // Without close_notify the server would have no end, since a half-closed pipe does not end it
      await ended;
      expect(got).toBe(size);
      await connection.close();
    },
  );

  it('a write of the observer that is shown our close_notify is refused, and reading goes on', async () => {
    const { port, options } = await echoing();
    const writes: Promise<unknown>[] = [];
    const late: { write?: () => Promise<void> } = {};
    const connection = await connect({
      ...options,
      port,
      backend,
      onMessage: ({ direction, contentType }) => {
        if (direction === 'sent' && contentType === 21 && late.write !== undefined)
          writes.push(late.write().catch((error: unknown) => error));
      },
    });
    late.write = () => connection.write(bytes('late'));
    await connection.write(bytes('in time'));
    await connection.closeWrite();
    expect(await Promise.all(writes)).toEqual([expect.objectContaining({ code: 'PROTOCOL_IS_SHUTDOWN' })]);
    expect(text(await readExactly(connection, 7))).toBe('in time');
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await connection.closed;
  });

  it('what close() has told as sent arrives, though the peer sends before it reads', async () => {
    const { options, server } = await listening();
    const connection = await connect({ ...options, backend, closeTimeout: 200 });
    const socket = await server.accepted();
    socket.pause();
    // More than the peer's system takes, and less than ours has room for besides
    const size = 1_500_000;
    await connection.write(new Uint8Array(size));
    await connection.close();
    let got = 0;
    socket.write('still there');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await once(socket.on('data', (chunk: Buffer) => void (got += chunk.length)).resume(), 'end');
    expect(got).toBe(size);
    socket.end();
  });

  it('a peer that never ends is left in the end, a byte now and then or not', async () => {
    const { port, options, server } = await listening();
    for (const chatty of [false, true]) {
      const transport = new OddTransport(port);
      const connection = await connectOver(transport, {
        backend,
        host: 'server.test',
        ca: options.ca ?? '',
        closeTimeout: 50,
      });
      const socket = await server.accepted();
      const chat = setInterval(() => void (chatty && socket.write('x')), 10);
      later(() => clearInterval(chat));
      await connection.close();
      if (!transport.socket.destroyed) await once(transport.socket, 'close');
      expect(transport.socket.destroyed).toBe(true);
      clearInterval(chat);
    }
  }, 60_000);

  it('destroy() after close() leaves a peer at once that has not ended', async () => {
    const { port, options, server } = await listening();
    const transport = new OddTransport(port);
    const connection = await connectOver(transport, {
      backend,
      host: 'server.test',
      ca: options.ca ?? '',
      closeTimeout: 50,
    });
    await server.accepted();
    await connection.close();
    expect(transport.socket.destroyed).toBe(false);
    connection.destroy();
    expect(transport.socket.destroyed).toBe(true);
  });

  it('what the peer sends does not make close() wait for a peer that reads nothing', async () => {
    const { options, server } = await listening();
    const connection = await connect({ ...options, backend, closeTimeout: 300 });
    const socket = (await server.accepted()).pause();
    const chat = setInterval(() => socket.write('x'), 20);
    later(() => clearInterval(chat));
    const write = connection.write(new Uint8Array(20_000_000)).catch((error: unknown) => error);
    await connection.close();
    expect(await write).toMatchObject({ code: 'TIMEOUT' });
  });

  it('abort() of the writable ends it at once, also while a write waits for a line that takes nothing', async () => {
    const { port, options, server } = await listening();
    const line = slow(port, 0);
    let isStuck = false;
    const pipe = { ...line, write: (from: Uint8Array) => (isStuck ? new Promise<never>(() => {}) : line.write(from)) };
    const connection = await connectOver(pipe, { backend, host: 'server.test', ca: options.ca ?? '' });
    const socket = await server.accepted();
    // A reset ends it, too
    const ended = new Promise<void>((resolve) => socket.once('end', resolve).once('close', resolve));
    const writer = connection.writable.getWriter();
    writer.closed.catch(() => {});
    const came = once(socket, 'data');
    await writer.write(Uint8Array.of(1));
    await came;
    isStuck = true;
    const writing = writer.write(Uint8Array.of(2)).catch((error: unknown) => error);
    await writer.abort(new Error('enough'));
    expect(await writing).toMatchObject({ code: 'ABORTED' });
    await connection.closed;
    await ended;
  });

  it('close() waits for the end of a line that has bytes on their way, also when the peer has ended first', async () => {
    const { port, options, server } = await listening();
    const pipe = slow(port, 0);
    const asked: string[] = [];
    const slowly = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        await pipe.write(chunk);
      },
      close: () => {
        asked.push('close');
        return pipe.closeWrite?.();
      },
      abort: () => {
        asked.push('abort');
        return pipe.close();
      },
    });
    // Takes what it is given at once, as one that counts or compresses does
    const between = new TransformStream<Uint8Array, Uint8Array>({}, undefined, { highWaterMark: 16 });
    void between.readable.pipeTo(slowly).catch(() => {});
    let sawEnd = (): void => {};
    const peerEnded = new Promise<void>((resolve) => (sawEnd = resolve));
    const readable = new ReadableStream<Memory>({
      pull: async (controller) => {
        const chunk = await pipe.read();
        if (chunk !== null) return controller.enqueue(chunk);
        controller.close();
        setTimeout(sawEnd, 10);
      },
    });
    const connection = await connectOver(
      { readable, writable: between.writable },
      { backend, host: 'server.test', ca: options.ca ?? '' },
    );
    const socket = await server.accepted();
    let got = 0;
    const ended = once(
      socket.on('data', (chunk: Buffer) => void (got += chunk.length)),
      'end',
    );
    socket.end();
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await peerEnded;
    const writes = Array.from({ length: 10 }, () => connection.write(new Uint8Array(20_000)));
    await connection.close();
    await Promise.all(writes);
    await ended;
    expect([got, asked]).toEqual([200_000, ['close']]);
  });

  it('takes whatever holds bytes, and refuses the rest', async () => {
    const { options } = await echoing();
    const connection = await connected({ ...options, backend });
    const writer = connection.writable.getWriter() as WritableStreamDefaultWriter<unknown>;
    await writer.write(bytes('array').buffer);
    await writer.write(new DataView(bytes('-view-').buffer, 1, 4));
    await writer.write(new Uint16Array(bytes('16').buffer));
    expect(text(await readExactly(connection, 11))).toBe('arrayview16');
    for (const wrong of [17, 'text', new Blob(['x']), undefined, { length: 3 }])
      await expect(connection.write(wrong as Uint8Array)).rejects.toThrow(TypeError);
    await expect(writer.write(17)).rejects.toThrow(TypeError);
  });

  it.each<[string, object, Partial<Transport>]>([
    ['a wrong option', { host: 'server.test', timeout: -1 }, {}],
    ['a wrong name', { host: 'a b' }, {}],
    ['options that are none', null as never, {}],
    ['a signal that is aborted', { host: 'server.test', signal: AbortSignal.abort() }, {}],
    [
      'a transport that does not start',
      { host: 'server.test' },
      {
        start: () => {
          throw new Error('of start');
        },
      },
    ],
    ['a transport that fails', { host: 'server.test' }, { send: (_bytes, done) => done(new Error('of send')) }],
  ])('connectOver() gives up its pipe when it rejects: %s', async (_what, options, odd) => {
    let destroyed = 0;
    const transport: Transport = {
      name: 'odd',
      start: () => {},
      send: () => {},
      resume: () => {},
      end: (done) => done(),
      destroy: () => void destroyed++,
      ...odd,
    };
    await expect(
      connectOver(transport, options && { backend, ca: (await pki('root')).certificatePem, ...options }),
    ).rejects.toThrow();
    expect(destroyed).toBeGreaterThan(0);
  });

  it('one signal ends many connections, with one listener', async () => {
    const { options } = await echoing();
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    const connections = await Promise.all(Array.from({ length: 12 }, () => connect({ ...options, backend, signal })));
    expect(listeners).toBe(1);
    await Promise.all(connections.slice(0, 2).map((connection) => connection.close()));
    controller.abort();
    for (const connection of connections.slice(2))
      await expect(connection.read(new Uint8Array(1))).rejects.toMatchObject({ code: 'ABORTED' });
    const other = new AbortController();
    const again = await connect({ ...options, backend, signal: other.signal });
    await again.close();
  });

  it.each(['timeout', 'signal'])('%s holds while a callback of the caller is pending', async (what) => {
    const { options } = await echoing();
    const controller = new AbortController();
    const verify = (): Promise<boolean> => {
      if (what === 'signal') setTimeout(() => controller.abort(), 10);
      return new Promise(() => {});
    };
    const error: unknown = await connect({
      ...options,
      ca: undefined as never,
      backend,
      verify,
      ...(what === 'timeout' ? { timeout: 200 } : { signal: controller.signal }),
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: what === 'timeout' ? 'TIMEOUT' : 'ABORTED' });
  });

  it('is over when both directions have ended, and has no socket then', async () => {
    const { port, options, server } = await listening();
    const pipe = slow(port, 0);
    const connection = await connectOver(pipe, { backend, host: 'server.test', ca: options.ca ?? '' });
    const socket = await server.accepted();
    socket.on('end', () => socket.end()).resume();
    await connection.closeWrite();
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await connection.closed;
    expect(pipe.socket.destroyed).toBe(true);
    expect(await connection.read(new Uint8Array(1))).toBe(0);
    await expect(connection.write(bytes('x'))).rejects.toMatchObject({ code: 'PROTOCOL_IS_SHUTDOWN' });
  });
});

it.each(engines)('a BIO that counts bytes and does not show them is waited for: %s', async (name) => {
  const { backend } = await chooseBackend(name);
  const [bio] = bioPair();
  const nothing = (): Uint8Array => new Uint8Array(0);
  const ignore = (): void => {};
  const liar: Bio = {
    blocking: false,
    pending: 5,
    eof: false,
    error: undefined,
    read: () => -1,
    write: () => -1,
    nread0: nothing,
    nread: ignore,
    nwrite0: nothing,
    nwrite: ignore,
    shutdownWrite: ignore,
    fail: ignore,
  };
  const ssl = backend.createContext({ verify: () => true }).newConnection();
  ssl.setBio(liar, bio);
  for (let i = 0; i < 3; i++) expect(ssl.getError(ssl.connect())).toBe(SslErrorCode.wantRead);
  ssl.dispose();
});

it('with WebCrypto a read is served when the answer comes after the tickets', async () => {
  const { options } = await echoing();
  const context = createPure({ crypto: await createWebCrypto() }).createContext({
    trustAnchors: [(await pki('root')).certificate],
  });
  later(() => context.dispose());
  const { ca: _, ...rest } = options;
  for (let i = 0; i < 5; i++) {
    const connection = await connected({ ...rest, context });
    const reading = readExactly(connection, 4);
    await new Promise((resolve) => setTimeout(resolve, 5 * i));
    await connection.write(bytes('late'));
    expect(text(await reading)).toBe('late');
  }
});
